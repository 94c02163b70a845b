import { paramsOfPath } from '../../../lib/catalog/operation.js';
import { BodyForm } from './body-form.js';
import { matchOperation, type OperationDetails } from './catalog.js';
import { drawCard, type GrantedScopes, methodBadge } from './operation-card.js';
import { inWords } from './operation-key.js';
import { type Choice, OperationPicker } from './operation-picker.js';
import { OperationSearch } from './operation-search.js';
import { OperationTree } from './operation-tree.js';
import { ParamList } from './param-list.js';
import { type AskedParams, NO_PARAMS, type Param, type ParamRow } from './params.js';
import { prepareTenant, tenantType } from './tenant-field.js';

/** Where the call comes from. Not saved: the other properties tell it. */
type Mode = 'catalog' | 'manual' | 'message';

/** The properties of a node that are one call. */
interface CallNode {
  id: string;
  _: Translate;
  connection: string;
  operation: string;
  path: string;
  params: Param[];
  body: string;
  bodyType: string;
}

/** The part of a dialog that describes one call: which operation, its parameters, tenant and body. */
export class CallForm {
  readonly #node: CallNode;
  readonly #params: ParamList;
  readonly #picker: OperationPicker;
  readonly #body: BodyForm;
  readonly #mode = $('#fenergo-request-mode');
  /** Counts questions for the operation of a path: the answer to an overtaken one is thrown away. */
  #match = 0;

  constructor(node: CallNode) {
    this.#node = node;
    fillIn(node as unknown as Record<string, unknown>);
    prepareTenant(node, ['msg', 'flow', 'global', 'env', 'jsonata']);
    this.#body = new BodyForm(node);
    this.#params = new ParamList($('#node-input-params-container'), node);
    this.#params.set(node.params ?? []);
    this.#picker = new OperationPicker($('#node-input-operation'), (choice, byHand) =>
      this.#chosen(choice, byHand),
    );
    const choose = (key: string) => void this.#picker.choose(key);
    new OperationSearch(
      node,
      { input: $('#fenergo-request-search'), results: $('#fenergo-request-results') },
      choose,
    );
    new OperationTree(node, $('#fenergo-request-tree'), $('#fenergo-request-browse'), choose);
    this.#mode.val(modeOf(node)).on('change', () => this.#show());
    $('#node-input-method').on('change', () => this.#pathChanged());
    $('#node-input-path').on('change', () => this.#pathChanged());
    $('#node-input-connection').on('change', () => this.#drawCard());
    this.#show();
    void this.#picker.start(node.operation);
  }

  /** Whether this is the open dialog of that node. */
  isFor(node: { id: string }): boolean {
    return node.id === this.#node.id;
  }

  /** The type that the tenant field has now. */
  get tenantType(): string {
    return tenantType();
  }

  /** The source that the body has now. */
  get bodyType(): string {
    return $('#node-input-body').typedInput('type');
  }

  /** Empties what does not belong to the chosen mode, so that what is saved says one thing. @returns the parameters */
  save(): ParamRow[] {
    const mode = this.#currentMode();
    if (mode !== 'catalog') $('#node-input-operation').val('');
    if (mode !== 'manual') {
      $('#node-input-path').val('');
      $('#node-input-method').val('GET');
    }
    const path = $('#node-input-path');
    path.val(String(path.val()).trim());
    this.#body.save();
    this.close();
    return this.#params.rows();
  }

  close(): void {
    this.#body.close();
  }

  #currentMode(): Mode {
    return String(this.#mode.val()) as Mode;
  }

  /** The operation that the dialog is about, if the catalog has it. */
  get #operation(): OperationDetails | undefined {
    return this.#currentMode() === 'catalog' ? this.#picker.choice.operation : undefined;
  }

  #show(): void {
    const mode = this.#currentMode();
    for (const name of ['catalog', 'manual', 'message']) $(`.fenergo-request-${name}`).toggle(name === mode);
    this.#fillParams();
    this.#showBody(false);
    if (mode === 'manual') void this.#proposeMatch();
  }

