import type { OperationDetails } from './catalog.js';
import { lacksEnvelope, sameJson, sentBody, skeletonText, type Wrap, wraps } from './skeleton.js';

interface BodyNode {
  _: Translate;
  operation: string;
  body?: string;
  bodyType?: string;
}

/** What a node has that was never set up. */
const UNTOUCHED = { type: 'msg', value: 'payload' };

/**
 * The body of a call: its source, a code editor for JSON, the operation's skeleton, and what will be sent. A skeleton is
 * filled in by itself only where a person has not written anything: else a flow would quietly send something else.
 */
export class BodyForm {
  readonly #node: BodyNode;
  readonly #input = $('#node-input-body');
  readonly #wrap = $('#node-input-wrap');
  readonly #editorRow = $('#fenergo-request-body-editor-row');
  readonly #fill = $('#fenergo-request-skeleton');
  readonly #sent = $('#fenergo-request-sent');
  #editor: CodeEditor | undefined;
  #operation: OperationDetails | undefined;
  /** The skeleton that was filled in, while nobody has changed it. */
  #filled: string | undefined;
  /** Whether the body may be replaced without asking. */
  #untouched: boolean;
  #confirming = false;
  #lastType = '';

  constructor(node: BodyNode) {
    this.#node = node;
    this.#untouched = !node.operation && isUntouched(node.bodyType, node.body);
    this.#input.typedInput({
      default: 'msg',
      types: [
        'msg',
        // The text is in the code editor below.
        {
          value: 'json',
          label: node._('body.json'),
          icon: 'red/images/typedInput/json.svg',
          hasValue: false,
        },
        'jsonata',
        {
          value: 'str',
          label: RED._('editor:typedInput.type.str'),
          icon: 'red/images/typedInput/az.svg',
          // The editor shows the reason that the node's own validator gives at a field that lies hidden behind this one.
          validate: (text: string) => judgeBody(node, 'str', text) as boolean,
        },
        'flow',
        'global',
        'env',
      ],
      typeField: '#node-input-bodyType',
    });
    this.#lastType = this.#type;
    this.#input.on('change', () => this.#typeChanged());
    // The field itself changes only when it is left.
    this.#input.next('.red-ui-typedInput-container').on('input', 'input', () => this.#showSent());
    this.#wrap.on('change', () => this.#wrapChanged());
    this.#fill.on('click', () => this.#fillByHand());
  }

  /** Follows the chosen operation. @param byHand whether a person has just chosen it */
  follow(operation: OperationDetails | undefined, byHand: boolean): void {
    this.#operation = operation;
    // Nobody has written a body for an operation that takes none.
    if (!byHand && operation?.hasBody === false && isUntouched(this.#type, this.#text))
      this.#untouched = true;
    if (byHand && operation && this.#mayReplace()) this.#putSkeleton();
    else this.#recognise();
    this.#show();
  }

  /** Puts the text of the code editor into the field, where it is saved from. */
  save(): void {
    if (this.#type === 'json' && this.#editor) this.#input.val(this.#editor.getValue());
  }

  close(): void {
    this.#editor?.destroy();
    this.#editor = undefined;
  }

  get #type(): string {
    return this.#input.typedInput('type');
  }

  get #text(): string {
    return this.#editor && this.#type === 'json'
      ? this.#editor.getValue()
      : String(this.#input.typedInput('value'));
  }

  get #wrapKind(): Wrap {
    return this.#wrap.val() === 'never' ? 'never' : 'auto';
  }

  #mayReplace(): boolean {
    if (this.#type === 'json' && this.#text.trim() === '') return true;
    return (
      this.#untouched || (this.#filled !== undefined && this.#type === 'json' && this.#text === this.#filled)
    );
  }

  /** A saved body that is the operation's skeleton was written by nobody. */
  #recognise(): void {
    const skeleton = skeletonText(this.#operation, this.#wrapKind);
    if (this.#filled === undefined && this.#type === 'json' && skeleton && sameJson(skeleton, this.#text)) {
      this.#filled = this.#text;
    }
  }

  #putSkeleton(): void {
    const skeleton = skeletonText(this.#operation, this.#wrapKind);
    this.#filled = skeleton;
    if (skeleton === undefined) {
      // The skeleton of another operation is of no use here.
      if (this.#type === 'json') this.#put(UNTOUCHED.type, UNTOUCHED.value);
      this.#untouched = true;
    } else {
      this.#untouched = false;
      this.#put('json', skeleton);
    }
  }

  #put(type: string, value: string): void {
    this.#input.typedInput('type', type);
    this.#input.typedInput('value', value);
    if (type === 'json') this.#code().setValue(value, -1);
  }

  /** Who chooses JSON where there is none yet begins with the operation's body. */
  #typeChanged(): void {
    const type = this.#type;
    const chosen = type === 'json' && this.#lastType !== 'json';
    this.#lastType = type;
    const value = this.#text.trim();
    if (chosen && (value === '' || value === UNTOUCHED.value)) {
      const skeleton = skeletonText(this.#operation, this.#wrapKind);
      this.#filled = skeleton;
      this.#untouched = false;
      this.#input.typedInput('value', skeleton ?? '{}');
      this.#code().setValue(skeleton ?? '{}', -1);
    }
    this.#show();
  }

  #fillByHand(): void {
    const written = !this.#mayReplace() && !isUntouched(this.#type, this.#text) && this.#text.trim() !== '';
    if (written && !this.#confirming) {
      this.#confirm(true);
      return;
    }
    this.#putSkeleton();
    this.#show();
  }

  #confirm(asking: boolean): void {
    this.#confirming = asking;
    const { _ } = this.#node;
    this.#fill.find('span').text(asking ? _('body.replace') : _('body.skeleton'));
  }

  #wrapChanged(): void {
    if (this.#filled !== undefined && this.#mayReplace()) this.#putSkeleton();
    this.#show();
  }

  /** The code editor; made when it is first needed, since it takes its time. */
  #code(): CodeEditor {
    if (!this.#editor) {
      this.#editor = RED.editor.createEditor({
        id: 'fenergo-request-body-editor',
        mode: 'ace/mode/json',
        value: String(this.#input.typedInput('value')),
      });
      this.#editor.getSession().on('change', () => {
        this.#confirm(false);
        this.#input.val(this.#editor?.getValue() ?? '');
        this.#showSent();
      });
    }
    return this.#editor;
  }

  #show(): void {
    const json = this.#type === 'json';
    this.#editorRow.toggle(json);
    if (json) this.#code();
    const skeleton = skeletonText(this.#operation, this.#wrapKind);
    this.#fill.toggle(skeleton !== undefined && !(json && this.#text === skeleton));
    this.#confirm(false);
    this.#showSent();
  }

  #showSent(): void {
    const wrapped = wraps(this.#operation, this.#wrapKind);
    const text = this.#isDropped ? '' : this.#text;
    const sent = sentBody(this.#type, text, wrapped);
    this.#sent.empty().toggleClass('fenergo-problem', sent !== undefined && 'problem' in sent);
    if (!sent) this.#showSource(wrapped);
    else if ('problem' in sent) this.#sent.text(this.#node._('body.problem', { reason: sent.problem }));
    else this.#showCode(sent.text || this.#node._('body.none'));
    if (sent && lacksEnvelope(text, this.#operation, this.#wrapKind)) {
      this.#showNote(this.#node._('body.lacksEnvelope'));
    }
  }

  /** A DELETE is sent without a body that is mere text. */
  get #isDropped(): boolean {
    const manual = $('#fenergo-request-mode').val() === 'manual';
    const method = manual ? $('#node-input-method').val() : this.#operation?.method;
    return this.#type === 'str' && method === 'DELETE';
  }

  /** What is sent is known with the message: only where it comes from can be told. */
  #showSource(wrapped: boolean): void {
    const { _ } = this.#node;
    const source = sourceOf(this.#type, this.#text);
    this.#showCode(wrapped ? `{ "data": ${source} }` : source);
    if (wrapped) this.#showNote(_('body.unlessWrapped'));
    else if (
      !this.#operation &&
      $('#fenergo-request-mode').val() === 'message' &&
      this.#wrapKind === 'auto'
    ) {
      this.#showNote(_('body.whereTaken'));
    }
  }

  #showNote(text: string): void {
    this.#sent.append($('<div>').text(text));
  }

  #showCode(text: string): void {
    this.#sent.append(
      $('<span>').text(this.#node._('body.sent')),
      $('<code>').text(text).attr('title', text),
    );
  }
}

/** `true`, or why the text of a body cannot be sent. */
export function judgeBody({ _ }: { _: Translate }, type: string | undefined, text: string): true | string {
  const sent = sentBody(type ?? UNTOUCHED.type, text, false);
  return sent && 'problem' in sent ? _('error.body', { reason: sent.problem }) : true;
}

function isUntouched(type: string | undefined, value: string | undefined): boolean {
  return !value || (type === UNTOUCHED.type && value === UNTOUCHED.value);
}

/** Where a body comes from, as people write it. */
function sourceOf(type: string, value: string): string {
  if (type === 'env') return `\${${value}}`;
  if (['json', 'str', 'jsonata'].includes(type)) return value;
  return `${type}.${value}`;
}
