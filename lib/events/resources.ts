import type { CancelSignal } from '../cancel.js';
import { type Clock, wait } from '../clock.js';
import type { Item } from './intake.js';
import { pauseAfterMs } from './pause.js';

/** A notification with what it is about. */
export interface ItemWithResource extends Item {
  resource?: unknown;
  /** Why there is no resource. */
  resourceError?: { code: string; message: string; statusCode?: number };
}

export interface FetchOptions {
  clock: Clock;
  random: () => number;
  signal: CancelSignal;
  /**
   * Reads the resource of a notification.
   *
   * @throws an error with a `code`
   */
  fetch: (item: Item, signal: CancelSignal) => Promise<unknown>;
  /** Told when the platform cannot be reached, and it tries again. What may help itself within seconds is not told. */
  onFailure?: (error: unknown, againInMs: number) => void;
}

/** So many are read at a time. */
const AT_ONCE = 8;
/** What may help itself within seconds: the query side is behind, or one service is ill, or refuses a token that others take. */
const TRIES = 3;

/** Failures that say nothing of the one resource: everything waits until the platform can be reached again. */
const OUTAGES = new Set([
  'FENERGO_NETWORK',
  'FENERGO_UNAVAILABLE',
  'FENERGO_RATE_LIMITED',
  'FENERGO_QUEUE_FULL',
  'FENERGO_AUTH',
]);
/** Failures that another try does not change. */
const FINAL = new Set([
  'FENERGO_FORBIDDEN',
  'FENERGO_GONE',
  'FENERGO_VALIDATION',
  'FENERGO_INPUT',
  'FENERGO_CONFIG',
]);

/**
 * Reads the resources that notifications are about, some at a time, in their order. While the platform cannot be reached
 * it waits; a resource that cannot be read for a reason of its own is left out, with the reason, so that one of them does
 * not hold up a feed for ever.
 *
 * @throws the signal's reason when it is aborted
 */
export async function withResources(
  items: readonly Item[],
  options: FetchOptions,
): Promise<ItemWithResource[]> {
  const results: ItemWithResource[] = new Array(items.length);
  let next = 0;
  const worker = async () => {
    for (let index = next++; index < items.length; index = next++) {
      results[index] = await withResource(items[index] as Item, options);
    }
  };
  await Promise.all(Array.from({ length: Math.min(AT_ONCE, items.length) }, worker));
  return results;
}

async function withResource(item: Item, options: FetchOptions): Promise<ItemWithResource> {
  const { clock, random, signal, fetch, onFailure } = options;
  if (!item.notification.relativeUrl) return item;
  // Another one of them may have seen it, while this one got its resource all the same.
  if (signal.aborted) throw signal.reason;
  let tries = 0;
  for (let failures = 1; ; failures += 1) {
    try {
      return { ...item, resource: await fetch(item, signal) };
    } catch (error) {
      if (signal.aborted) throw signal.reason;
      const { code = '' } = error as { code?: string };
      const isOutage = OUTAGES.has(code);
      if (!isOutage) tries += 1;
      if (FINAL.has(code) || tries >= TRIES) return { ...item, resourceError: reasonOf(error) };
      const pauseMs = pauseAfterMs(failures, random());
      if (isOutage) onFailure?.(error, pauseMs);
      await wait(clock, pauseMs, signal);
    }
  }
}

function reasonOf(error: unknown): NonNullable<ItemWithResource['resourceError']> {
  const { code = 'FENERGO_RESPONSE', facts } = error as { code?: string; facts?: { statusCode?: number } };
  const message = error instanceof Error ? error.message : String(error);
  return { code, message, statusCode: facts?.statusCode };
}
