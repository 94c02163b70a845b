import { Agent, request } from 'node:http';
import { Catalog } from '../../lib/catalog/catalog.js';
import { SIGNATURE_HEADER, signatureOf } from '../../lib/events/signature.js';
import { SANDBOX_TENANTS, type Sandbox, startSandbox } from '../../lib/sandbox/sandbox.js';
import { type FlowNode, type RealNodeRed, startNodeRed } from '../support/node-red.js';

/**
 * How fast notifications go through a real flow: by the feed, with batches completed once they were sent on and once the
 * flow has acknowledged them, beside a bare loop of requests that asks for the batches and completes them; what a feed of a
 * hundred thousand costs in memory; and how fast signed deliveries go through the webhook, beside Node-RED's own nodes.
 */
const NOTIFICATIONS = 10_000;
const MANY = 100_000;
const BATCH = 100;
const DELIVERIES = 5000;
const AT_ONCE = 20;
const TENANT = SANDBOX_TENANTS[0]?.id ?? '';

export async function main(): Promise<void> {
  const sandbox = await startSandbox({ operations: new Catalog().all(), plan: 'none', feedBatchSize: BATCH });
  const nodeRed = await startNodeRed();
  (nodeRed.RED.hooks as unknown as { remove(id: string): void }).remove('*.test');
  const bareMs = await bare(sandbox);
  const autoMs = await through(nodeRed, sandbox, 'auto', NOTIFICATIONS);
  const manualMs = await through(nodeRed, sandbox, 'manual', NOTIFICATIONS);
  const many = await memory(nodeRed, sandbox);
  const httpInMs = await posted(nodeRed, 'http in');
  const webhookMs = await posted(nodeRed, 'fenergo-webhook');
  await nodeRed.stop();
  await sandbox.close();
  const row = (ms: number) => ({
    'notifications a second': Math.round((NOTIFICATIONS / ms) * 1000),
    'of the bare loop, %': Math.round((bareMs / ms) * 100),
  });
  console.log(`${NOTIFICATIONS} notifications of a feed, ${BATCH} in a batch:`);
  console.table({
    'bare requests': row(bareMs),
    'auto, to a node': row(autoMs),
    'manual, to an ack node': row(manualMs),
  });
  console.log(
    `${MANY} notifications that wait, read in batches of ${BATCH}: heap of Node-RED at most ${many} MB above before`,
  );
  const deliveries = (ms: number) => ({
    'deliveries a second': Math.round((DELIVERIES / ms) * 1000),
    'of http in, %': Math.round((httpInMs / ms) * 100),
  });
  console.log(`${DELIVERIES} signed deliveries, ${AT_ONCE} at a time:`);
  console.table({
    'http in and http response, unchecked': deliveries(httpInMs),
    'fenergo-webhook, checked': deliveries(webhookMs),
  });
}

/** Posts signed notifications to a node and waits for its answers. @returns milliseconds */
async function posted(nodeRed: RealNodeRed, type: 'http in' | 'fenergo-webhook'): Promise<number> {
  const at = { z: 'tab', x: 1, y: 1 };
  const secret = 'bench';
  await nodeRed.deploy([
    { id: 'tab', type: 'tab', label: 'Flow' },
    type === 'http in'
      ? { id: 'in', type, url: '/bench', method: 'post', ...at, wires: [['out']] }
      : { id: 'in', type, path: '/bench', credentials: { secret }, ...at, wires: [['end']] },
    { id: 'out', type: 'http response', statusCode: '200', ...at, wires: [] },
    { id: 'end', type: 'change', rules: [], ...at, wires: [[]] },
  ]);
  const agent = new Agent({ keepAlive: true, maxSockets: AT_ONCE });
  const url = `${nodeRed.nodeUrl}bench`;
  let next = 0;
  const worker = async () => {
    while (next < DELIVERIES) {
      next += 1;
      const body = JSON.stringify({ id: `n${next}`, eventType: 'entitydata:created', payload: { next } });
      const status = await post(url, agent, body, signatureOf(Buffer.from(body), secret));
      if (status !== 200) throw new Error(`${type} answered ${status}`);
    }
  };
  const startMs = performance.now();
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
  const tookMs = performance.now() - startMs;
  agent.destroy();
  await nodeRed.deploy([]);
  return tookMs;
}

