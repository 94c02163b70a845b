import { fork } from 'node:child_process';
import { once } from 'node:events';
import { Agent } from 'node:http';
import { join } from 'node:path';
import type { Got } from 'got';
import { type FlowNode, type RealNodeRed, startNodeRed } from '../support/node-red.js';

/**
 * Calls per second and CPU per message of three ways to call the platform, in one run on loopback: bare got; the core
 * "http request" node behind a function node that keeps a token; `fenergo-request`. Each takes its turn several times,
 * so that a noisy neighbour hits all alike; the best turn counts.
 */
const MESSAGES = 2000;
const IN_PARALLEL = 50;
const ROUNDS = 5;
const COLD_MESSAGES = 500;
const TENANT = '11111111-1111-4111-8111-111111111111';
const PATH = '/entitydataquery/api/v2/entity/e0000001-0000-4000-8000-000000000003';

interface Turn {
  perSecond: number;
  cpuMicrosPerMessage: number;
}

/** Runs `messages` calls of `one`, so many in parallel. */
async function drive(messages: number, one: () => Promise<unknown>): Promise<Turn> {
  let left = messages;
  const worker = async () => {
    while (left > 0) {
      left -= 1;
      await one();
    }
  };
  const cpu = process.cpuUsage();
  const startMs = performance.now();
  await Promise.all(Array.from({ length: IN_PARALLEL }, worker));
  const seconds = (performance.now() - startMs) / 1000;
  const { user, system } = process.cpuUsage(cpu);
  return { perSecond: messages / seconds, cpuMicrosPerMessage: (user + system) / messages };
}

function bareGot(got: Got, url: string): () => Promise<unknown> {
  const agent = { http: new Agent({ keepAlive: true, maxSockets: IN_PARALLEL }) };
  const headers = { authorization: 'Bearer t', 'x-tenant-id': TENANT };
  return () => got(url + PATH, { headers, agent, retry: { limit: 0 } }).json();
}

/** A flow whose first node takes a message and whose last node ends it. */
function through(nodeRed: RealNodeRed, first: string, last: string): () => Promise<unknown> {
  const waiting = new Map<number, () => void>();
  let count = 0;
  nodeRed.node(last).on('input', (msg) => {
    const { bench } = msg as { bench?: number };
    waiting.get(bench as number)?.();
    waiting.delete(bench as number);
  });
  return () =>
    new Promise<void>((resolve) => {
      count += 1;
      waiting.set(count, resolve);
      nodeRed.node(first).receive({ payload: '', bench: count } as never);
    });
}

/** What people build by hand: a function keeps the token in the flow's context and asks for one when it has none. */
const TOKEN_FUNCTION = `
const cached = flow.get('token');
if (!cached || cached.until < Date.now()) { return [null, msg]; }
msg.url = env.get('API') + '${PATH}';
msg.headers = { authorization: 'Bearer ' + cached.token, 'x-tenant-id': '${TENANT}' };
return [msg, null];`;
const TOKEN_REQUEST = `
msg.method = 'POST';
msg.url = env.get('API') + '/connect/token';
msg.headers = { 'content-type': 'application/x-www-form-urlencoded' };
msg.payload = { grant_type: 'client_credentials', client_id: 'a', client_secret: 'b', scope: 'fenx.all' };
return msg;`;
const TOKEN_KEEP = `
flow.set('token', { token: msg.payload.access_token, until: Date.now() + (msg.payload.expires_in - 60) * 1000 });
msg.method = 'GET';
return msg;`;

