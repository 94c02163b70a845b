import { judgeBody } from '../shared/editor/body-form.js';
import { CallForm } from '../shared/editor/call-form.js';
import { isEnv } from '../shared/editor/env.js';
import { isNumberFrom } from '../shared/editor/numbers.js';
import { inWords, splitKey } from '../shared/editor/operation-key.js';
import { type Param, paramsOf } from '../shared/editor/params.js';
import { isTenant } from '../shared/editor/tenant-field.js';
import { prepareTerms } from '../shared/editor/terms-form.js';

interface RequestProperties {
  name: string;
  connection: string;
  operation: string;
  method: string;
  path: string;
  params: Param[];
  tenant: string;
  tenantType: string;
  body: string;
  bodyType: string;
  wrap: string;
  check: string;
  result: string;
  timeout: number | string;
  tries: number | string;
  longestPause: number | string;
  repeatable: boolean;
  patience: number | string;
  priority: string;
}

type RequestNode = EditorNode<RequestProperties>;

/** The open dialog. */
let form: CallForm | undefined;

/** What the node does, in words: its name, its operation, its path. */
function labelOf(node: RequestNode): string {
  if (node.name) return node.name;
  if (node.operation) return inWords(splitKey(node.operation).id) || node.operation;
  if (node.path) return `${node.method} ${node.path}`;
  return node._('label.unnamed');
}

RED.nodes.registerType<RequestProperties>('fenergo-request', {
  category: 'fenergo',
  color: '#8fc1c9',
  icon: 'fenergo.svg',
  inputs: 1,
  outputs: 1,
  defaults: {
    name: { value: '' },
    connection: { value: '', type: 'fenergo-config', required: true, label: 'connection' },
    operation: { value: '' },
    method: { value: 'GET' },
    path: {
      value: '',
      validate(value, _options) {
        const path = String(value ?? '').trim();
        if (!path || isEnv(path)) return true;
        if (/^[a-z][a-z0-9+.-]*:/i.test(path)) return this._('error.path.absolute');
        return path.startsWith('/') ? true : this._('error.path.slash');
      },
    },
    params: {
      value: [],
      validate(value, _options) {
        for (const param of (value ?? []) as Param[]) {
          const valid = RED.utils.validateTypedProperty(param.value, param.type, { label: param.name });
          if (valid !== true) return valid;
        }
        return true;
      },
    },
    tenant: {
      value: '',
      validate(value, _options) {
        const type = form?.isFor(this) ? form.tenantType : this.tenantType;
        return type !== 'str' || isTenant(value) ? true : this._('error.tenant');
      },
    },
    tenantType: { value: 'str' },
    body: {
      value: 'payload',
      validate(value, _options) {
        const type = form?.isFor(this) ? form.bodyType : this.bodyType;
        return judgeBody(this, type, String(value ?? ''));
      },
    },
    bodyType: { value: 'msg' },
    wrap: { value: 'auto' },
    check: { value: 'off' },
    result: { value: 'data' },
    timeout: {
      value: 120,
      validate(value, _options) {
        const timeout = String(value ?? 120).trim(); // a flow written by hand may leave it out
        return Number(timeout) > 0 || isEnv(timeout) ? true : this._('error.timeout');
      },
    },
    tries: {
      value: 4,
      validate(value, _options) {
        return isNumberFrom(value ?? 4, 1, 'whole') ? true : this._('error.tries');
      },
    },
    longestPause: {
      value: 60,
      validate(value, _options) {
        return isNumberFrom(value ?? 60, 0) ? true : this._('error.longestPause');
      },
    },
    repeatable: { value: false },
    patience: {
      value: 600,
      validate(value, _options) {
        return isNumberFrom(value ?? 600, 0) ? true : this._('error.patience');
      },
    },
    priority: { value: 'normal' },
  },
  label() {
    return labelOf(this);
  },
  labelStyle() {
    return this.name ? 'node_label_italic' : '';
  },
  paletteLabel: 'fenergo request',
  inputLabels() {
    return this._('label.input');
  },
  outputLabels() {
    return this._('label.output');
  },
  oneditprepare() {
    form = new CallForm(this);
    prepareTerms(this);
  },
  oneditsave() {
    if (form) this.params = paramsOf(form.save());
    form = undefined;
  },
  oneditcancel() {
    form?.close();
    form = undefined;
  },
  oneditdelete() {
    form?.close();
    form = undefined;
  },
});
