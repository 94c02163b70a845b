import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fixedSegments } from './addresses.js';
import { layOver } from './layers.js';
import type { Operation, Source } from './operation.js';
import type { Overlay } from './overlay.js';
import { OperationSearch } from './search.js';
import { type CatalogFile, parseCatalogFile, type StoredContract } from './stored.js';

/** A service in the list that the editor shows first. */
export interface ServiceSummary {
  service: string;
  versions: { version: string; operations: number; source: Source }[];
}

export interface CatalogOptions {
  /** Gives the bundled contracts; those that came with this package unless told. */
  bundled?: () => CatalogFile;
  /** The user's own contracts; none unless told. */
  overlay?: Overlay;
}

/** What is made of one state of the bundled contracts and the overlay. */
class Edition {
  readonly byKey: ReadonlyMap<string, Operation>;
  readonly all: readonly Operation[];
  #offered: readonly Operation[] | undefined;
  #search: OperationSearch | undefined;

  constructor(bundled: readonly StoredContract[], overlay: readonly StoredContract[]) {
    this.byKey = layOver(bundled, overlay);
    this.all = Object.freeze([...this.byKey.values()]);
  }

  /** Those that a person may choose. */
  get offered(): readonly Operation[] {
    this.#offered ??= this.all.filter(({ withdrawn }) => !withdrawn);
    return this.#offered;
  }

  get search(): OperationSearch {
    this.#search ??= new OperationSearch(this.offered);
    return this.#search;
  }
}

/**
 * The operations of the API. Loads itself at the first question, so that a start of Node-RED does not pay for it, and
 * follows the overlay as it changes.
 */
export class Catalog {
  readonly #readBundled: () => CatalogFile;
  readonly #overlay: Overlay | undefined;
  #bundled: readonly StoredContract[] | undefined;
  #laidOver: readonly StoredContract[] | undefined;
  #edition: Edition | undefined;

  constructor({ bundled = readBundled, overlay }: CatalogOptions = {}) {
    this.#readBundled = bundled;
    this.#overlay = overlay;
  }

  /** The present state; another object whenever the overlay has changed. */
  #now(): Edition {
    const overlay = this.#overlay?.contracts() ?? NOTHING;
    if (!this.#edition || overlay !== this.#laidOver) {
      this.#bundled ??= this.#readBundled().contracts;
      this.#edition = new Edition(this.#bundled, overlay);
      this.#laidOver = overlay;
    }
    return this.#edition;
  }

  /** The operation with this `service/version/id`, withdrawn or not, or undefined. */
  find(key: string): Operation | undefined {
    return this.#now().byKey.get(key);
  }

  /** Every operation, withdrawn ones too; the same list while nothing has changed. */
  all(): readonly Operation[] {
    return this.#now().all;
  }

  /** Every service with its versions, in the order of the alphabet. */
  services(): ServiceSummary[] {
    const services = new Map<string, ServiceSummary>();
    for (const { service, version, source } of this.#now().offered) {
      const entry = services.get(service) ?? { service, versions: [] };
      services.set(service, entry);
      const known = entry.versions.find((summary) => summary.version === version);
      if (known) known.operations += 1;
      else entry.versions.push({ version, operations: 1, source });
    }
    for (const { versions } of services.values()) versions.sort((a, b) => byNumber(a.version, b.version));
    return [...services.values()].sort((a, b) => (a.service < b.service ? -1 : 1));
  }

  /** The operations of one version of a service; empty when there is no such thing. */
  operationsOf(service: string, version: string): Operation[] {
    return this.#now().offered.filter(
      (operation) => operation.service === service && operation.version === version,
    );
  }

  /**
   * Operations for what a person types, best first; see OperationSearch.
   *
   * @param most how many to give
   */
  search(text: string, most: number): Operation[] {
    const { search, byKey } = this.#now();
    return search.search(text, most).flatMap((key) => byKey.get(key) ?? []);
  }

  /**
   * The operation that a request leads to.
   *
   * @param method for example `GET`
   * @param path service first, with values or with `{names}`: `/entitydataquery/api/v2/entity/7`
   */
  match(method: string, path: string): Operation | undefined {
    const [, service = '', ...segments] = path.split('/');
    const wanted = method.toUpperCase();
    let best: { operation: Operation; fixed: number } | undefined;
    for (const operation of this.#now().all) {
      if (operation.service !== service || operation.method !== wanted) continue;
      const fixed = fixedSegments(operation.path.split('/').slice(1), segments);
      if (fixed !== undefined && fixed > (best?.fixed ?? -1)) best = { operation, fixed };
    }
    return best?.operation;
  }

  /** The keys under which other versions of a service offer an operation of the same id, oldest first. */
  otherVersions({ service, version, id }: Operation): string[] {
    return this.#now()
      .offered.filter((other) => other.service === service && other.id === id && other.version !== version)
      .sort((a, b) => byNumber(a.version, b.version))
      .map(({ key }) => key);
  }

  /** Whether a service is one of those that are bundled, or that a live platform has described. */
  isVendors(service: string): boolean {
    const { all } = this.#now();
    const bundled = this.#bundled?.some((contract) => contract.service === service) ?? false;
    return bundled || all.some((one) => one.service === service && one.source.from === 'live');
  }

  /** Keys that share the id or the service and version with a key that was not found, best first, at most three. */
  similar(key: string): string[] {
    const [service, , id] = key.toLowerCase().split('/');
    const score = (operation: Operation) =>
      (operation.id.toLowerCase() === id ? 2 : 0) + (operation.service.toLowerCase() === service ? 1 : 0);
    return this.#now()
      .offered.map((operation) => ({ key: operation.key, score: score(operation) }))
      .filter((candidate) => candidate.score >= 2)
      .sort((a, b) => b.score - a.score)
      .slice(0, 3)
      .map((candidate) => candidate.key);
  }
}

const NOTHING: readonly StoredContract[] = [];

function readBundled(): CatalogFile {
  return parseCatalogFile(readFileSync(join(__dirname, 'operations.json'), 'utf8'));
}

/** `v2` before `v10`. */
function byNumber(a: string, b: string): number {
  return a.localeCompare(b, 'en', { numeric: true });
}
