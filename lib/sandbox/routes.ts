import type { HTTPMethod, HTTPVersion, Instance } from 'find-my-way';
import createRouter from 'find-my-way';
import type { SandboxOperation } from './operation.js';

/** Ids and names in a path are short; longer segments are no known path. */
const MAX_PARAM_LENGTH = 500;

const METHODS: readonly string[] = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE'];

/** Where a request leads. */
export type Found =
  | { kind: 'operation'; operation: SandboxOperation; params: Record<string, string> }
  | { kind: 'wrongMethod'; allow: string[] }
  | { kind: 'badUrl' }
  | { kind: 'unknown' };

/** Finds the operation of a request by its method and path. */
export class Routes {
  readonly #router: Instance<HTTPVersion.V1>;

  constructor(operations: Iterable<SandboxOperation>) {
    this.#router = createRouter({ maxParamLength: MAX_PARAM_LENGTH, onBadUrl: nothing });
    const taken = new Set<string>();
    for (const operation of operations) {
      const path = routeOf(operation);
      const route = `${operation.method} ${path}`;
      if (taken.has(route)) continue;
      taken.add(route);
      this.#add(path, operation);
    }
  }

  /** Leaves out what the router does not take, such as a `*`: one odd path in a contract must not cost all others. */
  #add(path: string, operation: SandboxOperation): void {
    try {
      this.#router.on(operation.method as HTTPMethod, path, nothing, operation);
    } catch {}
  }

  /** @param path as it came, still percent-encoded, without the query */
  find(method: string, path: string): Found {
    const found = this.#match(method, path);
    if (found) return found;
    const others = METHODS.filter((other) => other !== method);
    const allow = others.filter((other) => this.#match(other, path)?.kind === 'operation');
    return allow.length > 0 ? { kind: 'wrongMethod', allow } : { kind: 'unknown' };
  }

  #match(method: string, path: string): Found | undefined {
    const found = METHODS.includes(method) ? this.#router.find(method as HTTPMethod, path) : null;
    if (!found) return undefined;
    // The router answers bad percent-encoding with a route of its own, which carries no operation.
    if (!found.store) return { kind: 'badUrl' };
    const operation = found.store as SandboxOperation;
    const params = operation.pathParams.map(
      (name, index) => [name, found.params[`p${index}`] ?? ''] as const,
    );
    // An empty segment is no value.
    if (params.some(([, value]) => value === '')) return undefined;
    return { kind: 'operation', operation, params: Object.fromEntries(params) };
  }
}

/** The router is asked where a request leads; it never calls a handler. */
function nothing(): void {}

/** `{name}` becomes `:p0`, so that no name can mean something to the router. */
function routeOf({ service, path }: SandboxOperation): string {
  let index = 0;
  return `/${service}${path}`.replaceAll(':', '::').replace(/\{[^{}]+\}/g, () => `:p${index++}`);
}
