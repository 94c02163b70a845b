import type { Node } from 'node-red';
import type { CancelTimer, Clock } from '../../../lib/clock.js';
import { SeenIds } from '../../../lib/events/seen-ids.js';
import type { Kept } from '../kept.js';
import { ContextKeep } from './context-keep.js';

const KEY = 'seenNotifications';
/** The ids themselves, with those that nobody has acknowledged yet: no context takes them, but they outlive a deploy. */
const LIVE = 'liveNotifications';
/** A busy feed settles many ids; they are written so often at most. */
const PAUSE_MS = 1000;

/**
 * Keeps the ids of the notifications that a node is done with in the node's context: a store that outlives Node-RED lets
 * the node know them after a restart. What is lost with the process comes again, once more.
 */
export class SeenStore {
  readonly #node: Node;
  readonly #kept: Kept;
  readonly #keep: ContextKeep;
  readonly #clock: Clock;
  #seen = new SeenIds();
  #cancelPause: CancelTimer | undefined;
  #stale = false;
  #closed = false;

  constructor(node: Node, clock: Clock, kept: Kept) {
    this.#node = node;
    this.#kept = kept;
    const words = { load: 'cannot be read from the context', save: 'cannot be kept in the context' };
    this.#keep = new ContextKeep(node, KEY, kept, (what, error) =>
      node.warn(`The known notifications ${words[what]}: ${error}`),
    );
    this.#clock = clock;
  }

  /**
   * The ids that an earlier run has settled. A store that cannot be read has none: then some come twice. A deploy makes a
   * new node, and messages of the old one are acknowledged after it: both have the same ids.
   */
  async load(): Promise<SeenIds> {
    const live = this.#kept.get(this.#node, LIVE);
    this.#seen = live instanceof SeenIds ? live : new SeenIds(await this.#keep.load());
    this.#kept.set(this.#node, LIVE, this.#seen);
    return this.#seen;
  }

  /** More ids are settled: they are written soon. */
  changed(): void {
    // What is settled after the end is for the next run to write: it has the same ids.
    if (this.#closed) return;
    this.#stale = true;
    this.#cancelPause ??= this.#clock.setTimer(PAUSE_MS, () => {
      this.#cancelPause = undefined;
      void this.#write();
    });
  }

  /** Writes what is not written yet, and nothing after it. */
  async close(): Promise<void> {
    this.#closed = true;
    this.#cancelPause?.();
    this.#cancelPause = undefined;
    if (this.#stale) await this.#write();
  }

  #write(): Promise<void> {
    this.#stale = false;
    return this.#keep.save(this.#seen.settled());
  }
}
