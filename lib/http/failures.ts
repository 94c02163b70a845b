import { type IncomingHttpHeaders, maxHeaderSize } from 'node:http';
import { type ErrorCode, FenergoError } from '../errors.js';
import { grants } from '../scopes.js';
import { secretForms } from '../secret-forms.js';
import { tlsAdvice } from '../tls.js';
import { type Answer, LONGEST_SILENCE_MS, type TransportError } from '../transport.js';
import { messagesOf, messageText, parseJson } from './answer.js';
import type { Call } from './call.js';

const CODES: Record<number, ErrorCode> = {
  400: 'FENERGO_VALIDATION',
  401: 'FENERGO_UNAUTHORIZED',
  403: 'FENERGO_FORBIDDEN',
  404: 'FENERGO_NOT_FOUND',
  408: 'FENERGO_TIMEOUT',
  409: 'FENERGO_CONFLICT',
  410: 'FENERGO_GONE',
  422: 'FENERGO_VALIDATION',
  429: 'FENERGO_RATE_LIMITED',
};

/**
 * The error for an answer that is no success.
 *
 * @param answer what came
 * @param grantedScope the scope that the connection asks for, to tell a missing scope from a missing permission
 */
export function failureOf(call: Call, answer: Answer, grantedScope: string): FenergoError {
  const { statusCode, body: bytes } = answer;
  let body: unknown;
  try {
    body = parseJson(bytes);
  } catch {
    // An error page of a gateway: its beginning may help, the rest does not.
    body = bytes.toString('utf8').slice(0, 2000);
  }
  const messages = messagesOf(body);
  const words = messageText(messages);
  const code = CODES[statusCode] ?? (statusCode >= 500 ? 'FENERGO_SERVER' : 'FENERGO_RESPONSE');
  const message = `${call.label}: ${reason(call, statusCode, words, grantedScope)}`;
  return new FenergoError(code, message, { statusCode, messages, body });
}

function reason(call: Call, statusCode: number, words: string, grantedScope: string): string {
  const said = words ? `: ${words}` : '';
  switch (statusCode) {
    case 400:
    case 422:
      return `the platform refused the request (${statusCode})${said}`;
    case 401:
      return `a fresh access token was refused (401)${said || ': check that the region of the connection is that of the tenant'}`;
    case 403:
      if (call.scope && !grants(grantedScope, call.scope)) {
        return `scope '${call.scope}' is needed and the connection does not ask for it (403)${said}`;
      }
      return `not permitted (403)${said || ': check that the client may reach this tenant'}`;
    case 404:
      return `not found (404)${said}`;
    case 409:
      return `conflict (409)${said}`;
    case 410:
      return `this endpoint is past its sunset and no longer answers (410)${said}`;
    case 429:
      return `too many requests (429)${said}`;
    default:
      if (statusCode >= 300 && statusCode < 400) {
        return `the platform answered with a redirect (${statusCode}) that is not followed, so that the token stays with its host`;
      }
      return `the platform answered ${statusCode}${said}`;
  }
}

/** The error for an exchange that gave no whole answer. */
export function transportFailureOf(
  call: Call,
  error: TransportError,
  apiUrl: string,
  maxBytes: number,
): FenergoError {
  const { host } = new URL(apiUrl);
  const fail = (code: ErrorCode, message: string) =>
    new FenergoError(code, `${call.label}: ${message}`, { cause: error.cause });
  switch (error.kind) {
    case 'unreachable':
      return fail(
        'FENERGO_NETWORK',
        `${host} cannot be reached (${error.code}): check the region or the API URL, and the network`,
      );
    case 'untrusted':
      return fail(
        'FENERGO_NETWORK',
        `the certificate of ${host} is not trusted (${error.code})${tlsAdvice(error.code)}`,
      );
    case 'handshake':
      return fail('FENERGO_NETWORK', `no TLS connection to ${host} (${error.code})${tlsAdvice(error.code)}`);
    case 'stalled':
      return fail(
        'FENERGO_TIMEOUT',
        `the answer of ${host} stopped halfway: nothing came for ${LONGEST_SILENCE_MS / 1000} s${mayHaveHappened(call)}`,
      );
    case 'broken':
      return fail(
        'FENERGO_NETWORK',
        `the connection to ${host} broke (${error.code})${mayHaveHappened(call)}`,
      );
    case 'too-large':
      return fail(
        'FENERGO_RESPONSE',
        `the answer is larger than ${maxBytes / 1e6} MB: ask for less, page, or raise the answer limit of the connection${mayHaveHappened(call)}`,
      );
    default:
      return fail(
        'FENERGO_RESPONSE',
        `the answer of ${host} could not be read (${garbledReason(error.code)})${mayHaveHappened(call)}`,
      );
  }
}

