import { isAnswerLimit, MOST_ANSWER_LIMIT_MB } from '../../lib/answer-limit.js';
import type { Credential } from '../../lib/auth/credential.js';
import { FenergoError } from '../../lib/errors.js';
import { FenergoClient } from '../../lib/http/client.js';
import type { TrafficOptions } from '../../lib/http/traffic.js';
import type { Plan } from '../../lib/plans.js';
import { customEndpoints, type Endpoints, regionEndpoints } from '../../lib/regions.js';
import { MAX_SCOPE_LENGTH } from '../../lib/scopes.js';
import type { ApiPlace, Connection, ConnectionFacts, ConnectionToken } from '../shared/connection.js';
import type { Services } from '../shared/services.js';

/** A connection as its dialog holds it. */
export interface ConnectionSettings {
  label: string;
  region: string;
  identityUrl: string;
  apiUrl: string;
  tenantId: string;
  /** How this Node-RED is reached from outside, for webhooks. */
  publicUrl: string;
  scope: string;
  /** Which published limits to keep to. */
  plan: Plan;
  /** Calls that may wait for their turn, for each tenant. */
  maxWaiting: number;
  /** Whether calls fail at once while the API gives nothing but failures. */
  circuit: boolean;
  /** Megabytes beyond which an answer is cut off. */
  answerLimitMb: number;
  clientId: string;
  clientSecret: string;
}

/** The sandbox takes any client, so that an imported example, which carries no credentials, runs as it is. */
const SANDBOX_CREDENTIAL = { clientId: 'sandbox', clientSecret: 'sandbox' };

/** A connection to the platform: its client is made at the first call, when the configuration is found complete. */
export class ApiConnection implements Connection {
  readonly label: string;
  readonly tenantId: string;
  readonly publicUrl: string;
  readonly #settings: ConnectionSettings;
  readonly #services: Services;
  #client: Promise<FenergoClient> | undefined;
  /** As the token cache knows it; made at first need. */
  #credential: Credential | undefined;
  /** What its calls share with those of other connections; made at first need. */
  #shared: TrafficOptions | undefined;
  #usesSandbox = false;
  #closed = false;

  constructor(settings: ConnectionSettings, services: Services) {
    this.label = settings.label;
    this.tenantId = settings.tenantId.trim();
    this.publicUrl = settings.publicUrl.trim();
    this.#settings = settings;
    this.#services = services;
  }

