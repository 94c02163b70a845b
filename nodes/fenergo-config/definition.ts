import type { NodeDef } from 'node-red';
import { DEFAULT_ANSWER_LIMIT_MB } from '../../lib/answer-limit.js';
import type { Plan } from '../../lib/plans.js';
import type { ConnectionSettings } from './api-connection.js';

/** The saved properties of a connection; design fixes their names. */
export interface ConfigDef extends NodeDef {
  region?: string;
  identityUrl?: string;
  apiUrl?: string;
  tenantId?: string;
  publicUrl?: string;
  scope?: string;
  plan?: Plan;
  /** Messages that may wait for each tenant. */
  queue?: number | string;
  /** Whether calls fail at once while the platform gives nothing but failures. */
  circuit?: boolean;
  /** Megabytes beyond which an answer is cut off. */
  answerLimit?: number | string;
}

/** Kept apart from the flow, encrypted; the secret never travels to the browser. */
export interface Credentials {
  clientId?: string;
  clientSecret?: string;
}

/** What a hand-written flow holds need not be text. */
function text(value: unknown, otherwise = ''): string {
  return value === undefined || value === null ? otherwise : String(value);
}

/** A number that was typed in, or put in for a `${VARIABLE}`: blank when that is not set, which is not the number 0. */
function numberFrom(value: unknown, otherwise: number): number {
  const number = Number(text(value).trim() || Number.NaN);
  return number >= 0 ? number : otherwise;
}

/** The settings with a default for each that an older or hand-written flow lacks. */
export function settingsOf(def: ConfigDef, credentials: Credentials = {}): ConnectionSettings {
  const region = text(def.region);
  return {
    label: text(def.name) || region || 'default region',
    region,
    identityUrl: text(def.identityUrl),
    apiUrl: text(def.apiUrl),
    tenantId: text(def.tenantId),
    publicUrl: text(def.publicUrl),
    scope: text(def.scope, 'fenx.all'),
    plan: def.plan ?? 'production',
    maxWaiting: numberFrom(def.queue, 10_000),
    circuit: text(def.circuit, 'true') !== 'false',
    answerLimitMb: Number(text(def.answerLimit, String(DEFAULT_ANSWER_LIMIT_MB)).trim() || Number.NaN),
    clientId: text(credentials.clientId),
    clientSecret: text(credentials.clientSecret),
  };
}
