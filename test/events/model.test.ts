import should from 'should';
import type { CancelSignal } from '../../lib/cancel.js';
import { AckDesk } from '../../lib/events/ack-desk.js';
import { FeedHub } from '../../lib/events/feed-hub.js';
import type { FeedSource } from '../../lib/events/feed-poller.js';
import { type Acknowledge, type Emission, FlowConsumer } from '../../lib/events/flow-consumer.js';
import type { Duplicates } from '../../lib/events/intake.js';
import type { Batch, Notification } from '../../lib/events/notification.js';
import { SeenIds } from '../../lib/events/seen-ids.js';
import { seeded } from '../http/harness.js';
import { ManualClock } from '../support/manual-clock.js';
import { countListeners, notification, settle } from './harness.js';

type Random = () => number;

/** A feed that gives a batch until it is completed, and now and then fails, forgets, or gives what it gave before. */
class Platform implements FeedSource {
  /** Ids that are to be given, and what is told of those that a completed batch had. */
  readonly queue: string[] = [];
  readonly completed = new Set<string>();
  readonly signals = new Map<CancelSignal, Set<() => void>>();
  onCompleted: (ids: string[]) => void = () => {};
  calm = false;
  #batch: Batch | undefined;
  #batches = 0;
  readonly #random: Random;
  readonly #clock: ManualClock;

  constructor(random: Random, clock: ManualClock) {
    this.#random = random;
    this.#clock = clock;
  }

  async next(signal: CancelSignal): Promise<Batch | undefined> {
    await this.#travel(signal);
    this.#mayFail(0.15);
    if (!this.#batch || this.#happens(0.1)) this.#batch = this.#make();
    await this.#travel(signal);
    return this.#batch;
  }

  async complete(batchId: string, signal: CancelSignal): Promise<boolean> {
    await this.#travel(signal);
    this.#mayFail(0.15);
    if (this.#batch?.batchId !== batchId) return false;
    if (this.#happens(0.1)) {
      // Its time is over: it will come under another name.
      this.#batch = undefined;
      return false;
    }
    const ids = this.#batch.notifications.map(({ id }) => id);
    this.#batch = undefined;
    this.onCompleted(ids);
    for (const id of ids) {
      this.completed.add(id);
      const at = this.queue.indexOf(id);
      if (at >= 0) this.queue.splice(at, 1);
      if (this.#happens(0.05)) this.queue.push(id);
    }
    // It is done, and nobody learns of it.
    this.#mayFail(0.1);
    await this.#travel(signal);
    return true;
  }

  /** The first of those that wait, some of them twice, in no sure order. */
  #make(): Batch | undefined {
    const ids = this.queue.slice(0, 1 + Math.floor(this.#random() * 6));
    if (ids.length === 0) return this.#happens(0.2) ? this.#named([], true) : undefined;
    if (this.#happens(0.2)) ids.push(ids[0] as string);
    if (this.#happens(0.3)) ids.reverse();
    return this.#named(ids, this.queue.length > ids.length);
  }

  #named(ids: string[], moreAvailable: boolean): Batch {
    this.#batches += 1;
    const notifications: Notification[] = ids.map((id) => notification(id));
    return { batchId: `b${this.#batches}`, notifications, moreAvailable };
  }

  /** As a request does that is aborted: it is rejected, whether it has arrived or not. */
  async #travel(signal: CancelSignal): Promise<void> {
    if (!this.signals.has(signal)) this.signals.set(signal, countListeners(signal));
    if (signal.aborted) throw signal.reason;
    const takes = this.#random() * 300;
    await new Promise<void>((resolve, reject) => {
      const onAbort = () => {
        cancel();
        reject(signal.reason);
      };
      const cancel = this.#clock.setTimer(takes, () => {
        signal.removeEventListener('abort', onAbort);
        resolve();
      });
      signal.addEventListener('abort', onAbort);
    });
  }

  #mayFail(chance: number): void {
    if (this.#happens(chance)) throw new Error('The platform is down');
  }

  #happens(chance: number): boolean {
    return !this.calm && this.#random() < chance;
  }
}

/** What all nodes have in common, and what is demanded of them. */
class World {
  readonly clock = new ManualClock();
  readonly flowClock = new ManualClock();
  readonly desk = new AckDesk();
  readonly random: Random;
  readonly platform: Platform;
  readonly hub: FeedHub;
  readonly violations: string[] = [];
  /** A flow that is calm acknowledges all, soon. */
  calm = false;
  deliveries = 0;