/** What a flooding server did, in words; else the code. */
function garbledReason(code: string): string {
  if (code === 'HPE_HEADER_OVERFLOW') return `its headers are larger than ${maxHeaderSize / 1024} KB`;
  if (code === 'ERR_TOO_MANY_PROVISIONAL') return 'it announces its answer again and again: too many 1xx';
  return code;
}

/** The error for an answer that reports success and cannot be read. */
export function unreadable(call: Call, answer: Answer, why: string): FenergoError {
  return new FenergoError('FENERGO_RESPONSE', `${call.label}: the answer ${why}${mayHaveHappened(call)}`, {
    statusCode: answer.statusCode,
    messages: [],
    body: answer.body.toString('utf8').slice(0, 2000),
  });
}

/** A command must not be sent again lightly. */
function mayHaveHappened({ method, service }: Call): string {
  const reads = method === 'GET' || method === 'HEAD' || service.endsWith('query');
  return reads ? '' : '; the command may have been carried out, so look before you send it again';
}

/** The error of a call that was refused with 429 and has waited for long enough. */
export function impatient(call: Call, refusal: FenergoError, patienceMs: number): FenergoError {
  const words = messageText(refusal.facts.messages ?? []);
  const waited = `too many requests (429), also after ${patienceMs / 1000} s of waiting`;
  const message = `${call.label}: ${waited}${words && `: ${words}`}`;
  return new FenergoError('FENERGO_RATE_LIMITED', message, refusal.facts);
}

/** The error of a call that ended after a request had left: `reason`, and where it was cancelled what may have come of it. */
export function cancelledMidway(call: Call, reason: unknown): unknown {
  if (!(reason instanceof FenergoError) || reason.code !== 'FENERGO_ABORTED') return reason;
  return new FenergoError(reason.code, `${reason.message}${mayHaveHappened(call)}`, reason.facts);
}

/** All who wait for a token are given one error; each call hangs its own facts on it. */
export function ownCopy(error: unknown): unknown {
  if (!(error instanceof FenergoError)) return error;
  return new FenergoError(error.code, error.message, { ...error.facts, cause: error.cause });
}

/**
 * Shorter ones are words of a mock-up, such as `test`, that anybody's data may hold. Real ones have 22 characters and
 * more: nobody could guess them otherwise (RFC 6749, 10.10).
 */
const SHORTEST_TOKEN = 7;

/**
 * An answer without the token, whatever its status: gateways repeat the authorization header, and what is on a message
 * ends up in debug sidebars, logs and files. Bodies are looked through as bytes, those of documents too: a token is so
 * long and random that it is in nobody's data but where it was repeated. A body that does not hold it is not copied.
 */
export function withoutToken(answer: Answer, token: string): Answer {
  if (token.length < SHORTEST_TOKEN) return answer;
  const forms = secretForms(token);
  return {
    ...answer,
    headers: headersWithout(forms, answer.headers),
    body: bytesWithout(forms, answer.body),
  };
}

function headersWithout(forms: string[], headers: IncomingHttpHeaders): IncomingHttpHeaders {
  // Node has put the names into small letters.
  const inName = forms.map((form) => form.toLowerCase());
  const kept: IncomingHttpHeaders = {};
  for (const [name, value] of Object.entries(headers)) {
    if (inName.some((form) => name.includes(form))) continue;
    kept[name] = Array.isArray(value)
      ? value.map((one) => textWithout(forms, one))
      : textWithout(forms, value);
  }
  return kept;
}

function bytesWithout(forms: string[], bytes: Buffer): Buffer {
  const found = forms.filter((form) => bytes.includes(form));
  return found.length === 0 ? bytes : Buffer.from(textWithout(found, bytes.toString('latin1')), 'latin1');
}

function textWithout<Text extends string | undefined>(forms: string[], text: Text): Text {
  return forms.reduce((left, form) => left?.replaceAll(form, '***') as Text, text);
}

/**
 * The error of a call whose time is over.
 *
 * @param sent whether a request of it has left that was not answered
 */
export function timedOut(call: Call, sent: boolean): FenergoError {
  const message = `${call.label}: no answer within ${call.timeoutMs / 1000} s${sent ? mayHaveHappened(call) : ''}`;
  return new FenergoError('FENERGO_TIMEOUT', message);
}
