import { createHash } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import type { Request, Response } from 'express';

/** Less than one packet: compressing it gains nothing. */
const WORTH_COMPRESSING_BYTES = 1400;
const MOST_KEPT = 100;

/** Answers of the admin API: sent compressed where the browser takes it. Those that change rarely are compressed once. */
export class AdminAnswers {
  /** Compressed bodies by their ETag, the oldest first. */
  readonly #compressed = new Map<string, Buffer>();

  /** An answer that changes rarely: the browser keeps it, but asks about it each time. 404 for undefined. */
  send(request: Request, response: Response, answer: unknown): void {
    response.set('Cache-Control', 'private, no-cache');
    if (answer === undefined) {
      response.status(404).json({ code: 'not_found', message: 'Not in the catalog' });
      return;
    }
    const body = Buffer.from(JSON.stringify(answer));
    const tag = createHash('sha256').update(body).digest('base64url');
    // A weak tag: the compressed body is another one with the same meaning.
    response.set('ETag', `W/"${tag}"`);
    if (request.fresh) response.vary('Accept-Encoding').status(304).end();
    else sendBody(request, response, body, () => this.#gzip(tag, body));
  }

  /** An answer that is another one each time. */
  sendOnce(request: Request, response: Response, answer: unknown): void {
    const body = Buffer.from(JSON.stringify(answer));
    response.set('Cache-Control', 'no-store');
    sendBody(request, response, body, () => gzipSync(body));
  }

  #gzip(tag: string, body: Buffer): Buffer {
    const kept = this.#compressed.get(tag);
    if (kept) return kept;
    const compressed = gzipSync(body);
    this.#compressed.set(tag, compressed);
    const [oldest = ''] = this.#compressed.keys();
    if (this.#compressed.size > MOST_KEPT) this.#compressed.delete(oldest);
    return compressed;
  }
}

function sendBody(request: Request, response: Response, body: Buffer, compressed: () => Buffer): void {
  response.vary('Accept-Encoding').type('json');
  const worth = body.length >= WORTH_COMPRESSING_BYTES && request.acceptsEncodings('gzip');
  if (worth) response.set('Content-Encoding', 'gzip').send(compressed());
  else response.send(body);
}
