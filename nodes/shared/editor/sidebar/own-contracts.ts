import type { OwnContract } from './overview.js';

/** A few are shown at once; a whole platform's are folded away. */
const MOST_UNFOLDED = 5;

/** The user's own contracts: where each comes from, and a button that takes it away again. */
export class OwnContracts {
  readonly element = $('<div>');
  readonly #_: Translate;
  readonly #onRemove: (contract: OwnContract) => void;
  readonly #none = $('<p class="fenergo-sidebar-empty">');
  readonly #details = $('<details class="fenergo-sidebar-own">').hide();
  readonly #summary = $('<summary>');
  readonly #list = $('<ul>');
  /** What the list shows: it is drawn anew only for something else, else it would jump under the fingers. */
  #drawn = '';

  /** @param onRemove told when a person wants one removed, and has confirmed it */
  constructor(_: Translate, onRemove: (contract: OwnContract) => void) {
    this.#_ = _;
    this.#onRemove = onRemove;
    this.#list.attr('aria-label', _('sidebar.ownTitle'));
    this.#details.append(this.#summary, this.#list);
    this.element.append(this.#none.text(_('sidebar.noOwn')), this.#details);
  }

  draw(contracts: readonly OwnContract[]): void {
    const drawn = JSON.stringify(contracts);
    if (drawn === this.#drawn) return;
    const isFirst = !this.#list.children().length;
    if (isFirst && contracts.length <= MOST_UNFOLDED) this.unfold();
    this.#drawn = drawn;
    this.#none.toggle(contracts.length === 0);
    this.#details.toggle(contracts.length > 0);
    this.#summary.text(this.#_('sidebar.own', { contracts: contracts.length, at: latestOf(contracts) }));
    this.#list.empty().append(...contracts.map((contract) => this.#entry(contract)));
  }

  /** Shows the list, for somebody who is told to look there. */
  unfold(): void {
    this.#details.prop('open', true);
  }

  #entry(contract: OwnContract): JQuery {
    const remove = $('<button type="button" class="red-ui-button red-ui-button-small">')
      .append('<i class="fa fa-trash-o" aria-hidden="true"></i>')
      .attr({
        title: this.#_('sidebar.remove'),
        'aria-label': this.#_('sidebar.removeOne', named(contract)),
      });
    const text = $('<div class="fenergo-sidebar-text">').append(
      $('<div>').text(`${contract.service} ${contract.version}`),
      $('<div class="fenergo-sidebar-detail">').text(this.#origin(contract)),
    );
    return $('<li class="fenergo-sidebar-entry">').append(
      text,
      remove.on('click', () => this.#ask(contract)),
    );
  }

  #origin({ operations, source }: OwnContract): string {
    const from = source.from === 'imported' ? 'imported' : 'live';
    const values = { operations, name: source.name ?? '', at: timeOf(source.at) };
    return this.#_(`sidebar.source.${from}`, values);
  }

  #ask(contract: OwnContract): void {
    const question = RED.notify($('<p>').text(this.#_('sidebar.removeQuestion', named(contract))), {
      modal: true,
      fixed: true,
      buttons: [
        { text: RED._('editor:common.label.cancel'), click: () => question.close() },
        {
          text: this.#_('sidebar.remove'),
          class: 'primary',
          click: () => {
            question.close();
            this.#onRemove(contract);
          },
        },
      ],
    }) as HTMLDivElement & { close(): void };
    $(question).find('button').first().trigger('focus');
  }
}

function named({ service, version }: OwnContract): { contract: string } {
  return { contract: `${service} ${version}` };
}

function latestOf(contracts: readonly OwnContract[]): string {
  const times = contracts.map(({ source }) => source.at).sort();
  return timeOf(times.at(-1) ?? '');
}

/** A time as people here write it; what is none stays as somebody wrote it into the file. */
function timeOf(at: string): string {
  const time = new Date(at);
  return Number.isNaN(time.getTime()) ? at : time.toLocaleString();
}
