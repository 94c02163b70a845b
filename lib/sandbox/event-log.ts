import type { CancelTimer, Clock } from '../clock.js';

/** Something that happened, as notifications tell of it. */
export interface RaisedEvent {
  id: string;
  /** `domain:event`, for example `entitydata:draftverified`. */
  eventType: string;
  when: string;
  tenantId: string;
  causationId: string | null;
  correlationId: string | null;
  /** Leads to the changed resource, for example `entitydataquery/api/entity/{id}`. */
  relativeUrl: string | null;
  payload: unknown;
}

/** Called with events at the moment of their publication. */
export type EventListener = (events: readonly RaisedEvent[]) => void;

/** How many events a tenant keeps for feeds that have not come to them yet; beyond that the oldest are forgotten. */
export const MAX_KEPT_EVENTS = 200_000;

/** The list is cut only when it has grown by this much, so that cutting costs next to nothing for each event. */
const SPARE_EVENTS = 20_000;

const MAX_RECENT = 1000;

/**
 * The events of one tenant in the order of their publication. Feeds and webhooks share them: each feed holds only its
 * position. An event that a call raised is published together with the change on the query side.
 */
export class EventLog {
  readonly #clock: Clock;
  readonly #delayMs: number;
  #published: RaisedEvent[] = [];
  /** The number of the first event that is still kept. */
  #first = 0;
  /** Raised and not yet published, oldest first. */
  #pending: { visibleAtMs: number; event: RaisedEvent }[] = [];
  #recent: RaisedEvent[] = [];
  #listener: EventListener | undefined;
  #cancelTimer: CancelTimer | undefined;

  /** @param delayMs how far the query side is behind */
  constructor(clock: Clock, delayMs: number) {
    this.#clock = clock;
    this.#delayMs = delayMs;
  }

  /** The last thousand events, oldest first, published or not. */
  get recent(): readonly RaisedEvent[] {
    return this.#recent.slice(-MAX_RECENT);
  }

  /** The number of the first event that is still kept. */
  get first(): number {
    return this.#first;
  }

  /** The number that the next published event will have. */
  get end(): number {
    this.#catchUp();
    return this.#first + this.#published.length;
  }

  /** The published event of a number from `first` up to `end`. */
  at(number: number): RaisedEvent | undefined {
    return this.#published[number - this.#first];
  }

  /** Adds what a call has caused: it is published when the query side shows it. */
  add(event: RaisedEvent): void {
    this.#remember(event);
    this.#pending.push({ visibleAtMs: this.#clock.nowMs() + this.#delayMs, event });
    if (this.#listener) this.#catchUp();
  }

  /** Adds events that are published at once. */
  publish(events: readonly RaisedEvent[]): void {
    this.#catchUp();
    for (const event of events) this.#remember(event);
    this.#append(events);
  }

  /** Tells one listener of each publication from now on, at its time; undefined: nobody. */
  listen(listener: EventListener | undefined): void {
    this.#catchUp();
    this.#listener = listener;
    this.#arm();
  }

  #remember(event: RaisedEvent): void {
    this.#recent.push(event);
    if (this.#recent.length >= 2 * MAX_RECENT) this.#recent = this.#recent.slice(-MAX_RECENT);
  }

  #catchUp(): void {
    const nowMs = this.#clock.nowMs();
    // The delay is the same for all, so the due ones are at the front.
    const firstLater = this.#pending.findIndex(({ visibleAtMs }) => visibleAtMs > nowMs);
    const due = this.#pending.splice(0, firstLater < 0 ? this.#pending.length : firstLater);
    if (due.length > 0) this.#append(due.map(({ event }) => event));
    this.#arm();
  }

  #append(events: readonly RaisedEvent[]): void {
    for (const event of events) this.#published.push(event);
    const tooMany = this.#published.length - MAX_KEPT_EVENTS;
    if (tooMany >= SPARE_EVENTS) {
      this.#published = this.#published.slice(tooMany);
      this.#first += tooMany;
    }
    this.#listener?.(events);
  }

  /** Feeds are read when somebody asks; only a listener needs a timer. */
  #arm(): void {
    this.#cancelTimer?.();
    this.#cancelTimer = undefined;
    const [next] = this.#pending;
    if (!next || !this.#listener) return;
    const delayMs = next.visibleAtMs - this.#clock.nowMs();
    this.#cancelTimer = this.#clock.setTimer(delayMs, () => this.#catchUp());
  }
}
