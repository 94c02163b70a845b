import should from 'should';
import type { Plan } from '../../lib/plans.js';
import { TenantLimits } from '../../lib/sandbox/limits.js';
import { ManualClock } from '../support/manual-clock.js';
import { operations } from './harness.js';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;

/** The published table: minute, hour, day. (Production's 60,000 deletions a day are what 24 full hours let through.) */
const PUBLISHED: [Plan, string, number, number, number][] = [
  ['production', 'journeycommand/v1/CreateJourney', 100, 2500, 15_000],
  ['production', 'entitydatacommand/v2/CreateEntity', 200, 2500, 15_000],
  ['production', 'productcommand/v1/CreateProduct', 200, 2500, 15_000],
  ['sdlc', 'journeycommand/v1/CreateJourney', 90, 1250, 5000],
  ['sdlc', 'entitydatacommand/v2/CreateEntity', 150, 2500, 10_000],
  ['sdlc', 'productcommand/v1/CreateProduct', 150, 2500, 10_000],
  ['sdlc', 'dataprotectioncommand/v1/DeleteEntityData', 150, 2500, 10_000],
];

describe('sandbox windows', () => {
  for (const [plan, key, perMinute, perHour, perDay] of PUBLISHED) {
    it(`lets ${perMinute} a minute, ${perHour} an hour, ${perDay} a day through: ${plan} ${key}`, () => {
      const clock = new ManualClock();
      const limits = new TenantLimits(clock, plan);
      const operation = operations.find((candidate) => candidate.key === key);
      if (!operation) throw new Error(`${key} is not in the catalog`);
      const startMs = clock.nowMs();
      const enter = () => {
        const pass = limits.enter(operation);
        pass.leave();
        return pass;
      };
      /** Calls until one is refused, a second apart where the limit of a second would bite. */
      const callsUntil = (reason: RegExp): number => {
        for (let calls = 0; ; ) {
          const { refusal } = enter();
          if (refusal === undefined) calls++;
          else if (/a second/.test(refusal)) clock.advance(1000);
          else if (reason.test(refusal)) return calls;
          else clock.advance(/per minute/.test(refusal) ? MINUTE_MS : HOUR_MS);
        }
      };
      callsUntil(/per minute/).should.equal(perMinute);
      callsUntil(/per hour/).should.equal(perHour - perMinute);
      callsUntil(/per day/).should.equal(perDay - perHour);
      const { headers } = enter();
      should(headers['x-rate-limit-remaining']).equal('0');
      const resetMs = Date.parse(headers['x-rate-limit-reset'] ?? '') - clock.dateMs();
      resetMs.should.equal(startMs + 24 * HOUR_MS - clock.nowMs());
      clock.advance(resetMs - 1);
      should(enter().refusal).match(/per day/);
      clock.advance(1);
      should(enter().refusal).equal(undefined);
    });
  }

  it('lets 60,000 deletions a day through for production', () => {
    const limits = new TenantLimits(new ManualClock(), 'production');
    const operation = operations.find(({ id }) => id === 'DeleteEntityData');
    if (!operation) throw new Error('DeleteEntityData is not in the catalog');
    should(limits.enter(operation).headers['x-rate-limit-remaining']).equal('59999');
  });

  it('counts a call that ends twice once', () => {
    const limits = new TenantLimits(new ManualClock(), 'sdlc');
    const [operation] = operations;
    if (!operation) throw new Error('The catalog is empty');
    const passes = Array.from({ length: 10 }, () => limits.enter(operation));
    should(limits.enter(operation).refusal).match(/concurrent/);
    passes[0]?.leave();
    passes[0]?.leave();
    should(limits.enter(operation).refusal).equal(undefined);
    should(limits.enter(operation).refusal).match(/concurrent/);
  });
});
