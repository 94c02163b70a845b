import type { NodeDef } from 'node-red';
import type { ResultKind } from '../../lib/http/answer.js';

/** A row of the parameter table. */
export interface ParamRow {
  name: string;
  in: 'path' | 'query' | 'header';
  type: string;
  value: string;
}

/** The saved properties of a request node; design fixes their names. */
export interface RequestProperties {
  connection: string;
  operation: string;
  method: string;
  path: string;
  params: ParamRow[];
  tenant: string;
  tenantType: string;
  body: string;
  bodyType: string;
  /** Whether a body without the envelope `{ "data": … }` is put into it, where the operation takes one. */
  wrap: 'auto' | 'never';
  /** What is done with a call that does not fit the schemas of its contract, where they are known. */
  check: 'off' | 'warn' | 'refuse';
  result: ResultKind;
  /** Seconds for the whole call, waiting for a turn excluded. */
  timeout: string | number;
  /** How often a call is tried in all, where a repeat is safe. */
  tries: string | number;
  /** Seconds between two tries at most. */
  longestPause: string | number;
  /** Whether this command may be carried out twice. */
  repeatable: boolean;
  /** Seconds that a call refused with 429 waits at most. */
  patience: string | number;
  /** `first`: before the messages of other nodes. */
  priority: 'normal' | 'first';
}

export type RequestDef = NodeDef & Partial<RequestProperties>;

const DEFAULTS: RequestProperties = {
  connection: '',
  operation: '',
  method: 'GET',
  path: '',
  params: [],
  tenant: '',
  tenantType: 'str',
  body: 'payload',
  bodyType: 'msg',
  wrap: 'auto',
  check: 'off',
  result: 'data',
  timeout: 120,
  tries: 4,
  longestPause: 60,
  repeatable: false,
  patience: 600,
  priority: 'normal',
};

const TEXTS = [
  'connection',
  'operation',
  'method',
  'path',
  'tenant',
  'tenantType',
  'body',
  'bodyType',
] as const;

/** The properties, with a default for each that an older flow lacks, and text where a hand-written one has none. */
export function withDefaults(def: RequestDef): RequestProperties {
  const given = Object.entries(def).filter(([, value]) => value !== undefined && value !== null);
  const properties: RequestProperties = { ...DEFAULTS, ...Object.fromEntries(given) };
  for (const name of TEXTS) properties[name] = String(properties[name]);
  if (!Array.isArray(properties.params)) properties.params = [];
  // An environment variable gives text; anything but a clear yes must not repeat a command.
  properties.repeatable = String(properties.repeatable) === 'true';
  return properties;
}
