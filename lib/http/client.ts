import { setMaxListeners } from 'node:events';
import { Agent as HttpAgent } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import { DEFAULT_ANSWER_LIMIT_MB } from '../answer-limit.js';
import { Canceller, type CancelSignal } from '../cancel.js';
import { type Clock, systemClock } from '../clock.js';
import { FenergoError, safeCause } from '../errors.js';
import type { CallFacts } from '../facts.js';
import type { Answer } from '../transport.js';
import { dataOf, envelopeMessages, parseJson } from './answer.js';
import type { Call, CallResult } from './call.js';
import { abortedCall, CallGroup } from './call-group.js';
import { CallRun } from './call-run.js';
import { unreadable } from './failures.js';
import { Sender } from './sender.js';
import type { TokenSource } from './token-source.js';
import type { Traffic } from './traffic.js';

export interface ClientOptions {
  /** The base of every call; the token goes nowhere else. */
  apiUrl: string;
  tokens: TokenSource;
  /** The scope that the tokens are asked for, to explain a 403. */
  scope: string;
  /** Whom the calls share the tenants' limits with; they wait for their turn, which their timeout does not count. */
  traffic: Traffic;
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
  /** The call waits before its next try, or for its turn: about so long. In a queue `leftMs` tells what is left of it. */
  onWait?: (waitMs: number, leftMs?: () => number) => void;
  /** It no longer waits, however that ended; also told where there was no need to wait. What either throws is lost. */
  onWaitOver?: () => void;
}

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
  readonly #sender: Sender;

  constructor(options: ClientOptions) {
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
    this.#random = options.random ?? Math.random;
    this.#maxBytes = options.maxAnswerBytes ?? DEFAULT_ANSWER_LIMIT_MB * 1e6;
    const agent = { keepAlive: true, timeout: IDLE_MS };
    this.#agent = { http: new HttpAgent(agent), https: new HttpsAgent(agent) };
    const { apiUrl, userAgent } = options;
    this.#sender = new Sender({
      apiUrl,
      userAgent,
      maxBytes: this.#maxBytes,
      agent: this.#agent,
      clock: this.#clock,
    });
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
      const answer = await this.#run(call, running.canceller, facts, hooks).untilAnswered();
      return this.#read(call, answer, facts);
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

  #run(call: Call, canceller: Canceller, facts: CallFacts, { onWait, onWaitOver }: CallHooks): CallRun {
    const { tokens, scope, traffic } = this.#options;
    return new CallRun(call, canceller, facts, {
      clock: this.#clock,
      random: this.#random,
      tokens,
      scope,
      sender: this.#sender,
      limiter: traffic.limiterOf(call.tenantId),
      maxWaiting: traffic.maxWaiting,
      circuit: traffic.circuit,
      maxBytes: this.#maxBytes,
      onWait: unfailing(onWait),
      onWaitOver: unfailing(onWaitOver),
    });
  }

  /** Where a call goes, in full. */
  urlOf(call: Call): string {
    return this.#sender.urlOf(call);
  }

  /** Ends every call with FENERGO_ABORTED, and the connections. Later calls are refused. */
  close(): void {
    this.#calls.close();
    this.#agent.http.destroy();
    this.#agent.https.destroy();
    this.#options.traffic.release();
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
    const onAbort = () => canceller.abort(abortedCall('the signal that came with it was aborted'));
    // One signal may be that of ten thousand messages: more than ten listeners are no leak here.
    if (signal instanceof AbortSignal) setMaxListeners(0, signal);
    if (signal?.aborted) onAbort();
    else signal?.addEventListener('abort', onAbort, { once: true });
    const leave = () => {
      signal?.removeEventListener('abort', onAbort);
      leaveClient();
      leaveGroup?.();
    };
    return { canceller, leave };
  }

  #read(call: Call, answer: Answer, facts: CallFacts): CallResult {
    const { statusCode, headers, body } = answer;
    const result = (payload: unknown): CallResult => ({ payload, statusCode, headers, facts });
    if (call.method === 'HEAD') return result(null);
    const encoding = unknownEncoding(answer);
    if (encoding) throw unreadable(call, answer, `is encoded as '${encoding}', which was not asked for`);
    if (call.result === 'buffer') return result(body);
    if (call.result === 'text') return result(body.toString('utf8'));
    let parsed: unknown;
    try {
      parsed = parseJson(body);
    } catch {
      throw unreadable(call, answer, `is not JSON (${headers['content-type'] ?? 'no content type'})`);
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

/** Hooks end in what others listen to, the editor's status for one: a fault of theirs is no reason to lose a call. */
function unfailing<Args extends unknown[]>(hook?: (...args: Args) => void) {
  if (!hook) return undefined;
  return (...args: Args): void => {
    try {
      hook(...args);
    } catch {
      // It was told; what it makes of that is its own affair.
    }
  };
}

/** What is understood has been decompressed, and its header is gone. */
function unknownEncoding({ headers, body }: Answer): string | undefined {
  const encoding = headers['content-encoding']?.trim().toLowerCase();
  return body.length === 0 || encoding === 'identity' ? undefined : encoding?.slice(0, 60);
}
