import { urlProblem } from '../shared/editor/base-url.js';
import { isEnv } from '../shared/editor/env.js';
import { EventList } from '../shared/editor/event-list.js';
import { ALL_FEEDS, isEventType } from '../shared/editor/event-suggestions.js';
import { isNumberFrom } from '../shared/editor/numbers.js';
import { isTenant, prepareTenant, tenantType } from '../shared/editor/tenant-field.js';
import { WebhookPanel } from '../shared/editor/webhook-panel.js';
import { holderOf, pathProblem, randomPath, shownUrl } from '../shared/editor/webhook-path.js';
import { eventTypesOf } from '../shared/events/event-types.js';

interface WebhookProperties {
  name: string;
  path: string;
  eventTypes: string[];
  duplicates: string;
  respond: string;
  ackTimeout: number | string;
  limit: number | string;
  register: boolean;
  connection: string;
  tenant: string;
  tenantType: string;
  baseUrl: string;
  webhookName: string;
  deliveries: string;
  batchSize: number | string;
}

type WebhookNode = EditorNode<WebhookProperties>;

/** The open dialog. */
let open: { id: string; events: EventList } | undefined;

/** What holds where an older or hand-written flow says nothing. */
const DEFAULTS = {
  duplicates: 'drop',
  respond: 'received',
  ackTimeout: '60',
  limit: '5',
  deliveries: 'single',
  batchSize: '100',
};
const MAX_TEXT = 128;
const MIN_BATCH_SIZE = 10;
const MAX_BATCH_SIZE = 100;

function text(value: unknown): string {
  return String(value ?? '').trim();
}

function isAbove0(value: unknown): boolean {
  return isNumberFrom(value, Number.MIN_VALUE);
}

function isBatchSize(value: unknown): boolean {
  const size = text(value);
  return isNumberFrom(size, MIN_BATCH_SIZE, 'whole') && (isEnv(size) || Number(size) <= MAX_BATCH_SIZE);
}

/** A property as the open dialog has it, else as it was saved: some validators look at others. */
function now(node: WebhookNode, name: keyof WebhookProperties): unknown {
  if (open?.id !== node.id) return node[name];
  const field = $(`#node-input-${name}`);
  return field.is(':checkbox') ? field.prop('checked') : field.val();
}

function registers(node: WebhookNode): boolean {
  return String(now(node, 'register')) === 'true';
}

function isUrl(value: unknown): boolean {
  return isEnv(text(value)) || urlProblem(text(value)) === undefined;
}

/** How Node-RED is reached from outside, as far as it is known; else as this browser reaches it. */
function baseUrl(): { base: string; known: boolean } {
  const connection = RED.nodes.node(text($('#node-input-connection').val()));
  const given = text($('#node-input-baseUrl').val()) || text(connection?.publicUrl);
  return given ? { base: given, known: true } : { base: location.origin, known: false };
}

function prepareUrl(node: WebhookNode): void {
  const path = $('#node-input-path');
  const show = () => {
    const { base, known } = baseUrl();
    $('#fenergo-webhook-url').text(shownUrl(base, text(path.val())));
    $('#fenergo-webhook-url-hint').text(known ? '' : node._('hint.url'));
  };
  const fields = $('#node-input-path, #node-input-baseUrl, #node-input-connection');
  fields.on('input change', show);
  $('#fenergo-webhook-copy').on('click', () => {
    const url = $('#fenergo-webhook-url').text();
    RED.clipboard.copyText(url, $('#fenergo-webhook-copy'), 'clipboard.copyMessageValue');
  });
  $('#fenergo-webhook-new-path').on('click', () => path.val(randomPath()).trigger('change'));
  show();
}

function prepareChoices(): void {
  const show = () => {
    $('.fenergo-webhook-handled').toggle($('#node-input-respond').val() === 'handled');
    $('.fenergo-webhook-registered').toggle($('#node-input-register').prop('checked') === true);
    $('.fenergo-webhook-batch').toggle($('#node-input-deliveries').val() === 'batch');
  };
  $('#node-input-respond, #node-input-register, #node-input-deliveries').on('change', show);
  // It is judged by these.
  $('#node-input-register, #node-input-connection').on('change', () => {
    $('#node-input-secret').trigger('change');
  });
  show();
}

function fillIn(node: WebhookNode): void {
  for (const [name, value] of Object.entries(DEFAULTS)) {
    if (text(node[name as keyof typeof DEFAULTS]) === '') $(`#node-input-${name}`).val(value);
  }
  $('#node-input-register').prop('checked', String(node.register) === 'true');
}

