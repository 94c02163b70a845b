import { ContractError } from './contract-error.js';
import { type ContractDocument, isObject, resolved } from './document.js';
import { freeId, idOf } from './ids.js';
import { addressOf } from './layers.js';
import {
  isCallablePath,
  METHODS,
  type Method,
  type ParamRule,
  paramsOfPath,
  type Source,
} from './operation.js';
import { type PlaceHints, placeOf } from './place.js';
import { SchemaReader } from './schemas.js';
import { isEnvelopeSchema, skeletonOf } from './skeleton.js';
import type { StoredContract, StoredOperation } from './stored.js';

export interface ContractOptions extends PlaceHints {
  source: Source;
  /** The ids that the operations of a service have already, by their addresses: flows hold them, so they stay. */
  knownIds?: (service: string, version: string) => ReadonlyMap<string, string>;
}

/** A contract as the catalog holds it, and what had to be left out of it. */
export interface ReadContract {
  contract: StoredContract;
  notes: string[];
}

/** These the node sets itself, or the connection needs for its own. */
const OWN_HEADERS = new Set([
  'accept',
  'accept-encoding',
  'authorization',
  'connection',
  'content-length',
  'content-type',
  'host',
  'x-correlation-id',
  'x-tenant-id',
]);
const MOST_NOTES = 20;

/**
 * Reads an OpenAPI contract into operations. Facts of the vendor's contracts, surveyed 2026-09-09: `servers` names the
 * service, `info.version` begins with the number of the version, some operations have no `operationId`, and the
 * description of a deprecated one tells the day of its end.
 *
 * @throws ContractError when nothing can be called by it
 */
export function readContract(document: ContractDocument, options: ContractOptions): ReadContract {
  const { service, version, prefix, strip } = placeOf(document, options);
  const notes: string[] = [];
  const note = (text: string) => {
    if (notes.length < MOST_NOTES) notes.push(text);
  };
  const schemas = new SchemaReader(document, note);
  const known: ReadonlyMap<string, string> = options.knownIds?.(service, version) ?? new Map();
  // Reserved for whom they belong to, whether they are in this contract or not: a key must not change its meaning.
  const taken = new Set(known.values());
  const addresses = new Set<string>();
  const operations: StoredOperation[] = [];
  for (const { path: written, method, item, operation } of entries(document)) {
    const path = prefix + (strip ? written.slice(strip.length) : written);
    const shown = `${method} ${written.slice(0, 120)}`;
    if (!isCallablePath(path)) {
      note(`${shown} was left out: it is no path that can be called`);
      continue;
    }
    const address = addressOf({ method, path });
    if (addresses.has(address)) {
      note(`${shown} was left out: another one differs only in the names of its parameters`);
      continue;
    }
    addresses.add(address);
    if (item.servers !== undefined || operation.servers !== undefined)
      note(`The servers of ${shown} are not used`);
    const id = known.get(address) ?? freeId(idOf(operation.operationId, method, path), taken);
    const params = paramsOf(document, item, operation, note);
    operations.push({ id, method, path, ...describe({ document, schemas, note }, operation, path, params) });
  }
  if (operations.length === 0) throw new ContractError('It has no operation that can be called');
  const contract: StoredContract = { service, version, source: options.source, operations };
  if (Object.keys(schemas.defs).length > 0) contract.defs = schemas.defs;
  return { contract, notes };
}

/** What is needed to read an operation. */
interface Reading {
  document: ContractDocument;
  schemas: SchemaReader;
  note: (text: string) => void;
}

interface Entry {
  path: string;
  method: Method;
  item: Record<string, unknown>;
  operation: Record<string, unknown>;
}

function* entries(document: ContractDocument): Generator<Entry> {
  const { paths } = document;
  if (!isObject(paths)) throw new ContractError('It has no paths');
  for (const [path, value] of Object.entries(paths)) {
    const item = resolved(document, value);
    if (!isObject(item)) continue;
    for (const [name, operation] of Object.entries(item)) {
      const method = name.toUpperCase();
      if (METHODS.includes(method) && isObject(operation)) {
        yield { path, method: method as Method, item, operation };
      }
    }
  }
}

