import type { Operation } from './operation.js';

/** A request as people paste it: of a log, of a browser, of a documentation page. */
interface Pasted {
  /** In capital letters; absent where none is said. */
  method?: string;
  segments: string[];
}

const PASTED = /^\s*(?:(get|post|put|patch|delete)\s+)?(?:https?:\/\/[^/\s]*\/)?([^\s?#]*)(?:[?#]\S*)?\s*$/i;

interface Address {
  operation: Operation;
  segments: string[];
}

/** Finds the operations that a pasted path, URL or `METHOD path` leads to. */
export class Addresses {
  readonly #services: ReadonlySet<string>;
  /** By the number of segments within the service. */
  readonly #ofLength = new Map<number, Address[]>();

  constructor(operations: readonly Operation[]) {
    this.#services = new Set(operations.map(({ service }) => service.toLowerCase()));
    for (const operation of operations) {
      const segments = segmentsOf(operation.path.toLowerCase());
      const others = this.#ofLength.get(segments.length);
      if (others) others.push({ operation, segments });
      else this.#ofLength.set(segments.length, [{ operation, segments }]);
    }
  }

  /**
   * The operations that a text leads to, those first which have most of it as it stands. With a method, its operations
   * stand before the others with the same path.
   */
  ledToBy(text: string): Operation[] {
    const pasted = pastedOf(text);
    if (!pasted) return [];
    const found = this.#found(pasted.segments);
    const ofMethod = found.filter(({ method }) => method === pasted.method);
    return [...ofMethod, ...found.filter(({ method }) => method !== pasted.method)];
  }

  #found(segments: string[]): Operation[] {
    // Before the service may stand what belongs to a gateway.
    for (const [index, service] of segments.entries()) {
      if (!this.#services.has(service)) continue;
      const found = this.#within(segments.slice(index + 1), service);
      if (found.length > 0) return found;
    }
    return this.#within(segments);
  }

  #within(segments: string[], service?: string): Operation[] {
    const found: { operation: Operation; fixed: number }[] = [];
    for (const { operation, segments: template } of this.#ofLength.get(segments.length) ?? []) {
      if (service !== undefined && operation.service.toLowerCase() !== service) continue;
      const fixed = fixedSegments(template, segments) ?? 0;
      if (fixed > 0 || segments.length === 0) found.push({ operation, fixed });
    }
    return found
      .sort((a, b) => b.fixed - a.fixed || order(a.operation) - order(b.operation))
      .map(({ operation }) => operation);
  }
}

/** What has ended comes last; of what is left, what only reads comes first: addresses of browsers are such. */
function order({ deprecated, method }: Operation): number {
  return Number(deprecated) * 2 + Number(method !== 'GET');
}

function pastedOf(text: string): Pasted | undefined {
  const [, method, path] = PASTED.exec(text) ?? [];
  if (path === undefined) return undefined;
  return { method: method?.toUpperCase(), segments: segmentsOf(path.toLowerCase()) };
}

function segmentsOf(path: string): string[] {
  return path.split('/').filter(Boolean);
}

/** How many segments of a template stand in a path as they are; undefined when the path is none of it. */
export function fixedSegments(template: string[], path: string[]): number | undefined {
  if (template.length !== path.length) return undefined;
  let fixed = 0;
  for (const [index, segment] of template.entries()) {
    const value = path[index] ?? '';
    if (segment === value) fixed += 1;
    else if (!segment.includes('{') || value === '') return undefined;
  }
  return fixed;
}
