import { DAY_MS, type Rate, SECOND_MS } from '../plans.js';
import { BackOff } from './back-off.js';
import { SlidingWindow } from './sliding-window.js';
import { type Waiter, WaitingLine } from './waiting-line.js';

/** A request is no longer on its way than this, when the answer takes longer. */
const ON_ITS_WAY_MS = 1000;
/** So little left of a day is spread over the rest of it. */
const LITTLE = 0.02;
/** Where the day's maximum is not known. */
const LITTLE_OF_UNKNOWN = 100;

/** The calls of a tenant to one service: those who wait, and what is left for them. */
export class Lane {
  readonly #windows: readonly SlidingWindow[];
  #dayMax: number | undefined;
  readonly #urgent = new WaitingLine();
  readonly #normal = new WaitingLine();
  readonly backOff = new BackOff();
  /** When the next call goes, and how far apart they are, until the day ends: when little is left of it. */
  #pace: { nextMs: number; everyMs: number; untilMs: number } | undefined;

  constructor(rates: readonly Rate[]) {
    this.#windows = rates.map((rate) => new SlidingWindow(rate));
    this.#dayMax = dayMaxOf(rates);
  }

  /** Changes the rates, not the lengths of their windows, which are the same in every plan. What has been sent still counts. */
  limitTo(rates: readonly Rate[]): void {
    for (const window of this.#windows) {
      const rate = rates.find(({ lengthMs }) => lengthMs === window.lengthMs);
      window.limitTo(rate?.max ?? Number.POSITIVE_INFINITY);
    }
    this.#dayMax = dayMaxOf(rates);
  }

  /** Whether it has limits of its own, as far as is known. */
  get limited(): boolean {
    return this.#windows.some(({ max }) => Number.isFinite(max));
  }

  /** Whether it may be forgotten: nobody waits, and nothing is counted. */
  isIdle(nowMs: number): boolean {
    return this.#windows.length === 0 && this.waiting === 0 && this.waitMs(nowMs) === 0;
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
    for (const window of this.#windows) window.reserve();
    if (this.#pace) this.#pace.nextMs = nowMs + this.#pace.everyMs;
  }

  /** Gives a turn back in which nothing was sent. */
  release(): void {
    for (const window of this.#windows) window.release();
    if (this.#pace) this.#pace.nextMs -= this.#pace.everyMs;
  }

  /**
   * Takes the reserved place for a request that has ended. In a window of a second, which few fill, it counts from then,
   * so that nothing need be guessed; in a longer one not from much later than it has arrived, as far as is known.
   */
  take(endedMs: number, arrivedMs: number): void {
    for (const window of this.#windows) {
      window.take(window.lengthMs <= SECOND_MS ? endedMs : Math.min(endedMs, arrivedMs + ON_ITS_WAY_MS));
    }
  }

  /** Milliseconds until another call may go, as far as this lane is concerned. */
  waitMs(nowMs: number): number {
    let waitMs = Math.max(this.backOff.waitMs(nowMs), this.#pacedMs(nowMs));
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

  #pacedMs(nowMs: number): number {
    return this.#pace && nowMs < this.#pace.untilMs ? Math.max(0, this.#pace.nextMs - nowMs) : 0;
  }

  /** About how long one who came as that one will wait, by the windows of this lane. */
  estimateMs(nowMs: number, urgent: boolean, seq: number): number {
    const ahead = this.ahead(urgent, seq);
    const waits = this.#windows.map((window) => window.waitOfMs(nowMs, ahead + 1));
    const pacedMs = this.#pacedMs(nowMs);
    if (this.#pace && pacedMs > 0) {
      waits.push(Math.min(pacedMs + ahead * this.#pace.everyMs, this.#pace.untilMs - nowMs));
    }
    return Math.max(this.waitMs(nowMs), ...waits);
  }
}

function dayMaxOf(rates: readonly Rate[]): number | undefined {
  return rates.find(({ lengthMs }) => lengthMs === DAY_MS)?.max;
}
