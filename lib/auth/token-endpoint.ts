import { type Clock, systemClock } from '../clock.js';
import { FenergoError } from '../errors.js';
import { retryAfterMs } from '../retry-after.js';
import { secretForms } from '../secret-forms.js';
import { tlsAdvice } from '../tls.js';
import { type Answer, exchange, TransportError } from '../transport.js';
import { type Credential, normalScope } from './credential.js';

/** A token as the endpoint gave it. */
export interface IssuedToken {
  accessToken: string;
  /** The scope that was granted, space-separated. */
  scope: string;
  lifeSeconds: number;
}

/** A token request that failed. `retryAfterMs` is how long the endpoint asked to be left alone (429). */
export class TokenRequestError extends FenergoError {
  readonly retryAfterMs: number | undefined;
  /** Whether the same request may succeed later: the endpoint was busy, down or out of reach. */
  readonly transient: boolean;

  constructor(
    code: FenergoError['code'],
    message: string,
    options: { transient: boolean; retryAfterMs?: number; statusCode?: number; cause?: unknown },
  ) {
    const { transient, retryAfterMs, ...rest } = options;
    super(code, message, rest);
    this.transient = transient;
    this.retryAfterMs = retryAfterMs;
  }
}

/** How long to wait for the endpoint's answer. */
const TIMEOUT_MS = 30_000;
/** A token answer is some hundred bytes. */
const MAX_ANSWER_BYTES = 1_000_000;
/** A life that is missing or makes no sense counts as this. */
const FALLBACK_LIFE_SECONDS = 60;

/** What the OAuth errors mean for the person who reads them (RFC 6749, 5.2). */
const ADVICE: Record<string, string> = {
  invalid_client: 'check the client id and secret, and that the secret has not expired',
  invalid_scope: 'a scope is not known, or not granted to this client',
  unauthorized_client: 'this client may not use client credentials',
  unsupported_grant_type: 'the endpoint does not offer client credentials: check the identity URL',
  invalid_request: 'the endpoint did not understand the request: check the identity URL',
};

/**
 * Asks the token endpoint for a token with client credentials (RFC 6749, 4.4; tenant-access.txt). The tenant takes no
 * part: a token serves every tenant that the credential may reach.
 *
 * @param credential what to ask with
 * @param signal ends the request
 * @throws TokenRequestError; never with the secret, the form or a token in it
 */
export async function requestToken(
  credential: Credential,
  signal?: AbortSignal,
  clock: Clock = systemClock,
): Promise<IssuedToken> {
  const { tokenUrl, clientId, clientSecret, scope } = credential;
  const form = { grant_type: 'client_credentials', client_id: clientId, client_secret: clientSecret };
  const timeout = new AbortController();
  const cancelTimeout = clock.setTimer(TIMEOUT_MS, () => timeout.abort());
  try {
    const answer = await exchange({
      method: 'POST',
      url: tokenUrl,
      headers: { 'content-type': 'application/x-www-form-urlencoded', accept: 'application/json' },
      body: new URLSearchParams({ ...form, scope: normalScope(scope) }).toString(),
      signal: signal ? AbortSignal.any([signal, timeout.signal]) : timeout.signal,
      maxBytes: MAX_ANSWER_BYTES,
      clock,
    });
    return readAnswer(answer, credential, clock);
  } catch (error) {
    if (!(error instanceof TransportError)) throw error;
    throw transportFailure(error, tokenUrl, timeout.signal.aborted);
  } finally {
    cancelTimeout();
  }
}

function transportFailure(error: TransportError, tokenUrl: string, timedOut: boolean): TokenRequestError {
  const { host } = new URL(tokenUrl);
  const fail = (code: FenergoError['code'], message: string, transient: boolean) =>
    new TokenRequestError(code, message, { transient, cause: error.cause });
  if (timedOut) {
    const seconds = TIMEOUT_MS / 1000;
    return fail('FENERGO_TIMEOUT', `The token endpoint at ${host} did not answer within ${seconds} s`, true);
  }
  switch (error.kind) {
    case 'aborted':
      return fail('FENERGO_ABORTED', `The token request to ${host} was cancelled`, false);
    case 'unreachable':
      return fail(
        'FENERGO_NETWORK',
        `The token endpoint at ${host} cannot be reached (${error.code}): check the region or the identity URL, and the network`,
        true,
      );
    case 'untrusted':
      return fail(
        'FENERGO_NETWORK',
        `The certificate of the token endpoint at ${host} is not trusted (${error.code})${tlsAdvice(error.code)}`,
        false,
      );
    case 'handshake':
      return fail(
        'FENERGO_NETWORK',
        `No TLS connection to the token endpoint at ${host} (${error.code})${tlsAdvice(error.code)}`,
        false,
      );
    case 'stalled':
    case 'broken':
      return fail(
        'FENERGO_NETWORK',
        `The connection to the token endpoint at ${host} broke (${error.code})`,
        true,
      );
    default:
      return fail(
        'FENERGO_AUTH',
        `The token endpoint at ${host} sent no readable answer (${error.code})`,
        false,
      );
  }
}

