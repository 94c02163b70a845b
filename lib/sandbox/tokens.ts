import type { Clock } from '../clock.js';
import { KNOWN_SCOPES, MAX_SCOPE_LENGTH, scopeList } from '../scopes.js';
import type { Answer } from './answer.js';
import { opaqueText, type Random } from './random.js';

/** A request to the token endpoint, read from the wire. */
export interface TokenRequest {
  method: string;
  contentType: string | undefined;
  authorization: string | undefined;
  /** Source IP address: the throttle counts by it. */
  ip: string;
  /** Undefined when it was too large. */
  body: string | undefined;
}

export interface TokenOptions {
  clock: Clock;
  random: Random;
  tokenSeconds: number;
  /** 0 or Infinity: no throttle. */
  requestsPerMinute: number;
}

interface Issued {
  scope: string;
  expiresAtMs: number;
}

const MINUTE_MS = 60_000;
const TOKEN_LENGTH = 64;

/** The token endpoint, and the memory of the tokens that it gave out. */
export class Tokens {
  readonly #options: TokenOptions;
  readonly #issued = new Map<string, Issued>();
  /** Requests of the running minute by source IP. */
  readonly #throttle = new Map<string, { startMs: number; count: number }>();

  constructor(options: TokenOptions) {
    this.#options = options;
  }

  /** Every token issued so far is worth nothing from now on. */
  revokeAll(): void {
    this.#issued.clear();
  }

  /**
   * The scope that an Authorization header stands for.
   *
   * @param authorization `Bearer <token>`; `Bearer: <token>`, as the vendor's page writes it in prose, is taken too
   * @returns undefined when there is no token, or it is unknown, expired or revoked
   */
  scopeOf(authorization: string | undefined): string | undefined {
    const token = /^Bearer:? +(\S+)$/i.exec(authorization ?? '')?.[1];
    const issued = token === undefined ? undefined : this.#issued.get(token);
    return issued && this.#options.clock.nowMs() < issued.expiresAtMs ? issued.scope : undefined;
  }

  /** Answers a token request: RFC 6749, sections 4.4 (client credentials) and 5. */
  answer(request: TokenRequest): Answer {
    const answer = this.#throttled(request.ip) ?? this.#checked(request);
    return { ...answer, headers: { 'cache-control': 'no-store', pragma: 'no-cache', ...answer.headers } };
  }

  #throttled(ip: string): Answer | undefined {
    const { clock, requestsPerMinute } = this.#options;
    if (!(requestsPerMinute > 0 && requestsPerMinute < Number.POSITIVE_INFINITY)) return undefined;
    const nowMs = clock.nowMs();
    let window = this.#throttle.get(ip);
    if (!window || nowMs - window.startMs >= MINUTE_MS) {
      window = { startMs: nowMs, count: 0 };
      this.#throttle.set(ip, window);
    }
    if (++window.count <= requestsPerMinute) return undefined;
    const retryAfter = Math.ceil((window.startMs + MINUTE_MS - nowMs) / 1000);
    const why = `More than ${requestsPerMinute} token requests a minute from this address`;
    return { ...refuse('too_many_requests', why, 429), headers: { 'retry-after': String(retryAfter) } };
  }

  #checked(request: TokenRequest): Answer {
    if (request.method !== 'POST') {
      const why = 'The token endpoint takes POST only';
      return { ...refuse('invalid_request', why, 405), headers: { allow: 'POST' } };
    }
    if (!/^application\/x-www-form-urlencoded\s*(;|$)/i.test(request.contentType ?? '')) {
      return refuse('invalid_request', 'The content type must be application/x-www-form-urlencoded');
    }
    if (request.body === undefined) return refuse('invalid_request', 'The request is too large', 413);
    const form = new URLSearchParams(request.body);
    const repeated = [...form.keys()].find((name) => form.getAll(name).length > 1);
    if (repeated !== undefined) return refuse('invalid_request', `Parameter ${repeated} is repeated`);
    return checkClient(form, request.authorization) ?? checkGrant(form) ?? this.#grant(form);
  }

  #grant(form: URLSearchParams): Answer {
    const { clock, random, tokenSeconds } = this.#options;
    const scope = scopeList(form.get('scope') ?? '').join(' ') || 'fenx.all';
    const token = opaqueText(random, TOKEN_LENGTH);
    const nowMs = clock.nowMs();
    for (const [old, { expiresAtMs }] of this.#issued) {
      // All live equally long, so the oldest come first.
      if (expiresAtMs > nowMs) break;
      this.#issued.delete(old);
    }
    this.#issued.set(token, { scope, expiresAtMs: nowMs + tokenSeconds * 1000 });
    return {
      status: 200,
      body: { access_token: token, expires_in: tokenSeconds, token_type: 'Bearer', scope },
    };
  }
}

function refuse(error: string, description: string, status = 400): Answer {
  return { status, body: { error, error_description: description } };
}

/** client_secret_basic or client_secret_post; any id and secret will do, but an id of `invalid`. */
function checkClient(form: URLSearchParams, authorization: string | undefined): Answer | undefined {
  const basic = /^Basic +(\S*)$/i.exec(authorization ?? '')?.[1];
  const credentials = basic === undefined ? undefined : decodeBasic(basic);
  if (credentials && form.has('client_secret')) {
    return refuse('invalid_request', 'The client authenticates in two ways at once');
  }
  const id = credentials ? credentials.id : form.get('client_id');
  const secret = credentials ? credentials.secret : form.get('client_secret');
  if (id === null) return refuse('invalid_request', 'client_id is missing');
  if (secret === null) return refuse('invalid_request', 'client_secret is missing');
  if (id !== '' && secret !== '' && id !== 'invalid') return undefined;
  const refusal = refuse('invalid_client', 'Client authentication failed', credentials ? 401 : 400);
  return credentials ? { ...refusal, headers: { 'www-authenticate': 'Basic realm="sandbox"' } } : refusal;
}

/** Id and secret are form-encoded before they are joined (RFC 6749, section 2.3.1); empty when unreadable. */
function decodeBasic(text: string): { id: string; secret: string } {
  const [id = '', ...secret] = Buffer.from(text, 'base64').toString('utf8').split(':');
  try {
    const decode = (part: string) => decodeURIComponent(part.replaceAll('+', ' '));
    return { id: decode(id), secret: decode(secret.join(':')) };
  } catch {
    return { id: '', secret: '' };
  }
}

function checkGrant(form: URLSearchParams): Answer | undefined {
  const grant = form.get('grant_type');
  if (!grant) return refuse('invalid_request', 'grant_type is missing');
  if (grant !== 'client_credentials') {
    return refuse('unsupported_grant_type', 'Only client_credentials is supported');
  }
  const scope = form.get('scope') ?? '';
  if (scope.length > MAX_SCOPE_LENGTH) {
    return refuse('invalid_scope', `The scope is longer than ${MAX_SCOPE_LENGTH} characters`);
  }
  const unknown = scopeList(scope).find((name) => !KNOWN_SCOPES.includes(name));
  return unknown === undefined ? undefined : refuse('invalid_scope', `Unknown scope ${unknown}`);
}
