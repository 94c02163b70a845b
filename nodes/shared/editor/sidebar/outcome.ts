import type { ImportSummary } from './overview.js';

const MOST_NAMES = 4;

type List = 'added' | 'changed' | 'gone';

/** How many operations an import or a refresh has added, changed or taken away. */
export function countOf({ contracts }: ImportSummary, list: List): number {
  return contracts.reduce((sum, contract) => sum + contract[list].length, 0);
}

/** Tells what became of an import or a refresh. @param error why it did not come to its end */
export function drawOutcome(outcome: JQuery, _: Translate, summary: ImportSummary, error?: string): void {
  outcome.empty();
  const { contracts, failed } = summary;
  const [added, changed, gone] = (['added', 'changed', 'gone'] as const).map((list) =>
    countOf(summary, list),
  );
  const totals = { contracts: contracts.length, added, changed, gone } as Record<string, number>;
  if (error) outcome.append(failure(error));
  if (contracts.length > 0) outcome.append($('<p>').append($('<b>').text(_('sidebar.summary', totals))));
  for (const { name, reason } of failed) outcome.append(failure(`${name}: ${reason}`));
  for (const contract of contracts) outcome.append(...changes(_, contract));
  if (gone) outcome.append($('<p class="fenergo-sidebar-undo">').text(_('sidebar.undo')));
}

function failure(text: string): JQuery {
  return $('<p class="fenergo-failed">').text(text);
}

function changes(_: Translate, contract: ImportSummary['contracts'][number]): JQuery[] {
  const { service, version, added, changed, gone, notes } = contract;
  const lines = Object.entries({ added, changed, gone })
    .filter(([, ids]) => ids.length > 0)
    .map(([what, ids]) => _(`sidebar.${what}`, { names: named(ids) }));
  if (lines.length + notes.length === 0) return [];
  const details = [...lines, ...notes].map((line) => $('<div class="fenergo-sidebar-detail">').text(line));
  return [$('<div>').append($('<b>').text(`${service} ${version}`)), ...details];
}

function named(ids: string[]): string {
  const rest = ids.length - MOST_NAMES;
  return ids.slice(0, MOST_NAMES).join(', ') + (rest > 0 ? ` +${rest}` : '');
}
