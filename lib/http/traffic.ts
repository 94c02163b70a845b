import type { Clock } from '../clock.js';
import { limitsOf, type Plan, type PlanLimits, PUBLISHED_LIMITS } from '../plans.js';
import { Circuit } from './circuit.js';
import { TenantLimiter } from './limiter.js';

/** What all calls with one credential to one API have in common. */
export interface Traffic {
  /** The turns of a tenant. */
  limiterOf(tenantId: string): TenantLimiter;
  /** Calls that may wait for each tenant. */
  maxWaiting: number;
  /** Absent when it is switched off. */
  circuit?: Circuit;
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

/** Without a plan: as many at a time as a process can bear. */
const UNLIMITED: PlanLimits = { perSecond: Number.POSITIVE_INFINITY, concurrent: 256, domains: {} };
/** Tenants that nobody calls any more are forgotten beyond this. */
const MOST_TENANTS = 1000;

/**
 * The limiters and circuits of a process. They outlive redeploys: the windows of the platform do so, too. Connections
 * with the same API, client and plan share a limiter for each tenant; all who call one host share its circuit.
 */
export class TrafficControl {
  readonly #clock: Clock;
  readonly #random: () => number;
  readonly #log: (line: string) => void;
  readonly #limiters = new Map<string, Map<string, TenantLimiter>>();
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
    const key = keyOf({ apiUrl, clientId, plan });
    const limits = plan === 'none' ? UNLIMITED : (limitsOf(plan) ?? PUBLISHED_LIMITS.production);
    return {
      limiterOf: (tenantId) => this.#limiterOf(key, tenantId.toLowerCase(), limits),
      maxWaiting,
      circuit: breaksCircuit ? this.#circuitOf(apiUrl) : undefined,
    };
  }

  /** How many wait for their turn there, over all tenants. */
  waiting(options: Pick<TrafficOptions, 'apiUrl' | 'clientId' | 'plan'>): number {
    let sum = 0;
    for (const limiter of this.#limiters.get(keyOf(options))?.values() ?? []) sum += limiter.waiting;
    return sum;
  }

  #limiterOf(key: string, tenantId: string, limits: PlanLimits): TenantLimiter {
    let tenants = this.#limiters.get(key);
    if (!tenants) {
      tenants = new Map();
      this.#limiters.set(key, tenants);
    }
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

function keyOf({ apiUrl, clientId, plan }: Pick<TrafficOptions, 'apiUrl' | 'clientId' | 'plan'>): string {
  return JSON.stringify([apiUrl, clientId, plan]);
}

function forgetIdle(tenants: Map<string, TenantLimiter>): void {
  if (tenants.size < MOST_TENANTS) return;
  for (const [tenantId, limiter] of tenants) {
    if (limiter.idle) tenants.delete(tenantId);
    if (tenants.size < MOST_TENANTS) return;
  }
}
