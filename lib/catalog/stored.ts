import { scopeFor } from '../scopes.js';
import {
  isCallablePath,
  METHODS,
  type Method,
  type Operation,
  type ParamRule,
  paramsOfPath,
  type Schema,
  type Source,
} from './operation.js';

/** An operation as the catalog's files hold it. `body: null` means: takes a body whose shape is not known. */
export interface StoredOperation {
  id: string;
  method: Method;
  path: string;
  query?: string[];
  headers?: string[];
  body?: unknown;
  deprecated?: boolean;
  sunset?: string;
  bodyRule?: { required: boolean; schema: Schema };
  paramRules?: ParamRule[];
  /** Whether its body is the envelope `{ "data": … }`, where the contract tells; else its example does. */
  wrapsData?: boolean;
  /** When it was surveyed, where that differs from the rest of its contract. */
  at?: string;
}

/** Every operation of one version of a service. */
export interface StoredContract {
  service: string;
  version: string;
  source: Source;
  operations: StoredOperation[];
  /** The schemas that its operations refer to as `#/$defs/<name>`. */
  defs?: Record<string, Schema>;
}

/** `operations.json`, and `fenergo-catalog.json` in a user directory. */
export interface CatalogFile {
  contracts: StoredContract[];
}

const NAME = /^[a-z0-9][a-z0-9_.-]*$/i;

/** Whether a text can be a service, a version or an operation's id: one segment of a key and of a URL. */
export function isName(text: unknown): text is string {
  return typeof text === 'string' && text.length <= 200 && NAME.test(text);
}

/** Nearly every command takes `{ "data": { … } }`. */
function isDataEnvelope(body: unknown): boolean {
  return (
    typeof body === 'object' && body !== null && Object.keys(body).length === 1 && Object.hasOwn(body, 'data')
  );
}

/** An operation with all that is said of it elsewhere: in its place, its path, its scopes. */
export function expand(contract: StoredContract, stored: StoredOperation): Operation {
  const { service, version, source, defs = {} } = contract;
  const { id, method, path, query = [], headers = [], body, sunset, bodyRule, paramRules, at } = stored;
  const known = bodyRule || paramRules;
  return {
    key: `${service}/${version}/${id}`,
    service,
    version,
    id,
    method,
    path,
    pathParams: paramsOfPath(path),
    query,
    headers,
    hasBody: 'body' in stored,
    body,
    wrapsData: stored.wrapsData ?? isDataEnvelope(body),
    scope: scopeFor(service, method),
    deprecated: stored.deprecated === true || sunset !== undefined,
    sunset,
    withdrawn: false,
    source: at ? { ...source, at } : source,
    rules: known ? { body: bodyRule, params: paramRules ?? [], defs } : undefined,
  };
}

/**
 * Reads a catalog file that people may have written into.
 *
 * @param text JSON
 * @returns what can be used of it
 * @throws an error with the reason when it is no catalog at all
 */
export function parseCatalogFile(text: string): CatalogFile {
  return { contracts: entriesOf(text).filter(isContract).map(usable) };
}

/** The contracts of a catalog file as they stand there, also what cannot be used. */
export function entriesOf(text: string): unknown[] {
  const { contracts } = (JSON.parse(text) ?? {}) as { contracts?: unknown };
  if (!Array.isArray(contracts)) throw new Error("It has no list of 'contracts'");
  return contracts;
}

function isContract(value: unknown): value is StoredContract {
  const { service, version, source, operations, defs } = (value ?? {}) as Partial<StoredContract>;
  const named = isName(service) && isName(version);
  const hasDefs = defs === undefined || isRecord(defs);
  return named && typeof source?.at === 'string' && Array.isArray(operations) && hasDefs;
}

function usable(contract: StoredContract): StoredContract {
  return { ...contract, operations: contract.operations.filter(isOperation) };
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isListOf(value: unknown, isItem: (item: unknown) => boolean): boolean {
  return value === undefined || (Array.isArray(value) && value.every(isItem));
}

function isText(value: unknown): boolean {
  return typeof value === 'string';
}

function isOneOf(value: unknown, ...types: string[]): boolean {
  return value === undefined || types.includes(typeof value);
}

function isSchema(value: unknown): boolean {
  return typeof value === 'boolean' || isRecord(value);
}

function isParamRule(value: unknown): boolean {
  const { name, in: place, schema } = (isRecord(value) ? value : {}) as Partial<ParamRule>;
  return isText(name) && ['path', 'query', 'header'].includes(String(place)) && isSchema(schema);
}

function isOperation(value: unknown): value is StoredOperation {
  if (!isRecord(value)) return false;
  const { id, method, path, query, headers, sunset, at, paramRules, bodyRule } = value;
  return (
    isName(id) &&
    METHODS.includes(String(method)) &&
    typeof path === 'string' &&
    isCallablePath(path) &&
    isListOf(query, isText) &&
    isListOf(headers, isText) &&
    isListOf(paramRules, isParamRule) &&
    (bodyRule === undefined || (isRecord(bodyRule) && isSchema(bodyRule.schema))) &&
    isOneOf(sunset, 'string') &&
    isOneOf(at, 'string') &&
    isOneOf(value.wrapsData, 'boolean')
  );
}
