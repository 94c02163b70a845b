import type { Canceller } from '../cancel.js';
import { type CancelTimer, type Clock, wait } from '../clock.js';
import { FenergoError } from '../errors.js';
import type { CallFacts } from '../facts.js';
import { limitedAs } from '../plans.js';
import { retryAfterMs } from '../retry-after.js';
import { type Answer, TransportError, type TransportFailure } from '../transport.js';
import { askedPauseMs, rateLimitOf } from './answer.js';
import type { Call } from './call.js';
import type { Circuit, CircuitOutcome } from './circuit.js';
import { failureOf, impatient, ownCopy, timedOut, transportFailureOf, withoutToken } from './failures.js';
import type { TenantLimiter, Turn, TurnOutcome } from './limiter.js';
import { afterFailure, type Decision, type FailedTry } from './retry.js';
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
  /** Told when the call waits: before its next try, or for its turn. */
  onWait?: (waitMs: number) => void;
  /** Told when it no longer waits, however that ended, and also where there was no need to wait. */
  onWaitOver?: () => void;
}

/** What came of one try. */
interface Tried {
  answer?: Answer;
  /** The token that was sent; empty when there was none. */
  token: string;
  /** What the retry rules need; absent when a further try cannot help. */
  again?: Omit<FailedTry, 'attempt'>;
  error: () => unknown;
  circuit: CircuitOutcome;
  /** Of a failure, in a word: the status, or the code of the transport. */
  why?: string;
  turn: TurnOutcome;
}

const USUAL_PATIENCE_MS = 600_000;
const NOTHING_SENT: ReadonlySet<TransportFailure> = new Set(['unreachable', 'untrusted', 'handshake']);

/** One call on its way: its turns, its tries, its time. */
export class CallRun {
  readonly #call: Call;
  readonly #parts: RunParts;
  readonly #canceller: Canceller;
  readonly #facts: CallFacts;
  #firstTurnMs: number | undefined;
  /** Of the call's own time, which does not pass while it waits for a turn. */
  #leftMs: number;
  #startedMs = 0;
  #cancelTimeout: CancelTimer | undefined;
  #cancelPatience: CancelTimer | undefined;
  #queued = false;
  #lastTurn: Turn | undefined;
  /** Since the first 429: what the last one said, and whether the call has waited for as long as it may. */
  #patience: { refusal: FenergoError; over: boolean } | undefined;

  constructor(call: Call, canceller: Canceller, facts: CallFacts, parts: RunParts) {
    this.#call = call;
    this.#canceller = canceller;
    this.#facts = facts;
    this.#parts = parts;
    this.#leftMs = call.timeoutMs;
  }

  /**
   * Tries until there is a success, or no further try is allowed.
   *
   * @returns the answer, and the token that was sent
   */
  async untilAnswered(): Promise<{ answer: Answer; token: string }> {
    try {
      return await this.#tries();
    } finally {
      this.#stopTime();
      this.#cancelPatience?.();
      const { clock } = this.#parts;
      if (this.#firstTurnMs !== undefined)
        this.#facts.durationMs = Math.round(clock.nowMs() - this.#firstTurnMs);
    }
  }

  async #tries(): Promise<{ answer: Answer; token: string }> {
    let refusedToken = false;
    for (let attempt = 1; ; attempt += 1) {
      const { answer, token, again, error } = await this.#inTurn();
      if (answer?.statusCode === 401 && !refusedToken) {
        // Once more with a fresh token; this does not count against the tries.
        refusedToken = true;
        attempt -= 1;
        continue;
      }
      if (answer && isSuccess(answer)) return { answer, token };
      const decision = again ? this.#decide({ ...again, attempt }) : undefined;
      if (!decision || decision.next === 'give-up') throw error();
      if (decision.next === 'return') {
        this.#bePatient(error() as FenergoError, again?.retryAfterMs);
        attempt -= 1;
      } else await this.#pause(decision.pauseMs);
    }
  }

  #decide(tried: FailedTry): Decision {
    return afterFailure(tried, this.#parts.random(), this.#call.retry);
  }

