import { type AskedParams, NO_PARAMS, type Param, type ParamRow, rowsFor, strayOf } from './params.js';

const TYPES: ('str' | 'num' | 'bool' | 'json' | 'msg' | 'flow' | 'global' | 'env' | 'jsonata')[] = [
  'str',
  'num',
  'bool',
  'json',
  'msg',
  'flow',
  'global',
  'env',
  'jsonata',
];

/** The list of parameters in the dialog. */
export class ParamList {
  readonly #list: JQuery;
  readonly #node: { _: Translate };
  #asked: AskedParams = NO_PARAMS;

  constructor(list: JQuery, node: { _: Translate }) {
    this.#list = list;
    this.#node = node;
    list.editableList<ParamRow>({
      addItem: (container, _index, row) => this.#draw(container, row),
      addButton: node._('params.add'),
      removable: true,
      height: 'auto',
      scrollOnAdd: false,
    });
  }

  /** Shows these rows instead of the present ones. */
  set(rows: readonly ParamRow[]): void {
    this.#list.editableList('empty');
    this.#list.editableList('addItems', [...rows]);
  }

  /** Makes the rows fit to what a call asks for; values stay. */
  fit(asked: AskedParams): void {
    this.#asked = asked;
    this.set(rowsFor(asked, this.rows()));
  }

  /** What the rows hold now. */
  rows(): ParamRow[] {
    return this.#list
      .editableList('items')
      .toArray()
      .map((item) => {
        const element = $(item);
        const drawn = element.data('data') as ParamRow;
        const value = element.find('.fenergo-param-value');
        const named = {
          name: String(element.find('.fenergo-param-name').val()),
          in: String(element.find('.fenergo-param-in').val()) as Param['in'],
        };
        return {
          ...named,
          type: value.typedInput('type'),
          value: value.typedInput('value'),
          known: Boolean(drawn.known),
          formerly: isFormer(drawn, named),
        };
      });
  }

  #draw(container: JQuery, row: Partial<ParamRow>): void {
    const { _ } = this.#node;
    const place = row.in ?? 'query';
    const name = $('<input type="text" class="fenergo-param-name" spellcheck="false">')
      .attr({ placeholder: _('params.name'), 'aria-label': _('params.name') })
      .val(row.name ?? '');
    const select = $('<select class="fenergo-param-in">').attr('aria-label', _('params.in'));
    for (const option of ['path', 'query', 'header']) {
      select.append(
        $('<option>')
          .val(option)
          .text(_(`params.${option}`)),
      );
    }
    select.val(place);
    if (row.known) {
      name.prop('readonly', true).attr({ title: row.name ?? '', tabindex: '-1' });
      select.prop('disabled', true);
      container.closest('li').addClass('fenergo-param-known');
    }
    const value = $('<input type="text" class="fenergo-param-value" style="width: 100%">')
      .attr('placeholder', row.known ? _(`params.placeholder.${placeholderOf(place, row.required)}`) : '')
      .attr('aria-label', _('params.value'));
    const mark = $('<i class="fa fa-exclamation-triangle fenergo-param-stray" role="img">');
    container
      .addClass('fenergo-param')
      .append(name, select, $('<div class="fenergo-param-value-cell">').append(value), mark);
    const judge = (): void => {
      const now = { name: String(name.val()).trim(), in: String(select.val()) as Param['in'] };
      const formerly = isFormer(row, now);
      const stray = row.known ? undefined : strayOf(this.#asked, { ...now, formerly });
      const why = stray ? _(`params.stray.${stray}`) : '';
      mark.toggle(stray !== undefined).attr({ title: why, 'aria-label': why });
      container.toggleClass('fenergo-param-unused', stray === 'unused');
    };
    name.on('input', judge);
    select.on('change', judge);
    judge();
    value.typedInput({ default: 'str', types: TYPES });
    value.typedInput('type', row.type ?? 'str');
    value.typedInput('value', row.value ?? '');
  }
}

/** Whether a row still is what another operation asked for: one that was renamed or moved is a person's own. */
function isFormer(drawn: Partial<ParamRow>, now: Pick<Param, 'name' | 'in'>): boolean {
  return drawn.formerly === true && drawn.name === now.name && drawn.in === now.in;
}

function placeholderOf(place: string, required: boolean | undefined): string {
  return place === 'path' ? 'path' : `${place}${required ? 'Required' : ''}`;
}
