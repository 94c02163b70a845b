import { paramsOfPath } from '../../../lib/catalog/operation.js';
import { grants } from '../../../lib/scopes.js';
import type { OperationSummary } from './catalog.js';
import { isEnv } from './env.js';
import { OperationPicker } from './operation-picker.js';
import { OperationSearch } from './operation-search.js';
import { ParamList } from './param-list.js';
import type { Param, ParamRow } from './params.js';

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
}

const NO_PARAMS = { pathParams: [], query: [] };

/** The part of a dialog that describes one call: which operation, its parameters, tenant and body. */
export class CallForm {
  readonly #node: CallNode;
  readonly #params: ParamList;
  readonly #picker: OperationPicker;
  readonly #mode = $('#fenergo-request-mode');
  readonly #facts = $('#fenergo-request-facts');
  /** The chosen operation, if the catalog has it. */
  #operation: OperationSummary | undefined;

  constructor(node: CallNode) {
    this.#node = node;
    this.#prepareTypedInputs();
    this.#params = new ParamList($('#node-input-params-container'), node);
    this.#params.set(node.params ?? []);
    this.#picker = new OperationPicker(
      node,
      {
        service: $('#fenergo-request-service'),
        version: $('#fenergo-request-version'),
        operation: $('#node-input-operation'),
      },
      (key, operation) => this.#choose(key, operation),
      () => this.#warn('catalog.failed'),
    );
    new OperationSearch(
      node,
      { input: $('#fenergo-request-search'), results: $('#fenergo-request-results') },
      (key) => this.#picker.choose(key),
    );
    this.#mode.val(modeOf(node)).on('change', () => this.#show());
    $('#node-input-method').on('change', () => this.#showBody());
    $('#node-input-path').on('change', () => this.#fillParams());
    $('#node-input-connection').on('change', () => this.#showFacts());
    this.#show();
    void this.#picker.start(node.operation);
  }

  /** Whether this is the open dialog of that node. */
  isFor(node: { id: string }): boolean {
    return node.id === this.#node.id;
  }

  /** The type that the tenant field has now. */
  get tenantType(): string {
    return $('#node-input-tenant').typedInput('type');
  }

  /** Empties what does not belong to the chosen mode, so that what is saved says one thing. @returns the parameters */
  save(): ParamRow[] {
    const mode = this.#currentMode();
    if (mode !== 'catalog') $('#node-input-operation').empty().append($('<option>').val('')).val('');
    if (mode !== 'manual') {
      $('#node-input-path').val('');
      $('#node-input-method').val('GET');
    }
    const path = $('#node-input-path');
    path.val(String(path.val()).trim());
    return this.#params.rows();
  }

  #currentMode(): Mode {
    return String(this.#mode.val()) as Mode;
  }

  #prepareTypedInputs(): void {
    $('#node-input-tenant').typedInput({
      default: 'str',
      types: ['str', 'msg', 'flow', 'global', 'env', 'jsonata'],
      typeField: '#node-input-tenantType',
    });
    $('#node-input-body').typedInput({
      default: 'msg',
      types: ['msg', 'json', 'jsonata', 'str', 'flow', 'global', 'env'],
      typeField: '#node-input-bodyType',
    });
  }

  #show(): void {
    const mode = this.#currentMode();
    for (const name of ['catalog', 'manual', 'message']) $(`.fenergo-request-${name}`).toggle(name === mode);
    this.#fillParams();
    this.#showBody();
  }

  #choose(key: string, operation: OperationSummary | undefined): void {
    this.#operation = operation;
    this.#showFacts();
    if (key && !operation) this.#warn('catalog.unknown');
    this.#fillParams();
    this.#showBody();
  }

  #fillParams(): void {
    const mode = this.#currentMode();
    // The rows of an operation that the catalog does not know are the user's own: they stay as they are.
    if (mode === 'catalog' && this.#picker.key && !this.#operation) return;
    const path = String($('#node-input-path').val());
    if (mode === 'manual') this.#params.fit({ pathParams: paramsOfPath(path), query: [] });
    else this.#params.fit(mode === 'catalog' ? (this.#operation ?? NO_PARAMS) : NO_PARAMS);
  }

  #showBody(): void {
    const mode = this.#currentMode();
    const method = mode === 'catalog' ? this.#operation?.method : $('#node-input-method').val();
    const none =
      (mode === 'catalog' && this.#operation && !this.#operation.hasBody) ||
      (mode !== 'message' && method === 'GET');
    $('.fenergo-request-body').toggle(!none);
    $('.fenergo-request-wrap').toggle(
      mode === 'message' || (mode === 'catalog' && !!this.#operation?.wrapsData),
    );
  }

  #showFacts(): void {
    this.#facts.empty();
    if (!this.#operation) return;
    const { method, service, path, scope, sunset } = this.#operation;
    $('<div>')
      .append($('<span class="fenergo-request-method">').text(method), $('<code>').text(`/${service}${path}`))
      .appendTo(this.#facts);
    if (scope) {
      const missing = this.#missingScope(scope);
      if (missing === undefined)
        $('<div>').text(this.#node._('catalog.scope', { scope })).appendTo(this.#facts);
      else this.#warn('catalog.scopeMissing', { scope, connection: missing });
    }
    if (sunset) this.#warn('catalog.sunset', { sunset });
  }

  /** The name of the connection when its scopes surely do not hold this one. */
  #missingScope(scope: string): string | undefined {
    const connection = RED.nodes.node(String($('#node-input-connection').val()));
    const granted = connection?.scope;
    if (typeof granted !== 'string' || isEnv(granted) || grants(granted, scope)) return undefined;
    return String(connection?.name || connection?.id);
  }

  #warn(key: string, values: Record<string, string> = {}): void {
    $('<div class="fenergo-request-warning">')
      .append('<i class="fa fa-exclamation-triangle" aria-hidden="true"></i> ')
      .append($('<span>').text(this.#node._(key, values)))
      .appendTo(this.#facts);
  }
}

/** A node that was never set up opens with the catalog; one that says nothing of its call takes it from the message. */
function modeOf(node: CallNode): Mode {
  if (node.operation) return 'catalog';
  if (node.path) return 'manual';
  return node.connection ? 'message' : 'catalog';
}
