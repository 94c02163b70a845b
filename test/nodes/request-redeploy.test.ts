import { createHook } from 'node:async_hooks';
import 'should';
import { ENTITY, TENANT } from '../sandbox/harness.js';
import { connectionTo, factsOf, type OwnServer, startServer, turns } from '../support/flow.js';
import { type FlowNode, type Message, type RealNodeRed, startNodeRed } from '../support/node-red.js';

const AT_A_TIME = 10;

type Ended = Promise<{ msg: Message; error?: { code?: string } }[]>;

/** Counts timers that have neither fired nor been cleared; those that do not keep the process alive, too. */
class Timers {
  readonly #live = new Set<number>();
  readonly #hook = createHook({
    init: (id, type) => {
      if (type === 'Timeout') this.#live.add(id);
    },
    destroy: (id) => {
      this.#live.delete(id);
    },
  }).enable();

  get count(): number {
    return this.#live.size;
  }

  close(): void {
    this.#hook.disable();
  }
}

describe('a redeploy while messages wait', function () {
  this.timeout(120_000);
  let nodeRed: RealNodeRed;
  /** It takes every call and never answers. */
  let silent: OwnServer;

  before(async () => {
    silent = await startServer(() => {});
    nodeRed = await startNodeRed({ settings: { runtimeState: { enabled: true } } });
  });
  after(async () => {
    await nodeRed.stop();
    await silent.close();
  });

  const at = { z: 'tab', x: 1, y: 1 };
  let names = 0;
  /** A flow that differs from the last one in the name of its request node. */
  const flows = (connection: Record<string, unknown> = {}): FlowNode[] => {
    names += 1;
    return [
      { id: 'tab', type: 'tab', label: 'Flow' },
      connectionTo(silent.url, { tenantId: TENANT, plan: 'sdlc', ...connection }),
      {
        id: 'request',
        type: 'fenergo-request',
        name: `Request ${names}`,
        connection: 'connection',
        operation: 'entitydataquery/v2/GetEntityById',
        ...at,
        wires: [['out']],
      },
      { id: 'out', type: 'function', func: 'return null;', ...at, wires: [[]] },
    ];
  };
  /** With credentials a connection counts as changed. */
  const unchanged = () => flows({ credentials: undefined });
  const setState = (state: 'start' | 'stop') =>
    (nodeRed.RED.runtime.flows as unknown as { setState(options: object): Promise<unknown> }).setState({
      state,
    });

  /** Outcomes of the next messages of the request node. */
  function outcomes(count: number): Ended {
    const ended: Awaited<Ended> = [];
    return new Promise((resolve) => {
      const hooks = nodeRed.RED.hooks as unknown as {
        add(id: string, hook: (event: { msg: Message; error?: object; node?: { id: string } }) => void): void;
        remove(id: string): void;
      };
      hooks.add('onComplete.redeploy', ({ msg, error, node }) => {
        if (node?.id !== 'request') return;
        ended.push({ msg, error });
        if (ended.length < count) return;
        hooks.remove('onComplete.redeploy');
        resolve(ended);
      });
    });
  }

  /** Sends more messages than have turns, and waits until those that have one are with the platform. */
  async function fill(count: number) {
    const ended = outcomes(count);
    for (let sent = 0; sent < count; sent += 1) {
      nodeRed.send('request', { params: { id: ENTITY }, payload: sent, topic: 'kept' });
    }
    while ((await silent.connections()) < AT_A_TIME) await new Promise((resolve) => setTimeout(resolve, 2));
    return { ended };
  }

  /** Ends what is under way, and sees that everybody was answered in time and nothing is left at the platform. */
  async function endedBy(change: () => Promise<unknown>, ended: Ended): Promise<void> {
    const startMs = performance.now();
    const changed = change();
    const payloads = new Set<unknown>();
    for (const { msg, error } of await ended) {
      String(error?.code).should.equal('FENERGO_ABORTED');
      msg.should.containEql({ topic: 'kept' });
      factsOf(msg).attempts.should.be.belowOrEqual(1);
      payloads.add(msg.payload);
    }
    await changed;
    (performance.now() - startMs).should.be.below(2000);
    payloads.size.should.equal((await ended).length);
    while ((await silent.connections()) > 0) await new Promise((resolve) => setTimeout(resolve, 2));
  }

  for (const [kind, next, type] of [
    ['a full deploy', flows, 'full'],
    ['a deploy of changed flows', flows, 'flows'],
    ['a deploy of changed flows that leaves the connection alone', unchanged, 'flows'],
    ['a deploy of changed nodes', flows, 'nodes'],
    ['a deploy of changed nodes that leaves the connection alone', unchanged, 'nodes'],
  ] as const) {
    it(`${kind} answers them all with FENERGO_ABORTED`, async () => {
      await nodeRed.deploy(flows());
      const { ended } = await fill(500);
      await endedBy(() => nodeRed.deploy(next(), type), ended);
    });
  }

  it('stopping the flows does, too', async () => {
    await nodeRed.deploy(flows());
    const { ended } = await fill(500);
    await endedBy(() => setState('stop'), ended);
    await setState('start');
  });

  it('says under the node how many wait, and for how long', async () => {
    await nodeRed.deploy(flows());
    const waiting = nodeRed.nextStatus('request', ({ text }) => String(text).startsWith('waiting 30,'));
    const { ended } = await fill(40);
    const { fill: colour, shape, text } = await waiting;
    [colour, shape].should.deepEqual(['yellow', 'ring']);
    String(text).should.match(/^waiting 30, \d s$/);
    const cleared = nodeRed.nextStatus('request', ({ text }) => text === undefined);
    await endedBy(() => nodeRed.deploy(flows()), ended);
    await cleared;
  });

  it('leaves no timer, socket or listener behind, a hundred times', async () => {
    const timers = new Timers();
    const listeners = () =>
      [process, nodeRed.RED.events as unknown as NodeJS.EventEmitter].flatMap((emitter) =>
        emitter.eventNames().map((name) => emitter.listenerCount(name)),
      );
    const total = () => listeners().reduce((sum, count) => sum + count, 0);
    const sockets = () => process.getActiveResourcesInfo().filter((kind) => kind.startsWith('TCP')).length;
    const seen: { timers: number; sockets: number; listeners: number }[] = [];
    try {
      await nodeRed.deploy(flows());
      for (let round = 0; round < 100; round += 1) {
        const { ended } = await fill(30);
        const type = (['full', 'flows', 'nodes'] as const)[round % 3];
        await endedBy(() => nodeRed.deploy(round % 2 ? flows() : unchanged(), type), ended);
        await turns();
        seen.push({ timers: timers.count, sockets: sockets(), listeners: total() });
      }
    } finally {
      timers.close();
    }
    const [early, late] = [seen.slice(5, 15), seen.slice(-10)];
    for (const kind of ['timers', 'sockets', 'listeners'] as const) {
      const most = (of: typeof seen) => Math.max(...of.map((counts) => counts[kind]));
      most(late).should.be.belowOrEqual(most(early), `${kind}: ${seen.map((counts) => counts[kind])}`);
    }
  });
});