function flows(url: string): FlowNode[] {
  const at = { z: 'tab', x: 100, y: 100 };
  const http = { type: 'http request', ret: 'obj', persist: true, headers: [], ...at };
  const code = { type: 'function', noerr: 0, libs: [], ...at };
  return [
    { id: 'tab', type: 'tab', env: [{ name: 'API', value: url, type: 'str' }] },
    { id: 'hand', ...code, func: TOKEN_FUNCTION, outputs: 2, wires: [['call'], ['ask']] },
    { id: 'ask', ...code, func: TOKEN_REQUEST, outputs: 1, wires: [['token']] },
    { id: 'token', ...http, method: 'use', wires: [['keep']] },
    { id: 'keep', ...code, func: TOKEN_KEEP, outputs: 1, wires: [['hand']] },
    { id: 'call', ...http, method: 'GET', wires: [['hand-end']] },
    { id: 'hand-end', type: 'junction', ...at, wires: [] },
    {
      id: 'connection',
      type: 'fenergo-config',
      region: 'custom',
      identityUrl: url,
      apiUrl: url,
      tenantId: TENANT,
      plan: 'none',
      credentials: { clientId: 'a', clientSecret: 'b' },
    },
    {
      id: 'ours',
      type: 'fenergo-request',
      ...at,
      connection: 'connection',
      operation: 'entitydataquery/v2/GetEntityById',
      params: [{ name: 'id', in: 'path', type: 'str', value: 'e0000001-0000-4000-8000-000000000003' }],
      wires: [['ours-end']],
    },
    { id: 'ours-end', type: 'junction', ...at, wires: [] },
  ];
}

async function tokensOf(url: string): Promise<number> {
  const { tokens } = (await (await fetch(`${url}/count`)).json()) as { tokens: number };
  return tokens;
}

async function tokensWhenCold(url: string, one: () => Promise<unknown>): Promise<number> {
  const before = await tokensOf(url);
  await drive(COLD_MESSAGES, one);
  return (await tokensOf(url)) - before;
}

function best(turns: Turn[]): Turn {
  return turns.reduce((a, b) => (b.perSecond > a.perSecond ? b : a));
}

/** @param got loaded by Node itself */
export async function main(got: Got): Promise<void> {
  const platform = fork(join(__dirname, 'platform.ts'), { execArgv: ['--require', 'tsx/cjs'] });
  const [port] = (await once(platform, 'message')) as [number];
  const url = `http://127.0.0.1:${port}`;
  const nodeRed = await startNodeRed();
  await nodeRed.deploy(flows(url));
  // The harness listens to every message; a Node-RED at work has nobody who does.
  (nodeRed.RED.hooks as unknown as { remove(id: string): void }).remove('*.test');
  const ways = {
    'bare got, keep-alive': bareGot(got, url),
    'http request + function': through(nodeRed, 'hand', 'hand-end'),
    'fenergo-request': through(nodeRed, 'ours', 'ours-end'),
  };
  const coldByHand = await tokensWhenCold(url, ways['http request + function']);
  const coldOurs = await tokensWhenCold(url, ways['fenergo-request']);
  const turns = new Map(Object.keys(ways).map((name) => [name, [] as Turn[]]));
  for (let round = 0; round < ROUNDS; round += 1) {
    for (const [name, one] of Object.entries(ways)) turns.get(name)?.push(await drive(MESSAGES, one));
  }
  const results = Object.fromEntries([...turns].map(([name, all]) => [name, best(all)]));
  console.table(
    Object.fromEntries(
      Object.entries(results).map(([name, { perSecond, cpuMicrosPerMessage }]) => [
        name,
        { 'calls/s': Math.round(perSecond), 'CPU µs/message': Math.round(cpuMicrosPerMessage) },
      ]),
    ),
  );
  const ratio = (other: string) =>
    ((results['fenergo-request']?.perSecond ?? 0) / (results[other]?.perSecond ?? 1)).toFixed(2);
  console.log(
    `fenergo-request / http request node: ${ratio('http request + function')} (goal: at least 1.25)`,
  );
  console.log(`fenergo-request / bare got:          ${ratio('bare got, keep-alive')} (goal: at least 0.9)`);
  console.log(`token requests for ${COLD_MESSAGES} cold messages, ${IN_PARALLEL} in parallel: `);
  console.log(`  fenergo-request ${coldOurs} (goal: exactly 1), by hand ${coldByHand}`);
  await nodeRed.stop();
  platform.disconnect();
}
