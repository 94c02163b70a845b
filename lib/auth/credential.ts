import { createHmac, randomBytes } from 'node:crypto';
import { scopeList } from '../scopes.js';

/** What a token is asked for with; a new secret is a new credential. */
export interface Credential {
  /** The token endpoint, in full. */
  readonly tokenUrl: string;
  readonly clientId: string;
  readonly clientSecret: string;
  /** Space-separated. */
  readonly scope: string;
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
