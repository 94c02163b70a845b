import { type OperationSummary, searchOperations } from './catalog.js';
import { lifeBadge, methodBadge } from './operation-card.js';
import { inWords } from './operation-key.js';

/** Typing goes on for about so long between two letters: each search waits for a pause. */
const PAUSE_MS = 120;

export interface SearchFields {
  input: JQuery;
  /** The list under it. */
  results: JQuery;
}

/**
 * A search box for operations, with its results as one types: a combobox (WAI-ARIA), so that arrows, Enter and Escape
 * work and a screen reader tells what they do.
 *
 * @param onChoose told the key of the chosen operation
 */
export class OperationSearch {
  readonly #node: { _: Translate };
  readonly #input: JQuery;
  readonly #results: JQuery;
  readonly #onChoose: (key: string) => void;
  #found: OperationSummary[] = [];
  #active = 0;
  #pause: ReturnType<typeof setTimeout> | undefined;
  /** Counts searches: the answer to an overtaken one is thrown away. */
  #search = 0;
  /** What the shown results were found for. */
  #foundFor: string | undefined;

  constructor(node: { _: Translate }, { input, results }: SearchFields, onChoose: (key: string) => void) {
    this.#node = node;
    this.#input = input;
    this.#results = results;
    this.#onChoose = onChoose;
    input.on('input', () => this.#typed());
    input.on('keydown', (event) => this.#pressed(event));
    // Who comes back to the words wants to see what they found. Both events come for one click: each asks anew.
    input.on('focus click', () => {
      if (!this.#isOpen && this.#text) this.#typed();
    });
    input.on('blur', () => this.#close());
    // The field keeps the focus while a result is clicked: losing it would close the list first.
    results.on('mousedown', (event) => event.preventDefault());
    results.on('click', 'li[role=option]', (event) => this.#choose($(event.currentTarget).index()));
  }

  get #text(): string {
    return String(this.#input.val()).trim();
  }

  #typed(): void {
    clearTimeout(this.#pause);
    this.#pause = setTimeout(() => void this.#find(this.#text), PAUSE_MS);
  }

  async #find(text: string): Promise<void> {
    clearTimeout(this.#pause);
    const search = ++this.#search;
    if (!text) return this.#close();
    const found = await Promise.resolve(searchOperations(text)).catch(() => undefined);
    if (search !== this.#search) return;
    this.#found = found ?? [];
    this.#foundFor = text;
    this.#active = 0;
    this.#show(found ? this.#node._('catalog.nothing') : this.#node._('catalog.failed'));
  }

  /** Chooses for what stands there now: who types fast presses Enter before the results of the last words have come. */
  async #enter(): Promise<void> {
    const text = this.#text;
    if (this.#foundFor !== text) await this.#find(text);
    if (this.#foundFor === text) this.#choose(this.#active);
  }

  #pressed(event: JQuery.TriggeredEvent): void {
    const taken = this.#isOpen ? this.#pressedOpen(event) : this.#pressedClosed(event);
    if (!taken) return;
    // The dialog has its own meaning for these keys.
    event.preventDefault();
    event.stopPropagation();
  }

  /**
   * A list that is closed is only opened: who closed it with Escape did not want its first entry.
   *
   * @returns whether the key is the list's own
   */
  #pressedClosed(event: JQuery.TriggeredEvent): boolean {
    if (!this.#text || !(isEnter(event) || event.key === 'ArrowDown')) return false;
    void this.#find(this.#text);
    return true;
  }

  /** @returns whether the key is the list's own */
  #pressedOpen(event: JQuery.TriggeredEvent): boolean {
    const last = this.#found.length - 1;
    if (isEnter(event)) void this.#enter();
    else if (event.key === 'ArrowDown') this.#move(this.#active === last ? 0 : this.#active + 1);
    else if (event.key === 'ArrowUp') this.#move(this.#active === 0 ? last : this.#active - 1);
    else if (event.key === 'Escape') this.#close();
    else return false;
    return true;
  }

  get #isOpen(): boolean {
    return this.#input.attr('aria-expanded') === 'true';
  }

  #show(whenEmpty: string): void {
    this.#results.empty().show();
    for (const [index, operation] of this.#found.entries())
      this.#results.append(entry(this.#node, operation, index));
    if (this.#found.length === 0) $('<li>').text(whenEmpty).appendTo(this.#results);
    this.#input.attr('aria-expanded', 'true');
    this.#move(0);
  }

  #move(index: number): void {
    this.#active = Math.max(0, index);
    const options = this.#results.children('li[role=option]').attr('aria-selected', 'false');
    const active = options.eq(this.#active).attr('aria-selected', 'true');
    this.#input.attr('aria-activedescendant', active.attr('id') ?? '');
    active.get(0)?.scrollIntoView({ block: 'nearest' });
  }

  #choose(index: number): void {
    const operation = this.#found[index];
    if (!operation) return;
    this.#close();
    this.#input.val('');
    this.#onChoose(operation.key);
  }

  #close(): void {
    clearTimeout(this.#pause);
    this.#search += 1;
    this.#foundFor = undefined;
    this.#results.hide().empty();
    this.#input.attr({ 'aria-expanded': 'false', 'aria-activedescendant': '' });
  }
}

/** With Control or Command, it is the dialog's. */
function isEnter({ key, ctrlKey, metaKey }: JQuery.TriggeredEvent): boolean {
  return key === 'Enter' && !ctrlKey && !metaKey;
}

function entry(node: { _: Translate }, operation: OperationSummary, index: number): JQuery {
  const { id, method, service, version, path } = operation;
  const title = $('<div>').append(methodBadge(method), $('<b>').text(inWords(id)));
  const life = lifeBadge(node, operation);
  if (life) title.append(life);
  return $('<li role="option">')
    .attr('id', `fenergo-request-result-${index}`)
    .append(title, $('<div class="fenergo-request-result-path">').text(`${service} ${version} · ${path}`));
}
