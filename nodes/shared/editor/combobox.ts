/** An entry of the list under a field. */
export interface Suggestion {
  value: string;
  /** What it is, in a few words. */
  note?: string;
}

export interface ComboboxOptions {
  input: JQuery;
  /** The list under it, an empty `<ul role="listbox">` with an id. */
  list: JQuery;
  /** What fits to a text; all there is for an empty one. The first one is taken at Enter. */
  suggest: (text: string) => Suggestion[];
  /** A suggestion was taken. */
  onChoose: (value: string) => void;
}

/**
 * A field of free text with suggestions: a combobox (WAI-ARIA). Arrows open the list and move in it, Enter takes an entry,
 * Escape closes the list, and Tab goes on with the text as it was typed.
 */
export class Combobox {
  readonly #options: ComboboxOptions;
  #shown: Suggestion[] = [];
  #active = 0;

  constructor(options: ComboboxOptions) {
    this.#options = options;
    const { input, list } = options;
    input.attr({
      role: 'combobox',
      autocomplete: 'off',
      spellcheck: 'false',
      'aria-autocomplete': 'list',
      'aria-expanded': 'false',
      'aria-controls': list.attr('id') ?? '',
    });
    list.hide();
    input.on('input', () => this.#show(this.#text));
    // Who points at the field wants to see what there is, whatever stands in it.
    input.on('click', () => {
      if (!this.isOpen) this.#show('');
    });
    input.on('keydown', (event) => this.#pressed(event));
    input.on('blur', () => this.close());
    // The field keeps the focus while an entry is clicked: losing it would close the list first.
    list.on('mousedown', (event) => event.preventDefault());
    list.on('click', 'li', (event) => this.#choose($(event.currentTarget).index()));
  }

  get isOpen(): boolean {
    return this.#options.input.attr('aria-expanded') === 'true';
  }

  close(): void {
    this.#options.list.hide().empty();
    this.#options.input.attr({ 'aria-expanded': 'false', 'aria-activedescendant': '' });
  }

  get #text(): string {
    return String(this.#options.input.val()).trim();
  }

  #pressed(event: JQuery.TriggeredEvent): void {
    const last = this.#shown.length - 1;
    const { key } = event;
    if (!this.isOpen) {
      if (key !== 'ArrowDown' && key !== 'ArrowUp') return;
      this.#show('');
    } else if (key === 'ArrowDown') this.#move(this.#active === last ? 0 : this.#active + 1);
    else if (key === 'ArrowUp') this.#move(this.#active === 0 ? last : this.#active - 1);
    else if (key === 'Enter' && !event.ctrlKey && !event.metaKey) this.#choose(this.#active);
    else if (key === 'Escape') this.close();
    else return;
    // The dialog has its own meaning for these keys.
    event.preventDefault();
    event.stopImmediatePropagation();
  }

  #show(text: string): void {
    const { input, list, suggest } = this.#options;
    this.#shown = suggest(text);
    const [only, ...others] = this.#shown;
    // Nothing is offered to somebody who has typed all of it.
    if (!only || (others.length === 0 && only.value === text)) {
      this.close();
      return;
    }
    list.empty().show();
    for (const [index, suggestion] of this.#shown.entries()) list.append(this.#entry(suggestion, index));
    input.attr('aria-expanded', 'true');
    // Opened without a word to look for, the list shows where one is.
    const present = this.#text.toLowerCase();
    const at = text === '' ? this.#shown.findIndex(({ value }) => value.toLowerCase() === present) : 0;
    list.get(0)?.scrollIntoView({ block: 'nearest' });
    this.#move(Math.max(0, at));
  }

  #entry({ value, note }: Suggestion, index: number): JQuery {
    const entry = $('<li role="option">').attr('id', `${this.#options.list.attr('id')}-${index}`);
    entry.append($('<span class="fenergo-combobox-value">').text(value));
    if (note) entry.append(' ', $('<span class="fenergo-combobox-note">').text(note));
    return entry;
  }

  #move(index: number): void {
    this.#active = index;
    const entries = this.#options.list.children().attr('aria-selected', 'false');
    const active = entries.eq(index).attr('aria-selected', 'true');
    this.#options.input.attr('aria-activedescendant', active.attr('id') ?? '');
    active.get(0)?.scrollIntoView({ block: 'nearest' });
  }

  #choose(index: number): void {
    const suggestion = this.#shown[index];
    if (!suggestion) return;
    this.close();
    this.#options.onChoose(suggestion.value);
  }
}
