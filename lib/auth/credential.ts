import { createHmac, randomBytes } from 'node:crypto';
import { scopeList } from '../scopes.js';

/** What a token is asked for with. */
export interface Credential {
  /** The token endpoint, in full. */
  tokenUrl: string;
  clientId: string;
  clientSecret: string;
  /** Space-separated. */
  scope: string;
}

/** New in every process, so that a fingerprint seen in a memory dump or a log cannot be tried against a list of secrets. */
const FINGERPRINT_KEY = randomBytes(32);

/** The scope as it is sent: one blank between two names. */
export function normalScope(scope: string): string {
  return scopeList(scope).join(' ');
}

/**
 * The key of a credential in the token cache. Two credentials share a key only when every part is the same; the
 * secret takes part as a fingerprint.
 */
export function credentialKey(credential: Credential): string {
  const secret = createHmac('sha256', FINGERPRINT_KEY).update(credential.clientSecret).digest('hex');
  return JSON.stringify([credential.tokenUrl, credential.clientId, normalScope(credential.scope), secret]);
}
