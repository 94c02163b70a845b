import should from 'should';
import { FeedPoller } from '../../lib/events/feed-poller.js';
import { ManualClock } from '../support/manual-clock.js';
import { batch, Consumer, countListeners, Feed, pass, settle } from './harness.js';

class Bench {
  readonly clock = new ManualClock();
  readonly feed = new Feed(this.clock);
  readonly poller = new FeedPoller({ clock: this.clock, random: () => 1, source: this.feed });
  readonly consumer = new Consumer();

  get calls(): string[] {
    return this.feed.calls;
  }
}

describe('FeedPoller', () => {
  let bench: Bench;

  beforeEach(() => {
    bench = new Bench();
  });

  afterEach(async () => {
    for (const consumer of [bench.consumer]) bench.poller.remove(consumer);
    await settle();
    bench.clock.pending.should.equal(0);
  });

  describe('in good times', () => {
    it('asks at once, and then at its interval', async () => {
      bench.poller.add(bench.consumer);
      await pass(bench.clock, 60_000);
      bench.calls.should.deepEqual(['0 next', '30000 next', '60000 next']);
      bench.consumer.got.should.be.empty();
    });

    it('asks for the next batch at once while there is more', async () => {
      bench.feed.nexts.push(batch('b1', ['a'], true), batch('b2', ['b'], true), batch('b3', ['c']));
      bench.poller.add(bench.consumer);
      await pass(bench.clock, 30_000);
      bench.calls.should.deepEqual([
        '0 next',
        '0 complete b1',
        '0 next',
        '0 complete b2',
        '0 next',
        '0 complete b3',
        '30000 next',
      ]);
      bench.consumer.got.should.deepEqual(['b1', 'b2', 'b3']);
      bench.consumer.done.should.deepEqual(['b1', 'b2', 'b3']);
    });

    it('says what it does', async () => {
      bench.feed.nexts.push(batch('b1', ['a', 'b']));
      bench.poller.add(bench.consumer);
      await settle();
      const atMs = bench.clock.dateMs();
      bench.consumer.states.should.deepEqual([
        { state: 'polling' },
        { state: 'delivering', atMs, received: 2 },
        { state: 'waiting', atMs, received: 2 },
      ]);
    });

    it('completes a batch only when all are done with it', async () => {
      const other = new Consumer();
      bench.consumer.byHand = true;
      other.byHand = true;
      bench.feed.nexts.push(batch('b1', ['a']));
      bench.poller.add(bench.consumer);
      bench.poller.add(other);
      await pass(bench.clock, 500_000);
      bench.consumer.finish(true);
      await pass(bench.clock, 500_000);
      bench.calls.should.deepEqual(['0 next']);
      other.finish(true);
      await settle();
      bench.calls.should.deepEqual(['0 next', '1000000 complete b1']);
      other.done.should.deepEqual(['b1']);
      bench.poller.remove(other);
    });

    it('completes nothing that somebody is not done with; it waits, whatever more there is', async () => {
      const other = new Consumer();
      other.byHand = true;
      bench.feed.nexts.push(batch('b1', ['a'], true), batch('b1', ['a'], true));
      bench.poller.add(bench.consumer);
      bench.poller.add(other);
      await settle();
      other.finish(false);
      await pass(bench.clock, 29_999);
      bench.calls.should.deepEqual(['0 next']);
      await pass(bench.clock, 1);
      bench.calls.should.deepEqual(['0 next', '30000 next']);
      bench.consumer.done.should.be.empty();
      bench.poller.remove(other);
      other.finish(false);
    });
  });

  describe('when clocks jump', () => {
    it('asks once when a machine wakes up that slept for hours, and goes on at its interval', async () => {
      bench.poller.add(bench.consumer);
      await settle();
      bench.clock.jump(8 * 3600_000);
      bench.feed.nexts.push(batch('b1', ['a']));
      await pass(bench.clock, 1);
      bench.calls.should.have.length(3, 'the first poll, one after the sleep, and its completion');
      bench.consumer.done.should.deepEqual(['b1']);
      await pass(bench.clock, 29_000);
      bench.calls.should.have.length(3);
      await pass(bench.clock, 1000);
      bench.calls.should.have.length(4);
    });

    it('does not mind the date: it may be set back by a day, or forward', async () => {
      bench.poller.add(bench.consumer);
      await settle();
      for (const dateMs of [0, 4e12]) {
        bench.clock.dateMs = () => dateMs;
        const before = bench.calls.length;
        await pass(bench.clock, 30_000);
        bench.calls.should.have.length(before + 1);
        bench.consumer.states.at(-1)?.should.have.properties({ state: 'waiting', atMs: dateMs });
      }
    });
  });

  describe('when a feed is odd', () => {
    it('completes an empty batch, and does not ask at once for the more that it promises', async () => {
      bench.feed.nexts.push(batch('b1', [], true), batch('b2', [], true));
      bench.poller.add(bench.consumer);
      await pass(bench.clock, 30_000);
      bench.calls.should.deepEqual(['0 next', '0 complete b1', '30000 next', '30000 complete b2']);
    });

    it('does not ask at once when the platform has forgotten the batch, and tells nobody that it is completed', async () => {
      bench.feed.nexts.push(batch('b1', ['a'], true), batch('b1', ['a'], true));
      bench.feed.completes.push(false, false);
      bench.poller.add(bench.consumer);
      await pass(bench.clock, 30_000);
      bench.calls.should.deepEqual(['0 next', '0 complete b1', '30000 next', '30000 complete b1']);
      bench.consumer.done.should.be.empty();
    });

    it('tells once that what was handled comes again and again, until a batch is completed', async () => {
      const { feed, consumer, clock } = bench;
      for (let n = 0; n < 4; n += 1) feed.nexts.push(batch(`b${n}`, [`only-${n}`, 'a']));
      feed.completes.push(false, false, false, true, false, false);
      bench.poller.add(consumer);
      await settle();
      consumer.timesForgotten.should.equal(0);
      await pass(clock, 30_000);
      consumer.timesForgotten.should.equal(1);
      await pass(clock, 60_000);
      consumer.timesForgotten.should.equal(1);
      consumer.done.should.deepEqual(['b3']);
      feed.nexts.push(batch('b4', ['a']), batch('b5', ['a']));
      await pass(clock, 60_000);
      consumer.timesForgotten.should.equal(2);
    });

    it('does not tell of batches that are forgotten when each brings something else', async () => {
      for (let n = 0; n < 4; n += 1) bench.feed.nexts.push(batch(`b${n}`, [`n${n}`]));
      bench.feed.completes.push(false, false, false, false);
      bench.poller.add(bench.consumer);
      await pass(bench.clock, 90_000);
      bench.consumer.got.should.have.length(4);
      bench.consumer.timesForgotten.should.equal(0);
    });

    it('does not ask at once when the batch that it has completed comes again', async () => {
      const again = batch('b1', ['a'], true);
      bench.feed.nexts.push(again, again, again, batch('b2', ['b'], true));
      bench.poller.add(bench.consumer);
      await pass(bench.clock, 60_000);
      bench.calls
        .filter((call) => call.endsWith('next'))
        .should.deepEqual(['0 next', '0 next', '30000 next', '60000 next', '60000 next']);
    });

    it('asks at once behind a batch that came again because nobody was done with it', async () => {
      const again = batch('b1', ['a'], true);
      bench.consumer.byHand = true;
      bench.feed.nexts.push(again, again, batch('b2', ['b']));
      bench.poller.add(bench.consumer);
      await settle();
      bench.consumer.finish(false);
      await pass(bench.clock, 30_000);
      bench.consumer.finish(true);
      await settle();
      bench.calls.should.deepEqual(['0 next', '30000 next', '30000 complete b1', '30000 next']);
      bench.poller.remove(bench.consumer);
      bench.consumer.finish(false);
    });
  });

  describe('in bad times', () => {
    const down = new Error('down');

    it('asks again after pauses that double up to five minutes, and recovers', async () => {
      bench.feed.nexts.push(...Array.from({ length: 11 }, () => down), undefined, down);
      bench.poller.add(bench.consumer);
      const seconds = [0, 1, 3, 7, 15, 31, 63, 127, 255, 511, 811, 1111];
      await pass(bench.clock, 1_111_000);
      bench.calls.should.deepEqual(seconds.map((second) => `${second * 1000} next`));
      // It works again: the pauses begin anew.
      await pass(bench.clock, 31_000);
      bench.calls.slice(-2).should.deepEqual(['1141000 next', '1142000 next']);
      const failed = bench.consumer.states.filter(({ state }) => state === 'failed');
      failed[1]?.should.deepEqual({
        state: 'failed',
        doing: 'next',
        error: down,
        failures: 2,
        againInMs: 2000,
      });
      failed.at(-1)?.should.have.property('failures', 1);
    });

    it('completes again after the same pauses, and asks for nothing meanwhile', async () => {
      bench.feed.nexts.push(batch('b1', ['a'], true));
      bench.feed.completes.push(down, down, down, true);
      bench.poller.add(bench.consumer);
      await pass(bench.clock, 6999);
      bench.consumer.done.should.be.empty();
      await pass(bench.clock, 1);
      bench.calls.should.deepEqual([
        '0 next',
        '0 complete b1',
        '1000 complete b1',
        '3000 complete b1',
        '7000 complete b1',
        '7000 next',
      ]);
      bench.consumer.got.should.deepEqual(['b1']);
      bench.consumer.done.should.deepEqual(['b1']);
    });

    for (const code of ['VALIDATION', 'CONFLICT', 'FORBIDDEN', 'UNAUTHORIZED', 'SERVER', 'RESPONSE'].map(
      (name) => `FENERGO_${name}`,
    )) {
      it(`asks what there is when batches are refused, in ever longer pauses, and says so (${code})`, async () => {
        const refusal = Object.assign(new Error('refused'), { code });
        const { feed, consumer, clock } = bench;
        feed.nexts.push(batch('b1', ['a']), undefined, batch('b2', ['a']), batch('b3', ['a']));
        feed.completes.push(refusal, refusal, refusal, refusal, true);
        bench.poller.add(consumer);
        await pass(clock, 105_000);
        bench.calls.should.deepEqual([
          ...['0 next', '0 complete b1', '1000 complete b1', '3000 complete b1'],
          ...['37000 next', '67000 next', '67000 complete b2'],
          ...['105000 next', '105000 complete b3'],
        ]);
        const states = consumer.states.filter(({ state }) => state === 'waiting' || state === 'failed');
        states.at(-1)?.should.have.property('state', 'waiting');
        states
          .slice(0, -1)
          .map((state) => (state.state === 'failed' ? state.againInMs : state.state))
          .should.deepEqual(
            // Between two polls it says so, too: nothing works again only because a poll brought nothing.
            [1000, 2000, 4000, 30_000, 30_000, 8000, 30_000],
          );
        consumer.timesForgotten.should.equal(0);
        consumer.done.should.deepEqual(['b3']);
      });
    }

    it('may get another batch when the platform has forgotten the one while it could not be reached', async () => {
      bench.feed.nexts.push(batch('b1', ['a']), batch('b2', ['a']));
      bench.feed.completes.push(down, false, true);
      bench.poller.add(bench.consumer);
      await pass(bench.clock, 31_000);
      bench.calls.should.deepEqual([
        '0 next',
        '0 complete b1',
        '1000 complete b1',
        '31000 next',
        '31000 complete b2',
      ]);
      bench.consumer.done.should.deepEqual(['b2']);
    });
  });

  describe('when it is stopped', () => {
    it('in the middle of asking: what comes all the same goes nowhere', async () => {
      bench.feed.byHand = true;
      bench.poller.add(bench.consumer);
      await settle();
      bench.feed.answer(batch('b1', ['a']));
      bench.poller.remove(bench.consumer);
      await pass(bench.clock, 100_000);
      bench.calls.should.deepEqual(['0 next']);
      bench.consumer.got.should.be.empty();
      should(bench.feed.signals[0]?.aborted).be.true();
    });

    it('in the middle of a delivery: nothing is completed', async () => {
      bench.consumer.byHand = true;
      bench.feed.nexts.push(batch('b1', ['a']));
      bench.poller.add(bench.consumer);
      await settle();
      bench.poller.remove(bench.consumer);
      bench.consumer.finish(true);
      await pass(bench.clock, 100_000);
      bench.calls.should.deepEqual(['0 next']);
    });

    it('in the middle of completing: if that is known to have worked it is told, else not', async () => {
      for (const answer of [true, new Error('aborted')]) {
        const own = new Bench();
        own.feed.byHand = true;
        own.poller.add(own.consumer);
        await settle();
        own.feed.answer(batch('b1', ['a'], true));
        await settle();
        own.feed.answer(answer);
        own.poller.remove(own.consumer);
        await pass(own.clock, 100_000);
        own.calls.should.deepEqual(['0 next', '0 complete b1']);
        own.consumer.done.should.deepEqual(answer === true ? ['b1'] : []);
        own.clock.pending.should.equal(0);
      }
    });

    it('in the middle of a pause, of whatever kind: no timer is left', async () => {
      for (const prepare of [
        () => {},
        (feed: Feed) => feed.nexts.push(new Error('down')),
        (feed: Feed) => {
          feed.nexts.push(batch('b1', ['a']));
          feed.completes.push(new Error('down'));
        },
      ]) {
        const own = new Bench();
        prepare(own.feed);
        own.poller.add(own.consumer);
        await settle();
        own.clock.pending.should.equal(1);
        own.poller.remove(own.consumer);
        own.clock.pending.should.equal(0);
        const { length } = own.calls;
        await pass(own.clock, 1_000_000);
        own.calls.should.have.length(length);
      }
    });

    it('by who is told that it waits', async () => {
      bench.consumer.onState = ({ state }) => {
        if (state === 'waiting') bench.poller.remove(bench.consumer);
      };
      bench.poller.add(bench.consumer);
      await pass(bench.clock, 100_000);
      bench.calls.should.deepEqual(['0 next']);
      bench.clock.pending.should.equal(0);
    });

    it('and started again at once: the old run does nothing more, the new one asks', async () => {
      bench.feed.byHand = true;
      bench.poller.add(bench.consumer);
      await settle();
      const answerOld = bench.feed.answer;
      bench.poller.remove(bench.consumer);
      bench.poller.add(bench.consumer);
      await settle();
      bench.calls.should.deepEqual(['0 next', '0 next']);
      answerOld(batch('old', ['a']));
      bench.feed.answer(undefined);
      bench.feed.byHand = false;
      await pass(bench.clock, 60_000);
      bench.calls.should.deepEqual(['0 next', '0 next', '30000 next', '60000 next']);
      bench.consumer.got.should.be.empty();
    });

    it('and started again from within its pause: there is one run', async () => {
      bench.poller.add(bench.consumer);
      await settle();
      bench.poller.remove(bench.consumer);
      bench.poller.add(bench.consumer);
      await pass(bench.clock, 30_000);
      bench.calls.should.deepEqual(['0 next', '0 next', '30000 next']);
      bench.clock.pending.should.equal(1);
    });
  });

  describe('with several consumers', () => {
    it('waits as long as the most hurried wishes', async () => {
      const hurried = new Consumer(5000);
      bench.poller.add(bench.consumer);
      bench.poller.add(hurried);
      bench.poller.consumers.should.equal(2);
      await pass(bench.clock, 10_000);
      bench.calls.should.deepEqual(['0 next', '5000 next', '10000 next']);
      bench.poller.remove(hurried);
      await pass(bench.clock, 35_000);
      bench.calls.slice(3).should.deepEqual(['15000 next', '45000 next']);
    });

    it('asks for one who joins while it waits, who is told what goes on', async () => {
      bench.consumer.intervalMs = 3_600_000;
      bench.poller.add(bench.consumer);
      await pass(bench.clock, 10_000);
      const other = new Consumer(20_000);
      bench.poller.add(other);
      other.states.should.have.length(1);
      other.states[0]?.should.have.property('state', 'waiting');
      await pass(bench.clock, 20_000);
      bench.calls.should.deepEqual(['0 next', '10000 next', '30000 next']);
      bench.poller.remove(other);
    });

    it('does not ask for one who joins while it pauses after a failure', async () => {
      bench.feed.nexts.push(new Error('down'), new Error('down'));
      bench.poller.add(bench.consumer);
      await pass(bench.clock, 1000);
      const other = new Consumer(1);
      bench.poller.add(other);
      await pass(bench.clock, 1999);
      bench.calls.should.deepEqual(['0 next', '1000 next']);
      bench.poller.remove(other);
    });

    it('gives one who joins in the middle of a batch the next one', async () => {
      bench.consumer.byHand = true;
      bench.feed.nexts.push(batch('b1', ['a'], true), batch('b2', ['b']));
      bench.poller.add(bench.consumer);
      await settle();
      const other = new Consumer();
      bench.poller.add(other);
      bench.consumer.finish(true);
      await settle();
      bench.consumer.got.should.deepEqual(['b1', 'b2']);
      other.got.should.deepEqual(['b2']);
      other.done.should.be.empty();
      bench.consumer.finish(true);
      await settle();
      other.done.should.deepEqual(['b2']);
      bench.poller.remove(other);
    });

    it('goes on for the others when one leaves, but completes nothing that it left undone', async () => {
      const other = new Consumer();
      other.byHand = true;
      bench.feed.nexts.push(batch('b1', ['a']), batch('b1', ['a']));
      bench.poller.add(bench.consumer);
      bench.poller.add(other);
      await settle();
      other.finish(false);
      bench.poller.remove(other);
      await pass(bench.clock, 30_000);
      bench.calls.should.deepEqual(['0 next', '30000 next', '30000 complete b1']);
      bench.consumer.got.should.deepEqual(['b1', 'b1']);
    });

    it('is not bothered by one who leaves without having joined', () => {
      bench.poller.add(bench.consumer);
      bench.poller.remove(new Consumer());
      bench.poller.consumers.should.equal(1);
      should(bench.feed.signals[0]?.aborted).be.false();
    });
  });

  it('leaves no listener on its signal, however often it waits', async () => {
    let counted: Set<() => void> | undefined;
    const { next } = bench.feed;
    bench.feed.next = (signal) => {
      counted ??= countListeners(signal);
      return next.call(bench.feed, signal);
    };
    bench.feed.nexts.push(new Error('down'), batch('b1', ['a'], true));
    bench.feed.completes.push(new Error('down'));
    bench.poller.add(bench.consumer);
    await pass(bench.clock, 300_000);
    bench.calls.length.should.be.above(10);
    // The one of the wait that goes on.
    should(counted?.size).equal(1);
    bench.poller.remove(bench.consumer);
    await settle();
    should(counted?.size).equal(0);
  });
});
