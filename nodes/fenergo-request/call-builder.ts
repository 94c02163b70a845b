import { randomUUID } from 'node:crypto';
import type { Node, NodeAPI } from 'node-red';
import type { Catalog } from '../../lib/catalog/catalog.js';
import type { CheckedValues, RuleChecker } from '../../lib/catalog/check.js';
import { type Operation, paramsOfPath } from '../../lib/catalog/operation.js';
import { FenergoError } from '../../lib/errors.js';
import { serialiseBody, wrapData } from '../../lib/http/body.js';
import type { Call } from '../../lib/http/call.js';
import {
  buildPath,
  buildQuery,
  headerName,
  headerValue,
  isGiven,
  type ParamValues,
  parseManualPath,
} from '../../lib/http/path.js';
import { scopeFor } from '../../lib/scopes.js';
import { isGuid } from '../../lib/tenant.js';
import type { Connection } from '../shared/connection.js';
import type { FlowMessage } from '../shared/input.js';
import { typedValue, type ValueReader } from '../shared/typed-value.js';
import { termsOf } from './call-terms.js';
import type { ParamRow, RequestProperties } from './definition.js';

/** What is to be called, before its parameters are known. */
interface Target {
  /** The catalog's key, or "" for a method and path of one's own. */
  operation: string;
  label: string;
  method: string;
  service: string;
  path: string;
  /** A query that stands in a path of one's own. */
  query: string;
  /** Whether a body goes with it. */
  takesBody: boolean;
  /** Whether that body is an envelope with `data`. */
  wrapsData: boolean;
  scope?: string;
  /** What the catalog knows of it. */
  catalogued?: Operation;
}

/** A call with what the message is told of it. */
export interface BuiltCall {
  operation: string;
  call: Call;
}

const METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE'];
/** These the node sets itself, or the connection needs for its own. */
const RESERVED_HEADERS = new Set([
  'authorization',
  'x-tenant-id',
  'x-correlation-id',
  'host',
  'content-length',
  'transfer-encoding',
  'connection',
  'accept-encoding',
  'upgrade',
  'te',
  'trailer',
  'expect',
  'proxy-authorization',
]);

/** What is known of the API. */
export interface CatalogParts {
  catalog: Catalog;
  checker: RuleChecker;
}

/** Makes calls out of a node's properties and messages. A value on the node wins over one on the message. */
export class CallBuilder {
  readonly #properties: RequestProperties;
  readonly #catalog: Catalog;
  readonly #rows: (ParamRow & { read: ValueReader })[];
  readonly #tenant: ValueReader;
  readonly #body: ValueReader;
  readonly #checker: RuleChecker;
  readonly #warn: (text: string) => void;

  constructor(RED: NodeAPI, node: Node, properties: RequestProperties, { catalog, checker }: CatalogParts) {
    this.#properties = properties;
    this.#catalog = catalog;
    this.#checker = checker;
    const reader = (label: string, type: string, value: string) => typedValue(RED, node, label, type, value);
    this.#rows = properties.params
      .filter((row) => row?.name)
      .map((row) => ({ ...row, read: reader(`Parameter '${row.name}'`, row.type, String(row.value ?? '')) }));
    this.#tenant = reader('Tenant', properties.tenantType, properties.tenant);
    this.#body = reader('Body', properties.bodyType, properties.body);
    this.#warn = (text) => node.warn(text);
  }

  /**
   * The call for a message.
   *
   * @throws FENERGO_INPUT that names what is missing or cannot be sent
   */
  async build(msg: FlowMessage, connection: Connection): Promise<BuiltCall> {
    const target = this.#target(msg);
    const { path, query, headers } = await this.#params(msg, target);
    const terms = termsOf(this.#properties);
    const tenantId = await this.#tenantOf(msg, connection);
    const body = target.takesBody ? await this.#bodyOf(msg, target) : undefined;
    this.#check(target, body, { path, query, header: headers });
    return {
      operation: target.operation,
      call: {
        label: target.label,
        method: target.method,
        service: target.service,
        path: `/${encodeURIComponent(target.service)}${buildPath(target.path, path)}${joinQuery(target.query, query)}`,
        tenantId,
        correlationId: correlationOf(msg),
        headers,
        body,
        result: this.#properties.result,
        ...terms,
        scope: target.scope,
      },
    };
  }

  #target(msg: FlowMessage): Target {
    const { operation, method, path } = this.#properties;
    if (operation) return this.#catalogued(operation);
    if (path.trim()) return manual(method, path);
    if (isGiven(msg.operation)) return this.#catalogued(textOf(msg.operation));
    if (isGiven(msg.path)) return manual(textOf(msg.method ?? 'GET'), textOf(msg.path));
    throw input(
      'Operation is empty: choose one on the node, or set msg.operation, or msg.method and msg.path',
    );
  }

