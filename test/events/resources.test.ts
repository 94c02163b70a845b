import should from 'should';
import { Canceller } from '../../lib/cancel.js';
import type { Item } from '../../lib/events/intake.js';
import { type ItemWithResource, withResources } from '../../lib/events/resources.js';
import { ManualClock } from '../support/manual-clock.js';
import { countListeners, notification, pass, settle } from './harness.js';

class Failure extends Error {
  readonly code: string;
  readonly facts?: { statusCode: number };

  constructor(code: string, statusCode?: number) {
    super(`failed by ${code}`);
    this.code = code;
    if (statusCode) this.facts = { statusCode };
  }
}

/** A platform whose answers are given by hand. */
class Bench {
  readonly clock = new ManualClock();
  readonly signal = new Canceller();
  readonly listeners = countListeners(this.signal);
  readonly asked: string[] = [];
  readonly waiting = new Map<
    string,
    { resolve: (value: unknown) => void; reject: (error: unknown) => void }
  >();
  readonly pauses: number[] = [];
  result: ItemWithResource[] | undefined;
  error: unknown;

  read(items: Item[], answer?: (id: string, nth: number) => unknown): void {
    const times = new Map<string, number>();
    withResources(items, {
      clock: this.clock,
      random: () => 1,
      signal: this.signal,
      fetch: ({ notification: { id } }) => {
        this.asked.push(id);
        const nth = (times.get(id) ?? 0) + 1;
        times.set(id, nth);
        return new Promise((resolve, reject) => {
          const value = answer?.(id, nth);
          if (!answer) this.waiting.set(id, { resolve, reject });
          else if (value instanceof Error) reject(value);
          else resolve(value);
        });
      },
      onFailure: (_, againInMs) => this.pauses.push(againInMs),
    }).then(
      (result) => {
        this.result = result;
      },
      (error) => {
        this.error = error;
      },
    );
  }
}

function items(count: number): Item[] {
  return Array.from({ length: count }, (_, i) => ({ notification: notification(`n${i}`), duplicate: false }));
}

