import type { IncomingMessage, ServerResponse } from 'node:http';
import { wait } from '../clock.js';
import { ADMIN_PREFIX, type AdminPort, administrate } from './admin.js';
import { type Answer, failure } from './answer.js';
import { Api, type ApiOptions } from './api.js';
import { type ContractPage, contractAnswer, contractPageOf } from './contract-pages.js';
import { type FaultRule, Faults } from './faults.js';
import type { FeedState } from './feeds.js';
import type { Offer } from './offer.js';
import { type DuplicateOrder, type EventOrder, readDuplicateOrder, readEventOrder } from './orders.js';
import type { Found } from './routes.js';
import { Counters, type SandboxStats } from './stats.js';
import { Tokens } from './tokens.js';
import type { WebhookState } from './webhooks.js';
import { type Cut, closeAfter, readBody, readHalf, send } from './wire.js';
import type { World } from './world.js';

/** Where the token endpoint is. */
export const TOKEN_PATH = '/connect/token';

const MAX_TOKEN_REQUEST_BYTES = 64 * 1024;

export interface PlatformOptions extends Omit<ApiOptions, 'tokens'> {
  offer: Offer;
  tokenSeconds: number;
  tokenRequestsPerMinute: number;
}

/** Everything that a reset throws away. */
interface State {
  tokens: Tokens;
  api: Api;
  counters: Counters;
}

/** What a request is for: a token, a contract, or a call of an API. */
type Target = { kind: 'token' } | { kind: 'contract'; page: ContractPage } | Found;

/** The platform behind the HTTP server: takes a request, answers it, and misbehaves where the fault plan says so. */
export class Platform implements AdminPort {
  readonly #options: PlatformOptions;
  readonly #faults = new Faults();
  #state: State;

  constructor(options: PlatformOptions) {
    this.#options = options;
    this.#state = fresh(options);
  }

  get stats(): SandboxStats {
    return this.#state.counters.snapshot();
  }

  get faults(): (FaultRule & { used: number })[] {
    return this.#faults.list();
  }

  /** The world of a tenant. */
  world(tenantId: string): World | undefined {
    return this.#state.api.world(tenantId.toLowerCase());
  }

  setFaults(plan: FaultRule[]): void {
    this.#faults.set(plan);
  }

  revokeTokens(): void {
    this.#state.tokens.revokeAll();
  }

  reset(): void {
    this.#faults.set([]);
    this.#state.api.close();
    this.#state = fresh(this.#options);
  }

  get feeds(): FeedState[] {
    return this.#state.api.worlds.flatMap(({ feeds }) => feeds.states);
  }

  get webhooks(): WebhookState[] {
    return this.#state.api.worlds.flatMap(({ webhooks }) => webhooks.states);
  }

  /** Ends what goes on by itself: deliveries to webhooks and their timers. */
  close(): void {
    this.#state.api.close();
  }

  makeHappen(order: EventOrder): string[] {
    const { tenantId, count, ...cause } = readEventOrder(order);
    const { eventType, causationId = null, correlationId = null, relativeUrl = null, payload = {} } = cause;
    const what = { eventType, causationId, correlationId, relativeUrl, payload };
    return this.#worldOf(tenantId).makeHappen(what, count);
  }

  duplicate(order: DuplicateOrder): void {
    const { tenantId, feedId, webhookId, count, place } = readDuplicateOrder(order);
    const { feeds, webhooks } = this.#worldOf(tenantId);
    if (webhookId !== undefined) {
      const line = webhooks.get(webhookId);
      if (!line) throw new Error(`There is no webhook '${webhookId}'.`);
      line.repeat(count);
      return;
    }
    const feed = feeds.get(feedId);
    if (!feed) throw new Error(`There is no feed '${feedId}'.`);
    feed.duplicate(count, place);
  }

