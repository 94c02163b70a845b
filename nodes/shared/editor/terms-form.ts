/** What is done when a call fails or has to wait, unless somebody chose otherwise. Older flows lack these. */
const DEFAULTS = { tries: '4', longestPause: '60', repeatable: false, patience: '600', priority: 'normal' };

type Terms = { [name in keyof typeof DEFAULTS]?: unknown };

/** Fills in what an older flow lacks, and folds the section away unless there is something of interest in it. */
export function prepareTerms(node: Terms): void {
  let differs = false;
  for (const [name, usual] of Object.entries(DEFAULTS)) {
    const value = node[name as keyof Terms] ?? usual;
    if (String(value) !== String(usual)) differs = true;
    if (typeof usual === 'string') $(`#node-input-${name}`).val(String(value));
  }
  $('#fenergo-request-terms').prop('open', differs);
}