/** Whether the node tells the sandbox what to sign with: it makes that up where nothing is typed. */
function signedBySandbox(node: WebhookNode): boolean {
  return registers(node) && RED.nodes.node(text(now(node, 'connection')))?.region === 'sandbox';
}

function validSecret(this: WebhookNode, value: unknown, _options: unknown): true | string {
  const secret = text(value);
  return secret.length <= MAX_TEXT ? true : this._('error.secretLong', { max: MAX_TEXT });
}

RED.nodes.registerType<WebhookProperties>('fenergo-webhook', {
  category: 'fenergo',
  color: '#8fc1c9',
  icon: 'fenergo.svg',
  inputs: 0,
  outputs: 1,
  defaults: {
    name: { value: '' },
    path: {
      value: '',
      validate(value, _options) {
        const path = text(value);
        const problem = pathProblem(path);
        if (problem) return this._(`error.path.${problem}`);
        const other = holderOf(path, this);
        return other ? this._('error.path.taken', { other: other.name || other.id }) : true;
      },
    },
    eventTypes: {
      value: [],
      validate(value, _options) {
        const wrong = eventTypesOf(value).find((type) => !isEventType(type));
        return wrong === undefined ? true : this._('problem.form', { type: wrong });
      },
    },
    duplicates: { value: 'drop' },
    respond: { value: 'received' },
    ackTimeout: {
      value: 60,
      validate(value, _options) {
        return isAbove0(value ?? 60) ? true : this._('error.ackTimeout');
      },
    },
    limit: {
      value: 5,
      validate(value, _options) {
        return isAbove0(value ?? 5) ? true : this._('error.limit');
      },
    },
    register: { value: false },
    connection: {
      value: '',
      type: 'fenergo-config',
      required: false,
      label: 'connection',
      validate(value, _options) {
        if (!registers(this)) return true;
        return RED.nodes.node(text(value)) ? true : this._('error.connection');
      },
    },
    tenant: {
      value: '',
      validate(value, _options) {
        const type = open?.id === this.id ? tenantType() : this.tenantType;
        return (type ?? 'str') !== 'str' || isTenant(value) ? true : this._('error.tenant');
      },
    },
    tenantType: { value: 'str' },
    baseUrl: {
      value: '',
      validate(value, _options) {
        return !text(value) || isUrl(value) ? true : this._('error.baseUrl');
      },
    },
    webhookName: {
      value: '',
      validate(value, _options) {
        return text(value).length <= MAX_TEXT ? true : this._('error.webhookName', { max: MAX_TEXT });
      },
    },
    deliveries: { value: 'single' },
    batchSize: {
      value: 100,
      validate(value, _options) {
        return isBatchSize(value ?? 100) ? true : this._('error.batchSize');
      },
    },
  },
  credentials: {
    secret: {
      type: 'password',
      validate(value, options) {
        if (!text(value) && signedBySandbox(this)) return true;
        return text(value) ? validSecret.call(this, value, options) : this._('error.secret');
      },
    },
    previousSecret: { type: 'password', validate: validSecret },
  },
  paletteLabel: 'fenergo webhook',
  label() {
    return this.name || this._('label.unnamed');
  },
  labelStyle() {
    return this.name ? 'node_label_italic' : '';
  },
  outputLabels() {
    return this._('label.output');
  },
  onadd() {
    // Of the palette, or a copy beside its original.
    if (!text(this.path) || holderOf(this.path, this)) this.path = randomPath();
  },
  oneditprepare() {
    fillIn(this);
    prepareTenant(this, ['flow', 'global', 'env', 'jsonata']);
    const events = new EventList(this, {
      frame: $('#fenergo-webhook-types'),
      input: $('#fenergo-webhook-type'),
      list: $('#fenergo-webhook-suggestions'),
      problems: $('#fenergo-webhook-problems'),
      feed: () => ALL_FEEDS,
    });
    events.set(eventTypesOf(this.eventTypes));
    open = { id: this.id, events };
    prepareUrl(this);
    prepareChoices();
    void new WebhookPanel(this).refresh();
  },
  oneditsave() {
    if (open) this.eventTypes = open.events.save();
    open = undefined;
    // What is not shown must not keep the node from running.
    for (const [name, isRight] of [
      ['ackTimeout', isAbove0],
      ['batchSize', isBatchSize],
    ] as const) {
      const field = $(`#node-input-${name}`);
      if (!isRight(field.val()) && !field.is(':visible')) field.val(DEFAULTS[name]);
    }
  },
  oneditcancel() {
    open = undefined;
  },
  oneditdelete() {
    open = undefined;
  },
});
