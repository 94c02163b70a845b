import type { NodeDef } from 'node-red';
import type { ConnectionSettings, Plan } from './api-connection.js';

/** The saved properties of a connection; design fixes their names. */
export interface ConfigDef extends NodeDef {
  region?: string;
  identityUrl?: string;
  apiUrl?: string;
  tenantId?: string;
  scope?: string;
  plan?: Plan;
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

/** The settings with a default for each that an older or hand-written flow lacks. */
export function settingsOf(def: ConfigDef, credentials: Credentials = {}): ConnectionSettings {
  const region = text(def.region);
  return {
    label: text(def.name) || region || 'default region',
    region,
    identityUrl: text(def.identityUrl),
    apiUrl: text(def.apiUrl),
    tenantId: text(def.tenantId),
    scope: text(def.scope, 'fenx.all'),
    plan: def.plan ?? 'production',
    clientId: text(credentials.clientId),
    clientSecret: text(credentials.clientSecret),
  };
}
