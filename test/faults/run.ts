import { setTimeout as sleep } from 'node:timers/promises';
import { Catalog } from '../../lib/catalog/catalog.js';
import { type Sandbox, startSandbox } from '../../lib/sandbox/sandbox.js';
import { type FlowNode, type RealNodeRed, startNodeRed } from '../support/node-red.js';
import { messageOf } from './messages.js';
import { randomOf } from './random.js';
import { type Ends, type Row, rowOf } from './row.js';
import type { Scenario, World } from './scenarios.js';

/** How a run differs from the usual, to see that the bench notices what a wrong flow does. */
export interface RunOptions {
  /** When no message has come to its end for so long, the rest is lost. */
  patienceMs?: number;
  /** Properties of the two nodes. */
  connection?: Record<string, unknown>;
  request?: Record<string, unknown>;
}

/** Longer than any pause that a scenario asks for. */
const PATIENCE_MS = 30_000;
/** As a flow does that reads a file: some at a time, and more as they end. */
const MOST_AT_ONCE = 200;
/** While the platform is down a flow tries with one message at a time, with such pauses. */
const DOWN_MS = 250;
/** Long enough to do something meanwhile, and soon over for those that it does not end. */
const HELD_MS = 2000;
/** Calls that are to be under way then. */
const HELD_CALLS = 10;

/** A real Node-RED with a request node that takes every call from its message, and a platform that can misbehave. */
export class FaultBench implements World {
  #options: RunOptions = {};
  readonly #operations = new Catalog().all();
  readonly #urls = new Set<string>();
  #sandbox: Sandbox | undefined;
  #nodeRed: RealNodeRed | undefined;
  /** By correlation id. */
  readonly #carriedOut = new Map<string, number>();
  /** Refusals for the limits by platforms that have been replaced in this run. */
  #refused = 0;
  #run = 0;
  /** Nothing is sent while it lasts: there is no node to send to, or the flow waits for the platform. */
  #pause: Promise<unknown> | undefined;

  async start(): Promise<void> {
    this.#nodeRed = await startNodeRed();
  }

  async stop(): Promise<void> {
    await this.#nodeRed?.stop();
    await this.#sandbox?.close();
  }

  platform(): Sandbox {
    return this.#sandbox as Sandbox;
  }

  async restart(awayMs: number): Promise<void> {
    const old = this.platform();
    this.#refused += refusals(old);
    await old.close();
    await sleep(awayMs);
    this.#sandbox = await this.#platformOn(Number(new URL(old.url).port));
  }

  async redeploy(): Promise<void> {
    await this.#pauseFor((this.#nodeRed as RealNodeRed).deploy(this.#flow()));
  }

  async untilCallsAreHeld(): Promise<void> {
    const platform = this.platform();
    platform.setFaults([{ delayMs: HELD_MS, times: 'always' }]);
    for (let tries = 0; (platform.faults[0]?.used ?? 0) < HELD_CALLS; tries += 1) {
      if (tries > 1000) throw new Error('No calls came that could be held.');
      await sleep(2);
    }
    // Those that are held stay so; later ones pass.
    platform.setFaults([]);
  }

  /** Sends the messages of a scenario, and waits for the end of each. */
  async run(scenario: Scenario, messages: number, seed: number, options: RunOptions = {}): Promise<Row> {
    this.#options = options;
    await this.#begin();
    this.platform().setFaults(scenario.faults?.(randomOf(seed), messages) ?? []);
    const ends = await this.#drive(scenario, messages);
    const platform = this.platform();
    return rowOf(scenario, ends, {
      stats: platform.stats,
      rules: platform.faults,
      refused: this.#refused + refusals(platform),
      carriedOut: this.#carriedOut.values(),
    });
  }

  /** A platform and a client of its own for each scenario: none finds a token, a used window or an open circuit. */
  async #begin(): Promise<void> {
    const old = this.#sandbox;
    do this.#sandbox = await this.#platformOn(0);
    while (this.#urls.has(this.#sandbox.url));
    this.#urls.add(this.#sandbox.url);
    this.#run += 1;
    this.#refused = 0;
    await this.redeploy();
    await old?.close();
    this.#carriedOut.clear();
  }

