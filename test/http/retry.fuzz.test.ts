import fc from 'fast-check';
import { afterFailure, type FailedTry, type RetryOptions } from '../../lib/http/retry.js';
import { FUZZ } from '../support/fuzz.js';

/** How an exchange fails before anything was sent. */
const UNSENT = ['unreachable', 'untrusted', 'handshake'];
const transport = fc.constantFrom(...UNSENT, 'broken', 'stalled', 'garbled', 'too-large', 'aborted');
const failure = fc.oneof(
  fc.integer({ min: 300, max: 599 }).map((statusCode) => ({ statusCode })),
  fc.constantFrom(429, 500, 502, 503, 504).map((statusCode) => ({ statusCode })),
  transport.map((kind) => ({ transport: kind })),
  fc.constant({ noToken: true }),
) as fc.Arbitrary<FailedTry['failure']>;
const tried: fc.Arbitrary<FailedTry> = fc.record({
  method: fc.constantFrom('GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE'),
  service: fc.oneof(
    fc.constantFrom('entitydataquery', 'entitydatacommand', 'queryall', 'webhooks'),
    fc.string(),
  ),
  attempt: fc.oneof(fc.integer({ min: 1, max: 5 }), fc.integer({ min: 1, max: 2000 })),
  failure,
  retryAfterMs: fc.option(fc.nat({ max: 86_400_000 }), { nil: undefined, freq: 2 }),
});
const options: fc.Arbitrary<RetryOptions> = fc.record({
  maxTries: fc.oneof(fc.integer({ min: 1, max: 5 }), fc.integer({ min: 1, max: 3000 })),
  longestPauseMs: fc.oneof(fc.nat({ max: 86_400_000 }), fc.nat({ max: 1000 })),
  repeatable: fc.boolean(),
});
const random = fc.nat({ max: 999 }).map((thousandths) => thousandths / 1000);

/** Whether the platform may have done what it was asked: all but what was never sent or was turned away. */
function mayHaveHappened({ failure }: FailedTry): boolean {
  if ('noToken' in failure) return false;
  if ('transport' in failure) return !UNSENT.includes(failure.transport);
  return failure.statusCode !== 429;
}

describe('afterFailure, on any failure', () => {
  it('never repeats a command that may have been carried out, unless it is said to be repeatable', () => {
    fc.assert(
      fc.property(tried, random, options, (one, dice, allowed) => {
        const { method, service } = one;
        fc.pre(mayHaveHappened(one) && !allowed.repeatable);
        fc.pre(method !== 'GET' && method !== 'HEAD' && !service.endsWith('query'));
        afterFailure(one, dice, allowed).should.deepEqual({ next: 'give-up' });
      }),
      FUZZ,
    );
  });

  it('pauses for as long as it is asked to, never longer than it may, and not beyond the last try', () => {
    fc.assert(
      fc.property(tried, random, options, (one, dice, allowed) => {
        const decision = afterFailure(one, dice, allowed);
        if (decision.next !== 'again') return;
        one.attempt.should.be.below(allowed.maxTries);
        decision.pauseMs.should.be.within(0, allowed.longestPauseMs);
        if (one.retryAfterMs !== undefined && !('noToken' in one.failure)) {
          decision.pauseMs.should.equal(one.retryAfterMs);
        }
      }),
      FUZZ,
    );
  });

  it('repeats no answer but that of a busy platform, and queues again after a 429 only', () => {
    fc.assert(
      fc.property(tried, random, options, (one, dice, allowed) => {
        const { next } = afterFailure(one, dice, allowed);
        const status = 'statusCode' in one.failure ? one.failure.statusCode : undefined;
        (next === 'return').should.equal(status === 429);
        if (next === 'again' && status) [502, 503, 504].should.containEql(status);
      }),
      FUZZ,
    );
  });
});
