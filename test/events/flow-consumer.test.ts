import should from 'should';
import { AckDesk } from '../../lib/events/ack-desk.js';
import { type Emission, FlowConsumer, type FlowConsumerOptions } from '../../lib/events/flow-consumer.js';
import { SeenIds } from '../../lib/events/seen-ids.js';
import { ManualClock } from '../support/manual-clock.js';
import { batch, pass, settle } from './harness.js';

class Bench {
  readonly clock = new ManualClock();
  readonly desk = new AckDesk();
  readonly seen = new SeenIds();
  readonly emissions: Emission[] = [];
  readonly open: number[] = [];
  readonly timeouts: number[] = [];
  readonly results: boolean[] = [];
  readonly unsent: unknown[] = [];
  settlings = 0;
  readonly consumer: FlowConsumer;

  constructor(options: Partial<FlowConsumerOptions> = {}) {
    let ids = 0;
    this.consumer = new FlowConsumer({
      ...{ eventTypes: [], duplicates: 'drop', seen: this.seen, clock: this.clock, desk: this.desk },
      ...{ intervalMs: 30_000, acknowledge: 'manual', ackTimeoutMs: 5000 },
      random: () => 1,
      newId: () => `d${++ids}`,
      emit: (emission) => this.emissions.push(emission),
      onSettled: () => {
        this.settlings += 1;
      },
      onState: () => {},
      onOpen: (open) => this.open.push(open),
      onTimeout: (open) => this.timeouts.push(open),
      onEmitFailure: (error) => this.unsent.push(error),
      ...options,
    });
  }

  deliver(...ids: string[]): void {
    this.consumer.deliver(batch('b1', ids)).then((result) => this.results.push(result));
  }

  ack(deliveryId: string, notificationId: string): string {
    return this.desk.acknowledge({ fenergo: { deliveryId, notificationId } }).kind;
  }

  get sent(): string[] {
    return this.emissions.map(({ deliveryId, items }) => {
      return `${deliveryId}: ${items.map(({ notification }) => notification.id).join()}`;
    });
  }

  stages(...ids: string[]): (string | undefined)[] {
    return ids.map((id) => this.seen.stageOf(id));
  }
}