  client(): Promise<FenergoClient> {
    this.#client ??= this.#makeClient().catch((error) => {
      // The sandbox may start another time; what is missing in the configuration will be found missing again.
      this.#client = undefined;
      throw error;
    });
    return this.#client;
  }

  facts(): ConnectionFacts {
    const { region, scope } = this.#settings;
    return { region, tenantId: this.tenantId, scope, token: this.#token(), ...this.#trafficFacts() };
  }

  async acquireApi(): Promise<ApiPlace> {
    if (this.#settings.region !== 'sandbox') {
      return { apiUrl: endpointsOf(this.#settings).apiUrl, release: () => {} };
    }
    const { sandbox } = this.#services;
    try {
      const { apiUrl } = await sandbox.acquire();
      return { apiUrl, release: () => sandbox.release() };
    } catch (error) {
      sandbox.release();
      throw error;
    }
  }

  /** Ends every call and connection. */
  async close(): Promise<void> {
    this.#closed = true;
    const client = await this.#client?.catch(() => undefined);
    client?.close();
    if (this.#usesSandbox) this.#services.sandbox.release();
    this.#usesSandbox = false;
  }

  async #makeClient(): Promise<FenergoClient> {
    if (this.#closed) throw new FenergoError('FENERGO_ABORTED', `Connection '${this.label}' was closed`);
    const { scope, answerLimitMb } = this.#settings;
    const idAndSecret = completeCredential(this.#settings);
    const { tokenUrl, apiUrl } = await this.#endpoints();
    const credential: Credential = { ...idAndSecret, tokenUrl, scope };
    this.#credential = credential;
    const { tokens, clock, traffic } = this.#services;
    this.#shared = this.#sharedWith(apiUrl, idAndSecret.clientId);
    return new FenergoClient({
      apiUrl,
      scope,
      clock,
      tokens: {
        get: (signal) => tokens.get(credential, signal),
        reject: (accessToken) => tokens.reject(credential, accessToken),
      },
      traffic: traffic.of(this.#shared),
      userAgent: 'node-red-fenergo',
      maxAnswerBytes: Math.ceil(answerLimitMb * 1e6),
    });
  }

  #sharedWith(apiUrl: string, clientId: string): TrafficOptions {
    const { plan, maxWaiting, circuit } = this.#settings;
    return { apiUrl, clientId, plan, maxWaiting, breaksCircuit: circuit };
  }

  /** Limiters and circuits outlive redeploys, so there may be something to tell before there is a client. */
  #trafficFacts(): Pick<ConnectionFacts, 'circuit' | 'waiting'> {
    const { traffic } = this.#services;
    try {
      // Nobody waits for a sandbox that no call has started yet.
      if (!this.#shared && this.#settings.region !== 'sandbox') {
        const { clientId } = completeCredential(this.#settings);
        this.#shared = this.#sharedWith(endpointsOf(this.#settings).apiUrl, clientId);
      }
    } catch {
      // What is missing is told with the token.
    }
    if (!this.#shared) return { circuit: { state: 'closed' }, waiting: 0 };
    return { circuit: traffic.circuitState(this.#shared), waiting: traffic.waiting(this.#shared) };
  }

  #token(): ConnectionToken {
    const settings = this.#settings;
    try {
      const idAndSecret = completeCredential(settings);
      // A sandbox that no call has started yet has no token endpoint, and knows no token.
      if (!this.#credential && settings.region === 'sandbox') return { state: 'none' };
      this.#credential ??= {
        ...idAndSecret,
        scope: settings.scope,
        tokenUrl: endpointsOf(settings).tokenUrl,
      };
      const state = this.#services.tokens.state(this.#credential);
      if (state.state !== 'held-back') return state;
      return { ...state, reason: withoutId(state.reason, idAndSecret.clientId) || 'unknown' };
    } catch (error) {
      // Whoever reads this sees the connection's name already.
      const named = `Connection '${this.label}' is not complete: `;
      const reason = (error as Error).message.replace(named, 'Not complete: ');
      return { state: 'incomplete', reason };
    }
  }

  async #endpoints(): Promise<Endpoints> {
    if (this.#settings.region !== 'sandbox') return endpointsOf(this.#settings);
    this.#usesSandbox = true;
    try {
      return await this.#services.sandbox.acquire();
    } catch (error) {
      this.#usesSandbox = false;
      this.#services.sandbox.release();
      throw error;
    }
  }
}

/** A server's own words may repeat the client id. */
function withoutId(text: string, clientId: string): string {
  const id = clientId.replace(/[\\^$.*+?()[\]{}|/-]/g, '\\$&');
  return text.replace(new RegExp(`(?<![\\w-])${id}(?![\\w-])`, 'g'), '***');
}

/**
 * The hosts that a form or a node names; the sandbox has none before it is started.
 *
 * @throws FENERGO_CONFIG
 */
export function endpointsOf({ region, identityUrl, apiUrl }: ConnectionSettings): Endpoints {
  return region === 'custom' ? customEndpoints(identityUrl, apiUrl) : regionEndpoints(region);
}

/**
 * Client id and secret, with the rest of the configuration checked.
 *
 * @throws FENERGO_CONFIG that names everything that is missing or wrong
 */
export function completeCredential(settings: ConnectionSettings): { clientId: string; clientSecret: string } {
  const { label, region, scope, answerLimitMb } = settings;
  const stand = region === 'sandbox' ? SANDBOX_CREDENTIAL : { clientId: '', clientSecret: '' };
  const clientId = settings.clientId.trim() || stand.clientId;
  const clientSecret = settings.clientSecret || stand.clientSecret;
  const wrong: string[] = [];
  if (!clientId) wrong.push('the client id is missing');
  if (!clientSecret) wrong.push('the client secret is missing');
  if (!scope.trim()) wrong.push('the scope is missing');
  if (scope.length > MAX_SCOPE_LENGTH) {
    wrong.push(`the scope has ${scope.length} characters where ${MAX_SCOPE_LENGTH} are allowed`);
  }
  if (!isAnswerLimit(answerLimitMb)) {
    wrong.push(`the answer limit is not a number of MB above 0, ${MOST_ANSWER_LIMIT_MB} at most`);
  }
  if (wrong.length > 0) {
    throw new FenergoError('FENERGO_CONFIG', `Connection '${label}' is not complete: ${wrong.join(', ')}`);
  }
  return { clientId, clientSecret };
}
