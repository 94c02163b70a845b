import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import type { RaisedEvent } from './event-log.js';
import { readFaultPlan } from './fault-plan.js';
import type { FaultRule } from './faults.js';
import type { FeedState } from './feeds.js';
import { Offer } from './offer.js';
import type { DuplicateOrder, EventOrder } from './orders.js';
import { Platform, TOKEN_PATH } from './platform.js';
import { SANDBOX_TENANTS } from './seed.js';
import { type SandboxOptions, settingsOf } from './settings.js';
import type { SandboxStats } from './stats.js';
import type { WebhookState } from './webhooks.js';

export type { Plan } from '../plans.js';
export type { CarriedOut } from './api.js';
export type { RaisedEvent } from './event-log.js';
export type { FaultMatch, FaultRule, Reset } from './faults.js';
export type { CompletedBatch, FeedState } from './feeds.js';
export type { OperationSource } from './offer.js';
export type { SandboxOperation } from './operation.js';
export type { DuplicateOrder, EventOrder } from './orders.js';
export { SANDBOX_TENANTS, seedId } from './seed.js';
export type { SandboxOptions } from './settings.js';
export type { SandboxStats } from './stats.js';
export type { WebhookDelivery } from './webhook-line.js';
export type { WebhookState } from './webhooks.js';
export { readFaultPlan };

/** The loopback interface: nobody else in the network gets to see the sandbox. */
const HOST = '127.0.0.1';

/** Longer than clients keep an idle connection, so that none is closed under a request that is on its way. */
const KEEP_ALIVE_MS = 65_000;

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
  /** What a tenant's webhooks have to do and have done. */
  webhooks(tenantId: string): readonly WebhookState[];
  /**
   * Makes anything happen, at once: feeds give it, webhooks deliver it.
   *
   * @returns the ids of the notifications
   * @throws an error that says what is wrong with the order
   */
  makeHappen(order: EventOrder): string[];
  /** What a feed holds; undefined when there is no such tenant or feed. */
  feed(tenantId: string, feedId: string): FeedState | undefined;
  /**
   * Gives the next notifications of a feed twice, with the same id; or sends the next deliveries of a webhook twice.
   *
   * @throws an error that says what is wrong with the order
   */
  duplicate(order: DuplicateOrder): void;
  /**
   * Replaces the fault plan; an empty one clears it.
   *
   * @throws an error that says which rule is wrong, and how
   */
  setFaults(plan: FaultRule[]): void;
  /** The fault plan, and how many requests each of its rules has spoiled. */
  readonly faults: readonly (FaultRule & { used: number })[];
  /** From now on every token issued so far is answered with 401. */
  revokeTokens(): void;
  /** Back to the seed: world, tokens, limits, faults and counters. */
  reset(): void;
  /** Without this a sandbox does not keep its process alive. */
  keepAlive(): void;
  /** Stops listening, closes every connection at once, and breaks off what is being delivered to webhooks. */
  close(): Promise<void>;
}

/**
 * Starts an embedded stand-in of the Fenergo platform on the loopback interface: token endpoint, checks, limits and a
 * small world. Sandbox-only paths under `/sandbox/` make it misbehave.
 *
 * @throws when an option makes no sense, or the port cannot be had (`code` is `EADDRINUSE`)
 */
export async function startSandbox(options: SandboxOptions): Promise<Sandbox> {
  const { operations, port = 0 } = options;
  const platform = new Platform({ ...settingsOf(options), offer: new Offer(operations) });
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
    events: (tenantId) => platform.world(tenantId)?.events ?? [],
    webhooks: (tenantId) => platform.world(tenantId)?.webhooks.states ?? [],
    makeHappen: (order) => platform.makeHappen(order),
    feed: (tenantId, feedId) => platform.world(tenantId)?.feeds.get(feedId)?.state,
    duplicate: (order) => platform.duplicate(order),
    get faults() {
      return platform.faults;
    },
    setFaults: (rules) => platform.setFaults(readFaultPlan(rules)),
    revokeTokens: () => platform.revokeTokens(),
    reset: () => platform.reset(),
    keepAlive: () => void server.ref(),
    close: () => {
      platform.close();
      return close(server, sockets);
    },
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
