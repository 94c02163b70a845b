import type { CancelSignal } from './cancel.js';

/** Cancels a timer; calling it twice, or after the timer fired, does nothing. */
export type CancelTimer = () => void;

/** Time as handed to everything that waits or measures, so that tests can move it by hand. */
export interface Clock {
  /** Milliseconds on a monotonic clock: only differences mean something; a change of the system's date does not move it. */
  nowMs(): number;
  /** Milliseconds since 1970-01-01 UTC, for dates that people and servers exchange. */
  dateMs(): number;
  /** Runs `callback` once after `delayMs`. Timers never keep the process alive by themselves. */
  setTimer(delayMs: number, callback: () => void): CancelTimer;
}

/** setTimeout fires at once beyond this many milliseconds (a signed 32-bit number), so longer waits are cut to it. */
const LONGEST_TIMEOUT_MS = 2 ** 31 - 1;

/** The clock of the machine. */
export const systemClock: Clock = {
  nowMs: () => performance.now(),
  dateMs: () => Date.now(),
  setTimer(delayMs, callback) {
    const timer = setTimeout(callback, Math.min(Math.max(0, delayMs), LONGEST_TIMEOUT_MS));
    timer.unref();
    return () => clearTimeout(timer);
  },
};

/**
 * Waits.
 *
 * @param clock whose time passes
 * @param delayMs how long
 * @param signal ends the wait early
 * @returns when the time has passed
 * @throws the signal's reason when it is aborted before that
 */
export function wait(clock: Clock, delayMs: number, signal?: CancelSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(signal.reason);
    const onAbort = () => {
      cancel();
      reject(signal?.reason);
    };
    const cancel = clock.setTimer(delayMs, () => {
      signal?.removeEventListener('abort', onAbort);
      resolve();
    });
    signal?.addEventListener('abort', onAbort, { once: true });
  });
}
