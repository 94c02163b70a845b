import type { Rate } from '../plans.js';

const FIRST_CAPACITY = 64;
/** Clocks are not read at the same moment, and not to the same fraction of a millisecond. */
const MARGIN_MS = 2;
/** Times may be ahead of the clock by less than this: what is that much older than the window is long is of no use. */
const AHEAD_MS = 1000;

/**
 * Counts calls in a window that slides: in no stretch of time of its length are there more than its maximum, however the
 * platform's own windows lie. A token bucket would let twice as many through around a full one. It also counts without a
 * maximum, and when that changes: the platform goes on counting, whatever is believed of its limits here.
 *
 * A place is reserved with the turn and taken when the request has left. What counts is when it arrives, which nobody
 * knows: at the latest then that `take` is told, and that `settle` corrects when the answer has come.
 */
export class SlidingWindow {
  /** Without the margin. */
  readonly lengthMs: number;
  #max: number;
  readonly #lengthMs: number;
  /** When the last calls arrived at the latest, in ascending order: a ring with the newest before `#next`. */
  #times = new Float64Array(0);
  #next = 0;
  #held = 0;
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
    if (this.#held < free) return 0;
    return Math.max(0, this.#timeOfLast(free) + this.#lengthMs - nowMs);
  }

  /** Milliseconds until the nth from now may go, about; 1 is the next one. */
  waitOfMs(nowMs: number, nth: number): number {
    if (!Number.isFinite(this.#max)) return 0;
    const inside = this.#inside(nowMs);
    const room = this.#max - inside - this.#reserved;
    const beyond = nth - Math.max(0, room);
    if (beyond <= 0) return 0;
    const rounds = Math.floor((beyond - 1) / this.#max);
    // Each goes when one of those inside leaves, in their order; there may be more of these than the maximum.
    const leaver = ((beyond - 1) % this.#max) + 1 - Math.min(0, room);
    const leftMs =
      leaver <= inside ? this.#timeOfLast(inside + 1 - leaver) + this.#lengthMs - nowMs : this.#lengthMs;
    return rounds * this.#lengthMs + leftMs;
  }

  /** How many places there are now. */
  room(nowMs: number): number {
    return Math.max(0, this.#max - this.#inside(nowMs) - this.#reserved);
  }

  /** Changes the maximum; what is in the window stays there. */
  limitTo(max: number): void {
    this.#max = max;
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
    this.#makeRoom(latestMs);
    this.#next = (this.#next + 1) % this.#times.length;
    this.#held = Math.min(this.#held + 1, this.#times.length);
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

  /** How many are in the window. */
  #inside(nowMs: number): number {
    let inside = 0;
    for (let outside = this.#held + 1; inside + 1 < outside; ) {
      const middle = (inside + outside) >> 1;
      if (nowMs - this.#timeOfLast(middle) < this.#lengthMs) inside = middle;
      else outside = middle;
    }
    return inside;
  }

  /** The latest of all (1), the one before it (2), and so on. */
  #timeOfLast(nth: number): number {
    return this.#times[this.#indexOf(nth)] as number;
  }

  #put(nth: number, timeMs: number): void {
    this.#times[this.#indexOf(nth)] = timeMs;
  }

  #indexOf(nth: number): number {
    const index = this.#next - nth;
    return index < 0 ? index + this.#times.length : index;
  }

  /** The oldest gives way once it is of no use; else there have to be more places. */
  #makeRoom(latestMs: number): void {
    const { length } = this.#times;
    if (this.#held < length) return;
    if (length > 0 && this.#timeOfLast(length) + this.#lengthMs + AHEAD_MS < latestMs) return;
    const times = new Float64Array(Math.max(FIRST_CAPACITY, length * 2));
    for (let nth = 1; nth <= this.#held; nth += 1) times[this.#held - nth] = this.#timeOfLast(nth);
    this.#times = times;
    this.#next = this.#held;
  }
}
