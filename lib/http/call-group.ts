import type { Canceller } from '../cancel.js';
import { FenergoError } from '../errors.js';

/** Calls that are ended together, for example those of one node. */
export class CallGroup {
  readonly #running = new Set<Canceller>();
  #closed = false;

  /** Ends every call of the group with FENERGO_ABORTED; later ones are refused. */
  close(): void {
    this.#closed = true;
    for (const controller of this.#running) controller.abort(abortedCall());
  }

  /** @returns how to leave the group */
  enter(controller: Canceller): () => void {
    if (this.#closed) throw abortedCall();
    this.#running.add(controller);
    return () => this.#running.delete(controller);
  }
}

/** The error of a call that was ended from outside. */
export function abortedCall(why = 'its node was closed or redeployed'): FenergoError {
  return new FenergoError('FENERGO_ABORTED', `The call was cancelled: ${why}`);
}
