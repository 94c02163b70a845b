import type { CancelSignal } from '../cancel.js';

/** Lets so many in at a time; the others wait in the order in which they came. */
export class Turnstile {
  readonly #most: number;
  #inside = 0;
  /** Waiting calls by a key of their own: a Set of functions keeps their order, and one that leaves is found at once. */
  readonly #waiting = new Set<() => void>();

  constructor(most: number) {
    this.#most = most;
  }

  /** Whether somebody who came now would have to wait. */
  get full(): boolean {
    return this.#inside >= this.#most;
  }

  /**
   * Waits for a turn. Each turn is to be given back with `leave`.
   *
   * @throws the signal's reason when it is aborted before that; there is no turn then
   */
  async enter(signal: CancelSignal): Promise<void> {
    if (signal.aborted) throw signal.reason;
    if (!this.full) {
      this.#inside += 1;
      return;
    }
    await new Promise<void>((resolve, reject) => {
      const onTurn = () => {
        signal.removeEventListener('abort', onAbort);
        resolve();
      };
      const onAbort = () => {
        this.#waiting.delete(onTurn);
        reject(signal.reason);
      };
      this.#waiting.add(onTurn);
      signal.addEventListener('abort', onAbort, { once: true });
    });
  }

  /** Gives a turn back: the one who has waited longest has it from then on. */
  leave(): void {
    const [next] = this.#waiting;
    if (!next) {
      this.#inside -= 1;
      return;
    }
    this.#waiting.delete(next);
    next();
  }
}
