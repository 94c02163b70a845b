import type { FaultRule, Sandbox, SandboxStats } from '../../lib/sandbox/sandbox.js';

/** What a scenario can do to the platform and to Node-RED in mid-run. */
export interface World {
  /** The sandbox, which may be another one after a restart. */
  platform(): Sandbox;
  /** Stops the platform and starts it again on its port after a while. */
  restart(awayMs: number): Promise<void>;
  /** Deploys the same flow again, as the editor's "full" deploy does. */
  redeploy(): Promise<void>;
  /** Resolves when some calls are at the platform and their answers are held back. Replaces the fault plan. */
  untilCallsAreHeld(): Promise<void>;
}

/** One way in which things go wrong. */
export interface Scenario {
  name: string;
  /** The fault plan for so many messages. Each of its rules has to be used up. */
  faults?: (random: () => number, messages: number) => FaultRule[];
  /** Done when half of the messages has been sent. */
  midway?: (world: World) => Promise<void> | void;
  /** How often that had an effect; it has to have one. */
  effect?: (errors: Record<string, number>, stats: SandboxStats) => number;
  /** With which codes commands may fail. */
  mayFail: RegExp;
  /** With which codes reads may fail, which can be repeated; with none unless told. */
  readsMayFail?: RegExp;
  /** The commands of these numbers go to Event Ingress, which takes six a second. */
  events?: { from: number; to: number };
  /** Bytes that commands have in their bodies beyond the usual. */
  bodyBytes?: number;
}

const TOKEN = { path: '/connect/token' };
const COMMANDS = { path: '/*command/**' };
const READS = { path: '/*query/**' };
/** Of the messages, reads or commands. */
const HALF = 0.5;

/**
 * Spoils some of the next requests, chosen by chance: the same ones for the same seed.
 *
 * @param requests how many requests the rule's match is going to see at least
 */
function sometimes(
  random: () => number,
  requests: number,
  share: number,
  rule: Omit<FaultRule, 'skip' | 'times'>,
): FaultRule[] {
  const rules: FaultRule[] = [];
  for (let at = 0; at < Math.floor(requests); at += 1) {
    // A rule sees every request but those that the rules before it have spoiled.
    if (random() < share) rules.push({ ...rule, skip: at - rules.length, times: 1 });
  }
  return rules;
}

/** Many 429s in succession, each time after such a share of the requests. */
function storms(messages: number, shares: number[], headers?: Record<string, string>): FaultRule[] {
  const respond = { status: 429, headers };
  const times = Math.min(100, Math.floor(messages / 3));
  return shares.map((share) => ({ skip: Math.floor(share * messages), times, respond }));
}

/** Every so many requests a few in succession, and fewer than would open the circuit. */
function bursts(messages: number): FaultRule[] {
  const rules: FaultRule[] = [];
  for (let skip = 30; skip < messages; skip += 80) {
    const status = [502, 503, 504][rules.length % 3] as number;
    rules.push({ skip, times: 8, respond: { status } });
  }
  return rules;
}

const failures = (errors: Record<string, number>) =>
  Object.values(errors).reduce((sum, count) => sum + count, 0);

export const NEVER = /^$/;
/** A command whose answer got lost is not sent again: its message fails. */
const LOST_ANSWER = /^FENERGO_(NETWORK|RESPONSE)$/;
const DOWN = /^FENERGO_(NETWORK|UNAVAILABLE)$/;

export const SCENARIOS: Scenario[] = [
  { name: 'nothing wrong', mayFail: NEVER },
  { name: 'more than a service takes', events: { from: 0, to: 48 }, mayFail: NEVER },
  {
    name: 'token endpoint down, then up',
    faults: () => [{ match: TOKEN, times: 2, respond: { status: 503 } }],
    mayFail: NEVER,
  },
  {
    name: 'token endpoint slow',
    faults: () => [{ match: TOKEN, times: 'always', delayMs: 700 }],
    mayFail: NEVER,
  },
  {
    name: 'token endpoint 429 with Retry-After',
    faults: () => [{ match: TOKEN, times: 1, respond: { status: 429, headers: { 'retry-after': '1' } } }],
    mayFail: NEVER,
  },
  {
    name: 'token endpoint refuses, then is mended',
    faults: () => [{ match: TOKEN, times: 1, respond: { status: 400, body: { error: 'invalid_client' } } }],
    // All who wait for the one request.
    mayFail: /^FENERGO_AUTH$/,
    readsMayFail: /^FENERGO_AUTH$/,
  },
  {
    name: 'tokens revoked in mid-run',
    midway: (world) => world.platform().revokeTokens(),
    effect: (_, { statusCodes }) => statusCodes[401] ?? 0,
    mayFail: NEVER,
  },
  {
    name: 'connections reset before the call',
    faults: (random, messages) => sometimes(random, messages, 0.05, { reset: true }),
    mayFail: LOST_ANSWER,
  },
  {
    name: "connections reset in the request's body",
    faults: (random, messages) =>
      sometimes(random, messages * HALF, 0.1, { match: COMMANDS, reset: 'request' }),
    bodyBytes: 100_000,
    mayFail: LOST_ANSWER,
  },
  {
    name: 'connections reset in the answer',
    faults: (random, messages) => sometimes(random, messages, 0.05, { reset: 'body' }),
    mayFail: LOST_ANSWER,
  },
  {
    name: 'connections closed after the answer',
    faults: (random, messages) => sometimes(random, messages * 0.7, 0.2, { reset: 'after' }),
    // The next command may have left by then, and nobody can tell whether it arrived. The platform sees fewer requests.
    mayFail: /^FENERGO_NETWORK$/,
  },
  {
    name: 'answers cut short',
    faults: (random, messages) =>
      sometimes(random, messages * HALF, 0.05, { match: COMMANDS, truncate: true }),
    mayFail: LOST_ANSWER,
  },
  {
    name: 'garbage for answers',
    faults: (random, messages) =>
      sometimes(random, messages * HALF, 0.05, { match: READS, respond: { status: 200, body: '<html>' } }),
    mayFail: NEVER,
    readsMayFail: /^FENERGO_RESPONSE$/,
  },
  {
    name: '429 storms with Retry-After',
    faults: (_, messages) => storms(messages, [0.15, 0.65], { 'retry-after': '1' }),
    mayFail: NEVER,
  },
  { name: '429 storm without a word', faults: (_, messages) => storms(messages, [0.3]), mayFail: NEVER },
  {
    name: '5xx bursts',
    faults: (_, messages) => bursts(messages),
    mayFail: /^FENERGO_SERVER$/,
  },
  {
    name: 'latency spikes',
    faults: (random, messages) => sometimes(random, messages, 0.05, { delayMs: 400 }),
    mayFail: NEVER,
  },
  {
    name: 'platform restarts',
    midway: async (world) => {
      await world.untilCallsAreHeld();
      await world.restart(300);
    },
    // The platform that stands at the end has counted since its start only.
    effect: (errors, { statusCodes }) => (statusCodes[200] ? failures(errors) : 0),
    mayFail: DOWN,
    readsMayFail: DOWN,
  },
  {
    name: 'Node-RED redeploys',
    midway: async (world) => {
      await world.untilCallsAreHeld();
      await world.redeploy();
    },
    effect: ({ FENERGO_ABORTED = 0 }) => FENERGO_ABORTED,
    mayFail: /^FENERGO_ABORTED$/,
    readsMayFail: /^FENERGO_ABORTED$/,
  },
];
