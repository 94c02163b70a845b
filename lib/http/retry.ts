import { isQueryService } from '../scopes.js';
import type { TransportFailure } from '../transport.js';

/** What a call may do when it failed. */
export interface RetryOptions {
  /** Tries in all. */
  maxTries: number;
  /** The longest pause between two tries; a server that asks for a longer one is given up on. */
  longestPauseMs: number;
  /** Whether this command may be carried out twice: then it is repeated like a read. */
  repeatable: boolean;
}

export const DEFAULT_RETRY: RetryOptions = { maxTries: 4, longestPauseMs: 60_000, repeatable: false };

/**
 * What is done after a failed try: `again` after a pause, `return` to the queue without having used up a try, or
 * nothing.
 */
export type Decision = { next: 'again'; pauseMs: number } | { next: 'return' } | { next: 'give-up' };

/** A failed try. */
export interface FailedTry {
  method: string;
  service: string;
  /** How many tries there have been, this one included. */
  attempt: number;
  /** What happened: an answer's status, or how the exchange failed. */
  failure: { statusCode: number } | { transport: TransportFailure } | { noToken: true };
  /** How long the server asked to wait. */
  retryAfterMs?: number;
}

const FIRST_PAUSE_MS = 500;
const BUSY = new Set([502, 503, 504]);
const GIVE_UP: Decision = { next: 'give-up' };

/**
 * Whether to try again, and when. Repeats only where that is safe: what was never sent and what was refused with 429,
 * for any method; a broken connection, an answer that stops halfway and 502/503/504 for GET, HEAD, any method of a query service and commands that
 * are said to be repeatable. Another command that may have been carried out is never repeated, since the API has no
 * idempotency keys. A call refused with 429 has not failed: it waits for its turn again.
 *
 * @param random a number from 0 up to 1, for the full jitter of the exponential backoff
 */
export function afterFailure(tried: FailedTry, random: number, options = DEFAULT_RETRY): Decision {
  if ('statusCode' in tried.failure && tried.failure.statusCode === 429) return { next: 'return' };
  if (tried.attempt >= options.maxTries || !mayRepeat(tried, options)) return GIVE_UP;
  // The token cache holds the next request back itself.
  if ('noToken' in tried.failure) return { next: 'again', pauseMs: 0 };
  if (tried.retryAfterMs !== undefined) {
    return tried.retryAfterMs <= options.longestPauseMs
      ? { next: 'again', pauseMs: tried.retryAfterMs }
      : GIVE_UP;
  }
  const longestMs = Math.min(FIRST_PAUSE_MS * 2 ** (tried.attempt - 1), options.longestPauseMs);
  return { next: 'again', pauseMs: random * longestMs };
}

function mayRepeat({ failure, method, service }: FailedTry, { repeatable }: RetryOptions): boolean {
  if ('noToken' in failure) return true;
  const safe = repeatable || method === 'GET' || method === 'HEAD' || isQueryService(service);
  if ('statusCode' in failure) return safe && BUSY.has(failure.statusCode);
  const { transport } = failure;
  return transport === 'unreachable' || (safe && (transport === 'broken' || transport === 'stalled'));
}
