import type { Clock } from '../clock.js';
import { FenergoError } from '../errors.js';

/** What may be shown of a circuit. */
export type CircuitState =
  | { state: 'closed' }
  /** Calls fail at once; `secondsLeft` until the next probe. */
  | { state: 'open'; failures: number; secondsLeft: number }
  /** One call is on its way to find out. */
  | { state: 'probing'; failures: number };

export interface CircuitOptions {
  clock: Clock;
  /** Named in errors. */
  host: string;
  /** Failures in a row that open it. */
  failuresToOpen?: number;
  /** How long the row has to last at least. */
  shortestRowMs?: number;
  /** Takes a line for the log when it opens or closes. */
  log?: (line: string) => void;
}

/** What a request tells when it has ended: `neither` when it says nothing about the host. */
export type CircuitOutcome = 'answered' | 'failed' | 'neither';

const FAILURES_TO_OPEN = 20;
/** For so long at least: what was under way together fails together when a connection breaks, and that is no dead host. */
const SHORTEST_ROW_MS = 1000;
const FIRST_PAUSE_MS = 1000;
const LONGEST_PAUSE_MS = 60_000;
const PROBE_MS = 250;
const SOON_MS = 2000;

/**
 * Keeps calls from a host that answers nothing but failures: they fail at once for a pause that grows, and one probe at
 * a time goes through, until one is answered.
 */
export class Circuit {
  readonly #clock: Clock;
  readonly #host: string;
  readonly #failuresToOpen: number;
  readonly #shortestRowMs: number;
  readonly #log: (line: string) => void;
  #failures = 0;
  /** When the first of these was sent. */
  #rowStartMs = 0;
  readonly #onOpen = new Set<(refusal: (label: string) => FenergoError) => void>();
  /** In a few words: a status, a code of the system. */
  #lastFailure = 'unknown';
  #pauseMs = 0;
  #openUntilMs = 0;
  #probing = false;

  constructor({
    clock,
    host,
    failuresToOpen = FAILURES_TO_OPEN,
    shortestRowMs = SHORTEST_ROW_MS,
    log = () => {},
  }: CircuitOptions) {
    this.#clock = clock;
    this.#host = host;
    this.#failuresToOpen = failuresToOpen;
    this.#shortestRowMs = shortestRowMs;
    this.#log = log;
  }

  state(): CircuitState {
    if (this.#pauseMs === 0) return { state: 'closed' };
    const failures = this.#failures;
    if (this.#probing) return { state: 'probing', failures };
    const leftMs = Math.max(0, this.#openUntilMs - this.#clock.nowMs());
    return { state: 'open', failures, secondsLeft: Math.ceil(leftMs / 1000) };
  }

  /** Milliseconds until the next probe may go, about; 0 while calls may pass. For those who may wait for it. */
  waitMs(): number {
    if (this.#pauseMs === 0) return 0;
    const leftMs = this.#openUntilMs - this.#clock.nowMs();
    // How long a probe takes, nobody knows.
    return leftMs > 0 ? leftMs : this.#probing ? PROBE_MS : 0;
  }

  /**
   * Tells somebody who waits when it opens, with the error for their call.
   *
   * @returns what ends that
   */
  onOpen(listener: (refusal: (label: string) => FenergoError) => void): () => void {
    this.#onOpen.add(listener);
    return () => this.#onOpen.delete(listener);
  }

  /**
   * @param label names the call in the error
   * @param turnInMs how long the call would wait for its turn, about: one that cannot go soon is no probe
   * @throws FENERGO_UNAVAILABLE while the host is taken for dead and it is not yet time for another probe
   */
  check(label: string, turnInMs = 0): void {
    if (this.#pauseMs === 0) return;
    if (this.#probing || this.#clock.nowMs() < this.#openUntilMs || turnInMs > SOON_MS) {
      throw this.#unavailable(label);
    }
  }

  /**
   * To be called when a request is about to be sent.
   *
   * @returns what is to be called with its outcome, once, and in a few words with why it failed
   * @throws as `check` does
   */
  enter(label: string): (outcome: CircuitOutcome, why?: string) => void {
    this.check(label);
    const probe = this.#pauseMs > 0;
    if (probe) this.#probing = true;
    const sentMs = this.#clock.nowMs();
    return (outcome, why) => {
      if (probe) this.#probing = false;
      if (outcome === 'failed' && why) this.#lastFailure = why;
      if (outcome === 'answered') this.#answered();
      if (outcome === 'failed') this.#failed(probe, sentMs);
    };
  }

  #answered(): void {
    if (this.#pauseMs > 0) this.#log(`${this.#host} answers again`);
    this.#failures = 0;
    this.#pauseMs = 0;
  }

  #failed(probe: boolean, sentMs: number): void {
    const nowMs = this.#clock.nowMs();
    if (this.#failures === 0) this.#rowStartMs = sentMs;
    this.#failures += 1;
    const inARow = this.#failures >= this.#failuresToOpen && nowMs - this.#rowStartMs >= this.#shortestRowMs;
    const opens = this.#pauseMs === 0 && inARow;
    // Those that were under way when it opened tell nothing new.
    if (!opens && !probe) return;
    this.#pauseMs = opens ? FIRST_PAUSE_MS : Math.min(this.#pauseMs * 2, LONGEST_PAUSE_MS);
    this.#openUntilMs = nowMs + this.#pauseMs;
    if (!opens) return;
    this.#log(`${this.#host} gave nothing but failures ${this.#row()}: calls fail at once for a while`);
    for (const listener of [...this.#onOpen]) listener((label) => this.#unavailable(label));
  }

  #row(): string {
    return `${this.#failures} times in a row, the last one ${this.#lastFailure}`;
  }

  #unavailable(label: string): FenergoError {
    const state = this.state();
    const next =
      state.state === 'open' && state.secondsLeft > 0
        ? `the next try is in ${state.secondsLeft} s`
        : 'one call is just trying whether it answers again';
    return new FenergoError(
      'FENERGO_UNAVAILABLE',
      `${label}: ${this.#host} gave nothing but failures ${this.#row()}, so nothing is sent to it: ${next}`,
    );
  }
}
