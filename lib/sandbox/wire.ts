import type { IncomingMessage, ServerResponse } from 'node:http';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import type { Answer } from './answer.js';

const compress = promisify(gzip);

/** Smaller bodies are not worth packing. */
const GZIP_FROM_BYTES = 1024;

/** How a fault spoils an answer on its way. */
export interface Cut {
  /** Bytes of the body that are sent; undefined: half of it. */
  bytes?: number;
  /** Whether the connection ends with a reset (RST) instead of an ordinary close. */
  reset: boolean;
}

/**
 * Reads a request body.
 *
 * @param limitBytes more than this is not kept
 * @returns the body, or undefined when it is larger; what is left of it then flows by unread
 * @throws when the client goes away before the end
 */
export function readBody(request: IncomingMessage, limitBytes: number): Promise<Buffer | undefined> {
  return new Promise((resolve, reject) => {
    if (Number(request.headers['content-length']) > limitBytes) return resolve(undefined);
    let chunks: Buffer[] = [];
    let size = 0;
    request.on('data', (chunk: Buffer) => {
      size += chunk.length;
      if (size <= limitBytes) return void chunks.push(chunk);
      chunks = [];
      resolve(undefined);
    });
    request.on('end', () => resolve(Buffer.concat(chunks)));
    request.on('error', reject);
    request.on('close', () => reject(new Error('The client went away in the middle of its request.')));
  });
}

/** Waits until half of a request's body has come; of a body of unknown length, its first part. Takes no more of it. */
export function readHalf(request: IncomingMessage): Promise<void> {
  const halfBytes = Number(request.headers['content-length'] ?? 0) / 2;
  let size = 0;
  return new Promise((resolve) => {
    request.on('data', (chunk: Buffer) => {
      size += chunk.length;
      if (size < halfBytes) return;
      request.pause();
      resolve();
    });
    request.on('end', resolve);
    request.on('close', resolve);
  });
}

/** Closes the connection as soon as the answer has left, though the client may keep it for its next request. */
export function closeAfter(response: ServerResponse): void {
  const { socket } = response;
  response.once('finish', () => socket?.destroySoon());
}

/** Whether the client takes gzip, by its Accept-Encoding header. */
export function acceptsGzip(header: string | undefined): boolean {
  return (header ?? '').split(',').some((part) => {
    const [coding, ...parameters] = part
      .trim()
      .toLowerCase()
      .split(/\s*;\s*/);
    return (coding === 'gzip' || coding === '*') && !parameters.some((text) => /^q=0(\.0*)?$/.test(text));
  });
}

/**
 * Writes an answer; packs it when the client takes gzip and it is worth it.
 *
 * @param cut spoils the answer: the full length is declared, a part is sent, the connection ends
 */
export async function send(
  request: IncomingMessage,
  response: ServerResponse,
  answer: Answer,
  cut?: Cut,
): Promise<void> {
  const { status, headers = {}, body } = answer;
  const plain = typeof body === 'string' ? body : body === undefined ? '' : JSON.stringify(body);
  let bytes: Buffer = Buffer.from(plain, 'utf8');
  if (bytes.length > GZIP_FROM_BYTES) {
    response.setHeader('vary', 'Accept-Encoding');
    if (acceptsGzip(request.headers['accept-encoding'])) {
      bytes = await compress(bytes);
      response.setHeader('content-encoding', 'gzip');
    }
  }
  if (bytes.length > 0) {
    const type = typeof body === 'string' ? 'text/plain' : 'application/json';
    response.setHeader('content-type', `${type}; charset=utf-8`);
  }
  const bodyless = status === 204 || status === 304;
  if (!bodyless) response.setHeader('content-length', bytes.length);
  response.writeHead(status, headers);
  if (cut) return sendPart(response, bytes, cut);
  response.end(bodyless ? undefined : bytes);
}

function sendPart(response: ServerResponse, bytes: Buffer, cut: Cut): void {
  const { socket } = response;
  const part = bytes.subarray(0, cut.bytes ?? Math.floor(bytes.length / 2));
  const end = () => (cut.reset ? socket?.resetAndDestroy() : socket?.destroy());
  // Without a first byte of the body Node would hold the head back; a turn of the loop lets the part leave.
  response.flushHeaders();
  if (part.length === 0) return void setImmediate(end);
  response.write(part, () => setImmediate(end));
}
