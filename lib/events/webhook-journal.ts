import type { Clock } from '../clock.js';
import type { Refusal } from './webhook-receiver.js';

/** A request as the journal remembers it: nothing of what it brought. */
export interface JournalEntry {
  /** ISO 8601. */
  at: string;
  /** What was answered. */
  status: number;
  refusal?: Refusal;
  /** Notifications that it brought, and of which types. */
  count: number;
  eventTypes: string[];
  /** How many of them were sent on. */
  sent: number;
}

const MOST_ENTRIES = 20;
const MOST_TYPES = 10;

/** What came to a webhook of late, and how often what was refused. */
export class WebhookJournal {
  readonly #clock: Clock;
  readonly #entries: JournalEntry[] = [];
  readonly #refused = new Map<number, number>();
  #taken = 0;
  #lastTaken: { atMs: number; count: number } | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** The last requests, the newest first. */
  get entries(): readonly JournalEntry[] {
    return this.#entries;
  }

  /** Deliveries that were answered with less than 400. */
  get taken(): number {
    return this.#taken;
  }

  /** The last of these: when, and how many notifications it brought. */
  get lastTaken(): { atMs: number; count: number } | undefined {
    return this.#lastTaken;
  }

  /** How often it was answered with which status from 400 on. */
  get refused(): ReadonlyMap<number, number> {
    return this.#refused;
  }

  note({ status, refusal, eventTypes, sent }: Omit<JournalEntry, 'at' | 'count'>): void {
    const atMs = this.#clock.dateMs();
    const count = eventTypes.length;
    const at = new Date(atMs).toISOString();
    const types = [...new Set(eventTypes)].slice(0, MOST_TYPES);
    this.#entries.unshift({ at, status, ...(refusal ? { refusal } : {}), count, eventTypes: types, sent });
    this.#entries.length = Math.min(this.#entries.length, MOST_ENTRIES);
    if (status >= 400) {
      this.#refused.set(status, (this.#refused.get(status) ?? 0) + 1);
    } else {
      this.#taken += 1;
      this.#lastTaken = { atMs, count };
    }
  }
}
