import type { IncomingMessage } from 'node:http';
import type { Answer } from './answer.js';
import { readFaultPlan } from './fault-plan.js';
import type { FaultRule } from './faults.js';
import type { FeedState } from './feeds.js';
import { type DuplicateOrder, type EventOrder, readDuplicateOrder, readEventOrder } from './orders.js';
import type { WebhookState } from './webhooks.js';
import { readBody } from './wire.js';

/** What the administration may do with the sandbox. */
export interface AdminPort {
  readonly stats: unknown;
  readonly faults: readonly FaultRule[];
  setFaults(plan: FaultRule[]): void;
  revokeTokens(): void;
  reset(): void;
  /** Every feed of every tenant. */
  readonly feeds: readonly FeedState[];
  /** Every webhook of every tenant. */
  readonly webhooks: readonly WebhookState[];
  /** Makes events happen; gives the ids of their notifications. */
  makeHappen(order: EventOrder): string[];
  duplicate(order: DuplicateOrder): void;
}

/** Begins every path of the administration. No service of the platform has this name. */
export const ADMIN_PREFIX = '/sandbox/';

const MAX_BODY_BYTES = 1024 * 1024;

type Action = (port: AdminPort, request: IncomingMessage) => Answer | Promise<Answer>;

const ACTIONS: Readonly<Record<string, Readonly<Record<string, Action>>>> = {
  faults: {
    GET: (port) => ({ status: 200, body: port.faults }),
    PUT: (port, request) =>
      withBody(request, (body) => {
        port.setFaults(readFaultPlan(body));
        return { status: 200, body: port.faults };
      }),
    DELETE: (port) => done(() => port.setFaults([])),
  },
  stats: { GET: (port) => ({ status: 200, body: port.stats }) },
  reset: { POST: (port) => done(() => port.reset()) },
  events: {
    POST: (port, request) =>
      withBody(request, (body) => ({ status: 200, body: { ids: port.makeHappen(readEventOrder(body)) } })),
  },
  feeds: { GET: (port) => ({ status: 200, body: port.feeds }) },
  webhooks: { GET: (port) => ({ status: 200, body: port.webhooks }) },
  duplicates: {
    POST: (port, request) =>
      withBody(request, (body) => done(() => port.duplicate(readDuplicateOrder(body)))),
  },
  'revoke-tokens': { POST: (port) => done(() => port.revokeTokens()) },
};

/**
 * Answers a request to the sandbox itself, so that curl and flows can make it misbehave. It takes no token: the
 * sandbox listens on the loopback interface only.
 */
export async function administrate(port: AdminPort, request: IncomingMessage, path: string): Promise<Answer> {
  const name = path.slice(ADMIN_PREFIX.length);
  const actions = Object.hasOwn(ACTIONS, name) ? ACTIONS[name] : undefined;
  if (!actions) return { status: 404, body: { error: `The sandbox has no ${path}` } };
  const { method = '' } = request;
  const action = Object.hasOwn(actions, method) ? actions[method] : undefined;
  if (action) return action(port, request);
  const allow = Object.keys(actions).join(', ');
  return { status: 405, headers: { allow }, body: { error: `${path} takes ${allow}` } };
}

/** Carries out what a JSON body asks for; what is wrong with it is answered with 400. */
async function withBody(request: IncomingMessage, act: (body: unknown) => Answer): Promise<Answer> {
  const bytes = await readBody(request, MAX_BODY_BYTES);
  if (!bytes) return { status: 413, body: { error: 'The body is larger than 1 MB' } };
  try {
    return act(JSON.parse(bytes.toString('utf8')));
  } catch (error) {
    return { status: 400, body: { error: error instanceof Error ? error.message : String(error) } };
  }
}

function done(action: () => void): Answer {
  action();
  return { status: 204 };
}
