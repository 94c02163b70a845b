import { Agent as HttpAgent } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import { Canceller, type CancelSignal } from '../cancel.js';
import { type Clock, systemClock, wait } from '../clock.js';
import { FenergoError, safeCause } from '../errors.js';
import type { CallFacts } from '../facts.js';
import { type Answer, exchange, TransportError } from '../transport.js';
import { askedPauseMs, dataOf, envelopeMessages, parseJson, rateLimitOf } from './answer.js';
import type { Call, CallResult } from './call.js';
import { abortedCall, CallGroup } from './call-group.js';
import { failureOf, ownCopy, timedOut, transportFailureOf, unreadable, withoutToken } from './failures.js';
import { type FailedTry, retryAfter } from './retry.js';
import { Turnstile } from './turnstile.js';

/** Where the client gets its tokens: the token cache, bound to one credential. */
export interface TokenSource {
  /** A token that is good now. Its error says in `transient` whether asking again later may help. */
  get(signal: CancelSignal): Promise<string>;
  /** Tells that the API refused this token with 401. */
  reject(accessToken: string): void;
}

export interface ClientOptions {
  /** The base of every call; the token goes nowhere else. */
  apiUrl: string;
  tokens: TokenSource;
  /** The scope that the tokens are asked for, to explain a 403. */
  scope: string;
  /** Calls at a time; further ones wait for their turn, which their timeout does not count. */
  maxConcurrent: number;
  /** Sent as `user-agent`. */
  userAgent: string;
  clock?: Clock;
  random?: () => number;
  /** The longest answer to read. */
  maxAnswerBytes?: number;
}

/** What a caller may hear of and end. */
export interface CallHooks {
  /** Ends the call together with others. */
  group?: CallGroup;
  signal?: CancelSignal;
  /** The call waits before its next try. */
  onWait?: (waitMs: number) => void;
}

const MAX_ANSWER_BYTES = 50_000_000;
const MAX_REDIRECTS = 5;
/**
 * Idle connections are given up before usual servers do (Node closes after 5 s), so that a command does not meet a
 * connection that is just being closed: it could not be repeated.
 */
const IDLE_MS = 4000;

/** Calls the API of one connection. */
export class FenergoClient {
  readonly #options: ClientOptions;
  readonly #clock: Clock;
  readonly #random: () => number;
  readonly #maxBytes: number;
  readonly #agent: { http: HttpAgent; https: HttpsAgent };
  readonly #calls = new CallGroup();
  readonly #turns: Turnstile;

  constructor(options: ClientOptions) {
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
    this.#random = options.random ?? Math.random;
    this.#maxBytes = options.maxAnswerBytes ?? MAX_ANSWER_BYTES;
    this.#turns = new Turnstile(options.maxConcurrent);
    const agent = { keepAlive: true, timeout: IDLE_MS };
    this.#agent = { http: new HttpAgent(agent), https: new HttpsAgent(agent) };
  }

  /**
   * Sends a call, with a token, and again where that is safe and may help (see retry.ts). A 401 is answered with one
   * more try with a fresh token.
   *
   * @returns the answer's payload and facts
   * @throws FenergoError, with what is known of the answer and the call in its facts
   */
  async call(call: Call, hooks: CallHooks = {}): Promise<CallResult> {
    const running = this.#enter(hooks);
    const facts: CallFacts = { attempts: 0, durationMs: 0, messages: [] };
    try {
      await this.#turns.enter(running.canceller);
      return await this.#inTurn(call, facts, running.canceller, hooks);
    } catch (error) {
      const failure =
        error instanceof FenergoError
          ? error
          : new FenergoError('FENERGO_NETWORK', 'The call failed', { cause: safeCause(error) });
      failure.facts.call = facts;
      throw failure;
    } finally {
      running.leave();
    }
  }

  /** The call from when its turn has come: from here on its time counts. */
  async #inTurn(call: Call, facts: CallFacts, canceller: Canceller, hooks: CallHooks): Promise<CallResult> {
    const startMs = this.#clock.nowMs();
    const cancelTimeout = this.#clock.setTimer(call.timeoutMs, () => canceller.abort(timedOut(call)));
    try {
      const { answer, token } = await this.#untilAnswered(call, facts, canceller, hooks);
      return this.#read(call, answer, token, facts);
    } finally {
      cancelTimeout();
      facts.durationMs = Math.round(this.#clock.nowMs() - startMs);
      this.#turns.leave();
    }
  }

  /** Where a call goes, in full. */
  urlOf(call: Call): string {
    return this.#options.apiUrl + call.path;
  }

  /** Ends every call with FENERGO_ABORTED, and the connections. Later calls are refused. */
  close(): void {
    this.#calls.close();
    this.#agent.http.destroy();
    this.#agent.https.destroy();
  }