function post(url: string, agent: Agent, body: string, signature: string): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    const headers = { 'content-type': 'application/json', [SIGNATURE_HEADER]: signature };
    const sending = request(url, { method: 'POST', agent, headers }, (response) => {
      response.resume().once('end', () => resolve(response.statusCode));
    });
    sending.once('error', reject);
    sending.end(body);
  });
}

/** Asks for batches and completes them, with nothing else. @returns milliseconds */
async function bare(sandbox: Sandbox): Promise<number> {
  const { got } = require('got') as typeof import('got');
  const form = { grant_type: 'client_credentials', client_id: 'b', client_secret: 'b', scope: 'fenx.all' };
  const { access_token } = await got.post(sandbox.tokenUrl, { form }).json<{ access_token: string }>();
  const headers = { authorization: `Bearer ${access_token}`, 'x-tenant-id': TENANT };
  const feed = `${sandbox.apiUrl}/eventnotifications/v2/all`;
  happen(sandbox, NOTIFICATIONS);
  const startMs = performance.now();
  for (;;) {
    const { statusCode, body } = await got(`${feed}/next`, { headers });
    if (statusCode === 204) break;
    const { batchId, moreAvailable } = JSON.parse(body) as { batchId: string; moreAvailable: boolean };
    await got.post(`${feed}/${batchId}/complete`, { headers });
    if (!moreAvailable) break;
  }
  return performance.now() - startMs;
}

/** @returns milliseconds until the last batch was completed */
async function through(
  nodeRed: RealNodeRed,
  sandbox: Sandbox,
  acknowledge: 'auto' | 'manual',
  count: number,
): Promise<number> {
  happen(sandbox, count);
  const before = sandbox.feed(TENANT, 'all')?.completed ?? 0;
  const startMs = performance.now();
  await nodeRed.deploy(flow(sandbox, acknowledge));
  await until(() => (sandbox.feed(TENANT, 'all')?.completed ?? 0) - before >= count);
  const tookMs = performance.now() - startMs;
  await nodeRed.deploy([]);
  return tookMs;
}

/** @returns the largest growth of the heap while many are read, in megabytes */
async function memory(nodeRed: RealNodeRed, sandbox: Sandbox): Promise<string> {
  happen(sandbox, MANY);
  global.gc?.();
  const before = process.memoryUsage().heapUsed;
  let most = 0;
  const feed = () => sandbox.feed(TENANT, 'all')?.completed ?? 0;
  const done = feed() + MANY;
  let last = feed();
  await nodeRed.deploy(flow(sandbox, 'auto'));
  await until(() => {
    // Collected first: what lies about is not what is held.
    if (feed() - last >= 5000) {
      last = feed();
      global.gc?.();
      most = Math.max(most, process.memoryUsage().heapUsed - before);
    }
    return feed() >= done;
  });
  await nodeRed.deploy([]);
  return global.gc ? (most / 1e6).toFixed(1) : '? (no --expose-gc)';
}

function happen(sandbox: Sandbox, count: number): void {
  sandbox.makeHappen({ tenantId: TENANT, eventType: 'entitydata:dataPublished', payload: { a: 1 }, count });
}

function flow({ url }: Sandbox, acknowledge: string): FlowNode[] {
  const at = { z: 'tab', x: 1, y: 1 };
  return [
    { id: 'tab', type: 'tab', label: 'Flow' },
    {
      id: 'connection',
      type: 'fenergo-config',
      region: 'custom',
      identityUrl: url,
      apiUrl: url,
      tenantId: TENANT,
      plan: 'none',
      credentials: { clientId: 'bench', clientSecret: 'bench' },
    },
    { id: 'events', type: 'fenergo-events', connection: 'connection', acknowledge, ...at, wires: [['next']] },
    acknowledge === 'manual'
      ? { id: 'next', type: 'fenergo-ack', ...at, wires: [[]] }
      : {
          id: 'next',
          type: 'change',
          rules: [{ t: 'set', p: 'seen', pt: 'msg', to: 'true', tot: 'bool' }],
          ...at,
          wires: [[]],
        },
  ];
}

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 5));
}
