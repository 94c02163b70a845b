import type { NodeDef } from 'node-red';
import type { Duplicates } from '../../lib/events/intake.js';
import type { Respond } from '../../lib/events/webhook-receiver.js';
import { eventTypesOf } from '../shared/events/event-types.js';

/** The saved properties of a webhook node; design fixes their names. */
export interface WebhookProperties {
  /** Below httpNodeRoot. */
  path: string;
  /** Types that are sent on; none: all of them. */
  eventTypes: string[];
  duplicates: Duplicates;
  respond: Respond;
  /** Seconds in which a delivery has to be handled. */
  ackTimeout: string | number;
  /** The largest body that is taken, in megabytes of 1,048,576 bytes. */
  limit: string | number;
  /** Whether the node sees to its webhook in Fenergo. */
  register: boolean;
  connection: string;
  tenant: string;
  tenantType: string;
  /** How this Node-RED is reached from outside; empty: as the connection says. */
  baseUrl: string;
  webhookName: string;
  /** Whether Fenergo posts notifications one by one, or in lists. */
  deliveries: 'single' | 'batch';
  /** Of a list, at most. */
  batchSize: string | number;
}

export type WebhookDef = NodeDef & Partial<WebhookProperties>;

/** Kept apart from the flow, encrypted; they never travel to the browser. */
export interface WebhookCredentials {
  secret?: string;
  /** While the secret is changed: what was signed with the one before is taken, too. */
  previousSecret?: string;
}

const DEFAULTS: WebhookProperties = {
  path: '',
  eventTypes: [],
  duplicates: 'drop',
  respond: 'received',
  ackTimeout: 60,
  limit: 5,
  register: false,
  connection: '',
  tenant: '',
  tenantType: 'str',
  baseUrl: '',
  webhookName: '',
  deliveries: 'single',
  batchSize: 100,
};

/** The properties, with a default for each that an older or hand-written flow lacks. */
export function withDefaults(def: WebhookDef): WebhookProperties {
  const given = Object.entries(def).filter(([, value]) => value !== undefined && value !== null);
  const properties: WebhookProperties = { ...DEFAULTS, ...Object.fromEntries(given) };
  for (const name of ['path', 'baseUrl', 'webhookName'] as const) {
    properties[name] = String(properties[name]).trim();
  }
  properties.eventTypes = eventTypesOf(properties.eventTypes);
  properties.register = String(properties.register) === 'true';
  return properties;
}

/** The secrets without the blanks and line ends that pasting brings along: what Fenergo is told, and what is checked. */
export function secretsOf(given: WebhookCredentials | undefined): Required<WebhookCredentials> {
  const trimmed = (secret: unknown) => String(secret ?? '').trim();
  return { secret: trimmed(given?.secret), previousSecret: trimmed(given?.previousSecret) };
}
