import { DAY_MS, type Rate } from '../plans.js';
import { BackOff } from './back-off.js';
import { SlidingWindow } from './sliding-window.js';
import { type Waiter, WaitingLine } from './waiting-line.js';

/** So little left of a day is spread over the rest of it. */
const LITTLE = 0.02;
/** Where the day's maximum is not known. */
const LITTLE_OF_UNKNOWN = 100;

/** The calls of a tenant to one service: those who wait, and what is left for them. */
export class Lane {
  #windows: SlidingWindow[] = [];
  #dayMax: number | undefined;
  /** Turns that have a place in the windows and have not ended. */
  #reserved = 0;
  readonly #urgent = new WaitingLine();
  readonly #normal = new WaitingLine();
  readonly backOff = new BackOff();
  /** When the next call goes, and how far apart they are, until the day ends: when little is left of it. */
  #pace: { nextMs: number; everyMs: number; untilMs: number } | undefined;

  constructor(rates: readonly Rate[]) {
    this.limitTo(rates);
  }

  /** Changes the rates; what has been sent still counts in those that stay. */
  limitTo(rates: readonly Rate[]): void {
    this.#windows = rates.map((rate) => {
      const window = this.#windows.find(({ lengthMs }) => lengthMs === rate.lengthMs);
      window?.limitTo(rate.max);
      return window ?? this.#newWindow(rate);
    });
    this.#dayMax = rates.find(({ lengthMs }) => lengthMs === DAY_MS)?.max;
  }

  #newWindow(rate: Rate): SlidingWindow {
    const window = new SlidingWindow(rate);
    for (let i = 0; i < this.#reserved; i += 1) window.reserve();
    return window;
  }

  /** Whether it has windows of its own, as far as is known. */
  get limited(): boolean {
    return this.#windows.length > 0;
  }

  /** How many wait. */
  get waiting(): number {
    return this.#urgent.size + this.#normal.size;
  }

  /** How many go before somebody who came as that one. */
  ahead(urgent: boolean, seq: number): number {
    return urgent ? this.#urgent.before(seq) : this.#urgent.size + this.#normal.before(seq);
  }

  add(waiter: Waiter, urgent: boolean): void {
    (urgent ? this.#urgent : this.#normal).add(waiter);
  }

  /** Takes note that somebody who waits has given up. */
  remove(waiter: Waiter, urgent: boolean): void {
    (urgent ? this.#urgent : this.#normal).remove(waiter);
  }

  /** Lets the first one go. */
  shift(): Waiter | undefined {
    return this.#urgent.shift() ?? this.#normal.shift();
  }

  /** Whether its first one goes before that of another lane. */
  isBefore(other: Lane | undefined): boolean {
    if (!other) return true;
    const [mine, theirs] = [this.#urgent.first(), other.#urgent.first()];
    if (mine && theirs) return mine.seq < theirs.seq;
    if (mine || theirs) return mine !== undefined;
    return (this.#normal.first()?.seq ?? 0) < (other.#normal.first()?.seq ?? 0);
  }

  reserve(nowMs: number): void {
    this.#reserved += 1;
    for (const window of this.#windows) window.reserve();
    if (this.#pace) this.#pace.nextMs = nowMs + this.#pace.everyMs;
  }

  /** Gives a turn back in which nothing was sent. */
  release(): void {
    this.#reserved -= 1;
    for (const window of this.#windows) window.release();
    if (this.#pace) this.#pace.nextMs -= this.#pace.everyMs;
  }

  /** Takes the reserved place for a request that had arrived by then. */
  take(arrivedMs: number): void {
    this.#reserved -= 1;
    for (const window of this.#windows) window.take(arrivedMs);
  }

  /** Milliseconds until another call may go, as far as this lane is concerned. */
  waitMs(nowMs: number): number {
    let waitMs = this.backOff.waitMs(nowMs);
    if (this.#pace && nowMs < this.#pace.untilMs) waitMs = Math.max(waitMs, this.#pace.nextMs - nowMs);
    for (const window of this.#windows) waitMs = Math.max(waitMs, window.waitMs(nowMs));
    return waitMs;
  }

  /**
   * Spreads what is left of the day, when that is little, over the rest of it.
   *
   * @param remaining calls
   * @param resetMs until the day ends
   */
  dayLeft(nowMs: number, remaining: number, resetMs: number): void {
    const little = this.#dayMax === undefined ? LITTLE_OF_UNKNOWN : this.#dayMax * LITTLE;
    if (remaining > little) {
      this.#pace = undefined;
      return;
    }
    const everyMs = resetMs / (remaining + 1);
    this.#pace = { nextMs: nowMs + everyMs, everyMs, untilMs: nowMs + resetMs };
  }

  /** About how long one who came as that one will wait, by the windows of this lane. */
  estimateMs(nowMs: number, urgent: boolean, seq: number): number {
    let estimateMs = this.waitMs(nowMs);
    for (const window of this.#windows) {
      const beyond = this.ahead(urgent, seq) + 1 - window.room(nowMs);
      if (beyond > 0) estimateMs = Math.max(estimateMs, Math.ceil(beyond / window.max) * window.lengthMs);
    }
    return estimateMs;
  }
}
