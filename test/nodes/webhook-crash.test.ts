import { once } from 'node:events';
import type { ServerResponse } from 'node:http';
import { type AddressInfo, createServer as createTcpServer } from 'node:net';
import should from 'should';
import { Harness, TENANT } from '../sandbox/harness.js';
import { until as untilState } from '../sandbox/receiver.js';
import { type OwnServer, startServer } from '../support/flow.js';
import { NodeRedProcess } from '../support/node-red-process.js';
import { hook, SECRET, send } from '../support/webhook.js';

const at = { z: 'tab', x: 1, y: 1 };
const WEBHOOKS = '/webhooks/v1/webhooks';
const COUNT = 10;
/** More than any pause before a delivery is tried again. */
const RETRY_MS = 100_000;

/** A port that is free now. */
async function freePort(): Promise<number> {
  const server = createTcpServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

describe('a webhook when Node-RED is killed before the flow has handled what came', function () {
  this.timeout(60_000);
  let harness: Harness;
  /** What the flow does with a notification: it is handled when this has answered. */
  let work: OwnServer;
  let nodeRed: NodeRedProcess;
  let url: string;
  /** Ids that arrived there, and those that were answered. */
  let arrived: string[];
  let handled: Set<string>;
  let answers: (id: string) => boolean;
  let onArrival: () => void;

  before(async () => {
    harness = await Harness.start({ tokenSeconds: 1_000_000 });
    work = await startServer(({ url }, response: ServerResponse) => {
      const id = url.slice(1);
      arrived.push(id);
      if (answers(id)) {
        handled.add(id);
        response.end('done');
      }
      onArrival();
    });
  });
  after(async () => {
    await work.close();
    await harness.close();
  });
  beforeEach(() => {
    arrived = [];
    handled = new Set();
    onArrival = () => {};
  });
  afterEach(async () => {
    await nodeRed.remove();
    for (const { webhookId } of harness.sandbox.webhooks(TENANT)) {
      await harness.call('DELETE', `${WEBHOOKS}/${webhookId}`);
    }
  });

  function untilArrived(count: number): Promise<void> {
    return new Promise((resolve) => {
      onArrival = () => {
        if (arrived.length === count) resolve();
      };
      onArrival();
    });
  }

  const state = () => harness.sandbox.webhooks(TENANT)[0];
  const flow = () => [
    { id: 'tab', type: 'tab', label: 'Flow' },
    hook({ respond: 'handled', wires: [['url']] }),
    {
      ...{ id: 'url', type: 'function', ...at, wires: [['work']] },
      func: `msg.url = '${work.url}/' + msg.payload.id; return msg;`,
    },
    { id: 'work', type: 'http request', method: 'GET', ret: 'txt', url: '', ...at, wires: [['ack']] },
    { id: 'ack', type: 'fenergo-ack', ...at, wires: [[]] },
  ];

  /** Starts Node-RED, and waits until the webhook takes deliveries: what is not signed is not answered with 503 then. */
  async function untilReady(): Promise<void> {
    await nodeRed.start();
    while ((await send(url)).status !== 401);
  }
  /** Starts a Node-RED, and has Fenergo post to it. */
  async function start(type: 'Single' | 'Batch', settings: Record<string, unknown> = {}): Promise<void> {
    const port = await freePort();
    nodeRed = new NodeRedProcess(flow(), port, settings);
    url = `http://127.0.0.1:${port}/fenergo/abc`;
    await untilReady();
    const batch = type === 'Batch' ? { batchSize: COUNT } : {};
    const body = { name: 'Crash', url, secret: SECRET, enabled: true, eventTypes: ['*'], type, ...batch };
    await harness.call('POST', WEBHOOKS, { body });
  }
  const happen = (count: number) =>
    harness.sandbox.makeHappen({ tenantId: TENANT, eventType: 'entitydata:created', count });

  /** Kills it in the middle: what was posted was not taken. */
  async function kill(): Promise<void> {
    await nodeRed.kill();
    await untilState(() => state()?.attempts.length === 1);
    should(state()).containDeep({ delivered: 0, status: 'Retrying' });
    should(state()?.attempts[0]?.status).equal('Failed');
    answers = () => true;
  }
  async function startAgain(count: number): Promise<void> {
    await untilReady();
    harness.clock.advance(RETRY_MS);
    await untilState(() => state()?.delivered === count);
  }

  it('gets a notification again, and loses none', async () => {
    answers = () => false;
    await start('Single');
    const [id = ''] = happen(1);
    await untilArrived(1);
    await kill();
    await startAgain(1);
    arrived.should.deepEqual([id, id]);
    handled.has(id).should.be.true();
  });

  it('gets a list again of which a part was handled, and loses none of it', async () => {
    answers = (id) => early.has(id);
    const early = new Set<string>();
    await start('Batch');
    const ids = happen(COUNT);
    for (const id of ids.slice(0, COUNT / 2)) early.add(id);
    await untilArrived(COUNT);
    await kill();
    await startAgain(COUNT);
    for (const id of ids) handled.has(id).should.be.true(id);
  });

  it('with a context that outlives it: what was handled and noted does not start the flow again', async () => {
    answers = (id) => early.has(id);
    const early = new Set<string>();
    await start('Batch', {
      contextStorage: { default: { module: 'localfilesystem', config: { cache: false } } },
    });
    const ids = happen(COUNT);
    for (const id of ids.slice(0, COUNT / 2)) early.add(id);
    await untilArrived(COUNT);
    await nodeRed.untilFile('context/tab/hook.json', (text) => [...early].every((id) => text.includes(id)));
    await kill();
    arrived = [];
    await startAgain(COUNT);
    arrived.sort().should.deepEqual(ids.slice(COUNT / 2).sort());
    for (const id of ids) handled.has(id).should.be.true(id);
  });
});
