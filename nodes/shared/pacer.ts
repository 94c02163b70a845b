import type { CancelTimer, Clock } from '../../lib/clock.js';

/** Statuses travel to every open editor: no more than ten a second of one node. */
const PAUSE_MS = 100;

/** Shows what changes often, at once and then at a pace that people can follow; the last change is always shown. */
export class Pacer {
  readonly #clock: Clock;
  readonly #show: () => void;
  #cancelPause: CancelTimer | undefined;
  #stale = false;
  #closed = false;

  constructor(clock: Clock, show: () => void) {
    this.#clock = clock;
    this.#show = show;
  }

  /** Something changed that is to be shown. */
  changed(): void {
    if (this.#closed) return;
    if (this.#cancelPause) {
      this.#stale = true;
      return;
    }
    this.#show();
    this.#stale = false;
    this.#cancelPause = this.#clock.setTimer(PAUSE_MS, () => {
      this.#cancelPause = undefined;
      if (this.#stale) this.changed();
    });
  }

  /** Shows nothing any more. */
  close(): void {
    this.#closed = true;
    this.#cancelPause?.();
  }
}
