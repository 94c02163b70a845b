import type { DuplicatePlace } from './feeds.js';
import { isObject, type JsonObject } from './json.js';

/** Something that is to happen in a tenant without a call that causes it. */
export interface EventOrder {
  tenantId: string;
  /** `domain:event`. */
  eventType: string;
  /** Leads to the changed resource; null when left out. */
  relativeUrl?: string | null;
  /** An empty object when left out. */
  payload?: unknown;
  correlationId?: string | null;
  /** Null when left out. */
  causationId?: string | null;
  /** How often it happens; once unless told. */
  count?: number;
}

/** Notifications that are to be given twice. */
export interface DuplicateOrder {
  tenantId: string;
  /** `all` unless told. */
  feedId?: string;
  /** Instead of a feed: the next deliveries of this webhook are sent twice. */
  webhookId?: string;
  /** How many of the next notifications, or deliveries; one unless told. */
  count?: number;
  /** Whether the second copy comes in a `later` batch, as unless told, or in the `same`. */
  place?: DuplicatePlace;
}

/** With every property but those that stand for something else when they are there. */
type Complete<T, Optional extends keyof T> = Required<Omit<T, Optional>> & Pick<T, Optional>;

const MAX_COUNT = 100_000;

const EVENT_KEYS = [
  'tenantId',
  'eventType',
  'relativeUrl',
  'payload',
  'correlationId',
  'causationId',
  'count',
];
const DUPLICATE_KEYS = ['tenantId', 'feedId', 'webhookId', 'count', 'place'];
const PLACES: readonly unknown[] = ['same', 'later'];

/**
 * Reads an order for events that comes as data.
 *
 * @throws an error that says what is wrong
 */
export function readEventOrder(value: unknown): EventOrder & { count: number } {
  const order = readOrder(value, EVENT_KEYS);
  if (typeof order.eventType !== 'string' || !/^[^:\s]+:[^:\s]+$/.test(order.eventType)) {
    throw new Error("eventType must be like 'entitydata:draftverified'.");
  }
  for (const name of ['relativeUrl', 'correlationId', 'causationId']) {
    const text = order[name] ?? '';
    if (typeof text !== 'string') throw new Error(`${name} must be a string or null.`);
  }
  return order as unknown as EventOrder & { count: number };
}

/**
 * Reads an order for duplicates that comes as data.
 *
 * @throws an error that says what is wrong
 */
export function readDuplicateOrder(value: unknown): Complete<DuplicateOrder, 'webhookId'> {
  const given = readOrder(value, DUPLICATE_KEYS);
  const { webhookId } = given;
  if (webhookId !== undefined) {
    if (typeof webhookId !== 'string') throw new Error('webhookId must be a string.');
    if (given.feedId !== undefined || given.place !== undefined) {
      throw new Error('webhookId goes with neither feedId nor place: a delivery is sent twice as it is.');
    }
  }
  const order = { feedId: 'all', place: 'later', ...given };
  if (typeof order.feedId !== 'string') throw new Error('feedId must be a string.');
  if (!PLACES.includes(order.place)) throw new Error("place must be 'same' or 'later'.");
  return order as unknown as Complete<DuplicateOrder, 'webhookId'>;
}

function readOrder(value: unknown, known: readonly string[]): JsonObject {
  if (!isObject(value)) throw new Error('An order must be an object.');
  const unknown = Object.keys(value).find((key) => !known.includes(key));
  if (unknown !== undefined) throw new Error(`Unknown property '${unknown}'.`);
  const { tenantId, count = 1 } = value;
  if (typeof tenantId !== 'string') throw new Error('tenantId must be a string.');
  if (!(Number.isInteger(count) && Number(count) >= 1 && Number(count) <= MAX_COUNT)) {
    throw new Error(`count must be a whole number from 1 to ${MAX_COUNT}.`);
  }
  return { ...value, count };
}