  #worldOf(tenantId: string): World {
    const world = this.world(tenantId);
    if (!world) throw new Error(`The sandbox has no tenant '${tenantId}'.`);
    return world;
  }

  /** Handles one request to its end. Never throws. */
  async handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    // A client that goes away is an everyday thing, and no reason to stop.
    request.on('error', () => {});
    response.on('error', () => {});
    try {
      await this.#handle(request, response);
    } catch {
      if (response.destroyed || response.headersSent) return void response.destroy();
      const why = 'Internal server exception. Please, contact your provider.';
      this.#state.counters.status(500);
      await send(request, response, failure(500, why, 'INTERNAL_SERVER_ERROR')).catch(() =>
        response.destroy(),
      );
    }
  }

  async #handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { path, query } = splitUrl(request.url ?? '/');
    if (path.startsWith(ADMIN_PREFIX)) {
      return send(request, response, await administrate(this, request, path));
    }
    const { counters } = this.#state;
    const target = this.#targetOf(request.method ?? '', path);
    const operation = target.kind === 'operation' ? target.operation : undefined;
    if (target.kind === 'token') counters.tokenRequest();
    else if (target.kind !== 'contract') counters.call(operation?.key);
    echoCorrelation(request, response);
    const fault = this.#faults.take({
      method: request.method ?? '',
      path,
      service: operation?.service,
      operation: operation?.key,
      tenantId: request.headers['x-tenant-id']?.toString(),
    });
    if (fault?.reset === 'request') await readHalf(request);
    const unanswered = fault?.reset === true || fault?.reset === 'request';
    const spoiled = unanswered || fault?.respond;
    const answer = spoiled ? respondOf(fault) : await this.#answer(request, response, target, query);
    if (fault?.delayMs) await this.#delay(fault.delayMs, response);
    if (unanswered) return void request.socket.resetAndDestroy();
    if (fault?.reset === 'after') closeAfter(response);
    await send(request, response, answer, cutOf(fault));
    if (target.kind !== 'contract') counters.status(answer.status);
  }

  #targetOf(method: string, path: string): Target {
    if (path === TOKEN_PATH) return { kind: 'token' };
    const page = contractPageOf(path);
    return page ? { kind: 'contract', page } : this.#options.offer.now().routes.find(method, path);
  }

  async #answer(
    request: IncomingMessage,
    response: ServerResponse,
    target: Target,
    query: URLSearchParams,
  ): Promise<Answer> {
    const { api, tokens } = this.#state;
    if (target.kind === 'contract') {
      const { operations } = this.#options.offer.now();
      return contractAnswer(target.page, request.method ?? '', operations, this.#options.clock.dateMs());
    }
    if (target.kind !== 'token') {
      const onEnd = (leave: () => void) => void response.once('close', leave);
      return api.answer({ request, found: target, query, onEnd });
    }
    const body = await readBody(request, MAX_TOKEN_REQUEST_BYTES);
    return tokens.answer({
      method: request.method ?? '',
      contentType: request.headers['content-type'],
      authorization: request.headers.authorization,
      ip: request.socket.remoteAddress ?? '',
      body: body?.toString('utf8'),
    });
  }

  /** Waits by the sandbox's clock, or until the client goes away. */
  async #delay(delayMs: number, response: ServerResponse): Promise<void> {
    const gone = new AbortController();
    const abort = () => gone.abort();
    response.once('close', abort);
    await wait(this.#options.clock, delayMs, gone.signal);
    response.off('close', abort);
  }
}

function fresh(options: PlatformOptions): State {
  const { clock, random, tokenSeconds, tokenRequestsPerMinute } = options;
  const tokens = new Tokens({ clock, random, tokenSeconds, requestsPerMinute: tokenRequestsPerMinute });
  return {
    tokens,
    api: new Api({ ...options, tokens }),
    counters: new Counters(),
  };
}

/** Not by `new URL()`: it would take `//x` for a host and resolve `..`, and what comes need not be a URL. */
function splitUrl(url: string): { path: string; query: URLSearchParams } {
  const at = url.indexOf('?');
  const path = at < 0 ? url : url.slice(0, at);
  return { path, query: new URLSearchParams(at < 0 ? '' : url.slice(at + 1)) };
}

function echoCorrelation(request: IncomingMessage, response: ServerResponse): void {
  const correlationId = request.headers['x-correlation-id'];
  if (correlationId) response.setHeader('x-correlation-id', correlationId);
}

function respondOf({ respond }: FaultRule): Answer {
  return respond ?? { status: 500 };
}

function cutOf(fault: FaultRule | undefined): Cut | undefined {
  if (fault?.reset === 'body') return { reset: true };
  if (fault?.truncate === undefined) return undefined;
  return { reset: false, bytes: fault.truncate === true ? undefined : fault.truncate };
}
