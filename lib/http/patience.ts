import type { Canceller } from '../cancel.js';
import type { CancelTimer, Clock } from '../clock.js';
import type { FenergoError } from '../errors.js';
import type { Call } from './call.js';
import { impatient } from './failures.js';

const USUAL_PATIENCE_MS = 600_000;

/** How long one call goes on waiting after it was refused with 429: not for ever. */
export class Patience {
  readonly #call: Call;
  readonly #clock: Clock;
  readonly #canceller: Canceller;
  readonly #mayEnd: () => boolean;
  /** What the last 429 said. */
  #refusal: FenergoError | undefined;
  #over = false;
  #cancelTimer: CancelTimer | undefined;

  /** @param mayEnd whether the call waits at the moment: what has been sent is not given up */
  constructor(call: Call, clock: Clock, canceller: Canceller, mayEnd: () => boolean) {
    this.#call = call;
    this.#clock = clock;
    this.#canceller = canceller;
    this.#mayEnd = mayEnd;
  }

  /**
   * Takes note of a 429; the first one starts the time.
   *
   * @param pauseMs what the platform asks to wait
   * @throws the refusal when that is more than there is patience for
   */
  refused(refusal: FenergoError, pauseMs = 0): void {
    const { patienceMs = USUAL_PATIENCE_MS } = this.#call;
    if (pauseMs >= patienceMs) throw refusal;
    this.#refusal = refusal;
    this.#cancelTimer ??= this.#clock.setTimer(patienceMs, () => {
      this.#over = true;
      if (this.#mayEnd()) this.#canceller.abort(this.#error(refusal));
    });
  }

  /** @throws FENERGO_RATE_LIMITED when the call has waited for as long as it may */
  check(): void {
    if (this.#over && this.#refusal) throw this.#error(this.#refusal);
  }

  /** The call has ended. */
  stop(): void {
    this.#cancelTimer?.();
  }

  #error(refusal: FenergoError): FenergoError {
    const { patienceMs = USUAL_PATIENCE_MS } = this.#call;
    return impatient(this.#call, this.#refusal ?? refusal, patienceMs);
  }
}
