import type { IncomingMessage } from 'node:http';
import type { CancelSignal } from '../cancel.js';
import type { Clock } from '../clock.js';
import type { BodyBudget } from './body-budget.js';

/**
 * Why there are no bytes:
 * - `too-large`: more than the limit
 * - `consumed`: something else has read the body and kept no bytes of it, or made text of them
 * - `busy`: too much comes in at once
 * - `late`: it did not come in time
 * - `stopped`: nobody wants it any more
 * - `aborted`: the sender broke off; there is nobody left to answer
 */
export type NoBody = 'too-large' | 'consumed' | 'busy' | 'late' | 'stopped' | 'aborted';

/** A request that other handlers may have touched before. */
export type BodyRequest = IncomingMessage & { rawBody?: unknown; body?: unknown };

export interface BodyOptions {
  limitBytes: number;
  timeoutMs: number;
  clock: Clock;
  signal: CancelSignal;
  /** What all bodies that come in share. */
  budget: BodyBudget;
}

/** Whether a request says that its body is larger than the limit. */
export function saysTooLarge({ headers }: IncomingMessage, limitBytes: number): boolean {
  return Number(headers['content-length'] ?? 0) > limitBytes;
}

/**
 * The bytes of a request's body, as they came.
 *
 * Where another handler has read the body already, they are taken from where handlers keep them: `rawBody`, or `body` as a
 * Buffer. What is too large is not kept: by its declared length before anything is read, else as soon as it is too much.
 */
export async function rawBodyOf(request: BodyRequest, options: BodyOptions): Promise<Buffer | NoBody> {
  const { limitBytes, signal } = options;
  if (signal.aborted) return 'stopped';
  const kept = [request.rawBody, request.body].find((body) => Buffer.isBuffer(body));
  if (kept) return kept.length > limitBytes ? 'too-large' : kept;
  if (saysTooLarge(request, limitBytes)) return 'too-large';
  // With an encoding it gives text: the bytes cannot be had back from that.
  if (request.readableDidRead || request.readableEnded || request.readableEncoding) return 'consumed';
  if (request.destroyed) return 'aborted';
  return read(request, options);
}

function read(
  request: BodyRequest,
  { limitBytes, timeoutMs, clock, signal, budget }: BodyOptions,
): Promise<Buffer | NoBody> {
  return new Promise((resolve) => {
    const chunks: Buffer[] = [];
    const share = budget.open();
    let length = 0;
    const onData = (chunk: unknown) => {
      // Somebody may set an encoding at any time.
      if (!Buffer.isBuffer(chunk)) return settle('consumed');
      length += chunk.length;
      if (length > limitBytes) settle('too-large');
      else if (!share.take(chunk.length)) settle('busy');
      else chunks.push(chunk);
    };
    const onEnd = () => settle(Buffer.concat(chunks, length));
    const onClose = () => settle('aborted');
    const onAbort = () => settle('stopped');
    const cancelTimeout = clock.setTimer(timeoutMs, () => settle('late'));
    function settle(outcome: Buffer | NoBody): void {
      cancelTimeout();
      signal.removeEventListener('abort', onAbort);
      request.off('data', onData).off('end', onEnd).off('close', onClose);
      chunks.length = 0;
      share.close();
      resolve(outcome);
    }
    // A request that breaks off says so twice; `close` is enough.
    request.on('error', () => {});
    request.on('data', onData).on('end', onEnd).on('close', onClose);
    signal.addEventListener('abort', onAbort);
  });
}