  constructor(seed: number) {
    this.random = seeded(seed);
    this.platform = new Platform(this.random, this.clock);
    this.hub = new FeedHub(this.clock, this.random);
  }

  async pass(ms: number): Promise<void> {
    for (let left = ms; left > 0; ) {
      const next = Math.min(this.clock.nextInMs ?? left, this.flowClock.nextInMs ?? left, left);
      const step = Math.max(1, Math.ceil(next));
      this.flowClock.advance(step);
      this.clock.advance(step);
      left -= step;
      await settle();
    }
  }
}

/** A node of a flow, which is stopped and started now and then, with the context that outlives that. */
class FlowNode {
  /** All that it ever sent on, or that its flow acknowledged in time or late. */
  readonly sent = new Set<string>();
  readonly acknowledged = new Set<string>();
  kept: unknown;
  /** What this run has to know: by the context, and by what happened since. */
  #known = new Set<string>();
  #run = 0;
  #consumer: FlowConsumer | undefined;
  #leave: (() => void) | undefined;
  readonly #world: World;
  readonly #acknowledge: Acknowledge;
  readonly #duplicates: Duplicates;

  constructor(world: World, acknowledge: Acknowledge, duplicates: Duplicates) {
    this.#world = world;
    this.#acknowledge = acknowledge;
    this.#duplicates = duplicates;
  }

  get handled(): Set<string> {
    return this.#acknowledge === 'auto' ? this.sent : this.acknowledged;
  }

  get runs(): boolean {
    return this.#consumer !== undefined;
  }

