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

/** The settings with a default for each that an older or hand-written flow lacks. */
export function settingsOf(def: ConfigDef, credentials: Credentials = {}): ConnectionSettings {
  const region = def.region ?? '';
  return {
    label: def.name || region || 'default region',
    region,
    identityUrl: def.identityUrl ?? '',
    apiUrl: def.apiUrl ?? '',
    tenantId: def.tenantId ?? '',
    scope: def.scope ?? 'fenx.all',
    plan: def.plan ?? 'production',
    clientId: credentials.clientId ?? '',
    clientSecret: credentials.clientSecret ?? '',
  };
}