  #catalogued(key: string): Target {
    const found = this.#catalog.find(key);
    if (!found) {
      const similar = this.#catalog.similar(key);
      const hint =
        similar.length > 0 ? `did you mean ${similar.join(' or ')}?` : 'its form is service/version/id';
      throw input(`Operation '${key.slice(0, 120)}' is not in the catalog: ${hint}`);
    }
    const { service, method, path, hasBody, wrapsData, scope, id } = found;
    return {
      operation: key,
      label: id,
      method,
      service,
      path,
      query: '',
      takesBody: hasBody,
      wrapsData,
      scope,
      catalogued: found,
    };
  }

  /** @throws FENERGO_INPUT when the node refuses what does not fit */
  #check(
    { catalogued, label }: Target,
    body: string | Buffer | undefined,
    params: Omit<CheckedValues, 'body'>,
  ): void {
    const { check } = this.#properties;
    if (check === 'off' || !catalogued?.rules) return;
    const violations = this.#checker.violations(catalogued, { ...params, ...lookedInto(body) });
    if (violations.length === 0) return;
    const text = `${label} does not fit its contract: ${violations.join('; ')}`;
    if (check === 'refuse') throw input(text);
    this.#warn(text);
  }

  async #params(msg: FlowMessage, target: Target) {
    const inPath = new Set(paramsOfPath(target.path));
    // Without a prototype, so that `__proto__` is a name like any other.
    const path: ParamValues = Object.create(null);
    const query: ParamValues = Object.create(null);
    const headers: Record<string, string> = {};
    for (const [name, value] of Object.entries(messageParams(msg))) {
      if (inPath.has(name)) path[name] = value;
      else query[name] = value;
    }
    for (const row of this.#rows) {
      const value = await row.read(msg);
      if (!isGiven(value)) continue;
      // A row for the path of another operation may be left over; it belongs nowhere.
      if (row.in === 'path' && inPath.has(row.name)) path[row.name] = value;
      if (row.in === 'query') query[row.name] = value;
      if (row.in === 'header') headers[checkedHeader(row.name)] = headerValue(row.name, value);
    }
    return { path, query, headers };
  }

  async #tenantOf(msg: FlowMessage, connection: Connection): Promise<string> {
    const own = await this.#tenant(msg);
    const tenant = [own, msg.tenantId, connection.tenantId].find(isGiven);
    if (!isGiven(tenant)) {
      throw input(
        `Tenant is empty: set it on the node, in msg.tenantId or in the connection '${connection.label}'`,
      );
    }
    const text = textOf(tenant).trim();
    if (!isGuid(text)) {
      const shown = headerSafe(text).slice(0, 60);
      throw input(`Tenant '${shown}' is not a GUID: it looks like 11111111-2222-3333-4444-555555555555`);
    }
    return text;
  }

  async #bodyOf(
    msg: FlowMessage,
    { method, label, wrapsData }: Target,
  ): Promise<string | Buffer | undefined> {
    const value = await this.#body(msg);
    // A DELETE rarely has a body, and payloads hold all sorts of things by the time that they come here.
    if (method === 'DELETE' && (typeof value !== 'object' || value === null)) return undefined;
    try {
      return serialiseBody(wrapsData && this.#properties.wrap === 'auto' ? wrapData(value) : value);
    } catch (error) {
      if (error instanceof FenergoError) throw new FenergoError(error.code, `${label}: ${error.message}`);
      throw error;
    }
  }
}

function manual(methodText: string, pathText: string): Target {
  const method = methodText.trim().toUpperCase();
  if (!METHODS.includes(method)) {
    throw input(`Method '${headerSafe(methodText).slice(0, 20)}' is not one of ${METHODS.join(', ')}`);
  }
  const { service, path, query } = parseManualPath(pathText);
  return {
    operation: '',
    label: `${method} /${service}${path}`.slice(0, 200),
    method,
    service,
    path,
    query,
    takesBody: method !== 'GET' && method !== 'HEAD',
    wrapsData: false,
    scope: scopeFor(service, method),
  };
}

/** The body as it is going to be sent: JSON, or bytes of another kind. */
function lookedInto(body: string | Buffer | undefined): { body: unknown; opaqueBody?: boolean } {
  if (Buffer.isBuffer(body)) return { body: undefined, opaqueBody: true };
  return { body: body === undefined ? undefined : JSON.parse(body) };
}

function messageParams({ params }: FlowMessage): ParamValues {
  if (!isGiven(params)) return {};
  if (typeof params !== 'object' || Array.isArray(params)) {
    throw input('msg.params has to be an object with the parameters by name');
  }
  return params as ParamValues;
}

function correlationOf({ correlationId }: FlowMessage): string {
  return isGiven(correlationId) ? headerValue('x-correlation-id', correlationId) : randomUUID();
}

function checkedHeader(name: string): string {
  const checked = headerName(name);
  if (RESERVED_HEADERS.has(checked)) {
    throw input(`Header '${name}' is set by the node itself and cannot be a parameter`);
  }
  return checked;
}

function joinQuery(written: string, values: ParamValues): string {
  const query = [written, buildQuery(values)].filter(Boolean).join('&');
  return query && `?${query}`;
}

/** The text of whatever a message holds: an object without a prototype has none, and `String` would throw. */
function textOf(value: unknown): string {
  return typeof value === 'object' ? Object.prototype.toString.call(value) : String(value);
}

function headerSafe(text: string): string {
  return text.replace(/[^\x20-\x7e]/g, '·');
}

function input(message: string): FenergoError {
  return new FenergoError('FENERGO_INPUT', message);
}
