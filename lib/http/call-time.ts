import type { CancelTimer, Clock } from '../clock.js';

/** The time that one call has: it passes while the call has a turn, and stands still while it waits for one. */
export class CallTime {
  readonly #clock: Clock;
  readonly #onOver: () => void;
  #leftMs: number;
  #startedMs = 0;
  #firstMs: number | undefined;
  #cancelTimer: CancelTimer | undefined;

  /** @param onOver called when all of it has passed */
  constructor(clock: Clock, timeoutMs: number, onOver: () => void) {
    this.#clock = clock;
    this.#leftMs = timeoutMs;
    this.#onOver = onOver;
  }

  start(): void {
    this.#startedMs = this.#clock.nowMs();
    this.#firstMs ??= this.#startedMs;
    this.#cancelTimer = this.#clock.setTimer(this.#leftMs, this.#onOver);
  }

  /** Does nothing when it stands still already. */
  stop(): void {
    if (!this.#cancelTimer) return;
    this.#cancelTimer();
    this.#cancelTimer = undefined;
    this.#leftMs -= this.#clock.nowMs() - this.#startedMs;
  }

  /** Milliseconds since it was first started, waits included; 0 before that. */
  get sinceFirstMs(): number {
    return this.#firstMs === undefined ? 0 : this.#clock.nowMs() - this.#firstMs;
  }
}
