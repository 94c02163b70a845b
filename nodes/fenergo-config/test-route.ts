import type { Request, Response } from 'express';
import type { NodeAPI } from 'node-red';
import { FenergoError } from '../../lib/errors.js';
import type { Services } from '../shared/services.js';
import { type ConnectionSettings, completeCredential, endpointsOf } from './api-connection.js';
import { type ConfigDef, type Credentials, settingsOf } from './definition.js';

/** A dialog's form, as far as a token request needs it. */
interface Form {
  id: string;
  region: string;
  identityUrl: string;
  apiUrl: string;
  scope: string;
  clientId: string;
  /** Only when it was typed in now: the stored one never travels to the browser. */
  clientSecret?: string;
}

/** What the dialog is told; never the token. */
export type TestOutcome =
  | { ok: true; scope: string; expiresInSeconds: number }
  | { ok: false; reason: 'secret-needed' | 'config' | 'oauth' | 'network' | 'busy'; message: string };

const PERMISSION = 'fenergo-config.write';

/**
 * Adds `POST fenergo/test-connection`: asks for a token with what is in the form. The stored secret is used only
 * together with the stored client id, region and URLs; else a form could send it to a host of its own choice.
 */
export function registerTestRoute(RED: NodeAPI, services: Services): void {
  RED.httpAdmin.post(
    '/fenergo/test-connection',
    RED.auth.needsPermission(PERMISSION),
    async (request: Request, response: Response) => {
      response.set('Cache-Control', 'no-store').json(await test(RED, services, readForm(request.body)));
    },
  );
}

function readForm(body: unknown): Form {
  const given = (typeof body === 'object' && body !== null ? body : {}) as Record<string, unknown>;
  const text = (name: string) => (typeof given[name] === 'string' ? given[name] : '');
  return {
    id: text('id'),
    region: text('region'),
    identityUrl: text('identityUrl'),
    apiUrl: text('apiUrl'),
    scope: text('scope'),
    clientId: text('clientId'),
    clientSecret: text('clientSecret') || undefined,
  };
}

async function test(RED: NodeAPI, services: Services, form: Form): Promise<TestOutcome> {
  const saved = storedConnection(RED, form.id);
  const stored = saved && sameTarget(form, saved) ? saved : undefined;
  if (!form.clientSecret && form.region !== 'sandbox' && saved && !stored) {
    return { ok: false, reason: 'secret-needed', message: 'The stored secret belongs to other settings' };
  }
  try {
    const settings = resolveEnv(RED, form, stored);
    const { scope, lifeSeconds } = await probe(services, settings);
    return { ok: true, scope, expiresInSeconds: lifeSeconds };
  } catch (error) {
    return refusal(error);
  }
}

async function probe(services: Services, settings: ConnectionSettings) {
  const credential = { ...completeCredential(settings), scope: settings.scope };
  const signal = new AbortController().signal;
  if (settings.region !== 'sandbox') {
    return await services.tokens.probe({ ...credential, tokenUrl: endpointsOf(settings).tokenUrl }, signal);
  }
  try {
    const { tokenUrl } = await services.sandbox.acquire();
    return await services.tokens.probe({ ...credential, tokenUrl }, signal);
  } finally {
    services.sandbox.release();
  }
}

/** A deployed connection, as it was saved: with its `${ENV_VARS}` unresolved. */
interface StoredConnection {
  def: ConfigDef;
  credentials: Credentials;
}

function storedConnection(RED: NodeAPI, id: string): StoredConnection | undefined {
  let def: ConfigDef | undefined;
  RED.nodes.eachNode((node) => {
    if (node.id === id && node.type === 'fenergo-config') def = node as ConfigDef;
  });
  const credentials = RED.nodes.getCredentials(id) as Credentials | undefined;
  return def && credentials?.clientSecret ? { def, credentials } : undefined;
}

function sameTarget(form: Form, { def, credentials }: StoredConnection): boolean {
  const saved = settingsOf(def, credentials);
  const sameUrls =
    form.region !== 'custom' || (form.identityUrl === saved.identityUrl && form.apiUrl === saved.apiUrl);
  return form.clientId === saved.clientId && form.region === saved.region && sameUrls;
}

/** The form's settings; the stored secret where none was typed. `${ENV_VARS}` mean here what they mean in a flow. */
function resolveEnv(RED: NodeAPI, form: Form, stored: StoredConnection | undefined): ConnectionSettings {
  const secret = form.clientSecret ?? stored?.credentials.clientSecret;
  const settings = settingsOf({ ...form, type: 'fenergo-config', z: '', name: '' } as ConfigDef, {
    clientId: form.clientId,
    clientSecret: secret,
  });
  const resolved = Object.entries(settings).map(([name, text]) => [
    name,
    envValue(RED, form.id, String(text)),
  ]);
  return { ...Object.fromEntries(resolved), label: 'in this form' } as ConnectionSettings;
}

function envValue(RED: NodeAPI, id: string, text: string): string {
  if (!/^\$\{[^}]+\}$/.test(text)) return text;
  const node = RED.nodes.getNode(id) ?? { id };
  return String(RED.util.evaluateNodeProperty(text, 'env', node as never, {}) ?? '');
}

function refusal(error: unknown): TestOutcome {
  const message = error instanceof Error ? error.message : String(error);
  const code = error instanceof FenergoError ? error.code : undefined;
  if (code === 'FENERGO_CONFIG') return { ok: false, reason: 'config', message };
  if (code === 'FENERGO_AUTH') return { ok: false, reason: 'oauth', message };
  if (code === 'FENERGO_RATE_LIMITED') return { ok: false, reason: 'busy', message };
  return { ok: false, reason: 'network', message };
}
