import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { type Clock, systemClock } from '../clock.js';
import { PLANS, type Plan } from '../plans.js';
import type { CarriedOut } from './api.js';
import { readFaultPlan } from './fault-plan.js';
import type { FaultRule } from './faults.js';
import { Offer, type OperationSource } from './offer.js';
import { Platform, TOKEN_PATH } from './platform.js';
import { type Random, secureRandom } from './random.js';
import { SANDBOX_TENANTS } from './seed.js';
import type { SandboxStats } from './stats.js';
import type { RaisedEvent } from './world.js';

export type { Plan } from '../plans.js';
export type { CarriedOut } from './api.js';
export type { FaultMatch, FaultRule } from './faults.js';
export type { OperationSource } from './offer.js';
export type { SandboxOperation } from './operation.js';
export { SANDBOX_TENANTS, seedId } from './seed.js';
export type { SandboxStats } from './stats.js';
export type { RaisedEvent } from './world.js';
export { readFaultPlan };

/** The loopback interface: nobody else in the network gets to see the sandbox. */
const HOST = '127.0.0.1';

/** Longer than clients keep an idle connection, so that none is closed under a request that is on its way. */
const KEEP_ALIVE_MS = 65_000;

export interface SandboxOptions {
  /** Every operation that the sandbox answers; a function is asked again at each request. */
  operations: OperationSource;
  /** The machine's clock unless told. */
  clock?: Clock;
  /** 0, the default, takes any free port. */
  port?: number;
  /** How far the query side is behind the command side; 500 unless told. */
  consistencyMs?: number;
  /** Which published limits are kept to; `production` unless told. */
  plan?: Plan;
  /** Life of a token; 900 unless told. */
  tokenSeconds?: number;
  /** Token requests a minute from one address before 429; 100 unless told, Infinity or 0: no limit. */
  tokenRequestsPerMinute?: number;
  /** Makes ids and tokens; not to be guessed unless told. */
  random?: Random;
  /** Told of each call that is carried out, also when its answer then gets lost by the fault plan. */
  onCarriedOut?: (call: CarriedOut) => void;
}

/** A running stand-in of the platform. */
export interface Sandbox {
  /** `http://127.0.0.1:PORT` */
  readonly url: string;
  readonly tokenUrl: string;
  /** Calls go to `{apiUrl}/{service}{path}`. */
  readonly apiUrl: string;
  readonly tenants: readonly { readonly id: string; readonly name: string }[];
  /** Counters since the start or the last reset, as they are now. */
  readonly stats: SandboxStats;
  /** The events that a tenant's calls have raised, oldest first, at most the last thousand. */
  events(tenantId: string): readonly RaisedEvent[];
  /**
   * Replaces the fault plan; an empty one clears it.
   *
   * @throws an error that says which rule is wrong, and how
   */
  setFaults(plan: FaultRule[]): void;
  /** From now on every token issued so far is answered with 401. */
  revokeTokens(): void;
  /** Back to the seed: world, tokens, limits, faults and counters. */
  reset(): void;
  /** Without this a sandbox does not keep its process alive. */
  keepAlive(): void;
  /** Stops listening and closes every connection at once. */
  close(): Promise<void>;
}

/**
 * Starts an embedded stand-in of the Fenergo platform on the loopback interface: token endpoint, checks, limits and a
 * small world. Sandbox-only paths under `/sandbox/` make it misbehave.
 *
 * @throws when an option makes no sense, or the port cannot be had (`code` is `EADDRINUSE`)
 */
export async function startSandbox(options: SandboxOptions): Promise<Sandbox> {
  const { operations, clock = systemClock, port = 0, random = secureRandom } = options;
  const { consistencyMs = 500, plan = 'production', tokenSeconds = 900 } = options;
  const { tokenRequestsPerMinute = 100, onCarriedOut } = options;
  if (!PLANS.includes(plan)) throw new Error(`Unknown plan '${plan}': take one of ${PLANS.join(', ')}.`);
  if (!(consistencyMs >= 0)) throw new Error(`consistencyMs must be 0 or more, not ${consistencyMs}.`);
  if (!(tokenSeconds > 0)) throw new Error(`tokenSeconds must be more than 0, not ${tokenSeconds}.`);
  const settings = { clock, random, plan, consistencyMs, tokenSeconds, tokenRequestsPerMinute, onCarriedOut };
  const platform = new Platform({ ...settings, offer: new Offer(operations) });
  const server = createServer({ keepAliveTimeout: KEEP_ALIVE_MS }, (request, response) => {
    void platform.handle(request, response);
  });
  const sockets = trackSockets(server);
  server.listen(port, HOST);
  await once(server, 'listening');
  server.unref();
  const url = `http://${HOST}:${(server.address() as AddressInfo).port}`;
  return {
    url,
    tokenUrl: `${url}${TOKEN_PATH}`,
    apiUrl: url,
    tenants: SANDBOX_TENANTS,
    get stats() {
      return platform.stats;
    },
    events: (tenantId) => platform.world(tenantId.toLowerCase())?.events ?? [],
    setFaults: (rules) => platform.setFaults(readFaultPlan(rules)),
    revokeTokens: () => platform.revokeTokens(),
    reset: () => platform.reset(),
    keepAlive: () => void server.ref(),
    close: () => close(server, sockets),
  };
}

/** Connections of a sandbox do not keep the process alive either. */
function trackSockets(server: Server): Set<Socket> {
  const sockets = new Set<Socket>();
  server.on('connection', (socket) => {
    sockets.add(socket);
    socket.unref();
    socket.on('close', () => sockets.delete(socket));
  });
  return sockets;
}

async function close(server: Server, sockets: ReadonlySet<Socket>): Promise<void> {
  if (!server.listening) return;
  const closed = once(server, 'close');
  server.close();
  for (const socket of sockets) socket.destroy();
  await closed;
}
