import type { Clock } from '../clock.js';
import type { SandboxOperation } from './operation.js';

/** Which of the published limits are kept to. */
export type Plan = 'production' | 'sdlc' | 'none';

export const PLANS: readonly Plan[] = ['production', 'sdlc', 'none'];

const SECOND_MS = 1000;
const MINUTE_MS = 60 * SECOND_MS;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

interface Rate {
  readonly max: number;
  readonly lengthMs: number;
}

interface PlanLimits {
  readonly perSecond: number;
  readonly concurrent: number;
  /** Rates of the services that have limits of their own. */
  readonly domains: Readonly<Record<string, readonly Rate[]>>;
}

function rates(perMinute: number, perHour: number, perDay: number): Rate[] {
  return [
    { max: perMinute, lengthMs: MINUTE_MS },
    { max: perHour, lengthMs: HOUR_MS },
    { max: perDay, lengthMs: DAY_MS },
  ];
}

/** Event Ingress has further limits in complexity points; how those are counted is not public. */
const EVENT_INGRESS: readonly Rate[] = [
  { max: 6, lengthMs: SECOND_MS },
  { max: 75, lengthMs: MINUTE_MS },
  { max: 750, lengthMs: HOUR_MS },
];

/** The vendor's public page on API rate limits. */
const PUBLISHED: Readonly<Record<Exclude<Plan, 'none'>, PlanLimits>> = {
  production: {
    perSecond: 200,
    concurrent: 50,
    domains: {
      journeycommand: rates(100, 2500, 15_000),
      entitydatacommand: rates(200, 2500, 15_000),
      productcommand: rates(200, 2500, 15_000),
      datadeletion: rates(200, 2500, 60_000),
      eventingress: EVENT_INGRESS,
    },
  },
  sdlc: {
    perSecond: 50,
    concurrent: 10,
    domains: {
      journeycommand: rates(90, 1250, 5000),
      entitydatacommand: rates(150, 2500, 10_000),
      productcommand: rates(150, 2500, 10_000),
      datadeletion: rates(150, 2500, 10_000),
      eventingress: EVENT_INGRESS,
    },
  },
};

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
    this.#limits = plan === 'none' ? undefined : PUBLISHED[plan];
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
    const windows = this.#domains.get(domainOf(operation)) ?? [];
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

/** The name in the table of limits under which an operation counts; each service has windows of its own. */
function domainOf({ service, path, id }: SandboxOperation): string {
  if (service === 'dataprotectioncommand' && path.startsWith('/api/datadeletion')) return 'datadeletion';
  // The published limit is about events that are sent in, not about looking them up.
  if (service === 'eventingress' && id !== 'SendEvent') return '';
  return service;
}