function readAnswer(
  { statusCode, headers, body }: Answer,
  credential: Credential,
  clock: Clock,
): IssuedToken {
  const { host } = new URL(credential.tokenUrl);
  const parsed = parseObject(body);
  if (statusCode === 429) {
    throw new TokenRequestError(
      'FENERGO_RATE_LIMITED',
      `The token endpoint at ${host} is asked too often (429)`,
      {
        transient: true,
        statusCode,
        retryAfterMs: retryAfterMs(headers['retry-after'], clock.dateMs()),
      },
    );
  }
  if (statusCode >= 500) {
    throw new TokenRequestError('FENERGO_SERVER', `The token endpoint at ${host} failed (${statusCode})`, {
      transient: true,
      statusCode,
    });
  }
  const refuse = (why: string) =>
    new TokenRequestError('FENERGO_AUTH', `No access token from ${host}: ${why}`, {
      transient: false,
      statusCode,
    });
  if (typeof parsed?.error === 'string') throw refuse(oauthError(parsed, credential));
  if (statusCode !== 200)
    throw refuse(`it answered ${statusCode} without an OAuth error: check the identity URL`);
  if (!parsed) throw refuse('its answer is not JSON: check the identity URL');
  return readToken(parsed, credential, refuse);
}

function readToken(
  parsed: Record<string, unknown>,
  credential: Credential,
  refuse: (why: string) => Error,
): IssuedToken {
  const { access_token: accessToken, token_type: type, expires_in: life, scope } = parsed;
  if (typeof accessToken !== 'string' || !accessToken) throw refuse('its answer holds no access_token');
  // It is going to be a header: only what a header may hold (RFC 6750, 2.1 is narrower still).
  if (!/^[\x21-\x7e]+$/.test(accessToken)) throw refuse('its access_token cannot be sent in a header');
  if (typeof type === 'string' && type.toLowerCase() !== 'bearer')
    throw refuse('its token is not a Bearer token');
  const granted =
    typeof scope === 'string' && scope.trim() ? normalScope(scope) : normalScope(credential.scope);
  return { accessToken, scope: granted, lifeSeconds: lifeSeconds(life) };
}

/** Some servers send the number as text. */
function lifeSeconds(value: unknown): number {
  const seconds = typeof value === 'string' && value.trim() ? Number(value) : value;
  return typeof seconds === 'number' && Number.isFinite(seconds * 1000) && seconds > 0
    ? seconds
    : FALLBACK_LIFE_SECONDS;
}

function parseObject(body: Buffer): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(body.toString('utf8'));
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}

/** The server's own words may repeat what it was sent or has given, so the secret and a token are taken out of them. */
function oauthError(parsed: Record<string, unknown>, credential: Credential): string {
  const { clientId, clientSecret } = credential;
  const { error_description: description, access_token: token } = parsed;
  const basic = Buffer.from(`${clientId}:${clientSecret}`).toString('base64');
  const given = typeof token === 'string' && token ? [token] : [];
  const forms = [basic, ...(clientSecret ? secretForms(clientSecret) : []), ...given];
  // Printable before they are compared: a blank of another kind would bring the secret back.
  const printable = (text: string) => text.replace(/[^\x20-\x7e]/g, ' ');
  const clean = (text: string) =>
    forms.reduce((said, form) => said.replaceAll(printable(form), '***'), printable(text)).slice(0, 200);
  const error = clean(String(parsed.error));
  const described = typeof description === 'string' && description ? ` (${clean(description)})` : '';
  const advice = Object.hasOwn(ADVICE, error) ? `: ${ADVICE[error]}` : '';
  return `${error}${described}${advice}`;
}