  start(): void {
    const { clock, desk, hub, platform, random } = this.#world;
    const seen = new SeenIds(this.kept);
    this.#known = new Set(seen.settled());
    this.#run += 1;
    const run = this.#run;
    this.#consumer = new FlowConsumer({
      ...{ eventTypes: [], duplicates: this.#duplicates, seen, clock, desk, random },
      ...{ intervalMs: 1000 + random() * 5000, acknowledge: this.#acknowledge, ackTimeoutMs: 3000 },
      newId: () => `d${++this.#world.deliveries}`,
      emit: (emission) => this.#emit(emission, run),
      onSettled: () => {
        if (run !== this.#run) this.#world.violations.push('a run that is over writes to the context');
        this.kept = JSON.parse(JSON.stringify(seen.settled()));
      },
      onState: () => {},
    });
    this.#leave = hub.join('feed', this.#consumer, platform).leave;
  }

  stop(): void {
    this.#consumer?.close();
    this.#leave?.();
    this.#consumer = undefined;
    // What the flow does from now on is another run's matter.
    this.#run += 1;
  }

  #emit({ deliveryId, batchId, items }: Emission, run: number): void {
    const { violations } = this.#world;
    for (const { notification: one, duplicate } of items) {
      if (this.#known.has(one.id)) {
        if (this.#duplicates === 'drop') violations.push(`${one.id} was settled, and is sent again`);
        if (this.#duplicates === 'mark' && !duplicate) violations.push(`${one.id} is not marked`);
      }
      this.sent.add(one.id);
      if (this.#acknowledge === 'manual') this.#inFlow({ deliveryId, batchId, notificationId: one.id }, run);
    }
    if (this.#acknowledge === 'auto') for (const { notification: one } of items) this.#known.add(one.id);
  }

  /** A message goes its way: whole or in parts, soon or late or never, and perhaps twice. */
  #inFlow(fenergo: { deliveryId: string; batchId: string; notificationId: string }, run: number): void {
    const { random, calm, desk, flowClock } = this.#world;
    const count = random() < 0.3 ? 2 + Math.floor(random() * 3) : 1;
    const came = new Set<number>();
    const group = `${fenergo.deliveryId} ${fenergo.notificationId} ${random()}`;
    for (let index = 0; index < count; index += 1) {
      if (!calm && random() < 0.05) continue;
      const outer = { id: fenergo.deliveryId, type: 'array', index: 0, count: 1 };
      const parts = count === 1 ? outer : { id: group, type: 'string', index, count, parts: outer };
      const arrive = () => {
        came.add(index);
        if (came.size === count) {
          this.acknowledged.add(fenergo.notificationId);
          if (run === this.#run) this.#known.add(fenergo.notificationId);
        }
        desk.acknowledge({ fenergo, parts, payload: 'x' });
      };
      for (const _ of random() < 0.1 ? [1, 2] : [1]) {
        flowClock.setTimer(random() * (calm ? 500 : random() < 0.8 ? 2000 : 20_000), arrive);
      }
    }
  }
}

const KINDS: [Acknowledge, Duplicates][][] = [
  [['auto', 'drop']],
  [['manual', 'drop']],
  [['auto', 'mark']],
  [['manual', 'pass']],
  [
    ['auto', 'drop'],
    ['manual', 'drop'],
  ],
  [
    ['manual', 'drop'],
    ['manual', 'mark'],
    ['auto', 'pass'],
  ],
];

describe('events, on any course of what happens', () => {
  for (const kinds of KINDS) {
    for (let seed = 1; seed <= 6; seed += 1) {
      const name = kinds.map((kind) => kind.join(' ')).join(' + ');
      it(`loses nothing, completes nothing too early and leaves nothing behind (${name}, ${seed})`, async () => {
        const world = new World(seed * 7919 + kinds.length);
        const { platform, random } = world;
        const nodes = kinds.map((kind) => new FlowNode(world, ...kind));
        platform.onCompleted = (ids) => {
          for (const id of ids) {
            // A node that does not run, or came in the middle of the batch, has no part in it.
            if (nodes.length === 1 ? nodes[0]?.handled.has(id) : nodes.some(({ handled }) => handled.has(id)))
              continue;
            world.violations.push(`${id} is completed, and nobody has handled it`);
          }
        };
        let made = 0;
        for (let round = 0; round < 120; round += 1) {
          if (random() < 0.5) for (let n = random() * 5; n > 0; n -= 1) platform.queue.push(`n${made++}`);
          for (const node of nodes) {
            if (!node.runs) node.start();
            else if (random() < 0.08) {
              node.stop();
              if (random() < 0.5) node.start();
            }
          }
          await world.pass(500 + random() * 3000);
        }
        world.calm = true;
        platform.calm = true;
        for (const node of nodes) if (!node.runs) node.start();
        await world.pass(1_500_000);
        made.should.be.above(100);
        platform.queue.should.be.empty();
        for (let i = 0; i < made; i += 1) platform.completed.has(`n${i}`).should.be.true();
        for (const node of nodes) node.stop();
        await settle();
        world.violations.should.be.empty();
        world.clock.pending.should.equal(0);
        for (const listeners of platform.signals.values()) listeners.size.should.equal(0);
      });
    }
  }

  it('all nodes that run from beginning to end get all', async () => {
    const world = new World(42);
    const nodes = [new FlowNode(world, 'auto', 'drop'), new FlowNode(world, 'manual', 'drop')];
    for (let i = 0; i < 300; i += 1) world.platform.queue.push(`n${i}`);
    world.platform.onCompleted = (ids) => {
      for (const id of ids) {
        if (!nodes.every(({ handled }) => handled.has(id)))
          world.violations.push(`${id} is completed too early`);
      }
    };
    for (const node of nodes) node.start();
    await world.pass(2_000_000);
    world.calm = true;
    world.platform.calm = true;
    await world.pass(2_000_000);
    for (const node of nodes) {
      node.handled.size.should.equal(300);
      node.stop();
    }
    await settle();
    world.violations.should.be.empty();
    world.clock.pending.should.equal(0);
    should(nodes[0]?.kept).be.Array();
  });
});
