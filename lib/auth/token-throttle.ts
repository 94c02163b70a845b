import type { Clock } from '../clock.js';

const WINDOW_MS = 60_000;

/**
 * Keeps token requests under the identity server's limit by source IP: 100 a minute (tenant-access.txt, "Expiry Time
 * and Bearer Status"). It counts per host, over a sliding minute.
 */
export class TokenThrottle {
  readonly #clock: Clock;
  readonly #perMinute: number;
  readonly #sentAtMs = new Map<string, number[]>();

  constructor(clock: Clock, perMinute = 100) {
    this.#clock = clock;
    this.#perMinute = perMinute;
  }

  /**
   * Takes a place in the window, if there is one.
   *
   * @param tokenUrl the token endpoint
   * @returns 0 when the request may leave now; else milliseconds until a place is free, and nothing is taken
   */
  take(tokenUrl: string): number {
    const { host } = new URL(tokenUrl);
    const nowMs = this.#clock.nowMs();
    const recent = (this.#sentAtMs.get(host) ?? []).filter((sentMs) => nowMs - sentMs < WINDOW_MS);
    this.#sentAtMs.set(host, recent);
    if (recent.length < this.#perMinute) {
      recent.push(nowMs);
      return 0;
    }
    return (recent[0] as number) + WINDOW_MS - nowMs;
  }
}
