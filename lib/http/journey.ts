/** What was slow is remembered for one to two of these. */
const SPAN_MS = 2000;

/**
 * How long requests were under way of late, at the slowest. So much later than it left may a request arrive: what was
 * sent a window's length apart may arrive closer together by that much.
 */
export class Journey {
  readonly #mostMs: number;
  #spanStartMs = 0;
  #slowestMs = 0;
  #slowestBeforeMs = 0;

  /** @param mostMs more than this is the platform's own time, not that of the way */
  constructor(mostMs: number) {
    this.#mostMs = mostMs;
  }

  /** Takes note of a request that was under way for so long. */
  ended(nowMs: number, tookMs: number): void {
    this.#turnOver(nowMs);
    this.#slowestMs = Math.max(this.#slowestMs, tookMs);
  }

  /** Milliseconds, at most what the constructor was told. */
  slowestMs(nowMs: number): number {
    this.#turnOver(nowMs);
    return Math.min(this.#mostMs, Math.max(this.#slowestMs, this.#slowestBeforeMs));
  }

  #turnOver(nowMs: number): void {
    const spans = Math.floor((nowMs - this.#spanStartMs) / SPAN_MS);
    if (spans < 1) return;
    this.#slowestBeforeMs = spans === 1 ? this.#slowestMs : 0;
    this.#slowestMs = 0;
    this.#spanStartMs += spans * SPAN_MS;
  }
}
