import type { Canceller } from '../cancel.js';
import { type Clock, wait } from '../clock.js';
import { FenergoError } from '../errors.js';
import type { CallFacts } from '../facts.js';
import { limitedAs } from '../plans.js';
import { retryAfterMs } from '../retry-after.js';
import { type Answer, TransportError, type TransportFailure } from '../transport.js';
import { askedPauseMs, rateLimitOf } from './answer.js';
import type { Call } from './call.js';
import { CallTime } from './call-time.js';
import type { Circuit, CircuitOutcome } from './circuit.js';
import {
  cancelledMidway,
  failureOf,
  ownCopy,
  timedOut,
  transportFailureOf,
  withoutToken,
} from './failures.js';
import type { TenantLimiter, Turn, TurnOutcome } from './limiter.js';
import { Patience } from './patience.js';
import { afterFailure, DEFAULT_RETRY, type Decision, type FailedTry } from './retry.js';
import type { Sender } from './sender.js';
import type { TokenSource } from './token-source.js';

export interface RunParts {
  clock: Clock;
  random: () => number;
  tokens: TokenSource;
  /** The scope that the tokens are asked for, to explain a 403. */
  scope: string;
  sender: Sender;
  limiter: TenantLimiter;
  /** Calls that may wait for a turn; more are refused. */
  maxWaiting: number;
  circuit?: Circuit;
  maxBytes: number;
  /** Told when the call waits: before its next try, or for its turn; see `TurnRequest`. */
  onWait?: (waitMs: number, leftMs?: () => number) => void;
  /** Told when it no longer waits, however that ended, and also where there was no need to wait. */
  onWaitOver?: () => void;
}

/** What came of one try. */
interface Tried {
  answer?: Answer;
  /** What the retry rules need; absent when a further try cannot help. */
  again?: Omit<FailedTry, 'attempt'>;
  error: () => unknown;
  circuit: CircuitOutcome;
  /** Of a failure, in a word: the status, or the code of the transport. */
  why?: string;
  turn: TurnOutcome;
}

const NOTHING_SENT: ReadonlySet<TransportFailure> = new Set(['unreachable', 'untrusted', 'handshake']);

/** One call on its way: its turns, its tries, its time. */
export class CallRun {
  readonly #call: Call;
  readonly #parts: RunParts;
  readonly #canceller: Canceller;
  readonly #facts: CallFacts;
  readonly #time: CallTime;
  /** Since the first 429. */
  #patience: Patience | undefined;
  #queued = false;
  /** A request has left and has not been answered. */
  #sent = false;
  /** A request may have been carried out: it has left, and no answer says that it was refused. */
  #mayBeDone = false;
  #lastTurn: Turn | undefined;

  constructor(call: Call, canceller: Canceller, facts: CallFacts, parts: RunParts) {
    this.#call = call;
    this.#canceller = canceller;
    this.#facts = facts;
    this.#parts = parts;
    const { clock } = parts;
    this.#time = new CallTime(clock, call.timeoutMs, () =>
      canceller.abort(timedOut(call, this.#sent || this.#mayBeDone)),
    );
  }

  /**
   * Tries until there is a success, or no further try is allowed.
   *
   * @returns the answer, without the token that was sent
   */
  async untilAnswered(): Promise<Answer> {
    try {
      return await this.#tries();
    } catch (error) {
      throw this.#mayBeDone ? cancelledMidway(this.#call, error) : error;
    } finally {
      this.#time.stop();
      this.#patience?.stop();
      this.#facts.durationMs = Math.round(this.#time.sinceFirstMs);
    }
  }

  async #tries(): Promise<Answer> {
    let refusedToken = false;
    let sent = false;
    for (let attempt = 1; ; attempt += 1) {
      const { answer, again, error } = await this.#inTurn(sent);
      sent = true;
      if (answer?.statusCode === 401 && !refusedToken) {
        // Once more with a fresh token; this does not count against the tries.
        refusedToken = true;
        attempt -= 1;
        continue;
      }
      if (answer && isSuccess(answer)) return answer;
      const decision = again ? this.#decide({ ...again, attempt }) : undefined;
      if (!decision || decision.next === 'give-up') throw error();
      if (decision.next === 'return') {
        this.#patience ??= new Patience(this.#call, this.#parts.clock, this.#canceller, () => this.#queued);
        this.#patience.refused(error() as FenergoError, again?.retryAfterMs);
        attempt -= 1;
      } else await this.#pause(decision.pauseMs);
    }
  }

