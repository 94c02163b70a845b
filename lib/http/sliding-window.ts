import type { Rate } from '../plans.js';

const FIRST_CAPACITY = 64;

/**
 * Counts calls in a window that slides: in no stretch of time of its length are there more than its maximum, however the
 * platform's own windows lie. A token bucket would let twice as many through around a full one.
 *
 * A place is reserved with the turn and taken when the request is sent, which may be later: only that moment counts.
 */
export class SlidingWindow {
  readonly #max: number;
  readonly #lengthMs: number;
  /** When the last calls went: a ring, once it has grown to the maximum. */
  #times = new Float64Array(0);
  #count = 0;
  #reserved = 0;

  /** @param marginMs added to the length: requests do not arrive in the very rhythm in which they leave */
  constructor({ max, lengthMs }: Rate, marginMs: number) {
    this.#max = max;
    this.#lengthMs = lengthMs + marginMs;
  }

  get max(): number {
    return this.#max;
  }

  get lengthMs(): number {
    return this.#lengthMs;
  }

  /**
   * Milliseconds until another place may be reserved; 0 when it may be now. Those that are reserved count as if they were
   * taken now.
   *
   * @param most so many in the window, when that is less than its maximum
   * @param longerMs so much longer than usual is the window to be
   */
  waitMs(nowMs: number, most = this.#max, longerMs = 0): number {
    const free = Math.max(1, Math.min(most, this.#max)) - this.#reserved;
    if (free <= 0) return this.#lengthMs;
    if (this.#count < free) return 0;
    return Math.max(0, this.#timeOfLast(free) + this.#lengthMs + longerMs - nowMs);
  }

  /** How many places there are now. */
  room(nowMs: number): number {
    let inside = 0;
    for (let outside = Math.min(this.#count, this.#times.length) + 1; inside + 1 < outside; ) {
      const middle = (inside + outside) >> 1;
      if (nowMs - this.#timeOfLast(middle) < this.#lengthMs) inside = middle;
      else outside = middle;
    }
    return Math.max(0, this.#max - inside - this.#reserved);
  }

  reserve(): void {
    this.#reserved += 1;
  }

  /** Gives a reserved place back. */
  release(): void {
    this.#reserved -= 1;
  }

  /** Takes a reserved place: the request is being sent. */
  take(nowMs: number): void {
    this.#reserved -= 1;
    if (!Number.isFinite(this.#max)) return;
    if (this.#count === this.#times.length) this.#grow();
    this.#times[this.#count % this.#times.length] = nowMs;
    this.#count += 1;
  }

  /** When the last call went (1), the one before it (2), and so on. */
  #timeOfLast(nth: number): number {
    return this.#times[(this.#count - nth) % this.#times.length] as number;
  }

  /** A day's window is large and seldom full. */
  #grow(): void {
    const { length } = this.#times;
    if (length >= this.#max) return;
    const times = new Float64Array(Math.min(this.#max, Math.max(FIRST_CAPACITY, length * 2)));
    times.set(this.#times);
    this.#times = times;
  }
}
