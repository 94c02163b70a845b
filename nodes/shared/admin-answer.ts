import { createHash } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import type { Request, Response } from 'express';

/** Less than one packet: compressing it gains nothing. */
const WORTH_COMPRESSING_BYTES = 1400;
const MOST_KEPT = 100;

/** Answers of the admin API that change rarely: sent compressed where the browser takes it, and compressed once. */
export class AdminAnswers {
  /** Compressed bodies by their ETag, the oldest first. */
  readonly #compressed = new Map<string, Buffer>();

  /** The answer as JSON which the browser keeps but asks about each time; 404 for undefined. */
  send(request: Request, response: Response, answer: unknown): void {
    response.set('Cache-Control', 'private, no-cache');
    response.vary('Accept-Encoding');
    if (answer === undefined) {
      response.status(404).json({ code: 'not_found', message: 'Not in the catalog' });
      return;
    }
    const body = Buffer.from(JSON.stringify(answer));
    const tag = createHash('sha256').update(body).digest('base64url');
    // A weak tag: the compressed body is another one with the same meaning.
    response.set('ETag', `W/"${tag}"`);
    if (request.fresh) return void response.status(304).end();
    response.type('json');
    if (body.length < WORTH_COMPRESSING_BYTES || !request.acceptsEncodings('gzip')) {
      return void response.send(body);
    }
    response.set('Content-Encoding', 'gzip').send(this.#gzip(tag, body));
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
