import { Catalog } from '../../lib/catalog/catalog.js';
import {
  SANDBOX_TENANTS,
  type Sandbox,
  type SandboxOptions,
  seedId,
  startSandbox,
} from '../../lib/sandbox/sandbox.js';
import { ManualClock } from '../support/manual-clock.js';

const [first, second] = SANDBOX_TENANTS.map(({ id }) => id);

/** The two tenants. */
export const TENANT = first ?? '';
export const OTHER_TENANT = second ?? '';

/** Entity 3 of the first tenant: a company with three journeys. */
export const ENTITY = seedId('entity', 1, 3);

export const operations = new Catalog().all();

/** What a call may be given beside method and path. */
export interface CallOptions {
  body?: unknown;
  token?: string | null;
  tenant?: string | null;
  headers?: Record<string, string>;
}

/** An answer with its body read. */
export interface Reply {
  status: number;
  headers: Headers;
  text: string;
  // biome-ignore lint/suspicious/noExplicitAny: tests look into answers of many shapes.
  json: any;
}

/** A sandbox with a clock that is moved by hand, and short ways to call it. */
export class Harness {
  readonly clock: ManualClock;
  readonly sandbox: Sandbox;
  token = '';

  private constructor(clock: ManualClock, sandbox: Sandbox) {
    this.clock = clock;
    this.sandbox = sandbox;
  }

  static async start(options: Partial<SandboxOptions> = {}): Promise<Harness> {
    const clock = new ManualClock();
    const sandbox = await startSandbox({ operations, clock, plan: 'none', ...options });
    const harness = new Harness(clock, sandbox);
    await harness.renew();
    return harness;
  }

  /** Back to the seed, with a new token. */
  async reset(): Promise<void> {
    this.sandbox.reset();
    await this.renew();
  }

  async renew(scope = 'fenx.all'): Promise<string> {
    this.token = (await this.askToken({ scope })).json.access_token;
    return this.token;
  }

  /** Asks for a token; `undefined` leaves a field out. */
  askToken(fields: Record<string, string | undefined> = {}, headers: Record<string, string> = {}) {
    const all = { grant_type: 'client_credentials', client_id: 'me', client_secret: 'hush', ...fields };
    const form = Object.entries(all).filter((entry): entry is [string, string] => entry[1] !== undefined);
    return this.post('/connect/token', new URLSearchParams(form).toString(), {
      'content-type': 'application/x-www-form-urlencoded',
      ...headers,
    });
  }

  post(path: string, body: string, headers: Record<string, string>): Promise<Reply> {
    return read(fetch(`${this.sandbox.url}${path}`, { method: 'POST', body, headers }));
  }

  /** Calls an API: `call('GET', '/service/api/…')`, as the first tenant with a good token unless told. */
  call(method: string, path: string, options: CallOptions = {}): Promise<Reply> {
    const { body, token = this.token, tenant = TENANT } = options;
    const headers: Record<string, string> = { ...options.headers };
    if (token !== null) headers.authorization = `Bearer ${token}`;
    if (tenant !== null) headers['x-tenant-id'] = tenant;
    if (body !== undefined) headers['content-type'] = 'application/json';
    const text = body === undefined || typeof body === 'string' ? body : JSON.stringify(body);
    return read(fetch(`${this.sandbox.apiUrl}${path}`, { method, headers, body: text }));
  }

  get(path: string, options?: CallOptions): Promise<Reply> {
    return this.call('GET', path, options);
  }

  /** Sends `{ data }`. */
  send(method: string, path: string, data: unknown, options?: CallOptions): Promise<Reply> {
    return this.call(method, path, { ...options, body: { data } });
  }

  close(): Promise<void> {
    return this.sandbox.close();
  }
}

async function read(answer: Promise<Response>): Promise<Reply> {
  const { status, headers, ...rest } = await answer.then(async (response) => ({
    status: response.status,
    headers: response.headers,
    text: await response.text(),
  }));
  const isJson = rest.text !== '' && headers.get('content-type')?.includes('json');
  return { status, headers, text: rest.text, json: isJson ? JSON.parse(rest.text) : undefined };
}

/** Every status of many replies, sorted. */
export function statuses(replies: readonly Reply[]): number[] {
  return replies.map(({ status }) => status).sort((a, b) => a - b);
}
