/** What was late is remembered for one to two of these. */
const SPAN_MS = 2000;
/** A request that takes longer to leave is a large one, or a new connection is hard to get. */
const MOST_MS = 250;

/**
 * How late things happened of late, at the worst: timers that fired after their time, requests that left slowly. A
 * process that has no time for its own requests will not have had the system's ear either, nor has the machine.
 */
export class Lateness {
  #spanStartMs = 0;
  #worstMs = 0;
  #worstBeforeMs = 0;

  /** Takes note of something that was so late. */
  add(nowMs: number, lateMs: number): void {
    this.#turnOver(nowMs);
    this.#worstMs = Math.max(this.#worstMs, Math.min(MOST_MS, lateMs));
  }

  /** Milliseconds. */
  worstMs(nowMs: number): number {
    this.#turnOver(nowMs);
    return Math.max(this.#worstMs, this.#worstBeforeMs);
  }

  #turnOver(nowMs: number): void {
    const spans = Math.floor((nowMs - this.#spanStartMs) / SPAN_MS);
    if (spans < 1) return;
    this.#worstBeforeMs = spans === 1 ? this.#worstMs : 0;
    this.#worstMs = 0;
    this.#spanStartMs += spans * SPAN_MS;
  }
}
