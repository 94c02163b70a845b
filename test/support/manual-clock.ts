import type { Clock } from '../../lib/clock.js';

interface Timer {
  atMs: number;
  callback: () => void;
}

/** A clock that moves only when told. Its date starts at 2026-01-01 UTC. */
export class ManualClock implements Clock {
  #nowMs: number;
  readonly #startMs: number;
  #timers: Timer[] = [];

  constructor(startMs = 1_000_000) {
    this.#nowMs = startMs;
    this.#startMs = startMs;
  }

  nowMs(): number {
    return this.#nowMs;
  }

  dateMs(): number {
    return Date.UTC(2026, 0, 1) + this.#nowMs - this.#startMs;
  }

  setTimer(delayMs: number, callback: () => void): () => void {
    const timer = { atMs: this.#nowMs + Math.max(0, delayMs), callback };
    this.#timers.push(timer);
    return () => {
      this.#timers = this.#timers.filter((other) => other !== timer);
    };
  }

  /** How many timers have not fired yet. */
  get pending(): number {
    return this.#timers.length;
  }

  /** Milliseconds until the next timer, or undefined. */
  get nextInMs(): number | undefined {
    return this.#timers.length
      ? Math.min(...this.#timers.map((timer) => timer.atMs)) - this.#nowMs
      : undefined;
  }

  /** Moves time on and fires what falls due, in its order, each at its own moment. */
  advance(ms: number): void {
    const endMs = this.#nowMs + ms;
    for (;;) {
      const due = this.#timers.filter((timer) => timer.atMs <= endMs).sort((a, b) => a.atMs - b.atMs)[0];
      if (!due) break;
      this.#timers = this.#timers.filter((other) => other !== due);
      this.#nowMs = Math.max(this.#nowMs, due.atMs);
      due.callback();
    }
    this.#nowMs = endMs;
  }

  /** Moves time on as a process that has no time does: what falls due fires late, at the next advance. */
  jump(ms: number): void {
    this.#nowMs += ms;
  }
}
