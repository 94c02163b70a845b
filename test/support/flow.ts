import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Node, NodeMessage } from 'node-red';
import helper from 'node-red-node-test-helper';
import type { FenergoError } from '../../lib/errors.js';
import type { PlatformMessage } from '../../lib/facts.js';
import configNode from '../../nodes/fenergo-config/fenergo-config.js';
import type { ParamRow } from '../../nodes/fenergo-request/definition.js';
import requestNode from '../../nodes/fenergo-request/fenergo-request.js';
import type { FlowNode, Message, Status } from './node-red.js';

// At load time: once a real Node-RED has run in this process, `require` gives the helper that one's modules.
helper.init(require.resolve(process.env.NODE_RED_MODULE || 'node-red'), {
  // A contract of one's own, in one's own Node-RED, is none of the tests' business.
  userDir: join(tmpdir(), `fenergo-no-user-dir-${process.pid}`),
} as never);

/** What became of a message: what its node gave to `done`, how often, and who was sent what. */
export interface Ran {
  /** The very message that was handed over. */
  msg: Message;
  dones: number;
  error?: FenergoError;
  sent: Message[];
  /** By a Catch node. */
  caught: Message[];
  /** By a Complete node. */
  completed: Message[];
}

/** `msg.fenergo` as the design has it. */
export interface FenergoFacts {
  operation: string;
  method: string;
  url: string;
  tenantId: string;
  correlationId: string;
  attempts: number;
  durationMs: number;
  messages: PlatformMessage[];
  rateLimit?: { remaining?: number; reset?: string };
  deprecation?: string;
  sunset?: string;
  error?: { code: string; statusCode?: number; messages: PlatformMessage[]; body?: unknown };
}

/** The facts on a message. */
export function factsOf(msg: Message): FenergoFacts {
  return msg.fenergo as FenergoFacts;
}

type Hooked = Node & { _complete(msg: Message, error?: unknown): void };

let ids = 0;

/** A connection to a server of the test's own, as a flow file holds it. */
export function connectionTo(url: string, properties: Record<string, unknown> = {}): FlowNode {
  return {
    id: 'connection',
    type: 'fenergo-config',
    name: 'Test',
    region: 'custom',
    identityUrl: url,
    apiUrl: url,
    plan: 'none',
    credentials: { clientId: 'me', clientSecret: 'hush' },
    ...properties,
  };
}

/** A row of the parameter table. */
export function row(name: string, place: ParamRow['in'], type: string, value: string): ParamRow {
  return { name, in: place, type, value };
}

/**
 * One or more request nodes in the test helper, each wired to `out`, with a Catch and a Complete node beside them.
 * `load` replaces what ran before; `unload` after the last.
 */
