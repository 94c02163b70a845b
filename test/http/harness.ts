import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Clock } from '../../lib/clock.js';
import { FenergoError } from '../../lib/errors.js';
import type { Call, CallResult } from '../../lib/http/call.js';
import type { Circuit } from '../../lib/http/circuit.js';
import { type CallHooks, type ClientOptions, FenergoClient } from '../../lib/http/client.js';
import { TenantLimiter } from '../../lib/http/limiter.js';
import type { TokenSource } from '../../lib/http/token-source.js';
import type { Traffic } from '../../lib/http/traffic.js';
import type { PlanLimits } from '../../lib/plans.js';
import { ManualClock } from '../support/manual-clock.js';

/** A request as the server saw it. */
export interface Seen {
  method: string;
  url: string;
  headers: IncomingHttpHeaders;
  body: string;
}

/** How a request is answered. */
export interface Reply {
  status?: number;
  headers?: Record<string, string>;
  /** Text and bytes go as they are; anything else as JSON. */
  body?: unknown;
  /** The connection is reset instead of an answer. */
  reset?: boolean;
  /** The answer declares ten bytes more than it sends. */
  cut?: boolean;
  /** There is no answer. */
  silent?: boolean;
}

/** A real HTTP server on the loopback interface that answers as it is told. */
export class Api {
  readonly seen: Seen[] = [];
  readonly #server: Server;
  /** How the nth request is answered. */
  answer: (request: Seen, nth: number) => Reply | ((response: ServerResponse) => void) = () => ({});

