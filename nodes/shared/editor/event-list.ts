import { Combobox } from './combobox.js';
import { eventProblem, eventTypesIn, same, suggestEvents } from './event-suggestions.js';

export interface EventListOptions {
  /** The frame around the chosen types and the field. */
  frame: JQuery;
  /** Where a type is typed. */
  input: JQuery;
  /** The suggestions under it. */
  list: JQuery;
  /** Tells what is the matter. */
  problems: JQuery;
  /** The feed that is read, at the moment. */
  feed: () => string;
  /** The types have changed. */
  onChange?: (types: readonly string[]) => void;
}

/** The types of events that are wanted, as a row of tags with a field behind them to add more. */
export class EventList {
  readonly #node: { _: Translate };
  readonly #options: EventListOptions;
  readonly #tags = $('<ul class="fenergo-tags-list">');
  #types: string[] = [];

  constructor(node: { _: Translate }, options: EventListOptions) {
    this.#node = node;
    this.#options = options;
    const { frame, input, list, feed } = options;
    this.#tags.attr('aria-label', node._('label.eventTypes')).prependTo(frame);
    new Combobox({
      input,
      list,
      suggest: (text) => suggestEvents(node, text, feed(), this.#types),
      onChoose: (type) => this.#add([type]),
    });
    input.on('keydown', (event) => this.#pressed(event));
    // What was typed and not taken is not lost.
    input.on('blur', () => this.#addTyped());
    frame.on('click', (event) => {
      if (event.target === frame.get(0) || event.target === this.#tags.get(0)) input.trigger('focus');
    });
    this.#tags.on('click', 'button', (event) => this.#remove($(event.currentTarget).closest('li').index()));
  }

  /** Shows these types instead of the present ones. */
  set(types: readonly string[]): void {
    this.#types = [...new Set(types)];
    this.show();
  }

  /** The types, with what stands in the field. */
  save(): string[] {
    this.#addTyped();
    return [...this.#types];
  }

  /** Tells anew what is the matter with the types: it depends on the feed. */
  show(): void {
    const { input, problems, feed, onChange } = this.#options;
    const { _ } = this.#node;
    this.#fit();
    problems.empty();
    for (const [index, type] of this.#types.entries()) {
      const problem = eventProblem(type, feed());
      const why = problem ? _(`problem.${problem}`, { type, feed: feed() }) : '';
      const tag = this.#tags.children().eq(index);
      tag.toggleClass('fenergo-tag-wrong', problem === 'form');
      tag.children('.fa').toggle(problem !== undefined);
      tag.children('span').attr('title', why || type);
      if (problem) {
        problems.append(
          $('<div>')
            .text(why)
            .toggleClass('fenergo-problem', problem === 'form'),
        );
      }
    }
    const none = this.#types.length === 0;
    input.attr('placeholder', none ? _('placeholder.eventTypes') : _('placeholder.moreTypes'));
    onChange?.(this.#types);
  }

  /** Tags that stay are left alone: one of them may be about to be clicked. */
  #fit(): void {
    const shown = new Set<string>();
    for (const element of this.#tags.children().toArray()) {
      const type = $(element).children('span').text();
      if (this.#types.includes(type)) shown.add(type);
      else $(element).remove();
    }
    for (const type of this.#types) if (!shown.has(type)) this.#tags.append(this.#tag(type));
  }

  #tag(type: string): JQuery {
    const remove = $('<button type="button"><i class="fa fa-times" aria-hidden="true"></i></button>');
    const label = this.#node._('tags.remove', { type });
    remove.attr({ 'aria-label': label, title: label });
    const mark = $('<i class="fa fa-exclamation-triangle" aria-hidden="true"></i>');
    return $('<li>').append(mark, $('<span>').text(type), remove);
  }

  #pressed(event: JQuery.TriggeredEvent): void {
    const text = String(this.#options.input.val());
    const plain = !event.ctrlKey && !event.metaKey;
    if (event.key === 'Backspace' && text === '') {
      if (this.#types.length === 0) return;
      this.#types.pop();
      this.show();
    } else if ((event.key === 'Enter' && plain && text.trim() !== '') || event.key === ',') {
      this.#addTyped();
    } else return;
    event.preventDefault();
    event.stopPropagation();
  }

  #addTyped(): void {
    this.#add(eventTypesIn(String(this.#options.input.val())));
  }

  #add(types: readonly string[]): void {
    this.#options.input.val('');
    const more = types.filter((type, index) => {
      const others = [...this.#types, ...types.slice(0, index)];
      return !others.some((other) => same(other, type));
    });
    if (more.length > 0) this.set([...this.#types, ...more]);
  }

  #remove(index: number): void {
    this.#types.splice(index, 1);
    this.show();
    this.#options.input.get(0)?.focus();
  }
}
