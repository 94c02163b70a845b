import type { CancelSignal } from '../cancel.js';
import { type Clock, systemClock, wait } from '../clock.js';
import { FenergoError } from '../errors.js';
import { type Credential, credentialKey } from './credential.js';
import { type IssuedToken, requestToken, TokenRequestError } from './token-endpoint.js';
import { TokenThrottle } from './token-throttle.js';

/** A token in the cache; its times are on the monotonic clock. */
interface CachedToken {
  accessToken: string;
  scope: string;
  /** From here on it is renewed in the background when somebody asks. */
  renewAtMs: number;
  /** From here on it is not used. */
  endAtMs: number;
}

/** A token request under way, with the waiting before it. */
interface Flight {
  promise: Promise<CachedToken>;
  controller: AbortController;
  /** Callers that need its outcome; without any it is called off. A renewal in the background counts as one. */
  waiters: number;
}

/** All that is known of one credential. */
interface Entry {
  token?: CachedToken;
  flight?: Flight;
  /** Failed token requests, or fresh tokens refused by the API, in a row. */
  failures: number;
  /** No request leaves before this. */
  notBeforeMs: number;
  lastError?: Error;
  usedAtMs: number;
}

/** What may be shown of a credential's token: never the token. */
export type TokenState =
  | { state: 'none' | 'requesting' }
  | { state: 'valid'; scope: string; secondsLeft: number }
  | { state: 'held-back'; secondsLeft: number; reason: string };

export interface TokenCacheOptions {
  clock?: Clock;
  /** Makes the request; the real endpoint unless told. */
  request?: (credential: Credential, signal: AbortSignal) => Promise<IssuedToken>;
  /** Takes a line for the log, without anything secret in it. */
  log?: (line: string) => void;
}

const LONGEST_HOLD_BACK_MS = 60_000;
const LONGEST_RENEWAL_WINDOW_MS = 60_000;
/** Credentials that nobody asked for in this long are forgotten (rotated secrets, deleted connections). */
const FORGET_AFTER_MS = 24 * 3600 * 1000;

/**
 * Access tokens, shared by all who use the same credential. One request at a time per credential; see the design's
 * "Token cache" for the five rules that this class keeps.
 */
export class TokenCache {
  readonly #clock: Clock;
  readonly #request: (credential: Credential, signal: AbortSignal) => Promise<IssuedToken>;
  readonly #log: (line: string) => void;
  readonly #throttle: TokenThrottle;
  readonly #entries = new Map<string, Entry>();
  /** The key of each credential object, worked out once: it holds a fingerprint. */
  readonly #keys = new WeakMap<Credential, string>();

  constructor(options: TokenCacheOptions = {}) {
    this.#clock = options.clock ?? systemClock;
    this.#request =
      options.request ?? ((credential, signal) => requestToken(credential, signal, this.#clock));
    this.#log = options.log ?? (() => {});
    this.#throttle = new TokenThrottle(this.#clock);
  }

  /**
   * A token that is good now. Answers at once while there is one; else waits for the one request under way, or starts
   * it. After a failure the request is held back, and the callers wait that long.
   *
   * @param credential whose token
   * @param signal ends this caller's wait; the request goes on while others wait for it
   * @returns the token, as it goes behind `Bearer `
   * @throws TokenRequestError when the request failed; the signal's reason when it was aborted
   */
  async get(credential: Credential, signal?: CancelSignal): Promise<string> {
    const entry = this.#entry(credential);
    const nowMs = this.#clock.nowMs();
    entry.usedAtMs = nowMs;
    if (entry.token && nowMs < entry.token.endAtMs) {
      if (nowMs >= entry.token.renewAtMs) this.#renew(credential, entry);
      return entry.token.accessToken;
    }
    return (await this.#join(credential, entry, signal)).accessToken;
  }

  /**
   * Drops a token that the API refused with 401, if the cache still holds that very one: so a hundred calls that fail
   * together cost one renewal. A fresh token refused again and again holds the next request back.
   */
  reject(credential: Credential, accessToken: string): void {
    const entry = this.#entry(credential);
    if (entry.token?.accessToken !== accessToken) return;
    entry.token = undefined;
    entry.failures += 1;
    if (entry.failures > 1) this.#holdBack(entry, holdBackMs(entry.failures - 1));
    this.#log(`token for ${nameOf(credential)} was refused by the API and dropped`);
  }

  /**
   * Asks for a token without the cache: for a person who tests a credential. It counts in the limit of the endpoint.
   *
   * @throws TokenRequestError
   */
  async probe(credential: Credential, signal: AbortSignal): Promise<Omit<IssuedToken, 'accessToken'>> {
    const waitMs = this.#throttle.take(credential.tokenUrl);
    if (waitMs > 0) {
      const seconds = Math.ceil(waitMs / 1000);
      throw new TokenRequestError(
        'FENERGO_RATE_LIMITED',
        `Too many token requests in the last minute: try again in ${seconds} s`,
        { transient: true, retryAfterMs: waitMs },
      );
    }
    const { scope, lifeSeconds } = await this.#request(credential, signal);
    return { scope, lifeSeconds };
  }

  /** What may be shown of a credential's token. */
  state(credential: Credential): TokenState {
    const entry = this.#entries.get(this.#keyOf(credential));
    const nowMs = this.#clock.nowMs();
    const secondsUntil = (ms: number) => Math.ceil((ms - nowMs) / 1000);
    if (entry?.token && nowMs < entry.token.endAtMs) {
      return { state: 'valid', scope: entry.token.scope, secondsLeft: secondsUntil(entry.token.endAtMs) };
    }
    if (entry && nowMs < entry.notBeforeMs) {
      const reason = entry.lastError?.message ?? '';
      return { state: 'held-back', secondsLeft: secondsUntil(entry.notBeforeMs), reason };
    }
    return { state: entry?.flight ? 'requesting' : 'none' };
  }

  #keyOf(credential: Credential): string {
    let key = this.#keys.get(credential);
    if (key === undefined) {
      key = credentialKey(credential);
      this.#keys.set(credential, key);
    }
    return key;
  }

  #entry(credential: Credential): Entry {
    const key = this.#keyOf(credential);
    let entry = this.#entries.get(key);
    if (!entry) {
      this.#forgetUnused();
      entry = { failures: 0, notBeforeMs: Number.NEGATIVE_INFINITY, usedAtMs: this.#clock.nowMs() };
      this.#entries.set(key, entry);
    }
    return entry;
  }

  #forgetUnused(): void {
    const nowMs = this.#clock.nowMs();
    for (const [key, entry] of this.#entries) {
      if (!entry.flight && nowMs - entry.usedAtMs > FORGET_AFTER_MS) this.#entries.delete(key);
    }
  }

  /** Renews in the background. Nobody waits for it, so its failure is only noted; the old token serves to its end. */
  #renew(credential: Credential, entry: Entry): void {
    if (entry.flight || this.#clock.nowMs() < entry.notBeforeMs) return;
    this.#start(credential, entry).promise.catch(() => {});
  }

  /** Waits for the flight, starting it if there is none. The last waiter who leaves calls it off. */
  async #join(credential: Credential, entry: Entry, signal?: CancelSignal): Promise<CachedToken> {
    if (signal?.aborted) throw signal.reason;
    const flight = entry.flight ?? this.#start(credential, entry, 0);
    flight.waiters += 1;
    let onAbort: (() => void) | undefined;
    try {
      if (!signal) return await flight.promise;
      const aborted = new Promise<never>((_, reject) => {
        onAbort = () => reject(signal.reason);
        signal.addEventListener('abort', onAbort, { once: true });
      });
      return await Promise.race([flight.promise, aborted]);
    } finally {
      if (onAbort) signal?.removeEventListener('abort', onAbort);
      flight.waiters -= 1;
      if (flight.waiters === 0 && entry.flight === flight) {
        flight.controller.abort();
        entry.flight = undefined;
      }
    }
  }