describe('withResources', () => {
  let bench: Bench;

  beforeEach(() => {
    bench = new Bench();
  });

  it('keeps the order, whichever comes first, and all that the items have', async () => {
    bench.read(items(3));
    await settle();
    for (const id of ['n2', 'n0', 'n1']) bench.waiting.get(id)?.resolve({ of: id });
    await settle();
    should(bench.result).deepEqual(items(3).map((item, i) => ({ ...item, resource: { of: `n${i}` } })));
  });

  it('reads eight at a time', async () => {
    bench.read(items(20));
    await settle();
    bench.asked.should.have.length(8);
    bench.waiting.get('n3')?.resolve(1);
    await settle();
    bench.asked.should.deepEqual(Array.from({ length: 9 }, (_, i) => `n${i}`));
    for (let i = 0; i < 20; i += 1) {
      bench.waiting.get(`n${i}`)?.resolve(1);
      await settle();
      bench.asked.length.should.be.belowOrEqual(8 + i + 2);
    }
    should(bench.result).have.length(20);
  });

  it('reads nothing for what leads nowhere, and nothing at all for nothing', async () => {
    const nowhere = [null, undefined, ''].map((relativeUrl) => ({
      notification: notification('n', { relativeUrl }),
    }));
    bench.read(nowhere);
    await settle();
    should(bench.result).deepEqual(nowhere);
    bench.read([]);
    await settle();
    should(bench.result).deepEqual([]);
    bench.asked.should.be.empty();
  });

  it('takes undefined for a resource as any other', async () => {
    bench.read(items(1), () => undefined);
    await settle();
    should(bench.result?.[0]).have.property('resource', undefined);
  });

  for (const code of [
    'FENERGO_NETWORK',
    'FENERGO_UNAVAILABLE',
    'FENERGO_RATE_LIMITED',
    'FENERGO_QUEUE_FULL',
    'FENERGO_AUTH',
  ]) {
    it(`waits for as long as the platform cannot be reached (${code})`, async () => {
      bench.read(items(1), (_, nth) => (nth <= 12 ? new Failure(code) : 'at last'));
      await pass(bench.clock, 511_000 + 2 * 300_000);
      bench.asked.should.have.length(12);
      await pass(bench.clock, 300_000);
      bench.pauses.should.deepEqual(
        [1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300, 300].map((seconds) => seconds * 1000),
      );
      should(bench.result?.[0]?.resource).equal('at last');
      bench.clock.pending.should.equal(0);
      bench.listeners.size.should.equal(0);
    });
  }

  for (const code of [
    'FENERGO_NOT_FOUND',
    'FENERGO_SERVER',
    'FENERGO_TIMEOUT',
    'FENERGO_RESPONSE',
    'FENERGO_UNAUTHORIZED',
  ]) {
    it(`tries three times what may help itself, and then leaves it out (${code})`, async () => {
      bench.read(items(2), (id) => (id === 'n0' ? new Failure(code, 404) : 'there'));
      await pass(bench.clock, 2999);
      bench.asked.filter((id) => id === 'n0').should.have.length(2);
      await pass(bench.clock, 1);
      bench.asked.filter((id) => id === 'n0').should.have.length(3);
      const resourceError = { code, message: `failed by ${code}`, statusCode: 404 };
      should(bench.result?.[0]).deepEqual({ ...items(1)[0], resourceError });
      should(bench.result?.[1]?.resource).equal('there');
      bench.pauses.should.be.empty();
    });
  }

  it('finds what comes at the third try', async () => {
    bench.read(items(1), (_, nth) => (nth < 3 ? new Failure('FENERGO_NOT_FOUND') : 'there'));
    await pass(bench.clock, 3000);
    should(bench.result?.[0]?.resource).equal('there');
  });

  it('does not count outages as tries', async () => {
    const codes = ['NOT_FOUND', 'NETWORK', 'NETWORK', 'NOT_FOUND', 'NETWORK', 'NOT_FOUND'];
    bench.read(items(1), (_, nth) => new Failure(`FENERGO_${codes[nth - 1]}`));
    await pass(bench.clock, 31_000);
    bench.asked.should.have.length(6);
    bench.pauses.should.deepEqual([2000, 4000, 16_000]);
    should(bench.result?.[0]?.resourceError?.code).equal('FENERGO_NOT_FOUND');
  });

  for (const code of ['FORBIDDEN', 'GONE', 'VALIDATION', 'INPUT', 'CONFIG']) {
    it(`asks once where another try changes nothing (${code})`, async () => {
      bench.read(items(1), () => new Failure(`FENERGO_${code}`));
      await settle();
      bench.asked.should.have.length(1);
      should(bench.result?.[0]?.resourceError?.code).equal(`FENERGO_${code}`);
      bench.clock.pending.should.equal(0);
    });
  }

  it('tells of an error without a code, too', async () => {
    bench.read(items(1), () => new Error('odd'));
    await pass(bench.clock, 3000);
    should(bench.result?.[0]?.resourceError).deepEqual({
      code: 'FENERGO_RESPONSE',
      message: 'odd',
      statusCode: undefined,
    });
  });

  it('ends when it is aborted in the middle of a pause, and leaves no timer', async () => {
    bench.read(items(20), () => new Failure('FENERGO_NETWORK'));
    await settle();
    bench.clock.pending.should.equal(8);
    bench.signal.abort(new Error('closed'));
    await settle();
    should((bench.error as Error).message).equal('closed');
    bench.clock.pending.should.equal(0);
    bench.asked.should.have.length(8);
  });

  it('ends when it is aborted in the middle of reading, and reads no more, whatever still comes', async () => {
    bench.read(items(20));
    await settle();
    bench.signal.abort(new Error('closed'));
    bench.waiting.get('n0')?.reject(new Failure('FENERGO_ABORTED'));
    await settle();
    should((bench.error as Error).message).equal('closed');
    for (let i = 1; i < 8; i += 1) bench.waiting.get(`n${i}`)?.resolve('after all');
    await settle();
    bench.asked.should.have.length(8);
    should(bench.result).be.undefined();
    bench.clock.pending.should.equal(0);
  });
});