  #decide(tried: FailedTry): Decision {
    return afterFailure(tried, this.#parts.random(), this.#call.retry);
  }

  /**
   * One try in a turn of its own.
   *
   * @param waits whether it waits for a host that is taken for dead: a call that may be tried again has begun already
   */
  async #inTurn(waits: boolean): Promise<Tried> {
    const { circuit, clock } = this.#parts;
    const { label, retry = DEFAULT_RETRY } = this.#call;
    const untilMs = clock.nowMs() + (waits ? retry.longestPauseMs : 0);
    for (;;) {
      // While the host is taken for dead nobody need queue only to hear so.
      const pauseMs = circuit?.waitMs() ?? 0;
      if (pauseMs > 0 && clock.nowMs() + pauseMs <= untilMs) {
        await this.#pause(pauseMs);
        continue;
      }
      if (circuit && circuit.state().state !== 'closed') circuit.check(label, this.#turnInMs());
      const turn = await this.#turn(waits);
      let leave: ReturnType<Circuit['enter']> | undefined;
      try {
        leave = circuit?.enter(label);
      } catch (error) {
        turn.leave();
        if (clock.nowMs() + (circuit?.waitMs() ?? 0) > untilMs) throw error;
        continue;
      }
      return await this.#inside({ turn }, leave);
    }
  }