export const flow = {
  /**
   * @param connections config nodes, their credentials in the clear
   * @param requests properties of request nodes; the first is `request` unless it has an id
   */
  async load(connections: FlowNode[], ...requests: Record<string, unknown>[]): Promise<void> {
    await this.unload();
    const at = { z: 'tab', x: 1, y: 1 };
    const nodes = requests.length > 0 ? requests : [{}];
    const credentials: Record<string, Record<string, string>> = {};
    const configs = connections.map(({ credentials: own, ...node }) => {
      if (own) credentials[node.id] = own;
      return node;
    });
    const tested = nodes.map((node) => ({
      id: 'request',
      type: 'fenergo-request',
      connection: 'connection',
      ...node,
      ...at,
      wires: [['out']],
    }));
    await helper.load(
      [configNode, requestNode] as never,
      [
        { id: 'tab', type: 'tab', label: 'Flow' },
        ...configs,
        ...tested,
        { id: 'out', type: 'helper', ...at, wires: [] },
        { id: 'catch', type: 'catch', scope: null, uncaught: false, ...at, wires: [['caught']] },
        { id: 'caught', type: 'helper', ...at, wires: [] },
        {
          id: 'complete',
          type: 'complete',
          scope: tested.map(({ id }) => id),
          ...at,
          wires: [['completed']],
        },
        { id: 'completed', type: 'helper', ...at, wires: [] },
      ] as never,
      credentials,
    );
    loaded = true;
  },

  async unload(): Promise<void> {
    if (!loaded) return;
    loaded = false;
    await helper.unload();
  },

  node(id = 'request'): Node {
    return helper.getNode(id);
  },

  /** Every status that a node shows from now on. */
  statuses(id = 'request'): Status[] {
    const shown: Status[] = [];
    const node = helper.getNode(id);
    node.status = (status) => {
      shown.push(status as Status);
    };
    return shown;
  },

  /** Hands a message to a node and waits until it is done with, and everybody was told. */
  async run(message: Record<string, unknown>, id = 'request'): Promise<Ran> {
    const node = helper.getNode(id) as Hooked;
    const msg = message as Message;
    ids += 1;
    msg._msgid ??= `m${ids}`;
    const ran: Ran = { msg, dones: 0, sent: [], caught: [], completed: [] };
    const mine = (list: Message[]) => (other: NodeMessage) => {
      if (other._msgid === msg._msgid) list.push(other as Message);
    };
    const taps = [
      ['out', mine(ran.sent)],
      ['caught', mine(ran.caught)],
      ['completed', mine(ran.completed)],
    ] as const;
    for (const [where, listen] of taps) helper.getNode(where)?.on('input', listen);
    const complete = node._complete;
    await new Promise<void>((resolve) => {
      node._complete = function (this: Hooked, done, error) {
        if (done === msg) {
          ran.dones += 1;
          ran.error = error as FenergoError | undefined;
          resolve();
        }
        complete.call(this, done, error);
      };
      node.receive(msg);
    });
    await turns();
    for (const [where, listen] of taps) helper.getNode(where)?.removeListener('input', listen as never);
    return ran;
  },
};

let loaded = false;

/** Lets Node-RED hand on what is on its way: every wire takes a turn of the loop. */
export async function turns(count = 10): Promise<void> {
  for (let turn = 0; turn < count; turn += 1) await new Promise((resolve) => setImmediate(resolve));
}

/** A request as it arrived at a server of the test's own. */
export interface Arrived {
  method: string;
  url: string;
  headers: IncomingMessage['headers'];
  body: string;
}

/** A server of the test's own. */
export interface OwnServer {
  url: string;
  /** What came, oldest first; token requests too. */
  arrived: Arrived[];
  /** Connections that are open now. */
  connections(): Promise<number>;
  close(): Promise<void>;
}

/** Answers a request. */
export type Answering = (arrived: Arrived, response: ServerResponse) => void;

/** Starts a server that gives out tokens, unless told otherwise, and leaves everything else to `answer`. */
export async function startServer(answer: Answering, token: Answering = goodToken): Promise<OwnServer> {
  const arrived: Arrived[] = [];
  const server = createServer(async (request, response) => {
    response.on('error', () => {});
    const chunks: Buffer[] = [];
    try {
      for await (const chunk of request) chunks.push(chunk);
    } catch {
      return;
    }
    const { method = '', url = '', headers } = request;
    const one = { method, url, headers, body: Buffer.concat(chunks).toString('utf8') };
    arrived.push(one);
    (url.endsWith('/connect/token') ? token : answer)(one, response);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    arrived,
    connections: () =>
      new Promise((resolve, reject) =>
        server.getConnections((error, count) => (error ? reject(error) : resolve(count))),
      ),
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** Writes JSON. */
export function sendJson(response: ServerResponse, body: unknown, status = 200): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
}

/** A token as the platform gives it. */
export function goodToken(_: Arrived, response: ServerResponse): void {
  sendJson(response, { access_token: 'tok', expires_in: 900, token_type: 'Bearer', scope: 'fenx.all' });
}

/** Answers with what arrived, in the envelope. */
export function echo({ method, url, headers, body }: Arrived, response: ServerResponse): void {
  sendJson(response, { data: { method, url, headers, body }, messages: [] });
}
