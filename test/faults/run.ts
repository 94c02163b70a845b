import { Catalog } from '../../lib/catalog/catalog.js';
import { SANDBOX_TENANTS, type Sandbox, seedId, startSandbox } from '../../lib/sandbox/sandbox.js';
import { type FlowNode, type RealNodeRed, startNodeRed } from '../support/node-red.js';
import type { Scenario, World } from './scenarios.js';

/** What became of the messages of a scenario. */
export interface Row {
  sent: number;
  answered: number;
  /** How many failed with which code. */
  errors: Record<string, number>;
  /** Those that failed with a code that the scenario does not allow. */
  unexpected: number;
  /** Commands that the platform carried out more than once. */
  twice: number;
  /** Messages of which nothing more was heard. */
  lost: number;
  /** Calls that the platform refused for its limits, not for the fault plan. */
  limitsBroken: number;
  /** The longest time in which no message came to its end, in milliseconds. */
  longestStallMs: number;
  seconds: number;
}

/** In turn, so that each scenario finds the windows of its tenant empty. */
const TENANTS = SANDBOX_TENANTS.map(({ id }, index) => ({ id, entity: seedId('entity', index + 1, 1) }));
/** As a flow does that reads a file: some at a time, and more as they end. */
const AT_ONCE = 100;

/** A real Node-RED with a request node that takes every call from its message, and a platform that can misbehave. */
export class FaultBench implements World {
  readonly #operations = new Catalog().all();
  #sandbox: Sandbox | undefined;
  #nodeRed: RealNodeRed | undefined;
  /** By correlation id. */
  readonly #carriedOut = new Map<string, number>();
  #refused = 0;
  #runs = 0;
  /** There is no node to send to while it lasts. */
  #deploying: Promise<void> | undefined;

  async start(): Promise<void> {
    this.#sandbox = await this.#platformOn(0);
    this.#nodeRed = await startNodeRed();
    await this.redeploy();
  }

  async stop(): Promise<void> {
    await this.#nodeRed?.stop();
    await this.#sandbox?.close();
  }

  platform(): Sandbox {
    return this.#sandbox as Sandbox;
  }

  async restart(): Promise<void> {
    const old = this.platform();
    this.#refused += old.stats.statusCodes[429] ?? 0;
    await old.close();
    this.#sandbox = await this.#platformOn(Number(new URL(old.url).port));
  }

  async redeploy(): Promise<void> {
    this.#deploying = this.#nodeRed?.deploy(this.#flow());
    await this.#deploying;
    this.#deploying = undefined;
  }

  /** Sends the messages of a scenario, reads and commands in turn, and waits for the end of each. */
  async run(scenario: Scenario, messages: number, seed: number): Promise<Row> {
    const random = randomOf(seed);
    const rules = scenario.faults?.(random, messages) ?? [];
    // Not reset: that would revoke the token, which is a scenario of its own.
    this.platform().setFaults(rules);
    this.#carriedOut.clear();
    this.#refused = -(this.platform().stats.statusCodes[429] ?? 0);
    const ends = await this.#drive(scenario, messages);
    const injected = rules.filter(({ respond }) => respond?.status === 429).length;
    const refused = this.#refused + (this.platform().stats.statusCodes[429] ?? 0);
    return {
      ...summaryOf(scenario, ends),
      ...{ twice: this.#twice(), limitsBroken: Math.max(0, refused - injected) },
    };
  }

  async #drive(scenario: Scenario, messages: number): Promise<Ends> {
    const nodeRed = this.#nodeRed as RealNodeRed;
    const ends: Ends = {
      sent: messages,
      codes: new Map(),
      longestStallMs: 0,
      startMs: performance.now(),
      endMs: 0,
    };
    const tenant = TENANTS[this.#runs % TENANTS.length] as Tenant;
    this.#runs += 1;
    let next = 0;
    let lastMs = performance.now();
    let midway: Promise<void> | undefined;
    const hooks = nodeRed.RED.hooks as unknown as Hooks;
    await new Promise<void>((resolve) => {
      const more = () => {
        if (this.#afterDeploy(more)) return;
        while (next < messages && next - ends.codes.size < AT_ONCE) {
          if (!midway && next >= messages / 2) midway = Promise.resolve(scenario.midway?.(this));
          // A deploy has begun: the rest is sent when it is over.
          if (this.#afterDeploy(more)) return;
          nodeRed.send('request', messageOf(next, tenant));
          next += 1;
        }
        if (ends.codes.size === messages) resolve();
      };
      hooks.add('onComplete.faults', ({ node, msg, error }) => {
        if (node.id !== 'request') return;
        const nowMs = performance.now();
        ends.longestStallMs = Math.max(ends.longestStallMs, nowMs - lastMs);
        lastMs = nowMs;
        ends.codes.set(msg.bench, (error as { code?: string } | undefined)?.code ?? 'ok');
        // In a later turn: the node is still at the end of its last message.
        setImmediate(more);
      });
      more();
    }).finally(() => hooks.remove('*.faults'));
    await midway;
    ends.endMs = performance.now();
    return ends;
  }

  /** @returns whether a deploy is under way; then `more` is called when it is over */
  #afterDeploy(more: () => void): boolean {
    this.#deploying?.then(more);
    return this.#deploying !== undefined;
  }

  #twice(): number {
    return [...this.#carriedOut.values()].filter((times) => times > 1).length;
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
    return [
      { id: 'tab', type: 'tab', label: 'Flow' },
      {
        id: 'connection',
        type: 'fenergo-config',
        region: 'custom',
        identityUrl: url,
        apiUrl: url,
        plan: 'production',
        credentials: { clientId: 'faults', clientSecret: 'faults' },
      },
      {
        id: 'request',
        type: 'fenergo-request',
        z: 'tab',
        x: 100,
        y: 100,
        wires: [[]],
        connection: 'connection',
      },
    ];
  }
}

interface Hooks {
  add(
    id: string,
    hook: (event: { node: { id: string }; msg: { bench: number }; error?: unknown }) => void,
  ): void;
  remove(id: string): void;
}

interface Ends {
  sent: number;
  /** By message: `ok`, or the code of its error. */
  codes: Map<number, string>;
  longestStallMs: number;
  startMs: number;
  endMs: number;
}

type Tenant = (typeof TENANTS)[number];

/** A read for even numbers, a command of a service without windows of its own for odd ones. */
function messageOf(bench: number, { id: tenantId, entity }: Tenant): Record<string, unknown> {
  const read = bench % 2 === 0;
  return {
    bench,
    tenantId,
    correlationId: `message-${bench}`,
    operation: read ? 'entitydataquery/v2/GetEntityById' : 'associationcommand/v1/CreateAssociation',
    params: read ? { id: entity } : {},
    payload: { sourceId: entity, number: bench },
  };
}

function summaryOf(scenario: Scenario, { sent, codes, longestStallMs, startMs, endMs }: Ends) {
  const errors: Record<string, number> = {};
  let answered = 0;
  let unexpected = 0;
  for (const code of codes.values()) {
    if (code === 'ok') answered += 1;
    else {
      errors[code] = (errors[code] ?? 0) + 1;
      if (!scenario.mayFail.test(code)) unexpected += 1;
    }
  }
  const seconds = Math.round((endMs - startMs) / 100) / 10;
  return {
    sent,
    answered,
    errors,
    unexpected,
    lost: sent - codes.size,
    longestStallMs: Math.round(longestStallMs),
    seconds,
  };
}

/** Numbers that are the same for the same seed (mulberry32). */
function randomOf(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}
