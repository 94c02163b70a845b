import { readFile, stat } from 'node:fs/promises';
import { basename } from 'node:path';
import type { Catalog } from './catalog.js';
import { type ReadContract, readContract } from './contract.js';
import { MAX_CONTRACT_BYTES, parseDocument, tooLarge } from './document.js';
import { addressOf } from './layers.js';
import type { Source } from './operation.js';
import type { PlaceHints } from './place.js';
import type { StoredContract } from './stored.js';
import { type ImportSummary, summaryOf } from './summary.js';

/** A contract on its way into the catalog. */
export interface Incoming {
  source: Source;
  /** Where it belongs, if that is known beside its text. */
  place?: PlaceHints;
  /** The version that it has to be of, unless it tells none. */
  expectedVersion?: string;
  /** @throws an error whose message tells people why it cannot be had */
  bytes: () => Promise<Buffer>;
}

/** The contracts of an import, and what they change. Nothing is written yet. */
export interface Imported {
  contracts: StoredContract[];
  summary: ImportSummary;
}

/** How far an import is. */
export interface Progress {
  done: number;
  total: number;
  /** What was done last. */
  name: string;
}

/** Reads contracts one after another, since each may be large. One that cannot be read does not keep out the others. */
export class Import {
  readonly #catalog: Catalog;
  #services: ReadonlySet<string> | undefined;
  readonly #contracts = new Map<string, StoredContract>();
  readonly #summary: ImportSummary = { contracts: [], failed: [] };

  constructor(catalog: Catalog) {
    this.#catalog = catalog;
  }

  async add(incoming: Incoming): Promise<void> {
    try {
      const read = await this.#read(incoming);
      const { expectedVersion = read.contract.version } = incoming;
      if (read.contract.version !== expectedVersion) {
        throw new Error(`It is of ${read.contract.version}, where ${expectedVersion} was asked for`);
      }
      this.#take(read);
    } catch (error) {
      this.#summary.failed.push({ name: incoming.source.name ?? '', reason: (error as Error).message });
    }
  }

  /**
   * Adds a contract that need not exist.
   *
   * @returns whether it is one, and of this version
   */
  async addIf(version: string, incoming: Incoming): Promise<boolean> {
    const read = await this.#read(incoming).catch(() => undefined);
    const { service } = read?.contract ?? {};
    if (!read || read.contract.version !== version || this.#contracts.has(`${service}/${version}`))
      return false;
    this.#take(read);
    return true;
  }

  /** What has come together. */
  result(): Imported {
    const { contracts, failed } = this.#summary;
    const inOrder = contracts.sort((a, b) =>
      compare(`${a.service} ${a.version}`, `${b.service} ${b.version}`),
    );
    const failures = failed.sort((a, b) => compare(a.name, b.name));
    return { contracts: [...this.#contracts.values()], summary: { contracts: inOrder, failed: failures } };
  }

  async #read({ source, place = {}, bytes }: Incoming): Promise<ReadContract> {
    const document = parseDocument(await bytes());
    const knownIds = (service: string, version: string) => this.#knownIds(service, version);
    return readContract(document, { source, knownIds, isService: (name) => this.#isService(name), ...place });
  }

  #take({ contract, notes }: ReadContract): void {
    const { service, version } = contract;
    const key = `${service}/${version}`;
    const other = this.#contracts.get(key);
    if (other) {
      throw new Error(
        `It describes ${service} ${version} like ${other.source.name}: give one of them another version`,
      );
    }
    this.#contracts.set(key, contract);
    this.#summary.contracts.push(summaryOf(this.#catalog, contract, notes));
  }

  #isService(name: string): boolean {
    this.#services ??= new Set(this.#catalog.services().map(({ service }) => service));
    return this.#services.has(name);
  }

  #knownIds(service: string, version: string): ReadonlyMap<string, string> {
    const known = this.#catalog.all().filter((one) => one.service === service && one.version === version);
    return new Map(known.map((operation) => [addressOf(operation), operation.id]));
  }
}

function compare(a: string, b: string): number {
  return a < b ? -1 : Number(a > b);
}

/** A file as it comes into the catalog; it is not opened when it is too large. */
export function incomingFile(path: string, at: string, place?: PlaceHints): Incoming {
  return {
    source: { from: 'imported', name: basename(path), at },
    place,
    bytes: async () => {
      const found = await stat(path).catch(() => {
        throw new Error('It does not exist');
      });
      if (found.isDirectory()) throw new Error('The folder cannot be read');
      const { size } = found;
      if (size > MAX_CONTRACT_BYTES) throw tooLarge(size);
      return readFile(path);
    },
  };
}
