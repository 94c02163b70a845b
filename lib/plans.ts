/** Which of the published limits hold for a tenant. */
export type Plan = 'production' | 'sdlc' | 'none';

export const PLANS: readonly Plan[] = ['production', 'sdlc', 'none'];

export const SECOND_MS = 1000;
export const MINUTE_MS = 60 * SECOND_MS;
export const HOUR_MS = 60 * MINUTE_MS;
export const DAY_MS = 24 * HOUR_MS;

/** So many calls in so long a window. */
export interface Rate {
  readonly max: number;
  readonly lengthMs: number;
}

/** The limits of a tenant. */
export interface PlanLimits {
  readonly perSecond: number;
  readonly concurrent: number;
  /** Rates of what has limits of its own, by the name that `limitedAs` gives. */
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

/** The vendor's public page on API rate limits, surveyed 2026-09-09. */
export const PUBLISHED_LIMITS: Readonly<Record<Exclude<Plan, 'none'>, PlanLimits>> = {
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

/** The published limits of a plan; undefined for one that has none, and for what is no plan. */
export function limitsOf(plan: string): PlanLimits | undefined {
  return plan === 'production' || plan === 'sdlc' ? PUBLISHED_LIMITS[plan] : undefined;
}

/** A call, as far as its limits are concerned. */
export interface LimitedCall {
  readonly method: string;
  readonly service: string;
  /** Path within the service, with values or with `{names}`, without a query. */
  readonly path: string;
}

/**
 * The name in the table of limits under which a call counts; each service has windows of its own. Whoever writes the
 * path by hand may write it in other letters, or with a slash at its end: the platform counts that all the same.
 */
export function limitedAs(call: LimitedCall): string {
  const service = call.service.toLowerCase();
  const path = call.path.toLowerCase().replace(/(?<!\/)\/+$/, '');
  if (service === 'dataprotectioncommand' && path.startsWith('/api/datadeletion')) return 'datadeletion';
  // The published limit is about events that are sent in, not about looking them up.
  if (service === 'eventingress' && !(call.method === 'POST' && path === '/v1/events')) return '';
  return service;
}
