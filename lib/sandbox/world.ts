import type { Clock } from '../clock.js';
import { guid, type Random } from './random.js';
import { Shelf } from './shelf.js';

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

/** Something that happened, as notifications tell of it. */
export interface RaisedEvent {
  id: string;
  /** `domain:event`, for example `entitydata:draftverified`. */
  eventType: string;
  when: string;
  tenantId: string;
  causationId: string;
  correlationId: string | null;
  /** Leads to the changed resource, for example `entitydataquery/api/entity/{id}`. */
  relativeUrl: string;
  payload: unknown;
}

/** The world of one tenant at the start. */
export interface Seed {
  entities: readonly Entity[];
  journeys: readonly Journey[];
}

/** Older events are forgotten, so that a sandbox that runs for weeks does not grow. */
const MAX_EVENTS = 1000;

/** What one tenant has. */
export class World {
  readonly tenantId: string;
  readonly entities: Shelf<Entity>;
  readonly drafts: Shelf<Draft>;
  readonly journeys: Shelf<Journey>;
  readonly #clock: Clock;
  readonly #random: Random;
  #events: RaisedEvent[] = [];

  constructor(tenantId: string, seed: Seed, clock: Clock, consistencyMs: number, random: Random) {
    this.tenantId = tenantId;
    this.#clock = clock;
    this.#random = random;
    this.entities = new Shelf(clock, consistencyMs, seed.entities);
    this.drafts = new Shelf<Draft>(clock, consistencyMs, []);
    this.journeys = new Shelf(clock, consistencyMs, seed.journeys);
  }

  /** The events raised so far, oldest first, at most the last thousand. */
  get events(): readonly RaisedEvent[] {
    return this.#events;
  }

  /** The date of the sandbox's clock, ISO 8601 UTC. */
  now(): string {
    return new Date(this.#clock.dateMs()).toISOString();
  }

  /** An id that nothing has yet. */
  newId(): string {
    return guid(this.#random);
  }

  /** Tells that something happened. The one door to notifications. */
  raise(event: Omit<RaisedEvent, 'id' | 'when' | 'tenantId'>): void {
    this.#events.push({ id: this.newId(), when: this.now(), tenantId: this.tenantId, ...event });
    if (this.#events.length > MAX_EVENTS) this.#events = this.#events.slice(-MAX_EVENTS);
  }
}