/** The parameters of the path item and the operation, which wins. */
function paramsOf(
  document: ContractDocument,
  item: Record<string, unknown>,
  operation: Record<string, unknown>,
  note: (text: string) => void,
): Record<string, unknown>[] {
  const lists = [item.parameters, operation.parameters].filter(Array.isArray).flat();
  const params = new Map<string, Record<string, unknown>>();
  for (const value of lists) {
    const param = resolved(document, value);
    if (isObject(param) && typeof param.name === 'string') params.set(`${param.in} ${param.name}`, param);
    else note(`A parameter was left out: ${leadsNowhere(value)}`);
  }
  return [...params.values()];
}

function describe(
  reading: Reading,
  operation: Record<string, unknown>,
  path: string,
  params: Record<string, unknown>[],
): Partial<StoredOperation> {
  const { schemas } = reading;
  const inPath = paramsOfPath(path);
  const rules = params.flatMap((param): ParamRule[] => {
    const { name, in: place, required } = param as { name: string; in: unknown; required: unknown };
    const fits =
      (place === 'path' && inPath.includes(name)) ||
      place === 'query' ||
      (place === 'header' &&
        !OWN_HEADERS.has(name.toLowerCase()) &&
        /^[!#$%&'*+.^_`|~0-9a-z-]+$/i.test(name));
    if (!fits || !name) return [];
    return [
      {
        name,
        in: place,
        required: required === true || place === 'path',
        schema: param.schema === undefined ? true : schemas.read(param.schema),
      },
    ];
  });
  const named = (place: string) => rules.filter((rule) => rule.in === place).map(({ name }) => name);
  const described: Partial<StoredOperation> = {
    ...sunsetOf(operation),
    ...bodyOf(reading, operation),
  };
  if (named('query').length > 0) described.query = named('query');
  if (named('header').length > 0) described.headers = named('header');
  if (rules.length > 0) described.paramRules = rules;
  return described;
}

/** The vendor writes the day into the description: "…will be terminated on 2026-02-01". */
function sunsetOf({ deprecated, description }: Record<string, unknown>): Partial<StoredOperation> {
  if (deprecated !== true) return {};
  const [, day] = /terminated on (\d{4}-\d\d-\d\d)\b/.exec(String(description ?? '')) ?? [];
  return day && !Number.isNaN(Date.parse(day)) ? { deprecated, sunset: day } : { deprecated };
}

function bodyOf(
  { document, schemas, note }: Reading,
  operation: Record<string, unknown>,
): Partial<StoredOperation> {
  if (operation.requestBody === undefined) return {};
  const body = resolved(document, operation.requestBody);
  if (!isObject(body)) {
    note(`The shape of a body is not known: ${leadsNowhere(operation.requestBody)}`);
    return { body: null };
  }
  const media = jsonMedia(document, body.content);
  if (!media) return { body: null };
  const skeleton = skeletonOf(document, media);
  if (media.schema === undefined) return { body: skeleton };
  const bodyRule = { required: body.required === true, schema: schemas.read(media.schema) };
  return { body: skeleton, wrapsData: isEnvelopeSchema(document, media.schema), bodyRule };
}

function leadsNowhere(value: unknown): string {
  const ref = isObject(value) ? String(value.$ref ?? '').slice(0, 120) : '';
  return ref ? `'${ref}' leads nowhere in the contract` : 'it is not described';
}

function jsonMedia(document: ContractDocument, content: unknown): Record<string, unknown> | undefined {
  if (!isObject(content)) return undefined;
  const types = Object.keys(content).filter((type) => /^[a-z]+\/([\w.*+-]*\+)?json\b/i.test(type));
  const media = resolved(
    document,
    content[types.find((type) => /^application\/json/i.test(type)) ?? types[0] ?? ''],
  );
  return isObject(media) ? media : undefined;
}