  #enter({ group, signal }: CallHooks): { canceller: Canceller; leave: () => void } {
    const canceller = new Canceller();
    const leaveClient = this.#calls.enter(canceller);
    let leaveGroup: (() => void) | undefined;
    try {
      leaveGroup = group?.enter(canceller);
    } catch (error) {
      leaveClient();
      throw error;
    }
    const onAbort = () => canceller.abort(abortedCall());
    if (signal?.aborted) onAbort();
    else signal?.addEventListener('abort', onAbort, { once: true });
    const leave = () => {
      signal?.removeEventListener('abort', onAbort);
      leaveClient();
      leaveGroup?.();
    };
    return { canceller, leave };
  }

  /** Tries until there is a success, or no further try is allowed. */
  async #untilAnswered(
    call: Call,
    facts: CallFacts,
    signal: CancelSignal,
    hooks: CallHooks,
  ): Promise<{ answer: Answer; token: string }> {
    let refusedToken = false;
    for (let attempt = 1; ; attempt += 1) {
      const { answer, token, again, error } = await this.#try(call, facts, signal);
      if (answer?.statusCode === 401 && !refusedToken) {
        // Once more with a fresh token; this does not count against the tries.
        refusedToken = true;
        attempt -= 1;
        continue;
      }
      if (answer && isSuccess(answer)) return { answer, token };
      const pauseMs = again && retryAfter({ ...again, attempt }, this.#random());
      if (pauseMs === undefined) throw error();
      if (pauseMs > 0) hooks.onWait?.(pauseMs);
      await wait(this.#clock, pauseMs, signal);
    }
  }

  /** One try, its token included. */
  async #try(call: Call, facts: CallFacts, signal: CancelSignal): Promise<Tried> {
    const base = { method: call.method, service: call.service };
    let token: string;
    try {
      token = await this.#options.tokens.get(signal);
    } catch (error) {
      if (signal.aborted) throw signal.reason;
      const { transient } = error as { transient?: boolean };
      return {
        token: '',
        again: transient ? { ...base, failure: { noToken: true } } : undefined,
        error: () => ownCopy(error),
      };
    }
    facts.attempts += 1;
    try {
      const answer = await this.#send(call, token, signal);
      this.#note(answer, facts);
      if (answer.statusCode === 401) this.#options.tokens.reject(token);
      const retryMs = askedPauseMs(answer, this.#clock.dateMs());
      return {
        answer,
        token,
        again: { ...base, failure: { statusCode: answer.statusCode }, retryAfterMs: retryMs },
        error: () => failureOf(call, withoutToken(answer, token), this.#options.scope),
      };
    } catch (error) {
      if (signal.aborted) throw signal.reason;
      if (!(error instanceof TransportError)) throw error;
      return {
        token,
        again: { ...base, failure: { transport: error.kind } },
        error: () => transportFailureOf(call, error, this.#options.apiUrl, this.#maxBytes),
      };
    }
  }

  /** One request; redirects are followed for reads and on the same host only. */
  async #send(call: Call, token: string, signal: CancelSignal): Promise<Answer> {
    const { userAgent } = this.#options;
    const headers: Record<string, string> = {
      ...call.headers,
      accept: 'application/json',
      'user-agent': userAgent,
      'x-tenant-id': call.tenantId,
      'x-correlation-id': call.correlationId,
      authorization: `Bearer ${token}`,
    };
    if (call.body !== undefined) headers['content-type'] ??= 'application/json';
    let url = this.urlOf(call);
    for (let redirects = 0; ; redirects += 1) {
      const answer = await exchange({
        method: call.method,
        url,
        headers,
        body: call.body,
        signal,
        maxBytes: this.#maxBytes,
        agent: this.#agent,
      });
      const next = redirects < MAX_REDIRECTS ? redirectTarget(call, answer, url) : undefined;
      if (!next) return answer;
      url = next;
    }
  }

  #note({ headers }: Answer, facts: CallFacts): void {
    facts.rateLimit = rateLimitOf(headers) ?? facts.rateLimit;
    const { deprecation, sunset } = headers as Record<string, string | undefined>;
    if (deprecation) facts.deprecation = deprecation;
    if (sunset) facts.sunset = sunset;
  }

  #read(call: Call, answer: Answer, token: string, facts: CallFacts): CallResult {
    const { statusCode, headers, body } = answer;
    const result = (payload: unknown): CallResult => ({ payload, statusCode, headers, facts });
    if (call.method === 'HEAD') return result(null);
    if (call.result === 'buffer') return result(body);
    if (call.result === 'text') return result(body.toString('utf8'));
    let parsed: unknown;
    try {
      parsed = parseJson(body);
    } catch {
      throw unreadable(
        call,
        withoutToken(answer, token),
        `is not JSON (${headers['content-type'] ?? 'no content type'})`,
      );
    }
    if (parsed === undefined) {
      // Commands are accepted without a word; a read that answers 200 with nothing has lost its answer.
      if (statusCode === 200 && (call.method === 'GET' || call.service.endsWith('query'))) {
        throw unreadable(call, answer, 'is empty');
      }
      return result(null);
    }
    facts.messages = envelopeMessages(parsed);
    const payload = call.result === 'envelope' ? parsed : dataOf(parsed);
    return result(payload === undefined ? null : payload);
  }
}

/** What came of one try. */
interface Tried {
  answer?: Answer;
  /** The token that was sent; empty when there was none. */
  token: string;
  /** What the retry rules need; absent when a further try cannot help. */
  again?: Omit<FailedTry, 'attempt'>;
  error: () => unknown;
}

function isSuccess({ statusCode }: Answer): boolean {
  return statusCode >= 200 && statusCode < 300;
}

function redirectTarget(call: Call, { statusCode, headers }: Answer, from: string): string | undefined {
  if (statusCode < 300 || statusCode >= 400 || !headers.location) return undefined;
  if (call.method !== 'GET' && call.method !== 'HEAD') return undefined;
  const target = URL.canParse(headers.location, from) ? new URL(headers.location, from) : undefined;
  // A user name in the address would take the place of the token.
  if (!target || target.username || target.password) return undefined;
  return target.origin === new URL(from).origin ? target.href : undefined;
}