describe('FlowConsumer', () => {
  describe('that acknowledges by itself', () => {
    it('is done with what it sent on, which is settled when the platform knows, too', async () => {
      const bench = new Bench({ acknowledge: 'auto' });
      bench.deliver('a', 'b');
      await settle();
      bench.results.should.deepEqual([true]);
      bench.sent.should.deepEqual(['d1: a,b']);
      bench.stages('a', 'b').should.deepEqual(['handled', 'handled']);
      bench.seen.settled().should.be.empty();
      bench.settlings.should.equal(0);
      bench.consumer.completed(batch('b1', ['a', 'b']));
      bench.seen.settled().should.deepEqual(['a', 'b']);
      bench.settlings.should.equal(1);
      bench.clock.pending.should.equal(0);
      bench.ack('d1', 'a').should.equal('unknown');
    });

    it('does not send again what comes again because the platform does not know', async () => {
      const bench = new Bench({ acknowledge: 'auto' });
      bench.deliver('a');
      await settle();
      bench.deliver('a', 'b');
      await settle();
      bench.deliver('a', 'b');
      await settle();
      bench.sent.should.deepEqual(['d1: a', 'd2: b']);
      bench.results.should.deepEqual([true, true, true]);
    });

    it('gives back what could not be sent, and tells why', async () => {
      const error = new Error('cannot be cloned');
      const bench = new Bench({
        acknowledge: 'auto',
        emit: () => {
          throw error;
        },
      });
      bench.deliver('a');
      await settle();
      bench.results.should.deepEqual([false]);
      bench.unsent.should.deepEqual([error]);
      bench.stages('a').should.deepEqual(['sent']);
    });

    it('does not send again what went out before one that could not be sent', async () => {
      let failing = true;
      const bench: Bench = new Bench({
        acknowledge: 'auto',
        emit: (emission, sent) => {
          if (failing) {
            sent('a');
            throw new Error('cannot be cloned');
          }
          bench.emissions.push(emission);
        },
      });
      bench.deliver('a', 'b');
      await settle();
      failing = false;
      bench.deliver('a', 'b');
      await settle();
      bench.results.should.deepEqual([false, true]);
      bench.sent.should.deepEqual(['d2: b']);
      bench.stages('a', 'b').should.deepEqual(['handled', 'handled']);
    });

    it('tells of nothing that could not be sent because it was closed meanwhile', async () => {
      const bench: Bench = new Bench({
        acknowledge: 'auto',
        emit: () => {
          bench.consumer.close();
          throw new Error('nowhere to go');
        },
      });
      bench.deliver('a');
      await settle();
      bench.results.should.deepEqual([false]);
      bench.unsent.should.be.empty();
    });

    it('settles nothing that is not of the types that are wanted', async () => {
      const bench = new Bench({ acknowledge: 'auto', eventTypes: ['other:*'] });
      bench.deliver('a');
      await settle();
      bench.results.should.deepEqual([true]);
      bench.consumer.completed(batch('b1', ['a']));
      bench.emissions.should.be.empty();
      bench.stages('a').should.deepEqual([undefined]);
    });
  });

  describe('whose flow acknowledges', () => {
    it('is done when all is acknowledged, each of which is settled at once', async () => {
      const bench = new Bench();
      bench.deliver('a', 'b');
      await settle();
      bench.stages('a', 'b').should.deepEqual(['sent', 'sent']);
      bench.ack('d1', 'b').should.equal('acknowledged');
      bench.stages('a', 'b').should.deepEqual(['sent', 'settled']);
      bench.settlings.should.equal(1);
      await settle();
      bench.results.should.be.empty();
      bench.ack('d1', 'a').should.equal('acknowledged');
      await settle();
      bench.results.should.deepEqual([true]);
      [...new Set(bench.open)].should.deepEqual([2, 1, 0]);
      bench.clock.pending.should.equal(0);
    });

    it('gives the batch back at the very time, and sends again what is not acknowledged only', async () => {
      const bench = new Bench();
      bench.deliver('a', 'b', 'c');
      await settle();
      bench.ack('d1', 'b');
      await pass(bench.clock, 4999);
      bench.results.should.be.empty();
      await pass(bench.clock, 1);
      bench.results.should.deepEqual([false]);
      bench.timeouts.should.deepEqual([2]);
      bench.open.at(-1)?.should.equal(0);
      bench.deliver('a', 'b', 'c');
      await settle();
      bench.sent.should.deepEqual(['d1: a,b,c', 'd2: a,c']);
      bench.ack('d2', 'a');
      bench.ack('d2', 'c');
      await settle();
      bench.results.should.deepEqual([false, true]);
      bench.clock.pending.should.equal(0);
    });

    it('knows as handled what is acknowledged late, also where it is on its way once more', async () => {
      const bench = new Bench();
      bench.deliver('a', 'b');
      await pass(bench.clock, 5000);
      bench.deliver('a', 'b');
      await settle();
      bench.open.at(-1)?.should.equal(2);
      bench.ack('d1', 'a').should.equal('late');
      bench.open.at(-1)?.should.equal(1);
      bench.stages('a').should.deepEqual(['settled']);
      bench.ack('d2', 'a').should.equal('already');
      bench.ack('d1', 'b').should.equal('late');
      await settle();
      bench.results.should.deepEqual([false, true]);
      bench.open.at(-1)?.should.equal(0);
      bench.clock.pending.should.equal(0);
    });

    it('waits for each message that it sent on, whatever is acknowledged late, where duplicates pass', async () => {
      const bench = new Bench({ duplicates: 'pass' });
      bench.deliver('a', 'b');
      await pass(bench.clock, 5000);
      bench.deliver('a', 'b');
      await settle();
      bench.ack('d1', 'a').should.equal('late');
      bench.open.at(-1)?.should.equal(2);
      bench.ack('d2', 'a').should.equal('acknowledged');
      bench.consumer.close();
    });

    it('knows as handled what is acknowledged late, while nothing is on its way', async () => {
      const bench = new Bench();
      bench.deliver('a', 'b');
      await pass(bench.clock, 5000);
      bench.ack('d1', 'a').should.equal('late');
      bench.open.at(-1)?.should.equal(0);
      bench.deliver('a', 'b');
      await settle();
      bench.sent.at(-1)?.should.equal('d2: b');
      bench.consumer.close();
    });

    it('is done at once with a batch of which nothing is to be sent', async () => {
      const bench = new Bench();
      bench.seen.note('a', 'settled');
      bench.deliver('a');
      bench.deliver();
      await settle();
      bench.results.should.deepEqual([true, true]);
      bench.emissions.should.be.empty();
      bench.clock.pending.should.equal(0);
    });

    it('waits for both where a notification is there twice and duplicates pass', async () => {
      const bench = new Bench({ duplicates: 'pass' });
      bench.deliver('a', 'a');
      await settle();
      bench.ack('d1', 'a');
      await settle();
      bench.results.should.be.empty();
      bench.ack('d1', 'a');
      await settle();
      bench.results.should.deepEqual([true]);
    });

    it('may be acknowledged while it sends', async () => {
      const bench: Bench = new Bench({ emit: ({ deliveryId }) => void bench.ack(deliveryId, 'a') });
      bench.deliver('a');
      await settle();
      bench.results.should.deepEqual([true]);
      bench.clock.pending.should.equal(0);
    });

    it('gives back at once what could not be sent, and waits for nothing', async () => {
      let failing = true;
      const bench = new Bench({
        emit: () => {
          if (failing) throw new Error('cannot be cloned');
        },
      });
      bench.deliver('a');
      await settle();
      bench.results.should.deepEqual([false]);
      bench.unsent.should.have.length(1);
      bench.clock.pending.should.equal(0);
      failing = false;
      bench.deliver('a');
      await settle();
      bench.ack('d2', 'a').should.equal('acknowledged');
      await settle();
      bench.results.should.deepEqual([false, true]);
    });

    it('gives the batch back when it is closed in the middle', async () => {
      const bench = new Bench();
      bench.deliver('a', 'b');
      await settle();
      bench.ack('d1', 'a');
      bench.consumer.close();
      await settle();
      bench.results.should.deepEqual([false]);
      bench.timeouts.should.be.empty();
      bench.clock.pending.should.equal(0);
    });

    it('tells nothing more when it is closed: a later run keeps its ids in the same place', async () => {
      const bench = new Bench();
      bench.deliver('a', 'b');
      await settle();
      bench.consumer.close();
      const told = bench.open.length;
      bench.ack('d1', 'a').should.equal('late');
      bench.consumer.completed(batch('b1', ['a', 'b']));
      bench.settlings.should.equal(0);
      bench.open.should.have.length(told);
    });

    it('takes nothing when it is closed', async () => {
      const bench = new Bench();
      bench.consumer.close();
      bench.deliver('a');
      bench.deliver();
      await settle();
      bench.results.should.deepEqual([false, false]);
      bench.emissions.should.be.empty();
      bench.stages('a').should.deepEqual([undefined]);
    });
  });

  describe('that reads resources', () => {
    it('sends them on with their notifications; the time to acknowledge begins then', async () => {
      let answer: (value: unknown) => void = () => {};
      const bench = new Bench({
        fetch: () =>
          new Promise((resolve) => {
            answer = resolve;
          }),
      });
      bench.deliver('a');
      await pass(bench.clock, 60_000);
      bench.emissions.should.be.empty();
      answer({ name: 'Acme' });
      await pass(bench.clock, 4999);
      should(bench.emissions[0]?.items[0]?.resource).deepEqual({ name: 'Acme' });
      bench.results.should.be.empty();
      await pass(bench.clock, 1);
      bench.results.should.deepEqual([false]);
    });

    it('is closed in the middle: nothing is sent', async () => {
      const failures: number[] = [];
      const bench = new Bench({
        fetch: () => Promise.reject(Object.assign(new Error('down'), { code: 'FENERGO_NETWORK' })),
        onFetchFailure: (_, againInMs) => failures.push(againInMs),
      });
      bench.deliver('a');
      await settle();
      failures.should.deepEqual([1000]);
      bench.consumer.close();
      await settle();
      bench.results.should.deepEqual([false]);
      bench.emissions.should.be.empty();
      bench.stages('a').should.deepEqual([undefined]);
      bench.clock.pending.should.equal(0);
    });
  });
});
