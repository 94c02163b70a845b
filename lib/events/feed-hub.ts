import type { Clock } from '../clock.js';
import { type FeedConsumer, FeedPoller, type FeedSource } from './feed-poller.js';

/** The pollers of a process: one for each feed that somebody reads. */
export class FeedHub {
  readonly #clock: Clock;
  readonly #random: () => number;
  readonly #pollers = new Map<string, FeedPoller>();

  constructor(clock: Clock, random: () => number = Math.random) {
    this.#clock = clock;
    this.#random = random;
  }

  /**
   * Gives the batches of a feed to a consumer from now on.
   *
   * @param key names the feed: those with the same one share a poller
   * @param source where the batches come from; that of the first one who joins is used
   * @returns how many others read it already, and how to leave
   */
  join(key: string, consumer: FeedConsumer, source: FeedSource): { others: number; leave: () => void } {
    let poller = this.#pollers.get(key);
    if (!poller) {
      poller = new FeedPoller({ clock: this.#clock, random: this.#random, source });
      this.#pollers.set(key, poller);
    }
    const joined = poller;
    const others = joined.consumers;
    joined.add(consumer);
    const leave = () => {
      joined.remove(consumer);
      if (joined.consumers === 0 && this.#pollers.get(key) === joined) this.#pollers.delete(key);
    };
    return { others, leave };
  }
}
