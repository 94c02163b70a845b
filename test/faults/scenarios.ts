import type { FaultRule, Sandbox } from '../../lib/sandbox/sandbox.js';

/** What a scenario can do to the platform and to Node-RED in mid-run. */
export interface World {
  /** The sandbox, which may be another one after a restart. */
  platform(): Sandbox;
  /** Stops the platform and starts it again on its port. */
  restart(): Promise<void>;
  /** Deploys the same flow again, as the editor's "full" deploy does. */
  redeploy(): Promise<void>;
}

/** One way in which things go wrong. */
export interface Scenario {
  name: string;
  /** The fault plan for so many messages. */
  faults?: (random: () => number, messages: number) => FaultRule[];
  /** Done when so large a share of the messages has been sent. */
  midway?: (world: World) => Promise<void> | void;
  /** Whether messages may fail at all; those that may have been carried out and lost their answer always may. */
  mayFail: RegExp;
}

const TOKEN = { path: '/connect/token' };
const CALLS = { path: '/*command/**' };
const READS = { path: '/*query/**' };

/** Spoils some of the next requests, chosen by chance: the same ones for the same seed. */
function sometimes(
  random: () => number,
  messages: number,
  share: number,
  rule: Omit<FaultRule, 'skip' | 'times'>,
): FaultRule[] {
  const rules: FaultRule[] = [];
  for (let at = 0; at < messages; at += 1) {
    // A rule sees every request but those that the rules before it have spoiled.
    if (random() < share) rules.push({ ...rule, skip: at - rules.length, times: 1 });
  }
  return rules;
}

const NEVER = /^$/;
/** A command whose answer got lost is not sent again: its message fails. */
const LOST_ANSWER = /^FENERGO_(NETWORK|SERVER|RESPONSE)$/;

export const SCENARIOS: Scenario[] = [
  { name: 'nothing wrong', mayFail: NEVER },
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
    mayFail: /^FENERGO_AUTH$/,
  },
  { name: 'tokens revoked in mid-run', midway: (world) => world.platform().revokeTokens(), mayFail: NEVER },
  {
    name: 'connections reset before the call',
    faults: (random, messages) => sometimes(random, messages, 0.05, { reset: true }),
    mayFail: LOST_ANSWER,
  },
  {
    name: 'connections reset in the answer',
    faults: (random, messages) => sometimes(random, messages, 0.05, { reset: 'body' }),
    mayFail: LOST_ANSWER,
  },
  {
    name: 'answers cut short',
    faults: (random, messages) => sometimes(random, messages, 0.05, { match: CALLS, truncate: true }),
    mayFail: LOST_ANSWER,
  },
  {
    name: 'garbage for answers',
    faults: (random, messages) =>
      sometimes(random, messages, 0.03, { match: READS, respond: { status: 200, body: '<html>' } }),
    mayFail: /^FENERGO_RESPONSE$/,
  },
  {
    name: '429 storm with Retry-After',
    faults: (random, messages) =>
      sometimes(random, messages, 0.02, { respond: { status: 429, headers: { 'retry-after': '1' } } }),
    mayFail: NEVER,
  },
  {
    name: '429 storm without a word',
    faults: (random, messages) =>
      sometimes(random, messages, 0.01, { match: READS, respond: { status: 429 } }),
    mayFail: NEVER,
  },
  {
    name: '503 bursts',
    faults: (random, messages) => sometimes(random, messages, 0.1, { respond: { status: 503 } }),
    mayFail: LOST_ANSWER,
  },
  {
    name: 'latency spikes',
    faults: (random, messages) => sometimes(random, messages, 0.05, { delayMs: 400 }),
    mayFail: NEVER,
  },
  {
    name: 'platform restarts',
    midway: (world) => world.restart(),
    mayFail: /^FENERGO_(NETWORK|UNAVAILABLE|SERVER)$/,
  },
  { name: 'Node-RED redeploys', midway: (world) => world.redeploy(), mayFail: /^FENERGO_ABORTED$/ },
];