  async #drive(scenario: Scenario, messages: number): Promise<Ends> {
    const nodeRed = this.#nodeRed as RealNodeRed;
    const startMs = performance.now();
    const ends: Ends = { sent: messages, codes: new Map(), longestStallMs: 0, startMs, endMs: 0 };
    const run = this.#run;
    const usually = Math.min(MOST_AT_ONCE, Math.ceil(messages / 3));
    let atOnce = usually;
    let next = 0;
    let lastMs = startMs;
    let midway: Promise<void> | undefined;
    let patience: NodeJS.Timeout | undefined;
    const hooks = nodeRed.RED.hooks as unknown as Hooks;
    await new Promise<void>((resolve) => {
      patience = setTimeout(resolve, this.#options.patienceMs ?? PATIENCE_MS);
      const more = () => {
        while (next < messages && next - ends.codes.size < atOnce) {
          if (!midway && next >= messages / 2) midway = begin(() => scenario.midway?.(this));
          // What is left is sent when the pause is over.
          if (this.#pause) return void this.#pause.then(more);
          nodeRed.send('request', { ...messageOf(next, scenario), run });
          next += 1;
        }
        if (ends.codes.size === messages) resolve();
      };
      hooks.add('onComplete.faults', ({ node, msg, error }) => {
        if (node.id !== 'request' || msg.run !== run) return;
        const nowMs = performance.now();
        ends.longestStallMs = Math.max(ends.longestStallMs, nowMs - lastMs);
        lastMs = nowMs;
        patience?.refresh();
        const code = error === undefined ? 'ok' : ((error as { code?: string }).code ?? 'without a code');
        ends.codes.set(msg.number, code);
        if (code === 'ok') atOnce = usually;
        if (code === 'FENERGO_UNAVAILABLE') {
          atOnce = 1;
          if (!this.#pause) void this.#pauseFor(sleep(DOWN_MS));
        }
        // In a later turn: the node is still at the end of its last message.
        setImmediate(more);
      });
      more();
    }).finally(() => {
      clearTimeout(patience);
      hooks.remove('*.faults');
    });
    ends.endMs = performance.now();
    ends.longestStallMs = Math.max(ends.longestStallMs, ends.endMs - lastMs);
    await midway;
    return ends;
  }

  async #pauseFor(what: Promise<unknown>): Promise<void> {
    this.#pause = what;
    await what;
    // A deploy may have begun within the pause for a platform that is down.
    if (this.#pause === what) this.#pause = undefined;
  }

  #platformOn(port: number): Promise<Sandbox> {
    return startSandbox({
      operations: this.#operations,
      plan: 'production',
      port,
      tokenRequestsPerMinute: 0,
      onCarriedOut: ({ operation, correlationId }) => {
        if (!correlationId || operation.includes('query/')) return;
        this.#carriedOut.set(correlationId, (this.#carriedOut.get(correlationId) ?? 0) + 1);
      },
    });
  }

  #flow(): FlowNode[] {
    const { url } = this.platform();
    const place = { z: 'tab', x: 100, y: 100, wires: [[]] };
    return [
      { id: 'tab', type: 'tab', label: 'Flow' },
      {
        id: 'connection',
        type: 'fenergo-config',
        region: 'custom',
        identityUrl: url,
        apiUrl: url,
        plan: 'production',
        credentials: { clientId: `faults-${this.#run}`, clientSecret: 'faults' },
        ...this.#options.connection,
      },
      {
        id: 'request',
        type: 'fenergo-request',
        ...place,
        connection: 'connection',
        ...this.#options.request,
      },
    ];
  }
}

interface Hooks {
  add(
    id: string,
    hook: (event: { node: { id: string }; msg: { number: number; run: number }; error?: unknown }) => void,
  ): void;
  remove(id: string): void;
}

/** Answers with 429 that the platform gave for its limits: all but those of the fault plan. */
function refusals({ stats, faults }: Sandbox): number {
  const planned = faults.filter(({ respond }) => respond?.status === 429);
  return (stats.statusCodes[429] ?? 0) - planned.reduce((sum, { used }) => sum + used, 0);
}

/** Something whose failure is seen when it is awaited, which may be much later. */
function begin(what: () => Promise<void> | void | undefined): Promise<void> {
  const done = Promise.resolve(what());
  done.catch(() => {});
  return done;
}
