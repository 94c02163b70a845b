import type { CancelSignal } from '../cancel.js';

/** Where calls get their tokens: the token cache, bound to one credential. */
export interface TokenSource {
  /** A token that is good now. Its error says in `transient` whether asking again later may help. */
  get(signal: CancelSignal): Promise<string>;
  /** Tells that the API refused this token with 401. */
  reject(accessToken: string): void;
}
