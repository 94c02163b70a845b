import { DEFAULT_ANSWER_LIMIT_MB, isAnswerLimit, MOST_ANSWER_LIMIT_MB } from '../../lib/answer-limit.js';
import { MAX_SCOPE_LENGTH, scopeList } from '../../lib/scopes.js';
import { isGuid } from '../../lib/tenant.js';
import { urlProblem } from '../shared/editor/base-url.js';
import { isEnv } from '../shared/editor/env.js';
import { isNumberFrom } from '../shared/editor/numbers.js';
import { NO_REGION_NAME, prepareRegion } from '../shared/editor/region.js';
import { prepareScope } from '../shared/editor/scope-input.js';
import { addSidebar } from '../shared/editor/sidebar/sidebar.js';
import { prepareConnectionTest } from '../shared/editor/test-connection.js';

interface ConfigProperties {
  name: string;
  region: string;
  identityUrl: string;
  apiUrl: string;
  tenantId: string;
  publicUrl: string;
  scope: string;
  plan: string;
  queue: number | string;
  circuit: boolean;
  answerLimit: number | string;
}

type ConfigNode = EditorNode<ConfigProperties>;

/** The node whose dialog is open: its fields, not its saved properties, are what validators compare with. */
let edited: string | undefined;

function regionOf(node: ConfigNode): string {
  return edited === node.id ? String($('#node-config-input-region').val()) : node.region;
}

function text(value: unknown): string {
  return String(value ?? '').trim();
}

function validateUrl(this: ConfigNode, value: unknown, _options: unknown): true | string {
  if (regionOf(this) !== 'custom' || isEnv(text(value))) return true;
  const problem = urlProblem(text(value));
  return problem ? this._(`error.url.${problem}`) : true;
}

function required(reason: string) {
  return function (this: ConfigNode, value: unknown, _options: unknown): true | string {
    return regionOf(this) === 'sandbox' || text(value) ? true : this._(reason);
  };
}

/** Older flows lack what came later: the dialog shows what holds then. */
function fillIn({ queue, circuit, answerLimit }: ConfigNode): void {
  if (queue === undefined) $('#node-config-input-queue').val('10000');
  if (circuit === undefined) $('#node-config-input-circuit').prop('checked', true);
  if (answerLimit === undefined) $('#node-config-input-answerLimit').val(String(DEFAULT_ANSWER_LIMIT_MB));
}

RED.nodes.registerType<ConfigProperties>('fenergo-config', {
  category: 'config',
  defaults: {
    name: { value: '' },
    region: {
      value: '',
      validate(value, _options) {
        if (value === NO_REGION_NAME) return this._('error.region.empty');
        const region = text(value);
        return /^[a-z0-9-]*$/i.test(region) || isEnv(region) ? true : this._('error.region.form', { region });
      },
    },
    identityUrl: { value: '', validate: validateUrl },
    apiUrl: { value: '', validate: validateUrl },
    tenantId: {
      value: '',
      validate(value, _options) {
        const tenant = text(value);
        return !tenant || isGuid(tenant) || isEnv(tenant) ? true : this._('error.tenantId');
      },
    },
    publicUrl: {
      value: '',
      validate(value, _options) {
        const url = text(value);
        return !url || isEnv(url) || !urlProblem(url) ? true : this._('error.url.form');
      },
    },
    scope: {
      value: 'fenx.all',
      validate(value, _options) {
        const { length } = scopeList(text(value ?? 'fenx.all')).join(' '); // may be left out in a flow written by hand
        if (!length) return this._('error.scope.empty');
        return length <= MAX_SCOPE_LENGTH
          ? true
          : this._('error.scope.long', { length, max: MAX_SCOPE_LENGTH });
      },
    },
    plan: { value: 'production' },
    queue: {
      value: 10_000,
      validate(value, _options) {
        return isNumberFrom(value ?? 10_000, 0, 'whole') ? true : this._('error.queue');
      },
    },
    circuit: { value: true },
    answerLimit: {
      value: DEFAULT_ANSWER_LIMIT_MB,
      validate(value, _options) {
        const limit = text(value ?? DEFAULT_ANSWER_LIMIT_MB);
        return isEnv(limit) || isAnswerLimit(Number(limit))
          ? true
          : this._('error.answerLimit', { max: MOST_ANSWER_LIMIT_MB });
      },
    },
  },
  credentials: {
    clientId: { type: 'text', validate: required('error.clientId') },
    clientSecret: { type: 'password', validate: required('error.clientSecret') },
  },
  label() {
    return this.name || this._('label.unnamed', { region: this.region || this._('region.default') });
  },
  oneditprepare() {
    edited = this.id;
    fillIn(this);
    prepareRegion(this, this.region);
    prepareScope(this);
    prepareConnectionTest(this);
  },
  oneditsave() {
    edited = undefined;
    for (const field of ['region', 'identityUrl', 'apiUrl', 'tenantId', 'publicUrl', 'clientId']) {
      const input = $(`#node-config-input-${field}`);
      if (!input.is('select')) input.val(text(input.val()));
    }
    const scope = $('#node-config-input-scope');
    scope.val(scopeList(text(scope.val())).join(' '));
  },
  oneditcancel() {
    edited = undefined;
  },
  oneditdelete() {
    edited = undefined;
  },
});

addSidebar();
