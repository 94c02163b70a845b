import { ContractError } from './contract-error.js';
import { describe, leadsNowhere } from './described.js';
import { type ContractDocument, isObject, resolved } from './document.js';
import { freeId, idOf } from './ids.js';
import { addressOf } from './layers.js';
import { Notes } from './notes.js';
import { isCallablePath, METHODS, type Method, type Source } from './operation.js';
import { type PlaceHints, placeOf } from './place.js';
import { SchemaReader } from './schemas.js';
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

/**
 * Reads an OpenAPI contract into operations. Facts of the vendor's contracts, surveyed 2026-09-09: `servers` names the
 * service, `info.version` begins with the number of the version, some operations have no `operationId`, and the
 * description of a deprecated one tells the day of its end.
 *
 * @throws ContractError when nothing can be called by it
 */
export function readContract(document: ContractDocument, options: ContractOptions): ReadContract {
  const { service, version, prefix, strip } = placeOf(document, options);
  const notes = new Notes();
  const schemas = new SchemaReader(document, (text) => notes.add(text));
  const known: ReadonlyMap<string, string> = options.knownIds?.(service, version) ?? new Map();
  // Reserved for whom they belong to, whether they are in this contract or not: a key must not change its meaning.
  const taken = new Set(known.values());
  const addresses = new Set<string>();
  const operations: StoredOperation[] = [];
  for (const { path: writtenPath, method, item, operation } of entries(document, notes)) {
    const path = prefix + (strip ? writtenPath.slice(strip.length) : writtenPath);
    const shown = `${method} ${writtenPath.slice(0, 120)}`;
    if (!isCallablePath(path)) {
      notes.add(`${shown} was left out: it is no path that can be called`);
      continue;
    }
    const address = addressOf({ method, path });
    if (addresses.has(address)) {
      notes.add(`${shown} was left out: another one differs only in the names of its parameters`);
      continue;
    }
    addresses.add(address);
    if (item.servers !== undefined || operation.servers !== undefined)
      notes.add(`The servers of ${shown} are not used`);
    const id = known.get(address) ?? freeId(idOf(operation.operationId, method, path), taken);
    const written = { shown, item, operation };
    operations.push({ id, method, path, ...describe({ document, schemas, notes }, written, path) });
  }
  if (operations.length === 0) throw new ContractError(nothingToCall(notes));
  const contract: StoredContract = { service, version, source: options.source, operations };
  if (Object.keys(schemas.defs).length > 0) contract.defs = schemas.defs;
  return { contract, notes: notes.all() };
}

function nothingToCall(notes: Notes): string {
  const [first] = notes.all();
  return `It has no operation that can be called${first ? `: ${first}` : ''}`;
}

/** Further methods of OpenAPI's path items. */
const OTHER_METHODS = new Set(['HEAD', 'OPTIONS', 'TRACE']);

interface Entry {
  path: string;
  method: Method;
  item: Record<string, unknown>;
  operation: Record<string, unknown>;
}

function* entries(document: ContractDocument, notes: Notes): Generator<Entry> {
  const { paths } = document;
  if (!isObject(paths)) throw new ContractError('It has no paths');
  for (const [path, value] of Object.entries(paths)) {
    const item = resolved(document, value);
    if (!isObject(item)) {
      notes.add(`${path.slice(0, 120)} was left out: ${leadsNowhere(value)}`);
      continue;
    }
    for (const [name, operation] of Object.entries(item)) {
      const method = name.toUpperCase();
      if (!isObject(operation)) continue;
      if (METHODS.includes(method)) yield { path, method: method as Method, item, operation };
      else if (OTHER_METHODS.has(method)) notes.method(method);
    }
  }
}
