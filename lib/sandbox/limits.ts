import type { Clock } from '../clock.js';
import {
  DAY_MS,
  HOUR_MS,
  limitedAs,
  limitsOf,
  MINUTE_MS,
  type Plan,
  type PlanLimits,
  type Rate,
  SECOND_MS,
} from '../plans.js';
import type { SandboxOperation } from './operation.js';

/** What the limits say to a call. */
export interface Pass {
  /** Why the call must not go on. */
  refusal?: string;
  /** `X-Rate-Limit-…`: they speak of the 24-hour window only, so few services have them. */
  headers: Record<string, string>;
  /** To be called when the call has ended. */
  leave: () => void;
}

/** Counts calls in windows that start with their first call. */
class Window {
  readonly rate: Rate;
  #startMs = Number.NEGATIVE_INFINITY;
  #count = 0;

  constructor(rate: Rate) {
    this.rate = rate;
  }

  /** Calls that the window still lets through at `nowMs`. */
  room(nowMs: number): number {
    if (nowMs - this.#startMs >= this.rate.lengthMs) this.#count = 0;
    return this.rate.max - this.#count;
  }

  count(nowMs: number): void {
    if (this.room(nowMs) === this.rate.max) this.#startMs = nowMs;
    this.#count++;
  }

  /** Milliseconds until the window is empty again. */
  endsInMs(nowMs: number): number {
    return this.room(nowMs) === this.rate.max ? 0 : this.#startMs + this.rate.lengthMs - nowMs;
  }
}

/** The published limits of one tenant. */
export class TenantLimits {
  readonly #clock: Clock;
  readonly #limits: PlanLimits | undefined;
  readonly #perSecond: Window;
  readonly #domains = new Map<string, Window[]>();
  #inFlight = 0;

  constructor(clock: Clock, plan: Plan) {
    this.#clock = clock;
    this.#limits = limitsOf(plan);
    this.#perSecond = new Window({ max: this.#limits?.perSecond ?? 0, lengthMs: SECOND_MS });
    for (const [domain, list] of Object.entries(this.#limits?.domains ?? {})) {
      this.#domains.set(
        domain,
        list.map((rate) => new Window(rate)),
      );
    }
  }

  /** Lets a call in, or says why not. A call that is refused counts nowhere. */
  enter(operation: SandboxOperation): Pass {
    if (!this.#limits) return { headers: {}, leave: () => {} };
    const nowMs = this.#clock.nowMs();
    const windows = this.#domains.get(limitedAs(operation)) ?? [];
    const refusal = this.#refusal(nowMs, windows, operation.service);
    if (refusal) return { refusal, headers: this.#headers(nowMs, windows), leave: () => {} };
    for (const window of [this.#perSecond, ...windows]) window.count(nowMs);
    this.#inFlight++;
    let inside = true;
    const leave = () => {
      if (inside) this.#inFlight--;
      inside = false;
    };
    return { headers: this.#headers(nowMs, windows), leave };
  }

  #refusal(nowMs: number, windows: readonly Window[], service: string): string | undefined {
    const { perSecond = 0, concurrent = 0 } = this.#limits ?? {};
    if (this.#perSecond.room(nowMs) <= 0) return `${perSecond} requests a second per tenant`;
    if (this.#inFlight >= concurrent) return `${concurrent} concurrent requests per tenant`;
    const full = windows.find((window) => window.room(nowMs) <= 0);
    return full && `${full.rate.max} requests per ${UNITS[full.rate.lengthMs]} to ${service}`;
  }

  #headers(nowMs: number, windows: readonly Window[]): Record<string, string> {
    const day = windows.find(({ rate }) => rate.lengthMs === DAY_MS);
    if (!day) return {};
    const reset = new Date(this.#clock.dateMs() + day.endsInMs(nowMs)).toISOString();
    return { 'x-rate-limit-remaining': String(day.room(nowMs)), 'x-rate-limit-reset': reset };
  }
}

const UNITS: Readonly<Record<number, string>> = {
  [SECOND_MS]: 'second',
  [MINUTE_MS]: 'minute',
  [HOUR_MS]: 'hour',
  [DAY_MS]: 'day',
};
