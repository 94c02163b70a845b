import type { SandboxOperation } from './operation.js';
import { Routes } from './routes.js';

/** The operations of a sandbox. A function gives another list, not the same one changed, when there are others. */
export type OperationSource = Iterable<SandboxOperation> | (() => readonly SandboxOperation[]);

/** The operations of one moment, with the routes to them. */
export interface Offered {
  readonly operations: readonly SandboxOperation[];
  readonly routes: Routes;
}

/** What the sandbox has to offer, as it is now: operations that are imported while it runs belong to it too. */
export class Offer {
  readonly #list: () => readonly SandboxOperation[];
  #offered: Offered;

  constructor(source: OperationSource) {
    this.#list = typeof source === 'function' ? source : fixed([...source]);
    this.#offered = offered(this.#list());
  }

  /** Asks for the list; the routes are built anew only when it is another one than the last time. */
  now(): Offered {
    const operations = this.#list();
    if (operations !== this.#offered.operations) this.#offered = offered(operations);
    return this.#offered;
  }
}

function fixed(operations: readonly SandboxOperation[]) {
  return () => operations;
}

function offered(operations: readonly SandboxOperation[]): Offered {
  return { operations, routes: new Routes(operations) };
}
