import type { CancelTimer, Clock } from './clock.js';

/** Watches somebody who is expected to say something at least every so often. */
export class Silence {
  readonly #clock: Clock;
  readonly #longestMs: number;
  readonly #onTooLong: () => void;
  #heardMs = 0;
  #cancelTimer: CancelTimer | undefined;

  /**
   * @param longestMs how long nothing may be heard
   * @param onTooLong called once when that was so
   */
  constructor(clock: Clock, longestMs: number, onTooLong: () => void) {
    this.#clock = clock;
    this.#longestMs = longestMs;
    this.#onTooLong = onTooLong;
  }

  /** Begins to watch. */
  start(): void {
    this.heard();
    this.#wake(this.#longestMs);
  }

  /** Something was said. Cheap, since it may be called for every packet: the timer is set anew when it fires only. */
  readonly heard = (): void => {
    this.#heardMs = this.#clock.nowMs();
  };

  stop(): void {
    this.#cancelTimer?.();
  }

  #wake(inMs: number): void {
    this.#cancelTimer = this.#clock.setTimer(inMs, () => {
      const leftMs = this.#heardMs + this.#longestMs - this.#clock.nowMs();
      if (leftMs > 0) this.#wake(leftMs);
      else this.#onTooLong();
    });
  }
}
