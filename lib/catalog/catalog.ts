import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { scopeFor } from '../scopes.js';
import { type Method, type Operation, paramsOfPath } from './operation.js';
import { OperationSearch } from './search.js';

/** An operation as `operations.json` holds it. `body: null` means: takes a body whose shape is not known. */
interface StoredOperation {
  id: string;
  method: Method;
  path: string;
  query?: string[];
  body?: unknown;
  sunset?: string;
}

/** `operations.json`: service → version → operations. */
interface StoredCatalog {
  services: Record<string, Record<string, StoredOperation[]>>;
}

/** A service in the list that the editor shows first. */
export interface ServiceSummary {
  service: string;
  versions: { version: string; operations: number }[];
}

/** The operations of the API. Loads itself at the first question, so that a start of Node-RED does not pay for it. */
export class Catalog {
  #operations: Map<string, Operation> | undefined;
  #search: OperationSearch | undefined;
  readonly #read: () => StoredCatalog;

  /** @param read gives the stored catalog; the bundled one unless told */
  constructor(read: () => StoredCatalog = readBundled) {
    this.#read = read;
  }

  #loaded(): Map<string, Operation> {
    this.#operations ??= new Map(operationsOf(this.#read()).map((operation) => [operation.key, operation]));
    return this.#operations;
  }

  /** The operation with this `service/version/id`, or undefined. */
  find(key: string): Operation | undefined {
    return this.#loaded().get(key);
  }

  /** Every operation. */
  all(): Operation[] {
    return [...this.#loaded().values()];
  }

  /** Every service with its versions, in the order of the alphabet. */
  services(): ServiceSummary[] {
    const services = new Map<string, Map<string, number>>();
    for (const { service, version } of this.#loaded().values()) {
      const versions = services.get(service) ?? new Map<string, number>();
      versions.set(version, (versions.get(version) ?? 0) + 1);
      services.set(service, versions);
    }
    return [...services]
      .map(([service, versions]) => ({
        service,
        versions: [...versions].map(([version, operations]) => ({ version, operations })),
      }))
      .sort((a, b) => (a.service < b.service ? -1 : 1));
  }

  /** The operations of one version of a service; empty when there is no such thing. */
  operationsOf(service: string, version: string): Operation[] {
    return this.all().filter((operation) => operation.service === service && operation.version === version);
  }

  /**
   * Operations for what a person types, best first; see OperationSearch.
   *
   * @param most how many to give
   */
  search(text: string, most: number): Operation[] {
    this.#search ??= new OperationSearch(this.all());
    return this.#search.search(text, most).flatMap((key) => this.find(key) ?? []);
  }

  /** Keys that share the id or the service and version with a key that was not found, best first, at most three. */
  similar(key: string): string[] {
    const [service, , id] = key.toLowerCase().split('/');
    const score = (operation: Operation) =>
      (operation.id.toLowerCase() === id ? 2 : 0) + (operation.service.toLowerCase() === service ? 1 : 0);
    return this.all()
      .map((operation) => ({ key: operation.key, score: score(operation) }))
      .filter((candidate) => candidate.score >= 2)
      .sort((a, b) => b.score - a.score)
      .slice(0, 3)
      .map((candidate) => candidate.key);
  }
}

function readBundled(): StoredCatalog {
  return JSON.parse(readFileSync(join(__dirname, 'operations.json'), 'utf8')) as StoredCatalog;
}

function operationsOf(stored: StoredCatalog): Operation[] {
  return Object.entries(stored.services).flatMap(([service, versions]) =>
    Object.entries(versions).flatMap(([version, operations]) =>
      operations.map((operation) => expand(service, version, operation)),
    ),
  );
}

/** Nearly every command takes `{ "data": { … } }`. */
function isDataEnvelope(body: unknown): boolean {
  return (
    typeof body === 'object' && body !== null && Object.keys(body).length === 1 && Object.hasOwn(body, 'data')
  );
}

function expand(service: string, version: string, stored: StoredOperation): Operation {
  const { id, method, path, query = [], body, sunset } = stored;
  return {
    key: `${service}/${version}/${id}`,
    service,
    version,
    id,
    method,
    path,
    pathParams: paramsOfPath(path),
    query,
    hasBody: 'body' in stored,
    body,
    wrapsData: isDataEnvelope(body),
    scope: scopeFor(service, method),
    sunset,
  };
}
