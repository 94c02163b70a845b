import { readdir, readFile, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
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
  readonly #idsOfService = new Map<string, Map<string, string>>();
  readonly #contracts = new Map<string, StoredContract>();
  readonly #summary: ImportSummary = { contracts: [], failed: [] };

  constructor(catalog: Catalog) {
    this.#catalog = catalog;
  }

  async add(incoming: Incoming): Promise<void> {
    try {
      this.#take(await this.#read(incoming));
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
    if (read?.contract.version !== version) return false;
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
    const idOfKnown = (service: string, method: string, path: string) => this.#idOf(service, method, path);
    return readContract(document, { source, idOfKnown, ...place });
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

  #idOf(service: string, method: string, path: string): string | undefined {
    let ids = this.#idsOfService.get(service);
    if (!ids) {
      const operations = this.#catalog.all().filter((operation) => operation.service === service);
      ids = new Map(operations.map((operation) => [addressOf(operation), operation.id]));
      this.#idsOfService.set(service, ids);
    }
    return ids.get(addressOf({ method, path }));
  }
}

function compare(a: string, b: string): number {
  return a < b ? -1 : Number(a > b);
}

const CONTRACT_FILE = /\.(json|ya?ml)$/i;

/**
 * The files of an import: files as they are named, folders with all the contracts in them.
 *
 * @throws an error that names the path when there is no such thing
 */
export async function contractFiles(paths: readonly string[]): Promise<string[]> {
  const files: string[] = [];
  for (const path of paths) {
    const found = await stat(path).catch(() => undefined);
    if (!found) throw new Error(`${path} does not exist`);
    if (!found.isDirectory()) files.push(path);
    else for await (const file of filesIn(path)) files.push(file);
  }
  return [...new Set(files)];
}

async function* filesIn(folder: string): AsyncGenerator<string> {
  const entries = await readdir(folder, { withFileTypes: true });
  for (const entry of entries.sort((a, b) => (a.name < b.name ? -1 : 1))) {
    const path = join(folder, entry.name);
    if (entry.isDirectory() && entry.name !== 'node_modules') yield* filesIn(path);
    if (entry.isFile() && CONTRACT_FILE.test(entry.name)) yield path;
  }
}

/** A file as it comes into the catalog; it is not opened when it is too large. */
export function incomingFile(path: string, at: string, place?: PlaceHints): Incoming {
  return {
    source: { from: 'imported', name: basename(path), at },
    place,
    bytes: async () => {
      const { size } = await stat(path);
      if (size > MAX_CONTRACT_BYTES) throw tooLarge(size);
      return readFile(path);
    },
  };
}
