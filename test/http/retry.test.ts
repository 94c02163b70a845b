import should from 'should';
import { afterFailure, DEFAULT_RETRY, type FailedTry, type RetryOptions } from '../../lib/http/retry.js';

/** The pause before the next try; undefined when there is none. */
function retryAfter(tried: FailedTry, random: number, options?: RetryOptions): number | undefined {
  const decision = afterFailure(tried, random, options);
  return decision.next === 'again' ? decision.pauseMs : undefined;
}

type Repeats = 'any' | 'reads' | 'never';

const METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE'];
const SERVICES = ['entitydataquery', 'entitydatacommand', 'webhooks', 'querytool', 'eventingress'];

/** The design's rule, spelled out: which failures may be repeated for which calls. */
const RULE: [string, FailedTry['failure'], Repeats][] = [
  ...[400, 401, 403, 404, 405, 408, 409, 410, 413, 422, 500, 501, 505, 301, 302, 304].map(
    (statusCode): [string, FailedTry['failure'], Repeats] => [`${statusCode}`, { statusCode }, 'never'],
  ),
  ['502', { statusCode: 502 }, 'reads'],
  ['503', { statusCode: 503 }, 'reads'],
  ['504', { statusCode: 504 }, 'reads'],
  ['a connection that was never made', { transport: 'unreachable' }, 'any'],
  ['a broken connection', { transport: 'broken' }, 'reads'],
  ['an answer that stops halfway', { transport: 'stalled' }, 'reads'],
  ['a refused certificate', { transport: 'untrusted' }, 'never'],
  ['no agreement on TLS', { transport: 'handshake' }, 'never'],
  ['a garbled answer', { transport: 'garbled' }, 'never'],
  ['too long an answer', { transport: 'too-large' }, 'never'],
  ['an abort', { transport: 'aborted' }, 'never'],
  ['no token for the moment', { noToken: true }, 'any'],
];

describe('afterFailure', () => {
  for (const [what, failure, repeats] of RULE) {
    for (const method of METHODS) {
      for (const service of SERVICES) {
        const reads = method === 'GET' || method === 'HEAD' || service === 'entitydataquery';
        const allowed = repeats === 'any' || (repeats === 'reads' && reads);
        it(`${allowed ? 'repeats' : 'does not repeat'} ${method} ${service} after ${what}`, () => {
          for (const attempt of [1, 2, 3, 4, 5]) {
            const pauseMs = retryAfter({ method, service, attempt, failure }, 0.999);
            should(pauseMs !== undefined).equal(allowed && attempt < 4, `attempt ${attempt}`);
          }
        });
        it(`${repeats === 'never' ? 'does not repeat' : 'repeats'} ${method} ${service} after ${what} when it is said to be repeatable`, () => {
          for (const attempt of [1, 2, 3, 4, 5]) {
            const options = { ...DEFAULT_RETRY, repeatable: true };
            const pauseMs = retryAfter({ method, service, attempt, failure }, 0.999, options);
            should(pauseMs !== undefined).equal(repeats !== 'never' && attempt < 4, `attempt ${attempt}`);
          }
        });
      }
    }
  }

  const busy = (attempt: number, retryAfterMs?: number): FailedTry => ({
    method: 'GET',
    service: 'entitydataquery',
    attempt,
    failure: { statusCode: 503 },
    retryAfterMs,
  });

  for (const method of METHODS) {
    for (const service of SERVICES) {
      it(`sends ${method} ${service} back to the queue after 429, however often and long`, () => {
        for (const attempt of [1, 4, 5, 1000]) {
          for (const retryAfterMs of [undefined, 0, 1e9]) {
            const tried = { method, service, attempt, failure: { statusCode: 429 }, retryAfterMs };
            afterFailure(tried, 0.5, { ...DEFAULT_RETRY, maxTries: 1 }).should.deepEqual({ next: 'return' });
          }
        }
      });
    }
  }

  it('pauses by exponential backoff with full jitter', () => {
    for (const [attempt, mostMs] of [
      [1, 500],
      [2, 1000],
      [3, 2000],
    ] as const) {
      should(retryAfter(busy(attempt), 0)).equal(0);
      should(retryAfter(busy(attempt), 0.5)).equal(mostMs / 2);
      should(retryAfter(busy(attempt), 0.999))
        .be.belowOrEqual(mostMs)
        .and.above(mostMs * 0.99);
    }
  });

  it('never pauses longer than it may', () => {
    should(retryAfter(busy(40), 1, { ...DEFAULT_RETRY, maxTries: 100 })).equal(60_000);
  });

  it('pauses as long as the server asks, up to a minute, and gives up beyond', () => {
    should(retryAfter(busy(1, 0), 0.5)).equal(0);
    should(retryAfter(busy(1, 1234), 0.5)).equal(1234);
    should(retryAfter(busy(1, 60_000), 0.5)).equal(60_000);
    should(retryAfter(busy(1, 60_001), 0.5)).be.undefined();
  });

  it('leaves the pause after a failed token request to the token cache', () => {
    should(retryAfter({ ...busy(1), failure: { noToken: true } }, 0.9)).equal(0);
  });

  it('tries as often as it is told', () => {
    DEFAULT_RETRY.maxTries.should.equal(4);
    const once = { ...DEFAULT_RETRY, maxTries: 1 };
    should(retryAfter(busy(1), 0.5, once)).be.undefined();
  });
});
