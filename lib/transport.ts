import type { ClientRequest, Agent as HttpAgent, IncomingHttpHeaders, IncomingMessage } from 'node:http';
import type { Agent as HttpsAgent } from 'node:https';
import type { Socket } from 'node:net';
import type { Got, Response } from 'got';
import type { CancelSignal } from './cancel.js';
import { type Clock, systemClock } from './clock.js';
import { safeCause } from './errors.js';
import { Silence } from './silence.js';
import { tlsCode, tlsFailure } from './tls.js';

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
  clock?: Clock;
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
 * - `handshake`: the two did not agree on TLS, so nothing was sent
 * - `broken`: the connection ended or the answer was cut short; the request may have been carried out
 * - `stalled`: the answer began, and then nothing more came; the request may have been carried out
 * - `garbled`: bytes came that are no HTTP answer, or that cannot be decompressed
 * - `too-large`: the answer exceeds `maxBytes`
 * - `aborted`: the signal fired
 */
export type TransportFailure =
  | 'unreachable'
  | 'untrusted'
  | 'handshake'
  | 'broken'
  | 'stalled'
  | 'garbled'
  | 'too-large'
  | 'aborted';

/** How long an answer that has begun may pause. */
export const LONGEST_SILENCE_MS = 30_000;
/** Provisional answers (1xx) before the real one; nobody needs so many. */
const MOST_PROVISIONAL = 100;

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
/** A connection that ends while TLS is still being agreed on. */
const ENDED = new Set(['ECONNRESET', 'EPIPE', 'ECONNABORTED', 'ETIMEDOUT']);
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
  single ??= loadGot();
  const call = single(url, {
    method: method as 'GET',
    headers,
    body,
    agent,
    // got leaves the body of a GET out unless told; we never have one there.
    allowGetBody: false,
  });
  let cutOff: TransportError | undefined;
  const cut = (kind: TransportFailure, code: string) => {
    cutOff ??= new TransportError(kind, code);
    call.cancel();
  };
  const onAbort = () => cut('aborted', 'ABORT_ERR');
  signal?.addEventListener('abort', onAbort, { once: true });
  call.on('downloadProgress', ({ transferred }) => {
    if (transferred > maxBytes) cut('too-large', 'ERR_BODY_TOO_LARGE');
  });
  let stopListening: (() => void) | undefined;
  call.on('request', (sending: ClientRequest) => {
    if (onSent) sending.once('finish', onSent);
    stopListening = listen(sending, request, cut);
  });
  try {
    const { statusCode, headers: answerHeaders, rawBody } = (await call) as unknown as Response<Buffer>;
    return { statusCode, headers: answerHeaders, body: rawBody };
  } catch (error) {
    throw cutOff ?? classify(error, url);
  } finally {
    signal?.removeEventListener('abort', onAbort);
    stopListening?.();
  }
}

/**
 * Cuts an answer off that has begun and does not go on, or that is announced again and again. All bytes count, those
 * that have yet to be decompressed, too; waiting for an answer to begin is what the call's own timeout is for.
 *
 * @returns how to stop listening: the connection outlives the exchange
 */
function listen(
  sending: ClientRequest,
  { clock = systemClock }: Exchange,
  cut: (kind: TransportFailure, code: string) => void,
): () => void {
  const silence = new Silence(clock, LONGEST_SILENCE_MS, () => cut('stalled', 'ERR_STALLED'));
  let socket: Socket | undefined;
  let provisional = 0;
  sending.on('information', () => {
    provisional += 1;
    if (provisional > MOST_PROVISIONAL) cut('garbled', 'ERR_TOO_MANY_PROVISIONAL');
  });
  sending.once('response', (answer: IncomingMessage) => {
    socket = answer.socket.on('data', silence.heard);
    silence.start();
  });
  return () => {
    silence.stop();
    socket?.removeListener('data', silence.heard);
  };
}

function classify(error: unknown, url: string): TransportError {
  const { code: given = 'ERR_UNKNOWN', message, request } = error as Failed;
  const code = tlsCode({ code: given, message });
  const { connect, secureConnect } = request?.timings ?? {};
  const tls = tlsFailure(code, secureConnect !== undefined);
  if (tls) return new TransportError(tls, code, error);
  if (GARBLED.test(code)) return new TransportError('garbled', code, error);
  const shaking = url.startsWith('https:') && connect !== undefined && secureConnect === undefined;
  if (shaking ? ENDED.has(code) : connect === undefined && UNREACHABLE.has(code)) {
    return new TransportError('unreachable', code, error);
  }
  return new TransportError('broken', code, error);
}

interface Failed {
  code?: string;
  message?: string;
  request?: { timings?: { connect?: number; secureConnect?: number } };
}