  #chosen({ state }: Choice, byHand: boolean): void {
    this.#drawCard();
    if (state === 'loading') return;
    this.#fillParams();
    this.#showBody(byHand);
  }

  #drawCard(): void {
    drawCard($('#fenergo-request-card'), this.#node, this.#picker.choice, {
      connection: grantedScopes(),
      onVersion: (key) => void this.#picker.choose(key),
    });
  }

  #fillParams(): void {
    const mode = this.#currentMode();
    const { state } = this.#picker.choice;
    // The rows of an operation that the catalog does not know are the user's own: they stay as they are.
    if (mode === 'catalog' && !this.#operation && state !== 'none') return;
    this.#params.fit(this.#asked());
  }

  #asked(): AskedParams {
    const mode = this.#currentMode();
    if (mode === 'manual') {
      const pathParams = paramsOfPath(String($('#node-input-path').val()));
      return { ...NO_PARAMS, pathParams, complete: 'path' };
    }
    const operation = this.#operation;
    return operation ? { ...operation, complete: 'all' } : NO_PARAMS;
  }

  #showBody(byHand: boolean): void {
    const mode = this.#currentMode();
    const operation = this.#operation;
    const method = mode === 'catalog' ? operation?.method : $('#node-input-method').val();
    const none = (operation && !operation.hasBody) || (mode !== 'message' && method === 'GET');
    $('.fenergo-request-body').toggle(!none);
    $('.fenergo-request-wrap').toggle(mode === 'message' || operation?.wrapsData === true);
    $('.fenergo-request-check').toggle(mode === 'message' || operation?.checkable === true);
    this.#body.follow(operation, byHand);
  }

  #pathChanged(): void {
    this.#fillParams();
    this.#showBody(false);
    void this.#proposeMatch();
  }

  /** Offers the catalog's operation for a path that was written by hand. */
  async #proposeMatch(): Promise<void> {
    const match = ++this.#match;
    const hint = $('#fenergo-request-match').empty();
    const path = String($('#node-input-path').val()).trim().split('?')[0] ?? '';
    if (!path.startsWith('/')) return;
    const found = await matchOperation(String($('#node-input-method').val()), path).catch(() => undefined);
    if (match !== this.#match || !found) return;
    const use = $('<button type="button" class="fenergo-link">').text(this.#node._('catalog.useMatch'));
    use.on('click', () => {
      this.#mode.val('catalog').trigger('change');
      void this.#picker.choose(found.key);
    });
    hint.append(
      `${this.#node._('catalog.match')} `,
      methodBadge(found.method),
      $('<b>').text(inWords(found.id)),
      ' ',
      use,
    );
  }
}

/** Flows that were saved before a property came, or written by hand, lack it: the dialog shows what holds then. */
const DEFAULTS = {
  method: 'GET',
  body: 'payload',
  bodyType: 'msg',
  wrap: 'auto',
  check: 'off',
  result: 'data',
  timeout: '120',
};

function fillIn(node: Record<string, unknown>): void {
  for (const [name, value] of Object.entries(DEFAULTS)) {
    if (node[name] === undefined || node[name] === null) $(`#node-input-${name}`).val(value);
  }
}

/** What the chosen connection asks for. */
function grantedScopes(): GrantedScopes | undefined {
  const connection = RED.nodes.node(String($('#node-input-connection').val()));
  if (typeof connection?.scope !== 'string') return undefined;
  return { name: RED.utils.getNodeLabel(connection as never), scope: connection.scope };
}

/** A node that says nothing of its call opens with the catalog; one with parameters alone takes the rest from the message. */
function modeOf(node: CallNode): Mode {
  if (node.operation) return 'catalog';
  if (node.path) return 'manual';
  return (node.params ?? []).length > 0 ? 'message' : 'catalog';
}