  #start(credential: Credential, entry: Entry, waiters = 1): Flight {
    const controller = new AbortController();
    const promise = this.#fetch(credential, entry, controller.signal);
    const flight: Flight = { promise, controller, waiters };
    entry.flight = flight;
    const land = () => {
      if (entry.flight === flight) entry.flight = undefined;
    };
    promise.then(land, land);
    return flight;
  }

  async #fetch(credential: Credential, entry: Entry, signal: AbortSignal): Promise<CachedToken> {
    await this.#turn(credential, entry, signal);
    // The life counts from before the request left: the server's own count begins after that.
    const sentAtMs = this.#clock.nowMs();
    try {
      const issued = await this.#request(credential, signal);
      return this.#keep(credential, entry, issued, sentAtMs);
    } catch (error) {
      if (!signal.aborted) this.#noteFailure(credential, entry, error);
      throw error instanceof FenergoError
        ? error
        : new FenergoError('FENERGO_AUTH', 'The token request failed');
    }
  }

  /** Waits until the hold-back is over and the endpoint's limit leaves a place. */
  async #turn(credential: Credential, entry: Entry, signal: AbortSignal): Promise<void> {
    for (;;) {
      const heldMs = entry.notBeforeMs - this.#clock.nowMs();
      const waitMs = heldMs > 0 ? heldMs : this.#throttle.take(credential.tokenUrl);
      if (waitMs <= 0) return;
      await wait(this.#clock, waitMs, signal);
    }
  }

  #keep(credential: Credential, entry: Entry, issued: IssuedToken, sentAtMs: number): CachedToken {
    const lifeMs = issued.lifeSeconds * 1000;
    const endAtMs = sentAtMs + lifeMs;
    // A token that replaces one which lived its life ends the row of failures; one that replaces a refused token
    // has yet to prove itself.
    if (entry.token || entry.lastError) entry.failures = 0;
    entry.lastError = undefined;
    entry.token = {
      accessToken: issued.accessToken,
      scope: issued.scope,
      endAtMs,
      renewAtMs: endAtMs - Math.min(lifeMs / 10, LONGEST_RENEWAL_WINDOW_MS),
    };
    this.#log(`token for ${nameOf(credential)} received, good for ${issued.lifeSeconds} s`);
    return entry.token;
  }

  #noteFailure(credential: Credential, entry: Entry, error: unknown): void {
    entry.failures += 1;
    entry.lastError = error instanceof Error ? error : undefined;
    const asked = error instanceof TokenRequestError ? error : undefined;
    const limited = asked?.code === 'FENERGO_RATE_LIMITED';
    const ms = limited ? (asked.retryAfterMs ?? LONGEST_HOLD_BACK_MS) : holdBackMs(entry.failures);
    this.#holdBack(entry, ms);
    this.#log(
      `token for ${nameOf(credential)}: request failed (${asked?.code ?? 'unknown'}), next in ${ms} ms at the earliest`,
    );
  }

  #holdBack(entry: Entry, ms: number): void {
    entry.notBeforeMs = this.#clock.nowMs() + ms;
  }
}

/** 1 s after the first failure, twice as long after each further one, 60 s at most. */
function holdBackMs(failures: number): number {
  return Math.min(1000 * 2 ** Math.min(failures - 1, 30), LONGEST_HOLD_BACK_MS);
}

function nameOf({ tokenUrl, clientId }: Credential): string {
  return `client '${clientId}' at ${new URL(tokenUrl).host}`;
}
