import type { Clock } from '../clock.js';
import { EventLog, type RaisedEvent } from './event-log.js';
import { type FeedHost, type FeedSettings, Feeds } from './feeds.js';
import type { IngressEvent } from './ingress.js';
import { guid, type Random } from './random.js';
import { Shelf } from './shelf.js';
import type { WebhookSettings } from './webhook-line.js';
import { type WebhookHost, Webhooks } from './webhooks.js';

/** A value of an entity: `{ type: "Single", value: … }`; other types carry other members. */
export interface Property {
  readonly type: string;
  readonly value?: unknown;
}

export type Properties = Readonly<Record<string, Property>>;

/** A legal entity: a company or a person. */
export interface Entity {
  readonly id: string;
  readonly tenantId: string;
  readonly type: string;
  readonly category: readonly string[];
  readonly jurisdictions: readonly string[];
  readonly properties: Properties;
  readonly risk: unknown;
  readonly role: unknown;
  readonly accessLayers: unknown;
  readonly version: number;
  /** Rises with each draft that is merged. */
  readonly propertiesVersion: number;
  readonly created: string;
  readonly lastModified: string;
}

/** Changes to an entity that are not verified yet. */
export interface Draft extends Omit<Entity, 'propertiesVersion'> {
  readonly sourceEntityId: string;
  /** The version of the entity that the draft was made from. */
  readonly sourceEntityVersion: number;
  readonly journeyId: string | null;
  readonly parentDraftId: string | null;
  readonly status: 'InProgress' | 'Verified' | 'Rejected';
  /** The entity's properties when the draft was made. Not part of an answer. */
  readonly base: Properties;
  /** What the draft sets; null removes. Not part of an answer. */
  readonly changes: Readonly<Record<string, Property | null>>;
}

/** Words of the public contracts for journeys, stages, processes and tasks. */
export type Progress = 'Not Started' | 'In Progress' | 'Done' | 'Cancelled';

export interface Task {
  readonly id: string;
  readonly name: string;
  readonly type: string;
  readonly status: Progress;
  readonly completed: string | null;
}

export interface Stage {
  readonly id: string;
  readonly name: string;
  readonly order: number;
  readonly status: Progress;
  readonly processes: readonly {
    readonly id: string;
    readonly name: string;
    readonly order: number;
    readonly status: Progress;
    readonly tasks: readonly Task[];
  }[];
}

/** A journey instance: stages of processes of tasks, about one entity. */
export interface Journey {
  readonly id: string;
  readonly tenantId: string;
  readonly entityId: string;
  readonly journeySchemaId: string;
  readonly journeySchemaVersionNumber: number;
  /** Short name of the schema, for example `ONB_1`. */
  readonly identifier: string;
  /** For example `Client Onboarding`. */
  readonly type: string;
  readonly name: string;
  readonly status: Progress;
  readonly started: string;
  readonly completed: string | null;
  readonly cancelled: string | null;
  readonly cancellationReason: string | null;
  readonly cancelationComment: string | null;
  readonly jurisdictions: readonly string[];
  readonly stages: readonly Stage[];
  readonly version: number;
}

/** The world of one tenant at the start. */
export interface Seed {
  entities: readonly Entity[];
  journeys: readonly Journey[];
}

/** What an event is made of by those who raise it; the world adds the rest. */
export type EventCause = Omit<RaisedEvent, 'id' | 'when' | 'tenantId'>;

export interface WorldOptions {
  clock: Clock;
  random: Random;
  /** How far the query side is behind the command side. */
  consistencyMs: number;
  feeds: FeedSettings;
  webhooks: WebhookSettings;
}

/** What one tenant has. */
export class World implements FeedHost, WebhookHost {
  readonly tenantId: string;
  readonly clock: Clock;
  readonly entities: Shelf<Entity>;
  readonly drafts: Shelf<Draft>;
  readonly journeys: Shelf<Journey>;
  readonly ingress: Shelf<IngressEvent>;
  readonly log: EventLog;
  readonly feeds: Feeds;
  readonly webhooks: Webhooks;
  readonly #random: Random;

  constructor(tenantId: string, seed: Seed, options: WorldOptions) {
    const { clock, random, consistencyMs } = options;
    this.tenantId = tenantId;
    this.clock = clock;
    this.#random = random;
    this.entities = new Shelf(clock, consistencyMs, seed.entities);
    this.drafts = new Shelf<Draft>(clock, consistencyMs, []);
    this.journeys = new Shelf(clock, consistencyMs, seed.journeys);
    this.ingress = new Shelf<IngressEvent>(clock, consistencyMs, []);
    this.log = new EventLog(clock, consistencyMs);
    this.feeds = new Feeds(this, options.feeds);
    this.webhooks = new Webhooks(this, options.webhooks);
  }

  /** The events raised so far, oldest first, at most the last thousand. */
  get events(): readonly RaisedEvent[] {
    return this.log.recent;
  }

  /** The date of the sandbox's clock, ISO 8601 UTC. */
  now(): string {
    return new Date(this.clock.dateMs()).toISOString();
  }

  /** An id that nothing has yet. */
  newId(): string {
    return guid(this.#random);
  }

  /** Tells that a call has changed something. The one door to notifications for what calls cause. */
  raise(cause: EventCause): void {
    this.log.add(this.#eventOf(cause, this.now()));
  }

  /**
   * Makes something happen that no call has caused: it shows at once.
   *
   * @param count how often
   * @returns the ids of the notifications
   */
  makeHappen(cause: EventCause, count: number): string[] {
    const when = this.now();
    const events = Array.from({ length: count }, () => this.#eventOf(cause, when));
    this.log.publish(events);
    return events.map(({ id }) => id);
  }

  /** Ends what goes on by itself. */
  close(): void {
    this.webhooks.close();
  }

  /** Not by spreading the cause: that costs several times the memory, and there may be many. */
  #eventOf(cause: EventCause, when: string): RaisedEvent {
    return {
      id: this.newId(),
      eventType: cause.eventType,
      when,
      tenantId: this.tenantId,
      causationId: cause.causationId,
      correlationId: cause.correlationId,
      relativeUrl: cause.relativeUrl,
      payload: cause.payload,
    };
  }
}
