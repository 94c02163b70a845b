import should from 'should';
import { Canceller, type CancelSignal } from '../../lib/cancel.js';
import { wait } from '../../lib/clock.js';
import { CallGroup } from '../../lib/http/call-group.js';
import { ManualClock } from '../support/manual-clock.js';

/** Both kinds of signal, each with its switch. */
const KINDS: [string, () => { signal: CancelSignal; abort: (reason: unknown) => void }][] = [
  [
    'an AbortSignal',
    () => {
      const controller = new AbortController();
      return { signal: controller.signal, abort: (reason) => controller.abort(reason) };
    },
  ],
  [
    'a Canceller',
    () => {
      const canceller = new Canceller();
      return { signal: canceller, abort: (reason) => canceller.abort(reason) };
    },
  ],
];

for (const [kind, make] of KINDS) {
  describe(`${kind} as a signal`, () => {
    it('is not aborted and has no reason at first', () => {
      const { signal } = make();
      signal.aborted.should.be.false();
      should(signal.reason).be.undefined();
    });

    it('is aborted already when its listeners hear of it', () => {
      const { signal, abort } = make();
      const heard: unknown[] = [];
      signal.addEventListener('abort', () => heard.push(signal.aborted, signal.reason), { once: true });
      abort('why');
      heard.should.deepEqual([true, 'why']);
    });

    it('tells a listener once, that was added twice', () => {
      const { signal, abort } = make();
      let heard = 0;
      const listener = () => {
        heard += 1;
      };
      signal.addEventListener('abort', listener, { once: true });
      signal.addEventListener('abort', listener, { once: true });
      abort('why');
      abort('again');
      heard.should.equal(1);
      should(signal.reason).equal('why');
    });

    it('tells nobody that came too late', () => {
      const { signal, abort } = make();
      abort('why');
      let heard = 0;
      signal.addEventListener('abort', () => {
        heard += 1;
      });
      abort('again');
      heard.should.equal(0);
    });

    it('bears to be told of a listener that it does not know', () => {
      const { signal, abort } = make();
      signal.removeEventListener('abort', () => {});
      abort('why');
      signal.removeEventListener('abort', () => {});
    });

    it('ends every wait, whatever number', async () => {
      const { signal, abort } = make();
      const clock = new ManualClock();
      const reason = new Error('gone');
      const waits = Promise.allSettled(Array.from({ length: 8 }, (_, n) => wait(clock, n + 1, signal)));
      clock.advance(5);
      abort(reason);
      const ends = await waits;
      ends.filter(({ status }) => status === 'fulfilled').should.have.length(5);
      for (const end of ends) if (end.status === 'rejected') should(end.reason).equal(reason);
      clock.pending.should.equal(0);
    });
  });
}

describe('CallGroup', () => {
  it('ends each of its calls with an error of its own, and those only that are still in it', () => {
    const group = new CallGroup();
    const [one, two, left] = [new Canceller(), new Canceller(), new Canceller()];
    group.enter(one);
    group.enter(two);
    const leave = group.enter(left);
    leave();
    leave();
    group.close();
    for (const { reason } of [one, two]) should(reason).have.property('code', 'FENERGO_ABORTED');
    should(one.reason).not.equal(two.reason);
    left.aborted.should.be.false();
  });

  it('refuses whoever comes when it is closed, however often', () => {
    const group = new CallGroup();
    group.close();
    group.close();
    for (let i = 0; i < 2; i += 1) {
      should(() => group.enter(new Canceller())).throw({ code: 'FENERGO_ABORTED' });
    }
  });

  it('leaves a call alone that was ended for another reason before', () => {
    const group = new CallGroup();
    const call = new Canceller();
    group.enter(call);
    call.abort('timeout');
    group.close();
    should(call.reason).equal('timeout');
  });

  it('ends all of its calls, whatever a listener of one throws', () => {
    const group = new CallGroup();
    const calls = [new Canceller(), new Canceller(), new Canceller()];
    const told: number[] = [];
    for (const [n, call] of calls.entries()) {
      group.enter(call);
      call.addEventListener('abort', () => {
        throw new Error('planted');
      });
      call.addEventListener('abort', () => told.push(n));
    }
    group.close();
    told.should.deepEqual([0, 1, 2]);
    for (const { reason } of calls) should(reason).have.property('code', 'FENERGO_ABORTED');
  });

  it('bears calls that leave while it closes', () => {
    const group = new CallGroup();
    const calls = Array.from({ length: 5 }, () => new Canceller());
    const leaves = calls.map((call) => group.enter(call));
    for (const call of calls) call.addEventListener('abort', () => leaves.map((leave) => leave()));
    group.close();
    should(calls[0]?.aborted).be.true();
  });
});
