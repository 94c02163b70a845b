import { once } from 'node:events';
import type { ServerResponse } from 'node:http';
import { type AddressInfo, createServer as createTcpServer } from 'node:net';
import should from 'should';
import { Catalog } from '../../lib/catalog/catalog.js';
import type { CompletedBatch } from '../../lib/sandbox/feeds.js';
import { type Sandbox, startSandbox } from '../../lib/sandbox/sandbox.js';
import { TENANT } from '../sandbox/harness.js';
import { connectionTo, type OwnServer, startServer } from '../support/flow.js';
import { ManualClock } from '../support/manual-clock.js';
import type { FlowNode } from '../support/node-red.js';
import { NodeRedProcess } from '../support/node-red-process.js';

const at = { z: 'tab', x: 1, y: 1 };
const COUNT = 20;
const REDELIVERY_MS = 60_000;

/** A port that is free now. */
async function freePort(): Promise<number> {
  const server = createTcpServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

describe('events when Node-RED is killed', function () {
  this.timeout(60_000);
  let sandbox: Sandbox;
  const clock = new ManualClock();
  /** What the flow does with a notification: it is handled when this has answered. */
  let work: OwnServer;
  let nodeRed: NodeRedProcess | undefined;
  let completed: CompletedBatch[];
  let onChange: () => void;
  /** Ids that arrived there, and those that were answered. */
  let arrived: string[];
  let handled: Set<string>;
  let answers: (id: string) => boolean;

  before(async () => {
    sandbox = await startSandbox({
      operations: new Catalog().all(),
      plan: 'none',
      feedRedeliveryMs: REDELIVERY_MS,
      clock,
      onCompleted: (batch) => {
        completed.push(batch);
        onChange();
      },
    });
    work = await startServer(({ url }, response: ServerResponse) => {
      const id = url.slice(1);
      arrived.push(id);
      if (answers(id)) {
        handled.add(id);
        response.end('done');
      }
      onChange();
    });
  });
  after(async () => {
    await work.close();
    await sandbox.close();
  });
  beforeEach(() => {
    completed = [];
    arrived = [];
    handled = new Set();
    onChange = () => {};
  });
  afterEach(() => nodeRed?.remove());

  function until(condition: () => boolean): Promise<void> {
    return new Promise((resolve) => {
      onChange = () => {
        if (condition()) resolve();
      };
      onChange();
    });
  }

  const flow = (properties: Record<string, unknown>): FlowNode[] => [
    { id: 'tab', type: 'tab', label: 'Flow' },
    connectionTo(sandbox.url, { tenantId: TENANT }),
    {
      id: 'events',
      type: 'fenergo-events',
      connection: 'connection',
      interval: 0.1,
      ...at,
      wires: [['url']],
      ...properties,
    },
    {
      id: 'url',
      type: 'function',
      func: `msg.url = '${work.url}/' + msg.payload.id; return msg;`,
      ...at,
      wires: [['work']],
    },
    { id: 'work', type: 'http request', method: 'GET', ret: 'txt', url: '', ...at, wires: [['ack']] },
    { id: 'ack', type: 'fenergo-ack', ...at, wires: [[]] },
  ];

  it('acknowledged by the flow: what was not handled comes again, and nothing was completed too early', async () => {
    const ids = sandbox.makeHappen({ tenantId: TENANT, eventType: 'entitydata:created', count: COUNT });
    const early = new Set(ids.slice(0, COUNT / 2));
    answers = (id) => early.has(id);
    nodeRed = new NodeRedProcess(flow({ acknowledge: 'manual' }), await freePort());
    await nodeRed.start();
    await until(() => arrived.length === COUNT);
    await nodeRed.kill();
    clock.advance(REDELIVERY_MS);
    completed.should.be.empty();
    answers = () => true;
    await nodeRed.start();
    await until(() => completed.length > 0);
    completed[0]?.ids.should.have.length(COUNT);
    for (const id of ids) handled.has(id).should.be.true(id);
  });

  it('with a context that outlives it: what was handled and noted does not come again', async () => {
    const ids = sandbox.makeHappen({ tenantId: TENANT, eventType: 'entitydata:created', count: COUNT });
    const early = new Set(ids.slice(0, COUNT / 2));
    answers = (id) => early.has(id);
    nodeRed = new NodeRedProcess(flow({ acknowledge: 'manual' }), await freePort(), {
      contextStorage: { default: { module: 'localfilesystem', config: { cache: false } } },
    });
    await nodeRed.start();
    await until(() => arrived.length === COUNT);
    await nodeRed.untilFile('context/tab/events.json', (text) => [...early].every((id) => text.includes(id)));
    await nodeRed.kill();
    clock.advance(REDELIVERY_MS);
    arrived = [];
    answers = () => true;
    await nodeRed.start();
    await until(() => completed.length > 0);
    arrived.sort().should.deepEqual(ids.slice(COUNT / 2).sort());
    for (const id of ids) handled.has(id).should.be.true(id);
  });

  it('once it was sent on: a batch that was not completed comes again', async () => {
    const ids = sandbox.makeHappen({ tenantId: TENANT, eventType: 'entitydata:created', count: COUNT });
    answers = () => false;
    // The completion never gets through while the first process lives.
    sandbox.setFaults([
      { match: { path: '/eventnotifications/v2/all/*/complete' }, times: 'always', reset: true },
    ]);
    nodeRed = new NodeRedProcess(flow({}), await freePort(), {
      contextStorage: { default: { module: 'localfilesystem', config: { cache: false } } },
    });
    await nodeRed.start();
    await until(() => arrived.length === COUNT);
    await nodeRed.kill();
    clock.advance(REDELIVERY_MS);
    sandbox.setFaults([]);
    answers = () => true;
    await nodeRed.start();
    await until(() => handled.size === COUNT);
    should(ids.every((id) => handled.has(id))).be.true();
  });
});
