import type { Clock } from '../clock.js';
import { limitsOf, type Plan, type PlanLimits, PUBLISHED_LIMITS } from '../plans.js';
import { Circuit, type CircuitState } from './circuit.js';
import { TenantLimiter } from './limiter.js';

/** What all calls with one credential to one API have in common. */
export interface Traffic {
  /** The turns of a tenant. */
  limiterOf(tenantId: string): TenantLimiter;
  /** Calls that may wait for each tenant. */
  maxWaiting: number;
  /** Absent when it is switched off. */
  circuit?: Circuit;
  /** To be called when it is no longer used. Only the first time counts. */
  release(): void;
}

export interface TrafficOptions {
  /** The base of the API's calls. */
  apiUrl: string;
  clientId: string;
  plan: Plan;
  /** Calls that may wait for each tenant. */
  maxWaiting: number;
  /** Whether calls fail at once while the host gives nothing but failures. */
  breaksCircuit: boolean;
}

/** Without a plan: as many at a time as a process can bear. The windows count all the same, should there be a plan again. */
const UNLIMITED: PlanLimits = {
  perSecond: Number.POSITIVE_INFINITY,
  concurrent: 256,
  domains: Object.fromEntries(
    Object.entries(PUBLISHED_LIMITS.production.domains).map(([domain, rates]) => [
      domain,
      rates.map((rate) => ({ ...rate, max: Number.POSITIVE_INFINITY })),
    ]),
  ),
};
/** Tenants that nobody calls any more are forgotten beyond this. */
const MOST_TENANTS = 1000;

/** What connections with one API and client share. */
interface Shared {
  /** Of those that use it. */
  plans: Plan[];
  limits: PlanLimits;
  readonly tenants: Map<string, TenantLimiter>;
}

/**
 * The limiters and circuits of a process. They outlive redeploys: the windows of the platform do so, too. Connections
 * with the same API and client share a limiter for each tenant, which keeps to the strictest of their plans; all who
 * call one host share its circuit.
 */
export class TrafficControl {
  readonly #clock: Clock;
  readonly #random: () => number;
  readonly #log: (line: string) => void;
  readonly #shared = new Map<string, Shared>();
  readonly #circuits = new Map<string, Circuit>();

  /** @param log takes a line when a host is taken for dead, and when it answers again */
  constructor(
    clock: Clock,
    { random = Math.random, log = () => {} }: { random?: () => number; log?: (line: string) => void } = {},
  ) {
    this.#clock = clock;
    this.#random = random;
    this.#log = log;
  }

  of({ apiUrl, clientId, plan, maxWaiting, breaksCircuit }: TrafficOptions): Traffic {
    const shared = this.#sharedBy(keyOf({ apiUrl, clientId }));
    use(shared, [...shared.plans, plan]);
    let released = false;
    return {
      limiterOf: (tenantId) => this.#limiterOf(shared, tenantId.toLowerCase()),
      maxWaiting,
      circuit: breaksCircuit ? this.#circuitOf(apiUrl) : undefined,
      release: () => {
        if (released) return;
        released = true;
        const at = shared.plans.indexOf(plan);
        use(
          shared,
          shared.plans.filter((_, i) => i !== at),
        );
      },
    };
  }

  /** How the circuit of a host stands. */
  circuitState({ apiUrl, breaksCircuit }: Pick<TrafficOptions, 'apiUrl' | 'breaksCircuit'>): CircuitState {
    return breaksCircuit ? this.#circuitOf(apiUrl).state() : { state: 'closed' };
  }

  /** How many wait for their turn there, over all tenants. */
  waiting(options: Pick<TrafficOptions, 'apiUrl' | 'clientId'>): number {
    let sum = 0;
    for (const limiter of this.#shared.get(keyOf(options))?.tenants.values() ?? []) sum += limiter.waiting;
    return sum;
  }

  #sharedBy(key: string): Shared {
    let shared = this.#shared.get(key);
    if (!shared) {
      shared = { plans: [], limits: UNLIMITED, tenants: new Map() };
      this.#shared.set(key, shared);
    }
    return shared;
  }

  #limiterOf({ tenants, limits }: Shared, tenantId: string): TenantLimiter {
    let limiter = tenants.get(tenantId);
    if (limiter) tenants.delete(tenantId);
    else {
      forgetIdle(tenants);
      limiter = new TenantLimiter({ clock: this.#clock, random: this.#random, limits });
    }
    // Who was called last stands last, and is forgotten last.
    tenants.set(tenantId, limiter);
    return limiter;
  }

  #circuitOf(apiUrl: string): Circuit {
    const { host } = new URL(apiUrl);
    let circuit = this.#circuits.get(host);
    if (!circuit) {
      circuit = new Circuit({ clock: this.#clock, host, log: this.#log });
      this.#circuits.set(host, circuit);
    }
    return circuit;
  }
}

/** Takes note of who uses it; when nobody does, the last word stands. */
function use(shared: Shared, plans: Plan[]): void {
  shared.plans = plans;
  if (plans.length === 0) return;
  const all = plans.map(limitsUnder);
  const limits = all.reduce((strictest, each) => (each.perSecond < strictest.perSecond ? each : strictest));
  if (limits === shared.limits) return;
  shared.limits = limits;
  for (const limiter of shared.tenants.values()) limiter.limitTo(limits);
}

/** What is no plan is taken for the usual one. */
function limitsUnder(plan: Plan): PlanLimits {
  return plan === 'none' ? UNLIMITED : (limitsOf(plan) ?? PUBLISHED_LIMITS.production);
}

function keyOf({ apiUrl, clientId }: Pick<TrafficOptions, 'apiUrl' | 'clientId'>): string {
  return JSON.stringify([apiUrl, clientId]);
}

function forgetIdle(tenants: Map<string, TenantLimiter>): void {
  if (tenants.size < MOST_TENANTS) return;
  for (const [tenantId, limiter] of tenants) {
    if (limiter.idle) tenants.delete(tenantId);
    if (tenants.size < MOST_TENANTS) return;
  }
}
