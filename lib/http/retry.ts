import { isQueryService } from '../scopes.js';
import type { TransportFailure } from '../transport.js';

/** What a call may do when it failed. */
export interface RetryOptions {
  /** Tries in all. */
  maxTries: number;
  /** The longest pause between two tries; a server that asks for a longer one is given up on. */
  longestPauseMs: number;
}

export const DEFAULT_RETRY: RetryOptions = { maxTries: 4, longestPauseMs: 60_000 };

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

/**
 * Whether to try again, and when. Repeats only where that is safe: what was never sent and what was refused with 429,
 * for any method; a broken connection and 502/503/504 for GET, HEAD and any method of a query service. A command that
 * may have been carried out is never repeated, since the API has no idempotency keys.
 *
 * @param random a number from 0 up to 1, for the full jitter of the exponential backoff
 * @returns milliseconds to wait before the next try, or undefined to give up
 */
export function retryAfter(tried: FailedTry, random: number, options = DEFAULT_RETRY): number | undefined {
  if (tried.attempt >= options.maxTries || !mayRepeat(tried)) return undefined;
  // The token cache holds the next request back itself.
  if ('noToken' in tried.failure) return 0;
  if (tried.retryAfterMs !== undefined) {
    return tried.retryAfterMs <= options.longestPauseMs ? tried.retryAfterMs : undefined;
  }
  return random * Math.min(FIRST_PAUSE_MS * 2 ** (tried.attempt - 1), options.longestPauseMs);
}

function mayRepeat({ failure, method, service }: FailedTry): boolean {
  if ('noToken' in failure) return true;
  const readsOnly = method === 'GET' || method === 'HEAD' || isQueryService(service);
  if ('statusCode' in failure)
    return failure.statusCode === 429 || (readsOnly && BUSY.has(failure.statusCode));
  return failure.transport === 'unreachable' || (readsOnly && failure.transport === 'broken');
}
