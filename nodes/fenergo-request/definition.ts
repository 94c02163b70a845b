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
  result: ResultKind;
  timeout: string | number;
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
  result: 'data',
  timeout: 120,
};

/** The properties with a default for each that an older or hand-written flow lacks. */
export function withDefaults(def: RequestDef): RequestProperties {
  const given = Object.entries(def).filter(([, value]) => value !== undefined && value !== null);
  return { ...DEFAULTS, ...Object.fromEntries(given) };
}