  /** One try in a turn of its own. */
  async #inTurn(): Promise<Tried> {
    // While the host is taken for dead nobody need queue only to hear so.
    this.#parts.circuit?.check(this.#call.label);
    const turn = await this.#turn();
    let tried: Tried | undefined;
    try {
      tried = await this.#throughCircuit(turn);
      return tried;
    } finally {
      turn.leave(tried?.turn);
    }
  }

  async #turn(): Promise<Turn> {
    const { limiter, maxWaiting, onWait, onWaitOver } = this.#parts;
    const { method, service, path, urgent = false } = this.#call;
    const [withinService = ''] = path.slice(service.length + 1).split('?');
    if (this.#patience?.over) throw this.#impatience(this.#patience.refusal);
    this.#stopTime();
    this.#queued = true;
    try {
      this.#lastTurn = await limiter.enter({
        domain: limitedAs({ method, service, path: withinService }),
        urgent,
        signal: this.#canceller,
        maxWaiting,
        label: this.#call.label,
        lastTurn: this.#lastTurn,
        onWait,
      });
    } finally {
      this.#queued = false;
      onWaitOver?.();
    }
    this.#startTime();
    return this.#lastTurn;
  }

  async #throughCircuit(turn: Turn): Promise<Tried> {
    const leave = this.#parts.circuit?.enter(this.#call.label);
    const sentBefore = this.#facts.attempts;
    let outcome: CircuitOutcome = 'neither';
    let why: string | undefined;
    try {
      const tried = await this.#try(turn);
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
    }
  }

  /** One try, its token included. */
  async #try(turn: Turn): Promise<Tried> {
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
        token: '',
        again: transient ? { ...base, failure: { noToken: true } } : undefined,
        error: () => ownCopy(error),
        circuit: 'neither',
        turn: {},
      };
    }
    if (signal.aborted) throw signal.reason;
    this.#facts.attempts += 1;
    turn.sending();
    let left = false;
    const onSent = () => {
      left = true;
      turn.sent();
    };
    try {
      const answer = await this.#parts.sender.send(this.#call, token, signal, onSent);
      // A server may answer before it has read everything.
      if (!left) turn.sent();
      return this.#answered(answer, token, base);
    } catch (error) {
      // It may have got something all the same.
      if (!left && !(error instanceof TransportError && NOTHING_SENT.has(error.kind))) turn.sent();
      if (signal.aborted) throw signal.reason;
      if (!(error instanceof TransportError)) throw error;
      return {
        token,
        again: { ...base, failure: { transport: error.kind } },
        error: () =>
          transportFailureOf(this.#call, error, this.#parts.sender.urlOf(this.#call), this.#parts.maxBytes),
        circuit: error.kind === 'too-large' ? 'answered' : 'failed',
        why: error.code,
        turn: {},
      };
    }
  }

  #answered(answer: Answer, token: string, base: { method: string; service: string }): Tried {
    const { clock, tokens, scope } = this.#parts;
    const { statusCode } = answer;
    this.#note(answer);
    if (statusCode === 401) tokens.reject(token);
    const pauseMs = askedPauseMs(answer, clock.dateMs());
    return {
      answer,
      token,
      again: { ...base, failure: { statusCode }, retryAfterMs: pauseMs },
      error: () => failureOf(this.#call, withoutToken(answer, token), scope),
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

  /** A call that was refused with 429 waits again, but not for ever. */
  #bePatient(refusal: FenergoError, pauseMs = 0): void {
    if (pauseMs >= this.#patienceMs) throw refusal;
    if (this.#patience) {
      this.#patience.refusal = refusal;
      return;
    }
    const patience = { refusal, over: false };
    this.#patience = patience;
    this.#cancelPatience = this.#parts.clock.setTimer(this.#patienceMs, () => {
      patience.over = true;
      if (this.#queued) this.#canceller.abort(this.#impatience(patience.refusal));
    });
  }

  get #patienceMs(): number {
    return this.#call.patienceMs ?? USUAL_PATIENCE_MS;
  }

  #impatience(refusal: FenergoError): FenergoError {
    return impatient(this.#call, refusal, this.#patienceMs);
  }

  async #pause(pauseMs: number): Promise<void> {
    if (pauseMs > 0) this.#parts.onWait?.(pauseMs);
    try {
      await wait(this.#parts.clock, pauseMs, this.#canceller);
    } finally {
      this.#parts.onWaitOver?.();
    }
  }

  #startTime(): void {
    const { clock } = this.#parts;
    this.#startedMs = clock.nowMs();
    this.#firstTurnMs ??= this.#startedMs;
    this.#cancelTimeout = clock.setTimer(this.#leftMs, () => this.#canceller.abort(timedOut(this.#call)));
  }

  #stopTime(): void {
    if (!this.#cancelTimeout) return;
    this.#cancelTimeout();
    this.#cancelTimeout = undefined;
    this.#leftMs -= this.#parts.clock.nowMs() - this.#startedMs;
  }
}

function isSuccess({ statusCode }: Answer): boolean {
  return statusCode >= 200 && statusCode < 300;
}
