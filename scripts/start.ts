import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import type { NodeAPI, NodeMessage, NodeRedApp } from 'node-red';
import { buildIfStale } from './build.js';
import { examples, type FlowNode, prepareUserDir, settings } from './node-red-settings.js';

const HOST = '127.0.0.1';
const RESULT_WITHIN_MS = 60_000;
const HELP = `npm start [-- options]
  Starts Node-RED on this machine only, with the example flows on the sandbox, and runs the first one.
  --once      ends after the first result: exit code 0, or 1 with the reason
  --port N    the editor's port; PORT or 1880 unless told, the next free one if that is in use
  --dir PATH  Node-RED's user directory, .node-red unless told; flows that are there stay as they are`;

/** What the first example is expected to bring. */
interface Result extends NodeMessage {
  payload: { id: string; type: string; properties: Record<string, { value: unknown }> };
  fenergo: { operation: string; url: string; durationMs: number };
}

/** An express app is one: what it has no route for goes on to the next. */
type Handler = (request: IncomingMessage, response: ServerResponse, next?: () => void) => void;

interface CompleteEvent {
  node: { id: string };
  error?: unknown;
  msg: Result;
}

async function listen(server: Server, port: number): Promise<number> {
  try {
    server.listen(port, HOST);
    await once(server, 'listening');
    return port;
  } catch (error) {
    if ((error as { code?: string }).code !== 'EADDRINUSE' || port >= 65_535) throw error;
    console.log(`Port ${port} is in use: trying ${port + 1}.`);
    return listen(server, port + 1);
  }
}

async function startNodeRed(server: Server, userDir: string, port: number): Promise<NodeRedApp> {
  const RED = require(process.env.NODE_RED_MODULE || 'node-red') as NodeRedApp;
  RED.init(server, settings(userDir, HOST, port) as never);
  const [admin, node] = [RED.httpAdmin, RED.httpNode] as unknown as Handler[];
  server.on('request', (request, response) => admin?.(request, response, () => node?.(request, response)));
  const running = once(RED.events as unknown as NodeJS.EventEmitter, 'flows:started');
  await RED.start();
  await running;
  return RED;
}

/** The inject and the request node of the first example, where they still are, and still call the sandbox. */
async function firstExample(RED: NodeRedApp): Promise<{ inject: string; request: string }> {
  const { flows } = (await RED.runtime.flows.getFlows({} as never)) as unknown as { flows: FlowNode[] };
  const now = (type: string) => {
    const { id } = examples()[0]?.find((node) => node.type === type) ?? {};
    return flows.find((node) => node.id === id);
  };
  const [inject, request, connection] = [now('inject'), now('fenergo-request'), now('fenergo-config')];
  const onSandbox = connection?.region === 'sandbox' && request?.connection === connection.id;
  if (!inject || !request || !onSandbox) {
    throw new Error('The first example is gone or no longer calls the sandbox, so it was not run');
  }
  return { inject: inject.id, request: request.id };
}

/** Presses the button of the first example and waits for what comes out of its request node. */
async function firstResult(RED: NodeRedApp): Promise<Result> {
  const { inject, request } = await firstExample(RED);
  const button = (RED.nodes as unknown as NodeAPI['nodes']).getNode(inject);
  if (!button) throw new Error('The first example does not run: Node-RED says why above');
  const hooks = RED.hooks as unknown as {
    add(id: string, hook: (event: CompleteEvent) => void): void;
    remove(id: string): void;
  };
  let tooLate: NodeJS.Timeout | undefined;
  try {
    return await new Promise((resolve, reject) => {
      const why = `The first example gave no result within ${RESULT_WITHIN_MS / 1000} s`;
      tooLate = setTimeout(() => reject(new Error(why)), RESULT_WITHIN_MS);
      hooks.add('onComplete.start', ({ node, error, msg }) => {
        if (node.id !== request) return;
        if (error) reject(error);
        else resolve(msg);
      });
      button.receive({});
    });
  } finally {
    clearTimeout(tooLate);
    hooks.remove('*.start');
  }
}

async function tell({ payload, fenergo }: Result): Promise<void> {
  const stats = await fetch(new URL('/sandbox/stats', fenergo.url));
  const { tokenRequests } = (await stats.json()) as { tokenRequests: number };
  const rows = [
    ['type', payload.type],
    ['id', payload.id],
    ...Object.entries(payload.properties).map(([name, { value }]) => [name, value]),
  ];
  const width = Math.max(...rows.map(([name]) => String(name).length));
  const facts = `${fenergo.durationMs} ms, token requests: ${tokenRequests}`;
  console.log(`\n${fenergo.operation} read one entity (${facts})\n`);
  for (const [name, value] of rows) console.log(`  ${String(name).padEnd(width)}  ${value}`);
}

async function main(): Promise<void> {
  const text = { type: 'string' } as const;
  const flag = { type: 'boolean' } as const;
  const { values } = parseArgs({ options: { once: flag, port: text, dir: text, help: flag } });
  if (values.help) return console.log(HELP);
  const wanted = Number(values.port ?? process.env.PORT ?? 1880);
  if (!Number.isInteger(wanted) || wanted < 0 || wanted > 65_535)
    throw new Error('The port is not 0 to 65535');
  if (buildIfStale()) console.log('Built.');
  const temporary = values.once ? mkdtempSync(join(tmpdir(), 'fenergo-start-')) : undefined;
  process.once('exit', () => temporary && rmSync(temporary, { recursive: true, force: true }));
  const userDir = temporary ?? values.dir ?? join(__dirname, '../.node-red');
  prepareUserDir(userDir);
  const server = createServer();
  await listen(server, values.once ? 0 : wanted);
  const { port } = server.address() as { port: number };
  const RED = await startNodeRed(server, userDir, port);
  const stop = () => void RED.stop().finally(() => process.exit());
  process.once('SIGINT', stop).once('SIGTERM', stop);
  try {
    await tell(await firstResult(RED));
  } catch (error) {
    if (values.once) throw error;
    console.error(`\n${reason(error)}`);
  }
  if (values.once) stop();
  else console.log(`\nThe editor is at http://${HOST}:${port}/ (Ctrl-C ends it).`);
}

function reason(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

main().catch((error) => {
  console.error(`Failed: ${reason(error)}`);
  process.exit(1);
});
