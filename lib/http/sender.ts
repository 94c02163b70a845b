import type { Agent as HttpAgent } from 'node:http';
import type { Agent as HttpsAgent } from 'node:https';
import type { CancelSignal } from '../cancel.js';
import type { Clock } from '../clock.js';
import { type Answer, exchange } from '../transport.js';
import type { Call } from './call.js';

export interface SenderOptions {
  /** The base of every call; the token goes nowhere else. */
  apiUrl: string;
  userAgent: string;
  /** The longest answer to read. */
  maxBytes: number;
  agent: { http: HttpAgent; https: HttpsAgent };
  clock: Clock;
}

export interface SendHooks {
  onSent?: () => void;
  beforeRedirect?: () => Promise<void>;
}

const MAX_REDIRECTS = 5;

/** Sends one request of a call. */
export class Sender {
  readonly #options: SenderOptions;

  constructor(options: SenderOptions) {
    this.#options = options;
  }

  /** Where a call goes, in full. */
  urlOf(call: Call): string {
    return this.#options.apiUrl + call.path;
  }

  /**
   * One request; redirects are followed for reads and on the same host only.
   *
   * @param onSent told when a request has left
   * @param beforeRedirect done before another request follows a redirect
   * @throws TransportError
   */
  async send(
    call: Call,
    token: string,
    signal: CancelSignal,
    { onSent, beforeRedirect }: SendHooks = {},
  ): Promise<Answer> {
    const { userAgent, maxBytes, agent, clock } = this.#options;
    const headers: Record<string, string> = {
      ...call.headers,
      accept: 'application/json',
      'user-agent': userAgent,
      'x-tenant-id': call.tenantId,
      'x-correlation-id': call.correlationId,
      authorization: `Bearer ${token}`,
    };
    if (call.body !== undefined) headers['content-type'] ??= 'application/json';
    let url = this.urlOf(call);
    for (let redirects = 0; ; redirects += 1) {
      const { method, body } = call;
      const answer = await exchange({ method, url, headers, body, signal, maxBytes, agent, clock, onSent });
      const next = redirects < MAX_REDIRECTS ? redirectTarget(call, answer, url) : undefined;
      if (!next) return answer;
      await beforeRedirect?.();
      url = next;
    }
  }
}

function redirectTarget(call: Call, { statusCode, headers }: Answer, from: string): string | undefined {
  if (statusCode < 300 || statusCode >= 400 || !headers.location) return undefined;
  if (call.method !== 'GET' && call.method !== 'HEAD') return undefined;
  const target = URL.canParse(headers.location, from) ? new URL(headers.location, from) : undefined;
  // A user name in the address would take the place of the token.
  if (!target || target.username || target.password) return undefined;
  return target.origin === new URL(from).origin ? target.href : undefined;
}
