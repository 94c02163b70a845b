import type { Agent as HttpAgent, IncomingHttpHeaders } from 'node:http';
import type { Agent as HttpsAgent } from 'node:https';
import type { Got, Response } from 'got';
import type { CancelSignal } from './cancel.js';
import { safeCause } from './errors.js';

/** One HTTP exchange. */
export interface Exchange {
  method: string;
  url: string;
  headers: Record<string, string>;
  body?: string | Buffer;
  /** Ends the exchange; the promise then rejects with the kind `aborted`. */
  signal?: CancelSignal;
  /** The longest answer to read, counted after decompression. */
  maxBytes: number;
  agent?: { http: HttpAgent; https: HttpsAgent };
  /** Told when the whole request is in the system's hands: after the connection was made, before the answer. */
  onSent?: () => void;
}

/** A whole answer, whatever its status. */
export interface Answer {
  statusCode: number;
  headers: IncomingHttpHeaders;
  body: Buffer;
}

/**
 * How an exchange can fail without a whole answer:
 * - `unreachable`: no connection was made, so nothing was sent
 * - `untrusted`: the server's certificate was refused, so nothing was sent
 * - `broken`: the connection ended or the answer was cut short; the request may have been carried out
 * - `garbled`: bytes came that are no HTTP answer, or that cannot be decompressed
 * - `too-large`: the answer exceeds `maxBytes`
 * - `aborted`: the signal fired
 */
export type TransportFailure = 'unreachable' | 'untrusted' | 'broken' | 'garbled' | 'too-large' | 'aborted';

/** An exchange that failed. Holds nothing of the request. */
export class TransportError extends Error {
  readonly kind: TransportFailure;
  /** The system's or Node's code, for example `ECONNREFUSED`. */
  readonly code: string;

  constructor(kind: TransportFailure, code: string, cause?: unknown) {
    super(`${kind} (${code})`, cause === undefined ? undefined : { cause: safeCause(cause) });
    this.kind = kind;
    this.code = code;
  }
}

const UNREACHABLE = new Set([
  'ENOTFOUND',
  'EAI_AGAIN',
  'EAI_FAIL',
  'ECONNREFUSED',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'EADDRNOTAVAIL',
  'EHOSTDOWN',
  'ETIMEDOUT',
  'ERR_SOCKET_CONNECTION_TIMEOUT',
]);
const UNTRUSTED = /CERT|SELF_SIGNED|UNABLE_TO_(VERIFY|GET_ISSUER)|ERR_TLS|ERR_SSL|EPROTO|CRL_/;
const GARBLED = /^(HPE_|Z_|ERR_(_ERROR_FORMAT|BROTLI|PADDING|ZLIB)|ERR__ERROR|ERR_PADDING)/;

let single: Got | undefined;

/**
 * Loads got, at the first exchange: it takes 100 ms and 4 MB, more than all the rest of this package, and Node-RED
 * loads the package at its start whether a flow calls the platform or not.
 *
 * `require` and not `import()`: it gives one and the same got in `dist/`, under tsx and on every Node that we support,
 * and a caller need not wait a turn for what is there already.
 */
function loadGot(): Got {
  const { got } = require('got') as typeof import('got');
  // Our own retry rules and our own redirects: got only carries one request.
  return got.extend({
    retry: { limit: 0 },
    throwHttpErrors: false,
    responseType: 'buffer',
    followRedirect: false,
    decompress: true,
  });
}

/**
 * Carries one request and reads the whole answer. Follows no redirect, repeats nothing.
 *
 * @returns the answer, whatever its status code
 * @throws TransportError
 */
export async function exchange(request: Exchange): Promise<Answer> {
  const { method, url, headers, body, signal, maxBytes, agent, onSent } = request;
  if (signal?.aborted) throw new TransportError('aborted', 'ABORT_ERR');
  let tooLarge = false;
  single ??= loadGot();
  const call = single(url, {
    method: method as 'GET',
    headers,
    body,
    agent,
    // got leaves the body of a GET out unless told; we never have one there.
    allowGetBody: false,
  });
  if (onSent) call.on('request', (sending) => sending.once('finish', onSent));
  const onAbort = () => call.cancel();
  signal?.addEventListener('abort', onAbort, { once: true });
  call.on('downloadProgress', ({ transferred }) => {
    if (transferred > maxBytes) {
      tooLarge = true;
      call.cancel();
    }
  });
  try {
    const { statusCode, headers: answerHeaders, rawBody } = (await call) as unknown as Response<Buffer>;
    return { statusCode, headers: answerHeaders, body: rawBody };
  } catch (error) {
    if (tooLarge) throw new TransportError('too-large', 'ERR_BODY_TOO_LARGE');
    if (signal?.aborted) throw new TransportError('aborted', 'ABORT_ERR');
    throw classify(error);
  } finally {
    signal?.removeEventListener('abort', onAbort);
  }
}

function classify(error: unknown): TransportError {
  const { code = 'ERR_UNKNOWN', request } = error as { code?: string; request?: { timings?: Timings } };
  if (UNTRUSTED.test(code)) return new TransportError('untrusted', code, error);
  if (GARBLED.test(code)) return new TransportError('garbled', code, error);
  const connected = request?.timings?.connect !== undefined;
  if (UNREACHABLE.has(code) && !connected) return new TransportError('unreachable', code, error);
  return new TransportError('broken', code, error);
}

interface Timings {
  connect?: number;
}
