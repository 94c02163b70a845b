import { once } from 'node:events';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { parseArgs } from 'node:util';
import type { NodeAPI, NodeMessage, NodeRedApp } from 'node-red';
import { name as PACKAGE } from '../package.json';
import { buildIfStale } from './build.js';

const ROOT = join(__dirname, '..');
const EXAMPLES = join(ROOT, 'examples');
const HOST = '127.0.0.1';
const RESULT_WITHIN_MS = 60_000;
const HELP = `npm start [-- --once] [--port N]
  Starts Node-RED on this machine only, with the example flows on the sandbox, and runs the first one.
  --once    ends after the first result: exit code 0, or 1 with the reason
  --port N  the editor's port; 1880 unless told, any free one if that is in use`;

interface FlowNode {
  id: string;
  type: string;
  wires?: string[][];
}

/** What the first example is expected to bring. */
interface Result extends NodeMessage {
  payload: { id: string; type: string; properties: Record<string, { value: unknown }> };
  fenergo: { operation: string; url: string; durationMs: number };
}

function examples(): FlowNode[][] {
  const files = readdirSync(EXAMPLES).filter((file) => file.endsWith('.json'));
  return files.sort().map((file) => JSON.parse(readFileSync(join(EXAMPLES, file), 'utf8')) as FlowNode[]);
}

/** A user directory with this package in it; flows that are there stay as they are. */
function prepareUserDir(userDir: string): void {
  const link = join(userDir, 'node_modules', PACKAGE);
  mkdirSync(dirname(link), { recursive: true });
  rmSync(link, { recursive: true, force: true });
  symlinkSync(ROOT, link, 'junction');
  const manifest = { name: 'fenergo-examples', private: true, dependencies: { [PACKAGE]: `file:${ROOT}` } };
  writeFileSync(join(userDir, 'package.json'), JSON.stringify(manifest, null, 2));
  const flows = join(userDir, 'flows.json');
  if (!existsSync(flows)) writeFileSync(flows, JSON.stringify(examples().flat(), null, 2));
}

function settings(userDir: string, root: string) {
  return {
    userDir,
    flowFile: 'flows.json',
    uiHost: HOST,
    httpAdminRoot: root,
    telemetry: { enabled: false, updateNotification: false },
    editorTheme: { tours: false, palette: { catalogues: [] }, projects: { enabled: false } },
    logging: { console: { level: 'error', metrics: false, audit: false } },
  };
}

/** Listens on the wanted port, or on any free one. @returns the editor's address */
async function listen(server: ReturnType<typeof createServer>, port: number): Promise<string> {
  try {
    server.listen(port, HOST);
    await once(server, 'listening');
  } catch (error) {
    if ((error as { code?: string }).code !== 'EADDRINUSE') throw error;
    console.log(`Port ${port} is in use: taking a free one.`);
    server.listen(0, HOST);
    await once(server, 'listening');
  }
  return `http://${HOST}:${(server.address() as AddressInfo).port}/`;
}

async function startNodeRed(server: ReturnType<typeof createServer>, userDir: string): Promise<NodeRedApp> {
  const RED = require(process.env.NODE_RED_MODULE || 'node-red') as NodeRedApp;
  // Express is Node-RED's own dependency; a plain listener hands it what comes.
  RED.init(server, settings(userDir, '/') as never);
  server.on('request', (request, response) => RED.httpAdmin(request, response));
  const started = new Promise((resolve) => {
    (RED.events as unknown as NodeJS.EventEmitter).once('flows:started', resolve);
  });
  await RED.start();
  await started;
  return RED;
}

/** Presses the button of the first example and waits for what comes out of its request node. */
function firstResult(RED: NodeRedApp): Promise<Result> {
  const [first = []] = examples();
  const idOf = (type: string) => first.find((node) => node.type === type)?.id ?? '';
  const running = (type: string) => {
    const node = (RED.nodes as unknown as NodeAPI['nodes']).getNode(idOf(type));
    if (!node)
      throw new Error(
        `The first example has no ${type} node that runs: remove the folder .node-red to get it back`,
      );
    return node;
  };
  return new Promise((resolve, reject) => {
    const tooLate = setTimeout(() => reject(new Error('The first example gave no result')), RESULT_WITHIN_MS);
    const hooks = RED.hooks as unknown as {
      add(id: string, hook: (event: { node: { id: string }; error?: unknown; msg: Result }) => void): void;
      remove(id: string): void;
    };
    hooks.add('onComplete.start', ({ node, error, msg }) => {
      if (node.id !== idOf('fenergo-request')) return;
      clearTimeout(tooLate);
      hooks.remove('*.start');
      if (error) reject(error);
      else resolve(msg);
    });
    running('fenergo-request');
    running('inject').receive({});
  });
}

async function tell({ payload, fenergo }: Result): Promise<void> {
  const stats = await fetch(new URL('/sandbox/stats', fenergo.url));
  const { tokenRequests } = (await stats.json()) as { tokenRequests: number };
  console.log(
    `\n${fenergo.operation} answered in ${fenergo.durationMs} ms; token requests so far: ${tokenRequests}\n`,
  );
  console.log(`  ${payload.type} ${payload.id}`);
  for (const [name, { value }] of Object.entries(payload.properties)) console.log(`  ${name}: ${value}`);
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      once: { type: 'boolean' },
      port: { type: 'string', default: '1880' },
      help: { type: 'boolean' },
    },
  });
  if (values.help) return console.log(HELP);
  if (buildIfStale()) console.log('Built.');
  const userDir = values.once ? mkdtempSync(join(tmpdir(), 'fenergo-start-')) : join(ROOT, '.node-red');
  const server = createServer();
  prepareUserDir(userDir);
  try {
    const address = await listen(server, values.once ? 0 : Number(values.port));
    const RED = await startNodeRed(server, userDir);
    const stop = async () => {
      await RED.stop();
      server.closeAllConnections();
      server.close();
    };
    process.once('SIGINT', () => void stop().finally(() => process.exit()));
    process.once('SIGTERM', () => void stop().finally(() => process.exit()));
    await tell(await firstResult(RED));
    if (values.once) return await stop();
    console.log(`\nThe editor is at ${address} (Ctrl-C ends it).`);
  } finally {
    if (values.once) rmSync(userDir, { recursive: true, force: true });
  }
}

main().then(
  () => {
    if (process.argv.includes('--once') || process.argv.includes('--help')) process.exit(0);
  },
  (error) => {
    console.error(`Failed: ${error instanceof Error ? error.message : String(error)}`);
    process.exit(1);
  },
);
