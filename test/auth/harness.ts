import type { Credential } from '../../lib/auth/credential.js';
import { TokenCache } from '../../lib/auth/token-cache.js';
import { type IssuedToken, TokenRequestError } from '../../lib/auth/token-endpoint.js';
import { ManualClock } from '../support/manual-clock.js';

export const SECRET = 'p1anted-Secret/+=&';
export const CREDENTIAL: Credential = {
  tokenUrl: 'https://identity.example.test/connect/token',
  clientId: 'client-a',
  clientSecret: SECRET,
  scope: 'fenx.all',
};

/** Lets everything that is ready to run do so; no time passes. */
export async function settle(): Promise<void> {
  for (let i = 0; i < 20; i += 1) await Promise.resolve();
}

/** An endpoint whose answers are given by hand, one request at a time or at once. */
export class Endpoint {
  readonly clock: ManualClock;
  readonly log: string[] = [];
  readonly requests: {
    credential: Credential;
    signal: AbortSignal;
    answer(token?: Partial<IssuedToken>): void;
    fail(error: unknown): void;
  }[] = [];
  readonly cache: TokenCache;
  /** Every request is answered at once. */
  immediate = false;

  constructor(clock = new ManualClock()) {
    this.clock = clock;
    this.cache = new TokenCache({
      clock,
      log: (line) => this.log.push(line),
      request: (credential, signal) => this.#request(credential, signal),
    });
  }

  #request(credential: Credential, signal: AbortSignal): Promise<IssuedToken> {
    return new Promise((resolve, reject) => {
      const accessToken = `token-${this.requests.length + 1}`;
      const issued = { accessToken, scope: credential.scope, lifeSeconds: 900 };
      const answer = (token = {}) => resolve({ ...issued, ...token });
      this.requests.push({ credential, signal, answer, fail: reject });
      if (this.immediate) answer();
    });
  }

  get last() {
    const request = this.requests.at(-1);
    if (!request) throw new Error('no request was made');
    return request;
  }

  /** A token in the cache, by the usual way. */
  async primed(token: Partial<IssuedToken> = {}): Promise<string> {
    const got = this.cache.get(CREDENTIAL);
    await settle();
    this.last.answer(token);
    return await got;
  }
}

export function refused(
  code: TokenRequestError['code'] = 'FENERGO_AUTH',
  retryAfterMs?: number,
): TokenRequestError {
  return new TokenRequestError(code, 'refused', { transient: code !== 'FENERGO_AUTH', retryAfterMs });
}
