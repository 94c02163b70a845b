import { EventEmitter, once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { createRequire } from 'node:module';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { Node, NodeMessage, NodeRedApp } from 'node-red';
import { name as PACKAGE } from '../../package.json';
import { buildIfStale } from '../../scripts/build.js';

const ROOT = join(__dirname, '../..');
/** `node-red`, or `node-red-5`: both are installed. */
const MODULE = process.env.NODE_RED_MODULE || 'node-red';

/** A node as a flow file holds it. On a config node, `credentials` may be given in the clear. */
export interface FlowNode {
  id: string;
  type: string;
  credentials?: Record<string, string>;
  [property: string]: unknown;
}

/** A message as it travels in a flow. */
export type Message = NodeMessage & Record<string, unknown>;

/** An entry of the log, as Node-RED hands it to a logging handler. */
export interface LogEntry {
  level: number;
  msg: unknown;
  type?: string;
  id?: string;
  name?: string;
  timestamp: number;
}

/** What became of a message in a node: `error` is what the node gave to `done`. */
export interface Outcome {
  msg: Message;
  error?: unknown;
}

export interface StartOptions {
  /** Deployed before the promise resolves. */
  flows?: FlowNode[];
  /**
   * The `adminAuth` of settings.js, for example `bearerAuth({ … })`; without it the editor is open. A real login makes
   * Node-RED set a timer for its end, days later, which nothing clears: mocha would wait for it.
   */
  adminAuth?: unknown;
  /** Where the editor sits; `/` unless told. */
  httpAdminRoot?: string;
  /** Where nodes hang their own routes; `/` unless told. */
  httpNodeRoot?: string;
  /** The look of the editor, for example `dark`, as a plugin would set it. */
  settings?: Record<string, unknown>;
  /** Hangs into the web server what comes before Node-RED. */
  before?: (app: import('express').Application) => void;
}

/** A started Node-RED with this package in it. */
export interface RealNodeRed {
  /** Address of the editor, with a slash at its end. */
  url: string;
  /** Address of what nodes serve, with a slash at its end. */
  nodeUrl: string;
  RED: NodeRedApp;
  /** Of Node-RED, for example `4.1.15`. */
  version: string;
  /** Every log entry since the start, trace level included. */
  logs: LogEntry[];
  /** Replaces the flows and waits until they run. `full` unless told; `nodes` and `flows` as the editor's menu has it. */
  deploy(flows: FlowNode[], type?: 'full' | 'nodes' | 'flows'): Promise<void>;
  /** The flows as they are saved, credentials left out. */
  flows(): Promise<FlowNode[]>;
  /** A running node. @throws when there is none with this id */
  node(id: string): Node;
  /** Hands a message to a node, as a wire would. */
  send(id: string, msg: Record<string, unknown>): void;
  /** The next message that reaches a node and that `accept` takes (any, unless told). Ask before sending. */
  nextMessage(id: string, accept?: (msg: Message) => boolean): Promise<Message>;
  /** The next time that a node calls `done`, with or without an error. Ask before sending. */
  nextOutcome(id: string): Promise<Outcome>;
  /** The next status of a node that `accept` takes (any, unless told). */
  nextStatus(id: string, accept?: (status: Status) => boolean): Promise<Status>;
  /** Stops flows and server and removes the user directory. */
  stop(): Promise<void>;
}

export interface Status {
  text?: string;
  fill?: string;
  shape?: string;
}

/**
 * Starts a real Node-RED in this process, on a free loopback port, with the built package in it (built first if a
 * source is newer). It may be started again after `stop()`: Node-RED keeps its state at module level, so every start
 * loads fresh modules. One at a time.
 */
export async function startNodeRed(options: StartOptions = {}): Promise<RealNodeRed> {
  buildIfStale();
  const userDir = makeUserDir();
  forgetModules();
  const RED = require(MODULE) as NodeRedApp;
  const express = createRequire(require.resolve(MODULE))('express') as typeof import('express');
  const app = express();
  const server = createServer(app).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const { httpAdminRoot = '/', httpNodeRoot = '/' } = options;
  const logs: LogEntry[] = [];

  RED.init(server, {
    uiHost: '127.0.0.1',
    uiPort: port,
    httpAdminRoot,
    httpNodeRoot,
    userDir,
    flowFile: 'flows.json',
    credentialSecret: 'only for tests',
    adminAuth: options.adminAuth,
    telemetry: { enabled: false, updateNotification: false },
    editorTheme: { tours: false, palette: { catalogues: [] }, codeEditor: { lib: 'ace' } },
    logging: {
      test: { level: 'trace', metrics: false, handler: () => (entry: LogEntry) => logs.push(entry) },
    },
    ...options.settings,
  } as Parameters<NodeRedApp['init']>[1]);
  options.before?.(app);
  app.use(httpAdminRoot, RED.httpAdmin);
  app.use(httpNodeRoot, RED.httpNode);
  // start() resolves before the flows run, so the first deploy could take the start's event for its own.
  const running = once(RED.events, 'flows:started');
  await RED.start();
  await running;

  const taps = tap(RED);
  const origin = `http://127.0.0.1:${port}`;
  const real: RealNodeRed = {
    url: origin + withSlash(httpAdminRoot),
    nodeUrl: origin + withSlash(httpNodeRoot),
    RED,
    version: createRequire(require.resolve(MODULE))('../package.json').version,
    logs,
    async deploy(flows, type = 'full') {
      // 'flows:started' also comes when nothing of a running flow changed.
      const started = once(RED.events, 'flows:started');
      await RED.runtime.flows.setFlows({ flows: { flows }, deploymentType: type } as never);
      await started;
    },
    async flows() {
      const { flows } = (await RED.runtime.flows.getFlows({} as never)) as unknown as { flows: FlowNode[] };
      return flows;
    },
    node(id) {
      const nodes = RED.nodes as unknown as { getNode(id: string): Node | null };
      const node = nodes.getNode(id);
      if (!node) throw new Error(`No node '${id}' is running`);
      return node;
    },
    send: (id, msg) => real.node(id).receive(msg as NodeMessage),
    nextMessage: (id, accept) => taps.next(`message:${id}`, accept),
    nextOutcome: (id) => taps.next(`outcome:${id}`),
    nextStatus: (id, accept) => taps.next(`status:${id}`, accept),
    async stop() {
      await RED.stop();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      taps.remove();
      rmSync(userDir, { recursive: true, force: true });
    },
  };
  if (options.flows) await real.deploy(options.flows);
  return real;
}

/**
 * An `adminAuth` for `Authorization: Bearer <token>` without a login.
 *
 * @param permissions by token, for example `{ reader: 'read', boss: '*' }`
 */
export function bearerAuth(permissions: Record<string, string | string[]>): unknown {
  const userOf = (name: string) =>
    Promise.resolve(permissions[name] ? { username: name, permissions: permissions[name] } : null);
  return { type: 'credentials', users: userOf, authenticate: () => Promise.resolve(null), tokens: userOf };
}

/** A route that a node has hung into the admin API. */
export interface AdminRoute {
  method: string;
  /** As it was registered: `/fenergo/catalog/services/:service/:version`. */
  path: string;
}

/** Routes of the nodes that come with Node-RED; all others are this package's. */
const CORE_ROUTES = /^\/(inject|debug|udp-ports)\//;

/**
 * What this package has hung into the admin API of a Node-RED, as its router knows it.
 *
 * @throws when something is mounted there that is no route, and could not be told of here
 */
export function adminRoutes({ RED }: RealNodeRed): AdminRoute[] {
  const { httpAdmin } = RED.runtime as unknown as { httpAdmin: { _router: { stack: Layer[] } } };
  const [, , ...layers] = httpAdmin._router.stack; // Express's own two come first.
  return layers.flatMap(({ name, route }) => {
    if (!route) throw new Error(`'${name}' is no route`);
    if (CORE_ROUTES.test(route.path)) return [];
    return Object.keys(route.methods).map((method) => ({ method: method.toUpperCase(), path: route.path }));
  });
}

interface Layer {
  name: string;
  route?: { path: string; methods: Record<string, boolean> };
}

/** Wiretaps by hook: they see what a node receives and says without a node of their own in the flow. */
function tap(RED: NodeRedApp) {
  const bus = new EventEmitter().setMaxListeners(0);
  const hooks = RED.hooks as unknown as {
    add(id: string, hook: (event: HookEvent) => void): void;
    remove(id: string): void;
  };
  hooks.add('onReceive.test', ({ destination, msg }) => {
    bus.emit(`message:${destination?.id}`, msg);
  });
  hooks.add('onComplete.test', ({ node, msg, error }) => {
    bus.emit(`outcome:${node?.id}`, { msg, error });
  });
  // A node that is gone has none.
  RED.events.on('node-status', ({ id, status = {} }: { id: string; status?: Status }) => {
    bus.emit(`status:${id}`, status);
  });
  return {
    remove: () => hooks.remove('*.test'),
    next<T>(event: string, accept: (value: T) => boolean = () => true): Promise<T> {
      return new Promise((resolve) => {
        bus.on(event, function listen(value: T) {
          if (!accept(value)) return;
          bus.off(event, listen);
          resolve(value);
        });
      });
    },
  };
}

interface HookEvent {
  msg: Message;
  error?: unknown;
  destination?: { id: string };
  node?: { id: string };
}

let userDirOfProcess: string | undefined;

/**
 * An empty user directory in which this package is installed, by a link. It has one path for the whole process:
 * Node-RED 5 imports the package once per process, and what all nodes share remembers the first user directory.
 */
function makeUserDir(): string {
  userDirOfProcess ??= mkdtempSync(join(tmpdir(), 'fenergo-node-red-'));
  const userDir = userDirOfProcess;
  rmSync(userDir, { recursive: true, force: true });
  const link = join(userDir, 'node_modules', PACKAGE);
  mkdirSync(dirname(link), { recursive: true });
  symlinkSync(ROOT, link, 'dir');
  const manifest = { name: 'test', version: '0.0.0', private: true, dependencies: { [PACKAGE]: '*' } };
  writeFileSync(join(userDir, 'package.json'), JSON.stringify(manifest));
  return userDir;
}

/** Drops Node-RED and the built package from the cache of `require`: else a second start meets the first one's state. */
function forgetModules(): void {
  for (const file of Object.keys(require.cache)) {
    if (
      /[\\/]node_modules[\\/](@node-red|node-red(-5)?)[\\/]/.test(file) ||
      file.startsWith(join(ROOT, 'dist'))
    ) {
      delete require.cache[file];
    }
  }
}

function withSlash(path: string): string {
  return path.endsWith('/') ? path : `${path}/`;
}
