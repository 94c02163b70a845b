import type { Node } from 'node-red';
import type { Keep } from '../../../lib/events/secret-memory.js';
import type { Kept } from '../kept.js';

/**
 * Keeps something in a node's context, and beside it for as long as the process runs. A store that cannot be read has
 * nothing; what it does not take is lost with the process.
 */
export class ContextKeep implements Keep {
  readonly #node: Node;
  readonly #key: string;
  readonly #kept: Kept;
  readonly #onFailure: (what: 'load' | 'save', error: unknown) => void;

  constructor(
    node: Node,
    key: string,
    kept: Kept,
    onFailure: (what: 'load' | 'save', error: unknown) => void = () => {},
  ) {
    this.#node = node;
    this.#key = key;
    this.#kept = kept;
    this.#onFailure = onFailure;
  }

  load(): Promise<unknown> {
    return new Promise((resolve) => {
      const loaded = (error: unknown, value?: unknown) => {
        if (error) this.#onFailure('load', error);
        resolve((error ? undefined : value) ?? this.#kept.get(this.#node, this.#key));
      };
      try {
        this.#node.context().get(this.#key, loaded as (error: unknown) => void);
      } catch (error) {
        loaded(error);
      }
    });
  }

  save(value: unknown): Promise<void> {
    this.#kept.set(this.#node, this.#key, value);
    return new Promise((resolve) => {
      const saved = (error?: unknown) => {
        if (error) this.#onFailure('save', error);
        resolve();
      };
      try {
        this.#node.context().set(this.#key, value, saved);
      } catch (error) {
        saved(error);
      }
    });
  }
}
