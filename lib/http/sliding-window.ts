import type { Rate } from '../plans.js';

const FIRST_CAPACITY = 64;
/** Clocks are not read at the same moment, and not to the same fraction of a millisecond. */
const MARGIN_MS = 2;

/**
 * Counts calls in a window that slides: in no stretch of time of its length are there more than its maximum, however the
 * platform's own windows lie. A token bucket would let twice as many through around a full one.
 *
 * A place is reserved with the turn and taken when the request has left. What counts is when it arrives, which nobody
 * knows: at the latest then that `take` is told, and that `settle` corrects when the answer has come.
 */
export class SlidingWindow {
  /** Without the margin. */
  readonly lengthMs: number;
  #max: number;
  readonly #lengthMs: number;
  /** When the last calls arrived at the latest, in ascending order: a ring, once it has grown to the maximum. */
  #times = new Float64Array(0);
  #count = 0;
  #reserved = 0;

  /** @param marginMs added to the length */
  constructor({ max, lengthMs }: Rate, marginMs = MARGIN_MS) {
    this.#max = max;
    this.lengthMs = lengthMs;
    this.#lengthMs = lengthMs + marginMs;
  }

  get max(): number {
    return this.#max;
  }

  /**
   * Milliseconds until another place may be reserved; 0 when it may be now. Those that are reserved count as if they were
   * taken now.
   *
   * @param most so many in the window, when that is less than its maximum
   */
  waitMs(nowMs: number, most = this.#max): number {
    const free = Math.max(1, Math.min(most, this.#max)) - this.#reserved;
    if (free <= 0) return this.#lengthMs;
    if (this.#count < free) return 0;
    return Math.max(0, this.#timeOfLast(free) + this.#lengthMs - nowMs);
  }

  /** How many places there are now. */
  room(nowMs: number): number {
    let inside = 0;
    for (let outside = this.#held + 1; inside + 1 < outside; ) {
      const middle = (inside + outside) >> 1;
      if (nowMs - this.#timeOfLast(middle) < this.#lengthMs) inside = middle;
      else outside = middle;
    }
    return Math.max(0, this.#max - inside - this.#reserved);
  }

  /** Changes the maximum; what is in the window stays there. */
  limitTo(max: number): void {
    const held = Math.min(this.#held, max);
    const times = new Float64Array(Math.min(max, Math.max(held, FIRST_CAPACITY)));
    for (let nth = 1; nth <= held; nth += 1) times[held - nth] = this.#timeOfLast(nth);
    this.#max = max;
    this.#times = times;
    this.#count = held;
  }

  reserve(): void {
    this.#reserved += 1;
  }

  /** Gives a reserved place back. */
  release(): void {
    this.#reserved -= 1;
  }

  /** Takes a reserved place for a request that has left. It will have arrived at `latestMs`. */
  take(latestMs: number): void {
    this.#reserved -= 1;
    if (!Number.isFinite(this.#max)) return;
    if (this.#count === this.#times.length) this.#grow();
    this.#count += 1;
    // Its own place is the last one, or not far from there.
    let nth = 1;
    for (; nth < this.#held && this.#timeOfLast(nth + 1) > latestMs; nth += 1) {
      this.#put(nth, this.#timeOfLast(nth + 1));
    }
    this.#put(nth, latestMs);
  }

  /** Corrects when a request had arrived at the latest, that was taken for `latestMs`. */
  settle(latestMs: number, correctedMs: number): void {
    let nth = 1;
    while (nth <= this.#held && this.#timeOfLast(nth) > latestMs) nth += 1;
    if (nth > this.#held || this.#timeOfLast(nth) !== latestMs) return;
    for (; nth > 1 && this.#timeOfLast(nth - 1) < correctedMs; nth -= 1) {
      this.#put(nth, this.#timeOfLast(nth - 1));
    }
    for (; nth < this.#held && this.#timeOfLast(nth + 1) > correctedMs; nth += 1) {
      this.#put(nth, this.#timeOfLast(nth + 1));
    }
    this.#put(nth, correctedMs);
  }

  get #held(): number {
    return Math.min(this.#count, this.#times.length);
  }

  /** The latest of all (1), the one before it (2), and so on. */
  #timeOfLast(nth: number): number {
    return this.#times[(this.#count - nth) % this.#times.length] as number;
  }

  #put(nth: number, timeMs: number): void {
    this.#times[(this.#count - nth) % this.#times.length] = timeMs;
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
