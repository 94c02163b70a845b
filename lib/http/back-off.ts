const FIRST_PAUSE_MS = 1000;
const LONGEST_PAUSE_MS = 60_000;

/** How long to hold back after refusals (429): as long as the platform asks, else longer each time, with jitter. */
export class BackOff {
  #untilMs = 0;
  #refusals = 0;
  #lastMs = Number.NEGATIVE_INFINITY;

  /** Milliseconds that are left of the pause. */
  waitMs(nowMs: number): number {
    return Math.max(0, this.#untilMs - nowMs);
  }

  /**
   * Takes note of a refusal.
   *
   * @param sentMs when the refused request was sent: those that were under way together are one refusal
   * @param askedMs what the platform asked for. No pause at all is none of its wishes: it comes from a clock that is
   *   ahead of its, or from seconds that it rounded
   * @param random from 0 up to 1
   * @returns whether it is news
   */
  refused(nowMs: number, sentMs: number, askedMs: number | undefined, random: number): boolean {
    const news = sentMs > this.#lastMs;
    if (news) {
      this.#lastMs = nowMs;
      this.#refusals += 1;
    }
    if (askedMs) this.hold(nowMs + askedMs);
    else if (news) {
      const longestMs = Math.min(FIRST_PAUSE_MS * 2 ** (this.#refusals - 1), LONGEST_PAUSE_MS);
      this.hold(nowMs + longestMs * (0.5 + random / 2));
    }
    return news;
  }

  /** Takes note of a request that was not refused. Those that were under way with a refused one say nothing. */
  accepted(sentMs: number): void {
    if (sentMs > this.#lastMs) this.#refusals = 0;
  }

  /** Holds back until then at least. */
  hold(untilMs: number): void {
    this.#untilMs = Math.max(this.#untilMs, untilMs);
  }
}
