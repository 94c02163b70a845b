import { Catalog } from '../../lib/catalog/catalog.js';
import { SANDBOX_TENANTS, seedId, startSandbox } from '../../lib/sandbox/sandbox.js';
import { startNodeRed } from '../support/node-red.js';

/**
 * What the limiter costs and keeps to: ten thousand messages at once through a real flow, under the published limits of
 * a production tenant, which the sandbox enforces; the latency that an idle limiter adds; the memory of a message that
 * waits.
 */
const MESSAGES = 10_000;
const PER_SECOND = 200;
const IDLE_TURNS = 20_000;

interface Ended {
  ok: number;
  failed: number;
}

export async function main(): Promise<void> {
  const { TenantLimiter } =
    require('../../dist/lib/http/limiter.js') as typeof import('../../lib/http/limiter.js');
  const { Canceller } = require('../../dist/lib/cancel.js') as typeof import('../../lib/cancel.js');
  const { systemClock } = require('../../dist/lib/clock.js') as typeof import('../../lib/clock.js');
  const { PUBLISHED_LIMITS } = require('../../dist/lib/plans.js') as typeof import('../../lib/plans.js');

  // An idle limiter: nobody waits, the window has room.
  const limits = { ...PUBLISHED_LIMITS.production, perSecond: 1_000_000 };
  const idle = new TenantLimiter({ clock: systemClock, random: Math.random, limits });
  const signal = new Canceller();
  const startIdleMs = performance.now();
  for (let i = 0; i < IDLE_TURNS; i += 1) {
    const turn = await idle.enter({
      domain: 'entitydataquery',
      urgent: false,
      signal,
      maxWaiting: MESSAGES,
      label: 'bench',
    });
    turn.sending();
    turn.sent();
    turn.leave();
  }
  const idleMs = (performance.now() - startIdleMs) / IDLE_TURNS;

  const sandbox = await startSandbox({ operations: new Catalog().all(), plan: 'production' });
  const nodeRed = await startNodeRed();
  const tenant = SANDBOX_TENANTS[0]?.id ?? '';
  await nodeRed.deploy([
    { id: 'tab', type: 'tab', label: 'Flow' },
    {
      id: 'connection',
      type: 'fenergo-config',
      region: 'custom',
      identityUrl: sandbox.url,
      apiUrl: sandbox.url,
      tenantId: tenant,
      plan: 'production',
      credentials: { clientId: 'bench', clientSecret: 'bench' },
    },
    {
      id: 'request',
      type: 'fenergo-request',
      z: 'tab',
      x: 100,
      y: 100,
      wires: [[]],
      connection: 'connection',
      operation: 'entitydataquery/v2/GetEntityById',
      params: [{ name: 'id', in: 'path', type: 'str', value: seedId('entity', 1, 1) }],
    },
  ]);
  (nodeRed.RED.hooks as unknown as { remove(id: string): void }).remove('*.test');
  const ended: Ended = { ok: 0, failed: 0 };
  const all = new Promise<void>((resolve) => {
    (
      nodeRed.RED.hooks as unknown as {
        add(id: string, hook: (event: { node: { id: string }; error?: unknown }) => void): void;
      }
    ).add('onComplete.limits', ({ node, error }) => {
      if (node.id !== 'request') return;
      if (error) ended.failed += 1;
      else ended.ok += 1;
      if (ended.ok + ended.failed === MESSAGES) resolve();
    });
  });
  const startMs = performance.now();
  for (let i = 0; i < MESSAGES; i += 1) nodeRed.send('request', { payload: i });
  await all;
  const seconds = (performance.now() - startMs) / 1000;
  const heapPerMessage = await heapOfWaiting(nodeRed);
  const refused = sandbox.stats.statusCodes[429] ?? 0;
  // The window lets the first second's worth through at once, so the last could go a second earlier than at a steady rate.
  const leastSeconds = (MESSAGES - PER_SECOND) / PER_SECOND;
  console.log(`${MESSAGES} messages at once, ${PER_SECOND} a second allowed:`);
  console.table({
    'messages a second, % of the allowed rate': {
      value: ((MESSAGES / seconds / PER_SECOND) * 100).toFixed(1),
      goal: 'at least 97',
    },
    'least time that the window allows, % of the time taken': {
      value: ((leastSeconds / seconds) * 100).toFixed(1),
      goal: '',
    },
    'answers with 429': { value: refused, goal: 0 },
    'messages failed': { value: ended.failed, goal: 0 },
    'added by an idle limiter, ms': { value: idleMs.toFixed(4), goal: 'under 0.1' },
    'heap of a waiting message, bytes': {
      value: global.gc ? Math.round(heapPerMessage) : 'no --expose-gc',
      goal: '',
    },
  });
  await nodeRed.stop();
  await sandbox.close();
}

/** Sends them all once more, and looks at the heap while they wait. It is a run of its own, since collecting takes time. */
async function heapOfWaiting(nodeRed: Awaited<ReturnType<typeof startNodeRed>>): Promise<number> {
  global.gc?.();
  const before = process.memoryUsage().heapUsed;
  for (let i = 0; i < MESSAGES; i += 1) nodeRed.send('request', { payload: i });
  await new Promise((resolve) => setImmediate(resolve));
  global.gc?.();
  return (process.memoryUsage().heapUsed - before) / MESSAGES;
}