  private constructor() {
    this.#server = createServer((request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk) => chunks.push(chunk));
      request.on('end', () => {
        const { method = '', url = '', headers } = request;
        const seen = { method, url, headers, body: Buffer.concat(chunks).toString('utf8') };
        this.seen.push(seen);
        const reply = this.answer(seen, this.seen.length);
        this.#server.emit('asked');
        if (typeof reply === 'function') reply(response);
        else send(response, reply);
      });
    });
  }

  static async start(port = 0): Promise<Api> {
    const api = new Api();
    api.#server.listen(port, '127.0.0.1');
    await once(api.#server, 'listening');
    return api;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** Answers with these, one after the other; the last one stays. */
  replies(...replies: Reply[]): void {
    this.seen.length = 0;
    this.answer = (_, nth) => replies[Math.min(nth, replies.length) - 1] ?? {};
  }

  /** Resolves when the next request has arrived. */
  async asked(): Promise<void> {
    await once(this.#server, 'asked');
  }

  connections(): Promise<number> {
    return new Promise((resolve, reject) => {
      this.#server.getConnections((error, count) => (error ? reject(error) : resolve(count)));
    });
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    this.#server.close();
    await once(this.#server, 'close');
  }
}

function send(response: ServerResponse, reply: Reply): void {
  const { status = 200, headers = {}, body, reset, cut, silent } = reply;
  if (silent) return;
  if (reset) return void (response.socket as unknown as { resetAndDestroy(): void }).resetAndDestroy();
  const bytes = bytesOf(body);
  const json = typeof body === 'object' && !Buffer.isBuffer(body);
  const length = status === 204 ? {} : { 'content-length': String(bytes.length + (cut ? 10 : 0)) };
  response.writeHead(status, {
    ...(json ? { 'content-type': 'application/json' } : {}),
    ...length,
    ...headers,
  });
  if (cut) response.write(bytes.length ? bytes : Buffer.from(' '), () => response.destroy());
  else response.end(bytes);
}

function bytesOf(body: unknown): Buffer {
  if (Buffer.isBuffer(body)) return body;
  if (body === undefined) return Buffer.alloc(0);
  return Buffer.from(typeof body === 'string' ? body : JSON.stringify(body));
}

/** Tokens `token-1`, `token-2` …: a new one after each that was refused. */
export class Tokens implements TokenSource {
  readonly refused: string[] = [];
  asked = 0;

  async get(): Promise<string> {
    this.asked += 1;
    return `token-${this.refused.length + 1}`;
  }

  reject(token: string): void {
    this.refused.push(token);
  }
}

export const TENANT = '11111111-2222-3333-4444-555555555555';
export const CORRELATION = '99999999-8888-7777-6666-555555555555';

/** A read, unless told otherwise. */
export function callOf(other: Partial<Call> = {}): Call {
  return {
    label: 'GetEntityById',
    method: 'GET',
    service: 'entitydataquery',
    path: '/entitydataquery/api/v2/entity/7',
    tenantId: TENANT,
    correlationId: CORRELATION,
    result: 'data',
    timeoutMs: 300_000,
    scope: 'fenx.entitydata.read',
    ...other,
  };
}

/** A command, unless told otherwise. */
export function commandOf(other: Partial<Call> = {}): Call {
  return callOf({
    label: 'CreateDraft',
    method: 'POST',
    service: 'entitydatacommand',
    path: '/entitydatacommand/api/v3/entity/7/draft',
    body: '{"data":{}}',
    scope: 'fenx.entitydata.write',
    ...other,
  });
}

/** The traffic of one tenant under limits of the test's own: none, unless told. */
export function trafficOf(
  clock: Clock,
  limits: Partial<PlanLimits> = {},
  { maxWaiting = 10_000, circuit }: { maxWaiting?: number; circuit?: Circuit } = {},
): Traffic {
  const limiter = new TenantLimiter({
    clock,
    random: () => 0.5,
    limits: { perSecond: Number.POSITIVE_INFINITY, concurrent: 256, domains: {}, ...limits },
  });
  return { limiterOf: () => limiter, maxWaiting, circuit, release: () => {} };
}

/** What a test may ask of its connection. */
export type ConnectionOptions = Partial<ClientOptions> & {
  limits?: Partial<PlanLimits>;
  maxWaiting?: number;
  circuit?: (clock: Clock) => Circuit;
};

/** A client whose clock moves on by itself as far as the client wants to wait before a further try. */
export class Connection {
  readonly clock = new ManualClock();
  readonly tokens: TokenSource;
  readonly client: FenergoClient;
  /** The pauses before further tries. */
  readonly pausesMs: number[] = [];

  constructor(apiUrl: string, { limits, maxWaiting, circuit, ...options }: ConnectionOptions = {}) {
    this.tokens = options.tokens ?? new Tokens();
    this.client = new FenergoClient({
      apiUrl,
      tokens: this.tokens,
      scope: 'fenx.all',
      traffic: trafficOf(
        this.clock,
        { concurrent: 10, ...limits },
        { maxWaiting, circuit: circuit?.(this.clock) },
      ),
      userAgent: 'test/1',
      clock: this.clock,
      random: () => 0.5,
      ...options,
    });
  }

  /** Lets time pass in steps, so that what falls due happens at its moment. */
  async pass(ms: number): Promise<void> {
    for (let leftMs = ms; leftMs > 0; ) {
      const stepMs = Math.min(this.clock.nextInMs ?? leftMs, leftMs);
      this.clock.advance(stepMs);
      leftMs -= stepMs;
      await settled();
    }
  }

  call(call: Partial<Call> = {}, hooks: CallHooks = {}): Promise<CallResult> {
    return this.client.call(callOf(call), this.#hooks(hooks));
  }

  command(call: Partial<Call> = {}, hooks: CallHooks = {}): Promise<CallResult> {
    return this.client.call(commandOf(call), this.#hooks(hooks));
  }

  #hooks(hooks: CallHooks): CallHooks {
    const onWait = (ms: number) => {
      this.pausesMs.push(ms);
      setImmediate(() => this.clock.advance(ms));
    };
    return { onWait, ...hooks };
  }
}

/** The error that a promise rejects with. */
export async function errorOf(promise: Promise<unknown>): Promise<FenergoError> {
  try {
    await promise;
  } catch (error) {
    if (error instanceof FenergoError) return error;
    throw error;
  }
  throw new Error('it did not fail');
}

/** How a promise stands, for tests that move time to the millisecond before it ends. */
export function watch(promise: Promise<unknown>): { over: boolean } {
  const state = { over: false };
  const end = () => {
    state.over = true;
  };
  promise.then(end, end);
  return state;
}

/** Lets whatever is ready happen. No time passes on a manual clock. */
export async function settled(): Promise<void> {
  for (let i = 0; i < 10; i += 1) await new Promise((resolve) => setImmediate(resolve));
}

/** Lets input and output happen until something is so. No time passes on a manual clock. */
export async function until(isSo: () => boolean | Promise<boolean>): Promise<void> {
  const giveUpMs = performance.now() + 8000;
  while (!(await isSo())) {
    if (performance.now() > giveUpMs) throw new Error('it never came to that');
    await new Promise((resolve) => setImmediate(resolve));
  }
}

/** Numbers from 0 up to 1 that are the same for the same seed (mulberry32). */
export function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}
