import type { Catalog } from './catalog.js';
import { addressOf } from './layers.js';
import type { Operation } from './operation.js';
import { expand, type StoredContract } from './stored.js';

/** What a contract changes in the catalog; operations by their ids. */
export interface ContractSummary {
  service: string;
  version: string;
  /** The file or URL. */
  name: string;
  operations: number;
  added: string[];
  changed: string[];
  /** Those that the catalog has and the contract has not. */
  gone: string[];
  /** What had to be left out. */
  notes: string[];
}

/** What became of an import or a refresh. */
export interface ImportSummary {
  contracts: ContractSummary[];
  /** What could not be read, and why. */
  failed: { name: string; reason: string }[];
}

/** Compares a contract with what the catalog has of its service and version. */
export function summaryOf(catalog: Catalog, contract: StoredContract, notes: string[]): ContractSummary {
  const { service, version, source } = contract;
  const before = new Map(catalog.operationsOf(service, version).map((one) => [addressOf(one), one]));
  const after = contract.operations.map((stored) => expand(contract, stored));
  const addresses = new Set(after.map(addressOf));
  const elsewhere = othersOf(catalog, service, version);
  const left = after.filter((one) => elsewhere.has(addressOf(one)));
  const told = left.map(
    (one) => `${one.id} was left out: ${elsewhere.get(addressOf(one))} has its method and path`,
  );
  const ids = (operations: Operation[]) => operations.map(({ id }) => id);
  return {
    service,
    version,
    name: source.name ?? '',
    operations: after.length - left.length,
    added: ids(after.filter((one) => !before.has(addressOf(one)) && !left.includes(one))),
    changed: ids(after.filter((one) => isChanged(before.get(addressOf(one)), one))),
    gone: ids([...before.values()].filter((one) => !addresses.has(addressOf(one)))),
    notes: [...notes, ...told.slice(0, MOST_NOTES)],
  };
}

const MOST_NOTES = 20;

/** What other versions of a service offer, by address. */
function othersOf(catalog: Catalog, service: string, version: string): ReadonlyMap<string, string> {
  const others = catalog
    .all()
    .filter((one) => one.service === service && one.version !== version && !one.withdrawn);
  return new Map(others.map((one) => [addressOf(one), one.key]));
}

function isChanged(before: Operation | undefined, after: Operation): boolean {
  return before !== undefined && (faceOf(before) !== faceOf(after) || bodyChanged(before, after));
}

/** What a caller has to know of an operation. */
function faceOf({ id, path, query, headers, hasBody, deprecated, sunset }: Operation): string {
  return JSON.stringify([id, path, [...query].sort(), [...headers].sort(), hasBody, deprecated, sunset]);
}

/** Only the names in a body tell: values are examples. A body that was not known before is no change. */
function bodyChanged({ body: before }: Operation, { body: after }: Operation): boolean {
  if (!before || !after) return false;
  return namesIn(before) !== namesIn(after);
}

function namesIn(body: unknown): string {
  if (typeof body !== 'object' || body === null) return '';
  if (Array.isArray(body)) return `[${namesIn(body[0])}]`;
  const entries = Object.entries(body).sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${entries.map(([name, value]) => `${name}${namesIn(value)}`).join()}}`;
}
