import { createHmac } from 'node:crypto';
import { request as requestByHttp } from 'node:http';
import { request as requestByHttps } from 'node:https';
import type { Clock } from '../clock.js';

/** How a delivery ended, in the words of the contract. */
export interface PostOutcome {
  status: 'Successful' | 'Failed' | 'TimedOut';
  /** Null when no answer came. */
  httpStatusCode: number | null;
}

export interface Post {
  url: string;
  secret: string;
  /** One notification, or a list of them. */
  content: unknown;
  timeoutMs: number;
  clock: Clock;
  /** Breaks the delivery off; it then counts as failed. */
  signal: AbortSignal;
}

/** From this status on an answer is a failure; redirects are not followed and count as delivered. */
const FIRST_FAILURE = 400;

/** The body of a delivery: JSON in ASCII only, so that nothing on the way can change its bytes. */
export function bodyOf(content: unknown): Buffer {
  const escaped = (unit: string) => `\\u${unit.charCodeAt(0).toString(16).toUpperCase().padStart(4, '0')}`;
  return Buffer.from(JSON.stringify(content).replace(/[\u007f-\uffff]/g, escaped), 'latin1');
}

/** The value of the signature header for these bytes. */
export function signatureOf(body: Buffer, secret: string): string {
  return `sha256=${createHmac('sha256', secret).update(body).digest('hex').toUpperCase()}`;
}

/** Posts to a webhook's URL, over a connection of its own. Never throws. */
export function post(order: Post): Promise<PostOutcome> {
  // A URL can be one and still not be callable, for example with credentials that are badly encoded.
  return exchange(order).catch(() => ({ status: 'Failed', httpStatusCode: null }));
}

function exchange({ url, secret, content, timeoutMs, clock, signal }: Post): Promise<PostOutcome> {
  const body = bodyOf(content);
  const headers = {
    'content-type': 'application/json',
    'content-length': body.length,
    'user-agent': 'fenergo-sandbox',
    'x-fenx-signature': signatureOf(body, secret),
  };
  const request = /^https:/i.test(url) ? requestByHttps : requestByHttp;
  return new Promise((resolve) => {
    let outcome: PostOutcome = { status: 'Failed', httpStatusCode: null };
    const outgoing = request(url, { method: 'POST', agent: false, headers, signal });
    const cancelTimeout = clock.setTimer(timeoutMs, () => {
      if (outcome.httpStatusCode === null) outcome = { status: 'TimedOut', httpStatusCode: null };
      outgoing.destroy();
    });
    outgoing.on('response', (incoming) => {
      const { statusCode = 0 } = incoming;
      outcome = { status: statusCode < FIRST_FAILURE ? 'Successful' : 'Failed', httpStatusCode: statusCode };
      incoming.on('error', () => {});
      incoming.resume();
    });
    outgoing.on('error', cancelTimeout);
    // Comes last, whatever has happened before.
    outgoing.on('close', () => {
      cancelTimeout();
      resolve(outcome);
    });
    outgoing.end(body);
  });
}
