import type { NodeAPI } from 'node-red';

/**
 * Starts nodes once the flows run: the nodes that their messages go to are there then. One listener does for all of them,
 * since Node warns of an emitter that has more than ten.
 */
export class FlowStart {
  readonly #waiting = new Set<() => void>();
  readonly #heard = new WeakSet<object>();
  readonly #first: () => void;

  /** @param first what is done before any node starts */
  constructor(first: () => void) {
    this.#first = first;
  }

  /** Listens to a Node-RED, once. */
  listen({ events }: NodeAPI): void {
    if (this.#heard.has(events)) return;
    this.#heard.add(events);
    events.on('flows:started', () => this.#started());
  }

  /**
   * Waits for the next start of the flows.
   *
   * @returns waits no longer
   */
  wait(start: () => void): () => void {
    this.#waiting.add(start);
    return () => void this.#waiting.delete(start);
  }

  #started(): void {
    this.#first();
    const waiting = [...this.#waiting];
    this.#waiting.clear();
    for (const start of waiting) start();
  }
}