  /** How it stands in the limiter's queue. */
  get #place(): { domain: string; urgent: boolean } {
    const { method, service, path, urgent = false } = this.#call;
    const [withinService = ''] = path.slice(service.length + 1).split('?');
    return { domain: limitedAs({ method, service, path: withinService }), urgent };
  }

  #turnInMs(): number {
    return this.#parts.limiter.waitMs(this.#place);
  }

  /** @param waits see `#inTurn`: others end when the host turns out to be dead */
  async #turn(waits = true): Promise<Turn> {
    const { limiter, maxWaiting, onWait, onWaitOver, circuit } = this.#parts;
    const { label } = this.#call;
    this.#patience?.check();
    this.#time.stop();
    this.#queued = true;
    const forget = waits
      ? undefined
      : circuit?.onOpen((refusal) => this.#queued && this.#canceller.abort(refusal(label)));
    try {
      this.#lastTurn = await limiter.enter({
        ...this.#place,
        signal: this.#canceller,
        maxWaiting,
        label,
        lastTurn: this.#lastTurn,
        onWait,
      });
    } finally {
      forget?.();
      this.#queued = false;
      onWaitOver?.();
    }
    this.#time.start();
    return this.#lastTurn;
  }

  /** @param held the turn, which redirects replace by further ones */
  async #inside(held: { turn: Turn }, leave: ReturnType<Circuit['enter']> | undefined): Promise<Tried> {
    const sentBefore = this.#facts.attempts;
    let outcome: CircuitOutcome = 'neither';
    let why: string | undefined;
    let ofTurn: TurnOutcome | undefined;
    try {
      const tried = await this.#try(held);
      ofTurn = tried.turn;
      outcome = tried.circuit;
      why = tried.why;
      return tried;
    } catch (error) {
      // Its time is over, and the host has said nothing.
      const timedOut = error instanceof FenergoError && error.code === 'FENERGO_TIMEOUT';
      if (timedOut && this.#facts.attempts > sentBefore) {
        outcome = 'failed';
        why = 'a timeout';
      }
      throw error;
    } finally {
      leave?.(outcome, why);
      held.turn.leave(ofTurn);
    }
  }

  /** One try, its token included. */
  async #try(held: { turn: Turn }): Promise<Tried> {
    const { tokens } = this.#parts;
    const signal = this.#canceller;
    const base = { method: this.#call.method, service: this.#call.service };
    let token: string;
    try {
      token = await tokens.get(signal);
    } catch (error) {
      if (signal.aborted) throw signal.reason;
      const { transient } = error as { transient?: boolean };
      return {
        again: transient ? { ...base, failure: { noToken: true } } : undefined,
        error: () => ownCopy(error),
        circuit: 'neither',
        turn: {},
      };
    }
    if (signal.aborted) throw signal.reason;
    this.#facts.attempts += 1;
    held.turn.sending();
    let left = false;
    const onSent = () => {
      left = true;
      this.#sent = true;
      held.turn.sent();
    };
    // Every request counts, so each has its turn.
    const beforeRedirect = async () => {
      held.turn.leave({ refused: false });
      held.turn = await this.#turn();
      held.turn.sending();
      left = false;
    };
    try {
      const hooks = { onSent, beforeRedirect };
      const answer = withoutToken(await this.#parts.sender.send(this.#call, token, signal, hooks), token);
      // A server may answer before it has read everything.
      if (!left) held.turn.sent(false);
      return this.#answered(answer, token, base);
    } catch (error) {
      // It may have got something all the same.
      if (!left && !(error instanceof TransportError && NOTHING_SENT.has(error.kind))) held.turn.sent(false);
      if (left) this.#mayBeDone = true;
      if (signal.aborted) throw signal.reason;
      if (!(error instanceof TransportError)) throw error;
      return {
        again: { ...base, failure: { transport: error.kind } },
        error: () =>
          transportFailureOf(this.#call, error, this.#parts.sender.urlOf(this.#call), this.#parts.maxBytes),
        circuit: error.kind === 'too-large' ? 'answered' : 'failed',
        why: error.code,
        turn: {},
      };
    } finally {
      this.#sent = false;
    }
  }

  #answered(answer: Answer, token: string, base: { method: string; service: string }): Tried {
    const { clock, tokens, scope } = this.#parts;
    const { statusCode } = answer;
    this.#note(answer);
    if (statusCode >= 500) this.#mayBeDone = true;
    if (statusCode === 401) tokens.reject(token);
    const pauseMs = askedPauseMs(answer, clock.dateMs());
    return {
      answer,
      again: { ...base, failure: { statusCode }, retryAfterMs: pauseMs },
      error: () => failureOf(this.#call, answer, scope),
      circuit: statusCode >= 500 ? 'failed' : 'answered',
      why: String(statusCode),
      turn: { refused: statusCode === 429, pauseMs, ...this.#dayLeft(answer) },
    };
  }

  #note({ headers }: Answer): void {
    this.#facts.rateLimit = rateLimitOf(headers) ?? this.#facts.rateLimit;
    const { deprecation, sunset } = headers as Record<string, string | undefined>;
    if (deprecation) this.#facts.deprecation = deprecation;
    if (sunset) this.#facts.sunset = sunset;
  }

  /** What the answer tells of the day's window. */
  #dayLeft({ headers }: Answer): Pick<TurnOutcome, 'remaining' | 'resetMs'> {
    const { remaining, reset } = rateLimitOf(headers) ?? {};
    return { remaining, resetMs: retryAfterMs(reset, this.#parts.clock.dateMs()) };
  }

  async #pause(pauseMs: number): Promise<void> {
    if (pauseMs > 0) this.#parts.onWait?.(pauseMs);
    try {
      await wait(this.#parts.clock, pauseMs, this.#canceller);
    } finally {
      this.#parts.onWaitOver?.();
    }
  }
}

function isSuccess({ statusCode }: Answer): boolean {
  return statusCode >= 200 && statusCode < 300;
}
