import type { Clock } from '../clock.js';
import { EVENTS_BY_DOMAIN } from '../event-types.js';
import { type EventLog, MAX_KEPT_EVENTS, type RaisedEvent } from './event-log.js';

/** A batch that was completed. */
export interface CompletedBatch {
  tenantId: string;
  feedId: string;
  batchId: string;
  /** Ids of its notifications. */
  ids: string[];
}

export interface FeedSettings {
  /** The most notifications of one batch. */
  batchSize: number;
  /** When a batch that was not completed is given again. */
  redeliveryMs: number;
  onCompleted?: (batch: CompletedBatch) => void;
}

/** A batch of notifications, as the contract names it. */
export interface Batch {
  batchId: string;
  notifications: RaisedEvent[];
  moreAvailable: boolean;
}

/** What a feed holds at this moment, counted in notifications. */
export interface FeedState {
  tenantId: string;
  feedId: string;
  /** Not given yet, or to be given again. */
  waiting: number;
  /** Given in batches that are neither completed nor given again. */
  open: number;
  completed: number;
  batches: { batchId: string; notifications: number; againInMs: number }[];
}

/** Where the second copy of a notification goes: at the end of the same batch if there is room, or into a later one. */
export type DuplicatePlace = 'same' | 'later';

interface OpenBatch {
  notifications: RaisedEvent[];
  againAtMs: number;
}

/** What a feed needs of its tenant. */
export interface FeedHost {
  readonly tenantId: string;
  readonly log: EventLog;
  readonly clock: Clock;
  newId(): string;
}

/**
 * One feed of a tenant: a queue with one logical consumer. What is in an open batch is not given a second time until its
 * redelivery time has passed; then it comes first, in a new batch, and the old batch is no more.
 */
export class Feed {
  readonly #host: FeedHost;
  readonly #id: string;
  readonly #settings: FeedSettings;
  /** The number of the first event in the log that was not looked at yet. */
  #position = 0;
  /** To be given again, before anything of the log. */
  #again: RaisedEvent[] = [];
  readonly #open = new Map<string, OpenBatch>();
  #completed = 0;
  readonly #duplicates: Record<DuplicatePlace, number> = { same: 0, later: 0 };

  constructor(host: FeedHost, id: string, settings: FeedSettings) {
    this.#host = host;
    this.#id = id;
    this.#settings = settings;
  }

  /** The next batch, or undefined when there is nothing to give. */
  next(): Batch | undefined {
    this.#takeBack();
    const { batchSize, redeliveryMs } = this.#settings;
    const notifications = this.#again.splice(0, batchSize);
    const same: RaisedEvent[] = [];
    const later: RaisedEvent[] = [];
    while (notifications.length + same.length < batchSize) {
      const event = this.#fromLog();
      if (!event) break;
      notifications.push(event);
      if (this.#duplicates.later > 0) {
        this.#duplicates.later--;
        later.push(event);
      }
      if (this.#duplicates.same > 0) {
        this.#duplicates.same--;
        same.push(event);
      }
    }
    notifications.push(...same.splice(0, batchSize - notifications.length));
    this.#again.push(...same, ...later);
    if (notifications.length === 0) return undefined;
    const batchId = this.#host.newId();
    this.#open.set(batchId, { notifications, againAtMs: this.#host.clock.nowMs() + redeliveryMs });
    return { batchId, notifications, moreAvailable: this.#again.length > 0 || this.#peek() !== undefined };
  }

  /** Ends a batch for good. @returns whether it was open */
  complete(batchId: string): boolean {
    this.#takeBack();
    const id = batchId.toLowerCase();
    const batch = this.#open.get(id);
    if (!batch) return false;
    this.#open.delete(id);
    this.#completed += batch.notifications.length;
    const ids = batch.notifications.map((notification) => notification.id);
    this.#settings.onCompleted?.({ tenantId: this.#host.tenantId, feedId: this.#id, batchId: id, ids });
    return true;
  }

  /** Throws away everything that is waiting, and what is in open batches too. */
  discardAll(): void {
    this.#position = this.#host.log.end;
    this.#again = [];
    this.#open.clear();
  }

  /** Gives each of the next `count` notifications twice. */
  duplicate(count: number, place: DuplicatePlace): void {
    this.#duplicates[place] += count;
  }

  get state(): FeedState {
    this.#takeBack();
    const nowMs = this.#host.clock.nowMs();
    const batches = [...this.#open].map(([batchId, { notifications, againAtMs }]) => {
      return { batchId, notifications: notifications.length, againInMs: againAtMs - nowMs };
    });
    return {
      tenantId: this.#host.tenantId,
      feedId: this.#id,
      waiting: this.#again.length + this.#countInLog(),
      open: batches.reduce((sum, { notifications }) => sum + notifications, 0),
      completed: this.#completed,
      batches,
    };
  }

  /** Puts what was not completed in time back into the queue. */
  #takeBack(): void {
    const nowMs = this.#host.clock.nowMs();
    for (const [batchId, { notifications, againAtMs }] of this.#open) {
      // The time is the same for all batches, so the due ones are at the front.
      if (againAtMs > nowMs) break;
      this.#open.delete(batchId);
      for (const notification of notifications) this.#again.push(notification);
    }
    const tooMany = this.#again.length - MAX_KEPT_EVENTS;
    if (tooMany > 0) this.#again.splice(0, tooMany);
  }

  #fromLog(): RaisedEvent | undefined {
    const event = this.#peek();
    if (event) this.#position++;
    return event;
  }

  /** The next event of this feed in the log; moves over those of other sources. */
  #peek(): RaisedEvent | undefined {
    const { log } = this.#host;
    const { end } = log;
    this.#position = Math.max(this.#position, log.first);
    for (; this.#position < end; this.#position++) {
      const event = log.at(this.#position);
      if (event && this.#takes(event)) return event;
    }
    return undefined;
  }

  #countInLog(): number {
    const { log } = this.#host;
    const { end } = log;
    let count = 0;
    for (let number = Math.max(this.#position, log.first); number < end; number++) {
      const event = log.at(number);
      if (event && this.#takes(event)) count++;
    }
    return count;
  }

  #takes({ eventType }: RaisedEvent): boolean {
    return this.#id === ALL || eventType.startsWith(`${this.#id}:`);
  }
}

const ALL = 'all';

/** The feeds of a tenant: `all`, and one for each source. Each has its own position. */
export class Feeds {
  readonly #feeds: ReadonlyMap<string, Feed>;

  constructor(host: FeedHost, settings: FeedSettings) {
    const ids = [ALL, ...Object.keys(EVENTS_BY_DOMAIN)];
    this.#feeds = new Map(ids.map((id) => [id, new Feed(host, id, settings)]));
  }

  /** The feed of a name in any case; undefined when there is none of this name. */
  get(feedId: string): Feed | undefined {
    return this.#feeds.get(feedId.toLowerCase());
  }

  get states(): FeedState[] {
    return [...this.#feeds.values()].map(({ state }) => state);
  }
}
