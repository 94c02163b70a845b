import type { NodeDef } from 'node-red';
import type { Acknowledge } from '../../lib/events/flow-consumer.js';
import type { Duplicates } from '../../lib/events/intake.js';
import { eventTypesOf } from '../shared/events/event-types.js';

/** The saved properties of an events node; design fixes their names. */
export interface EventsProperties {
  connection: string;
  tenant: string;
  tenantType: string;
  /** `all`, or the name of a source. */
  feed: string;
  /** Types that are sent on; none: all of them. */
  eventTypes: string[];
  /** Seconds between two polls that found nothing more. */
  interval: string | number;
  /** A message for each notification, or one for the whole batch. */
  emit: 'each' | 'batch';
  acknowledge: Acknowledge;
  /** Seconds in which a batch has to be acknowledged. */
  ackTimeout: string | number;
  duplicates: Duplicates;
  /** Whether the resource behind a notification is read, too. */
  fetch: boolean;
}

export type EventsDef = NodeDef & Partial<EventsProperties>;

const DEFAULTS: EventsProperties = {
  connection: '',
  tenant: '',
  tenantType: 'str',
  feed: 'all',
  eventTypes: [],
  interval: 30,
  emit: 'each',
  acknowledge: 'auto',
  ackTimeout: 300,
  duplicates: 'drop',
  fetch: false,
};

/** The properties, with a default for each that an older or hand-written flow lacks. */
export function withDefaults(def: EventsDef): EventsProperties {
  const given = Object.entries(def).filter(([, value]) => value !== undefined && value !== null);
  const properties: EventsProperties = { ...DEFAULTS, ...Object.fromEntries(given) };
  properties.feed = String(properties.feed).trim() || DEFAULTS.feed;
  properties.eventTypes = eventTypesOf(properties.eventTypes);
  properties.fetch = String(properties.fetch) === 'true';
  return properties;
}
