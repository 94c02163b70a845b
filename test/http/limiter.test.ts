import should from 'should';
import { Canceller } from '../../lib/cancel.js';
import { TenantLimiter, type Turn, type TurnOutcome } from '../../lib/http/limiter.js';
import { DAY_MS, HOUR_MS, MINUTE_MS, type PlanLimits, PUBLISHED_LIMITS, SECOND_MS } from '../../lib/plans.js';
import { ManualClock } from '../support/manual-clock.js';

function send(turn: Turn): void {
  turn.sending();
  turn.sent();
}

/** A limiter with the turns that it gave, in their order. */
class Bench {
  readonly clock = new ManualClock();
  readonly limiter: TenantLimiter;
  /** Names of those who had their turn, and when. */
  readonly went: { name: string; atMs: number }[] = [];
  readonly turns = new Map<string, Turn>();
  readonly errors: unknown[] = [];
  readonly waits: number[] = [];
  /** What is left for those who wait. */
  readonly lefts: (() => number)[] = [];
  readonly #startMs = this.clock.nowMs();
  readonly #maxWaiting: number;

  constructor(limits: Partial<PlanLimits> = {}, maxWaiting = 10_000) {
    this.#maxWaiting = maxWaiting;
    this.limiter = new TenantLimiter({
      clock: this.clock,
      random: () => 0.5,
      limits: { perSecond: 10, concurrent: 1000, domains: {}, ...limits },
    });
  }

  /** Asks for a turn, and sends a request at once when it comes, unless told otherwise; it may be answered at once, too. */
  ask(
    name: string,
    options: {
      domain?: string;
      urgent?: boolean;
      signal?: Canceller;
      lastTurn?: Turn;
      unsent?: boolean;
      answered?: boolean;
    } = {},
  ): void {
    const { domain = '', urgent = false, signal = new Canceller(), lastTurn, unsent, answered } = options;
    const onWait = (waitMs: number, leftMs: () => number) => {
      this.waits.push(waitMs);
      this.lefts.push(leftMs);
    };
    this.limiter
      .enter({ domain, urgent, signal, lastTurn, maxWaiting: this.#maxWaiting, label: 'Call', onWait })
      .then(
        (turn) => {
          if (!unsent) send(turn);
          if (answered) turn.leave({ refused: false });
          this.turns.set(name, turn);
          this.went.push({ name, atMs: this.clock.nowMs() - this.#startMs });
        },
        (error) => this.errors.push(error),
      );
  }

  askMany(
    count: number,
    prefix = 'n',
    options: { domain?: string; urgent?: boolean; unsent?: boolean; answered?: boolean } = {},
  ): void {
    for (let i = 1; i <= count; i += 1) this.ask(`${prefix}${i}`, options);
  }

  leave(name: string, outcome: TurnOutcome = { refused: false }): void {
    this.turns.get(name)?.leave(outcome);
  }

  /** Moves the clock in small steps, so that whoever is let in is seen at that moment. */
  async pass(ms: number): Promise<void> {
    for (let done = 0; done < ms; ) {
      const step = Math.min(this.clock.nextInMs ?? ms - done, ms - done);
      this.clock.advance(Math.max(1, step));
      done += Math.max(1, step);
      await settled();
    }
  }

  names(): string[] {
    return this.went.map(({ name }) => name);
  }
}

async function settled(): Promise<void> {
  for (let i = 0; i < 5; i += 1) await Promise.resolve();
}

describe('TenantLimiter', () => {
  it('lets through what the plan allows in a second, then one by one as the window slides, first in first out', async () => {
    const bench = new Bench();
    bench.askMany(25);
    await settled();
    bench.went.should.have.length(10);
    bench.limiter.waiting.should.equal(15);
    for (const name of bench.names()) bench.leave(name);
    await bench.pass(1001);
    bench.went.should.have.length(10);
    await bench.pass(1 + 900);
    bench.went
      .slice(10)
      .map(({ atMs }) => atMs)
      .should.deepEqual(Array.from({ length: 10 }, (_, i) => 1002 + i * 50));
    await bench.pass(527);
    bench.names().should.deepEqual(Array.from({ length: 25 }, (_, i) => `n${i + 1}`));
    bench.limiter.idle.should.be.false();
    for (const name of bench.names().slice(10)) bench.leave(name);
    bench.limiter.idle.should.be.true();
    bench.clock.pending.should.equal(0);
  });

  it('never lets more through in any stretch of a second, whatever comes when', async () => {
    const bench = new Bench();
    let seed = 7;
    const random = () => {
      seed = (seed * 16807) % 2147483647;
      return seed / 2147483647;
    };
    for (let i = 0; i < 300; i += 1) {
      bench.ask(`n${i}`);
      await settled();
      await bench.pass(Math.floor(random() * 150));
    }
    await bench.pass(10_000);
    bench.went.should.have.length(300);
    for (const { atMs } of bench.went) {
      bench.went
        .filter((other) => other.atMs >= atMs && other.atMs < atMs + 1000)
        .length.should.be.belowOrEqual(10);
    }
  });

  it('lets so many through at a time, and gives a turn to who has waited longest', async () => {
    const bench = new Bench({ perSecond: 1000, concurrent: 2 });
    bench.askMany(4);
    await settled();
    bench.names().should.deepEqual(['n1', 'n2']);
    bench.leave('n2');
    await settled();
    bench.names().should.deepEqual(['n1', 'n2', 'n3']);
    bench.leave('n1');
    await settled();
    bench.went.should.have.length(4);
  });

  it('keeps the windows of a service, and lets the others pass meanwhile', async () => {
    const bench = new Bench({
      domains: PUBLISHED_LIMITS.production.domains,
      perSecond: 200,
      concurrent: 1000,
    });
    bench.askMany(150, 'j', { domain: 'journeycommand', answered: true });
    bench.askMany(10, 'r');
    await settled();
    bench
      .names()
      .filter((name) => name.startsWith('j'))
      .should.have.length(100);
    bench
      .names()
      .filter((name) => name.startsWith('r'))
      .should.have.length(10);
    await bench.pass(MINUTE_MS);
    bench.went.should.have.length(110);
    await bench.pass(1000);
    bench.went.should.have.length(160);
  });

  it('keeps the hour and the day too', async () => {
    const domains = {
      slow: [
        { max: 2, lengthMs: HOUR_MS },
        { max: 3, lengthMs: DAY_MS },
      ],
    };
    const bench = new Bench({ domains });
    bench.askMany(4, 's', { domain: 'slow', answered: true });
    await settled();
    bench.went.should.have.length(2);
    await bench.pass(HOUR_MS + 27);
    bench.went.should.have.length(3);
    await bench.pass(DAY_MS - HOUR_MS - 30);
    bench.went.should.have.length(3);
    await bench.pass(HOUR_MS);
    bench.went.should.have.length(4);
  });

  it('lets urgent ones go before others, in their order', async () => {
    const bench = new Bench({ perSecond: 1000, concurrent: 1 });
    bench.askMany(3);
    bench.askMany(2, 'u', { urgent: true });
    await settled();
    for (const name of ['n1', 'u1', 'u2', 'n2', 'n3']) {
      bench.names().at(-1)?.should.equal(name);
      bench.leave(name);
      await settled();
    }
  });

  it('lets urgent ones of any service go first, in their order', async () => {
    const bench = new Bench({ perSecond: 1000, concurrent: 1 });
    bench.ask('first');
    const order = [
      ['a1', 'a', false],
      ['b1', 'b', false],
      ['b2', 'b', true],
      ['a2', 'a', true],
      ['c1', 'c', true],
      ['c2', 'c', false],
      ['a3', 'a', true],
    ] as const;
    for (const [name, domain, urgent] of order) bench.ask(name, { domain, urgent });
    for (const name of ['first', 'b2', 'a2', 'c1', 'a3', 'a1', 'b1', 'c2']) {
      await settled();
      bench.names().at(-1)?.should.equal(name);
      bench.leave(name);
    }
  });

  it('passes over who has given up, and counts them no more', async () => {
    const bench = new Bench({ perSecond: 1000, concurrent: 1 });
    bench.ask('first');
    const leaver = new Canceller();
    bench.ask('leaver', { signal: leaver });
    bench.ask('last');
    await settled();
    leaver.abort(new Error('gone'));
    await settled();
    bench.errors.should.have.length(1);
    bench.limiter.waiting.should.equal(1);
    bench.leave('first');
    await settled();
    bench.names().should.deepEqual(['first', 'last']);
    const late = new Canceller();
    late.abort(new Error('late'));
    bench.ask('late', { signal: late });
    await settled();
    bench.errors.should.have.length(2);
  });

  it('refuses more than may wait, but takes back who was sent back', async () => {
    const bench = new Bench({ perSecond: 1000, concurrent: 1 }, 2);
    bench.askMany(3);
    bench.ask('too many');
    await settled();
    should(bench.errors[0]).have.properties({ code: 'FENERGO_QUEUE_FULL' });
    String((bench.errors[0] as Error).message).should.startWith('Call: 2 calls are waiting');
    const turn = bench.turns.get('n1') as Turn;
    turn.leave({ refused: true });
    bench.ask('n1 again', { lastTurn: turn });
    await settled();
    bench.errors.should.have.length(1);
  });

  it('does not listen to the signal of one who was refused', async () => {
    const bench = new Bench({ concurrent: 1 }, 0);
    bench.ask('first');
    const signal = new Canceller();
    let listeners = 0;
    signal.addEventListener = () => {
      listeners += 1;
    };
    signal.removeEventListener = () => {
      listeners -= 1;
    };
    bench.ask('refused', { signal });
    await settled();
    bench.errors.should.have.length(1);
    listeners.should.equal(0);
  });

  it('keeps the place of one who came back when there was no queue', async () => {
    const bench = new Bench({ perSecond: 1000, concurrent: 2 });
    bench.ask('n1');
    await settled();
    bench.leave('n1');
    bench.ask('n2');
    bench.ask('n1 again', { lastTurn: bench.turns.get('n1') });
    await bench.pass(1);
    bench.leave('n1 again', { refused: true });
    bench.leave('n2', { refused: true });
    bench.ask('n2 at last', { lastTurn: bench.turns.get('n2') });
    bench.ask('n1 at last', { lastTurn: bench.turns.get('n1 again') });
    await settled();
    await bench.pass(1000);
    bench.names().should.deepEqual(['n1', 'n2', 'n1 again', 'n1 at last', 'n2 at last']);
  });

  describe('after a 429', () => {
    it('waits as long as the platform asks, and lets the refused one go first', async () => {
      const bench = new Bench({ perSecond: 1000, concurrent: 1 });
      bench.askMany(2);
      await settled();
      const turn = bench.turns.get('n1') as Turn;
      turn.leave({ refused: true, pauseMs: 7000 });
      bench.ask('n1 again', { lastTurn: turn });
      await bench.pass(6999);
      bench.went.should.have.length(1);
      await bench.pass(1);
      bench.names().should.deepEqual(['n1', 'n1 again']);
      bench.leave('n1 again');
      await settled();
      bench.names().at(-1)?.should.equal('n2');
    });

    it('backs off by itself, longer each time, and starts afresh after a success', async () => {
      const bench = new Bench({ perSecond: 1000, concurrent: 1 });
      const waits: number[] = [];
      for (let i = 0; i < 9; i += 1) {
        bench.ask(`n${i}`);
        const startMs = bench.clock.nowMs();
        while (!bench.turns.has(`n${i}`)) {
          bench.clock.advance(bench.clock.nextInMs ?? 0);
          await settled();
        }
        waits.push(bench.clock.nowMs() - startMs);
        bench.leave(`n${i}`, { refused: i !== 6 });
        bench.clock.advance(1);
      }
      waits.should.deepEqual([0, 749, 1499, 2999, 5999, 11_999, 23_999, 0, 749]);
    });

    it('goes on at half the rate, and is back at the whole in ten seconds', async () => {
      const bench = new Bench({ perSecond: 100 });
      bench.ask('first');
      await settled();
      bench.leave('first', { refused: true, pauseMs: 1 });
      await bench.pass(1);
      bench.askMany(100, 'a');
      await settled();
      bench.went.should.have.length(50);
      await bench.pass(10_000);
      bench.went.should.have.length(101);
      const before = bench.went.length;
      bench.askMany(150, 'b');
      await settled();
      (bench.went.length - before).should.equal(100);
    });

    it('takes those that were under way together for one refusal', async () => {
      const bench = new Bench({ perSecond: 100 });
      bench.askMany(40);
      await bench.pass(10);
      for (let i = 1; i <= 40; i += 1) bench.leave(`n${i}`, { refused: true });
      bench.ask('next');
      await bench.pass(749);
      bench.went.should.have.length(40);
      await bench.pass(1);
      bench.went.should.have.length(41);
    });

    it('holds only the service back that has windows of its own', async () => {
      const bench = new Bench({ domains: { slow: [{ max: 100, lengthMs: MINUTE_MS }] } });
      bench.ask('s1', { domain: 'slow' });
      await settled();
      bench.leave('s1', { refused: true, pauseMs: 5000 });
      bench.ask('s2', { domain: 'slow' });
      bench.ask('other');
      await bench.pass(4999);
      bench.names().should.deepEqual(['s1', 'other']);
      await bench.pass(1);
      bench.names().should.deepEqual(['s1', 'other', 's2']);
    });

    it("holds only the service back where the platform asks for more than the tenant's second", async () => {
      const bench = new Bench();
      bench.askMany(2, 'a', { domain: 'screening' });
      await settled();
      bench.leave('a1', { refused: true, pauseMs: DAY_MS });
      bench.ask('a3', { domain: 'screening' });
      bench.ask('other', { domain: 'policy' });
      await settled();
      bench.names().should.deepEqual(['a1', 'a2', 'other']);
      bench.leave('a2', { refused: true, pauseMs: 1000 });
      bench.ask('later', { domain: 'policy' });
      await bench.pass(999);
      bench.went.should.have.length(3);
      await bench.pass(1);
      bench.names().at(-1)?.should.equal('later');
    });

    it('backs off from a service with windows of its own, longer each time, and from no other', async () => {
      const bench = new Bench({ domains: { slow: [{ max: 100, lengthMs: MINUTE_MS }] } });
      const waits: number[] = [];
      for (let i = 0; i < 6; i += 1) {
        bench.ask(`s${i}`, { domain: 'slow' });
        bench.ask(`other${i}`);
        const startMs = bench.clock.nowMs();
        await settled();
        bench.turns.has(`other${i}`).should.be.true();
        while (!bench.turns.has(`s${i}`)) await bench.pass(bench.clock.nextInMs ?? 0);
        waits.push(bench.clock.nowMs() - startMs);
        bench.leave(`s${i}`, { refused: i !== 3 });
        bench.clock.advance(1);
      }
      waits.should.deepEqual([0, 749, 1499, 2999, 0, 749]);
    });

    it('does not wait for less because a later refusal asks for less', async () => {
      const bench = new Bench();
      bench.askMany(2);
      await settled();
      bench.leave('n1', { refused: true, pauseMs: 5000 });
      bench.leave('n2', { refused: true, pauseMs: 2000 });
      bench.ask('next');
      await bench.pass(4999);
      bench.went.should.have.length(2);
      await bench.pass(1);
      bench.went.should.have.length(3);
    });

    it('takes no pause at all for no wish', async () => {
      const bench = new Bench();
      bench.ask('first');
      await settled();
      bench.leave('first', { refused: true, pauseMs: 0 });
      bench.ask('next');
      await bench.pass(749);
      bench.went.should.have.length(1);
      await bench.pass(1);
      bench.went.should.have.length(2);
    });

    it('is not calmed by those that were under way with the refused one, or that had no answer', async () => {
      const bench = new Bench({ perSecond: 1000 });
      const firstPauses: number[] = [];
      for (let round = 0; round < 3; round += 1) {
        bench.ask(`refused${round}`);
        bench.ask(`passed${round}`);
        bench.ask(`broken${round}`);
        await settled();
        bench.leave(`refused${round}`, { refused: true });
        bench.leave(`passed${round}`, { refused: false });
        firstPauses.push(bench.clock.nowMs());
        bench.ask(`probe${round}`);
        await bench.pass(bench.clock.nextInMs ?? 0);
        firstPauses.push(bench.clock.nowMs() - (firstPauses.pop() as number));
        bench.leave(`broken${round}`, {});
        bench.leave(`probe${round}`, {});
        bench.clock.advance(1);
      }
      firstPauses.should.deepEqual([750, 1500, 3000]);
    });
  });

  it('spreads what is left of a day over the rest of it, and waits for the next day when nothing is', async () => {
    const bench = new Bench({ domains: { slow: [{ max: 1000, lengthMs: DAY_MS }] } });
    bench.ask('s1', { domain: 'slow' });
    await settled();
    bench.leave('s1', { remaining: 500, resetMs: HOUR_MS });
    bench.ask('s2', { domain: 'slow' });
    await settled();
    bench.went.should.have.length(2);
    bench.leave('s2', { remaining: 5, resetMs: HOUR_MS });
    bench.ask('s3', { domain: 'slow' });
    await bench.pass(HOUR_MS / 6 - 1);
    bench.went.should.have.length(2);
    await bench.pass(1);
    bench.went.should.have.length(3);
    bench.leave('s3', { remaining: 0, resetMs: HOUR_MS });
    bench.ask('s4', { domain: 'slow' });
    await bench.pass(HOUR_MS - 1);
    bench.went.should.have.length(3);
    await bench.pass(1);
    bench.went.should.have.length(4);
  });

  it('lets one go at a time when little is left of the day', async () => {
    const bench = new Bench({ domains: { slow: [{ max: 1000, lengthMs: DAY_MS }] } });
    bench.ask('first', { domain: 'slow' });
    await settled();
    bench.askMany(20, 's', { domain: 'slow' });
    await settled();
    for (const name of bench.names()) bench.leave(name, { refused: false, remaining: 5, resetMs: HOUR_MS });
    const before = bench.went.length;
    bench.askMany(20, 't', { domain: 'slow' });
    await bench.pass(HOUR_MS / 2);
    bench.went.length.should.equal(before + 3);
    const [last] = bench.went.slice(-1);
    bench.leave(last?.name ?? '', { refused: false, remaining: 900, resetMs: DAY_MS });
    await bench.pass(HOUR_MS / 6 + 5000);
    bench.limiter.waiting.should.equal(0);
  });

  it('calls up to a fiftieth of the day little, or a hundred calls where the day is not known', async () => {
    for (const [domain, little] of [
      ['slow', 20],
      ['unknown', 100],
    ] as const) {
      for (const [remaining, paced] of [
        [little + 1, false],
        [little, true],
      ] as const) {
        const bench = new Bench({ domains: { slow: [{ max: 1000, lengthMs: DAY_MS }] } });
        bench.ask('first', { domain });
        await settled();
        bench.leave('first', { refused: false, remaining, resetMs: HOUR_MS });
        bench.ask('next', { domain });
        await settled();
        bench.went.should.have.length(paced ? 1 : 2, `${domain} ${remaining}`);
      }
    }
  });

  it('takes no notice of what is left of a day that is over', async () => {
    const bench = new Bench({ domains: { slow: [{ max: 1000, lengthMs: DAY_MS }] } });
    bench.ask('first', { domain: 'slow' });
    await settled();
    bench.leave('first', { refused: false, remaining: 0, resetMs: 0 });
    bench.ask('next', { domain: 'slow' });
    await settled();
    bench.went.should.have.length(2);
  });

  it('counts a request from when it is sent, not from when its turn came', async () => {
    const bench = new Bench({ concurrent: 10 });
    bench.askMany(10, 'late', { unsent: true });
    bench.askMany(20);
    await settled();
    await bench.pass(5000);
    bench.went.should.have.length(10, 'ten are about to be sent');
    for (let i = 1; i <= 10; i += 1) {
      send(bench.turns.get(`late${i}`) as Turn);
      bench.leave(`late${i}`);
    }
    await bench.pass(1001);
    bench.went.should.have.length(10);
    await bench.pass(1);
    bench.went.should.have.length(11);
  });

  it('counts a request that has no answer yet as on its way for a while', async () => {
    const bench = new Bench();
    bench.askMany(9);
    bench.ask('open');
    await settled();
    for (let i = 1; i <= 8; i += 1) bench.leave(`n${i}`);
    bench.clock.advance(7);
    bench.leave('n9');
    bench.askMany(10, 'later');
    await bench.pass(1001 - 7);
    bench.went.should.have.length(10);
    await bench.pass(1);
    // Eight of them are free, and go one by one: by then also the ninth and the last.
    bench.names().slice(10).should.deepEqual(['later1']);
    await bench.pass(900);
    bench.went.should.have.length(20);
  });

  it('has each place back a second after the call was answered, or as late as it may have come', async () => {
    const bench = new Bench({ perSecond: 3 });
    for (const name of ['slow', 'quick', 'open']) bench.ask(name);
    await settled();
    bench.leave('quick');
    bench.clock.advance(9);
    bench.leave('slow');
    for (const [name, atMs] of Object.entries({ first: 1002, second: 1011, third: 1027 })) {
      bench.ask(name);
      while (bench.limiter.waiting > 0) await bench.pass(1);
      bench.went.at(-1)?.should.deepEqual({ name, atMs });
    }
  });

  it('has the places of a service back when its window has passed since the answer, or the end', async () => {
    const bench = new Bench({ domains: { slow: [{ max: 3, lengthMs: MINUTE_MS }] } });
    const slow = { domain: 'slow' };
    for (const name of ['quick', 'slow', 'broken']) bench.ask(name, slow);
    await settled();
    bench.leave('quick');
    bench.clock.advance(5000);
    bench.leave('slow');
    bench.clock.advance(2000);
    bench.leave('broken', {});
    bench.askMany(3, 'later', slow);
    await bench.pass(80_000);
    // So long as from five to seven seconds none is on its way: a minute need not wait for that.
    bench.went.map(({ atMs }) => atMs).should.deepEqual([0, 0, 0, 60_002, 61_027, 61_027]);
  });

  it('has the places of a window of a second back a second after the answer', async () => {
    const bench = new Bench({ domains: { slow: [{ max: 3, lengthMs: SECOND_MS }] } });
    const slow = { domain: 'slow' };
    for (const name of ['quick', 'slow', 'broken']) bench.ask(name, slow);
    await settled();
    bench.leave('quick');
    bench.clock.advance(500);
    bench.leave('slow');
    bench.clock.advance(200);
    bench.leave('broken', {});
    bench.askMany(3, 'later', slow);
    await bench.pass(3000);
    bench.went.map(({ atMs }) => atMs).should.deepEqual([0, 0, 0, 1002, 1502, 1702]);
  });

  it('takes a call of a service that broke off at once for as late as it may have come', async () => {
    const bench = new Bench({ domains: { slow: [{ max: 1, lengthMs: MINUTE_MS }] } });
    bench.ask('broken', { domain: 'slow' });
    await settled();
    bench.leave('broken', {});
    bench.ask('later', { domain: 'slow' });
    await bench.pass(60_100);
    bench.went.map(({ atMs }) => atMs).should.deepEqual([0, 60_027]);
  });

  it('keeps further apart what it sends while its requests leave late', async () => {
    const bench = new Bench();
    bench.askMany(10, 'n', { unsent: true });
    await settled();
    for (const turn of bench.turns.values()) turn.sending();
    bench.clock.advance(150);
    for (const turn of bench.turns.values()) turn.sent();
    bench.ask('next');
    await bench.pass(150 + 1026);
    bench.went.should.have.length(10);
    await bench.pass(1);
    bench.names().at(-1)?.should.equal('next');
  });

  it('takes a request for later than it was to be when the process turns out to have had no time', async () => {
    const bench = new Bench({ perSecond: 2 });
    bench.ask('early');
    bench.ask('late', { unsent: true });
    await settled();
    bench.turns.get('late')?.sending();
    bench.clock.advance(100);
    bench.turns.get('late')?.sent();
    bench.clock.advance(10);
    bench.leave('early', { refused: false });
    bench.ask('next');
    await bench.pass(1001);
    bench.names().should.deepEqual(['early', 'late']);
    await bench.pass(1);
    bench.names().should.deepEqual(['early', 'late', 'next']);
  });

  it('takes a request for later than it was to be after a timer that fired late', async () => {
    const bench = new Bench({ perSecond: 1 });
    bench.ask('first', { answered: true });
    bench.ask('open');
    await settled();
    bench.clock.jump(1002 + 100);
    bench.clock.advance(0);
    await settled();
    bench.names().at(-1)?.should.equal('open');
    bench.ask('after');
    await bench.pass(1002 + 124);
    bench.names().should.not.containEql('after');
    await bench.pass(1);
    bench.names().at(-1)?.should.equal('after');
  });

  it('makes up for what a late timer missed, but for no more than a few at once', async () => {
    const bench = new Bench({ perSecond: 100 });
    bench.askMany(200);
    await settled();
    await bench.pass(1000);
    bench.went.should.have.length(100);
    bench.clock.jump(510);
    await bench.pass(1);
    bench.went.should.have.length(112, 'eleven of the last 50 ms, and the one whose turn it was');
  });

  it('gives the place of a day with little left back, when nothing was sent', async () => {
    const bench = new Bench({ domains: { slow: [{ max: 1000, lengthMs: DAY_MS }] } });
    bench.ask('first', { domain: 'slow' });
    await settled();
    bench.leave('first', { refused: false, remaining: 1, resetMs: 20 * HOUR_MS });
    bench.ask('unsent', { domain: 'slow', unsent: true });
    await bench.pass(10 * HOUR_MS);
    bench.names().at(-1)?.should.equal('unsent');
    bench.leave('unsent');
    bench.ask('next', { domain: 'slow' });
    await settled();
    bench.names().at(-1)?.should.equal('next');
  });

  it('takes the end of a turn once only', async () => {
    const bench = new Bench({ concurrent: 1 });
    bench.ask('one');
    await settled();
    bench.leave('one');
    bench.leave('one');
    bench.askMany(2);
    await settled();
    bench.names().should.deepEqual(['one', 'n1']);
  });

  it('counts a turn in which nothing was sent in no window of its service', async () => {
    const bench = new Bench({ domains: { slow: [{ max: 1, lengthMs: DAY_MS }] } });
    bench.ask('unsent', { domain: 'slow', unsent: true });
    bench.ask('next', { domain: 'slow' });
    await settled();
    bench.names().should.deepEqual(['unsent']);
    bench.leave('unsent');
    await settled();
    bench.names().should.deepEqual(['unsent', 'next']);
  });

  it('counts those that were sent when another gives its turn back', async () => {
    const bench = new Bench({ perSecond: 2 });
    bench.ask('unsent', { unsent: true });
    await bench.pass(500);
    bench.ask('sent');
    await settled();
    bench.leave('unsent');
    await bench.pass(505);
    bench.askMany(2);
    await settled();
    bench.names().should.deepEqual(['unsent', 'sent', 'n1']);
    await bench.pass(521);
    bench.went.should.have.length(3);
    await bench.pass(1);
    bench.went.should.have.length(4);
  });

  it('wakes up for nobody when all have given up', async () => {
    const bench = new Bench({ perSecond: 1 });
    const [one, other] = [new Canceller(), new Canceller()];
    bench.ask('first');
    bench.ask('second', { signal: one });
    bench.ask('third', { signal: other });
    await settled();
    bench.clock.pending.should.equal(1);
    one.abort(new Error('gone'));
    bench.clock.pending.should.equal(1);
    other.abort(new Error('gone'));
    bench.clock.pending.should.equal(0);
    bench.leave('first');
    await bench.pass(2000);
    bench.ask('next');
    await settled();
    bench.names().should.deepEqual(['first', 'next']);
    bench.clock.pending.should.equal(0);
  });

  it('refuses nobody who need not wait, however many do', async () => {
    const bench = new Bench({ domains: { slow: [{ max: 1, lengthMs: MINUTE_MS }] } }, 3);
    bench.askMany(5, 's', { domain: 'slow' });
    bench.ask('other');
    await settled();
    bench.names().should.deepEqual(['s1', 'other']);
    bench.errors.should.have.length(1);
    bench.waits.should.have.length(3, 'only who waits is told so');
  });

  it('tells an urgent one how long those before it take, not the others', async () => {
    const bench = new Bench();
    bench.askMany(200);
    bench.ask('person', { urgent: true });
    await settled();
    bench.waits.at(-2)?.should.be.approximately(19_452, 0.001);
    bench.waits.at(-1)?.should.equal(1002);
  });

  it('tells nobody to wait for those who wait for windows of their own', async () => {
    const bench = new Bench({ domains: { slow: [{ max: 1, lengthMs: HOUR_MS }] } });
    bench.askMany(500, 's', { domain: 'slow' });
    bench.askMany(10);
    await settled();
    bench.names().at(-1)?.should.equal('n9');
    bench.waits.at(-1)?.should.equal(1002);
  });

  it('does not take the name of a service for a property of every object', async () => {
    const bench = new Bench();
    for (const domain of ['constructor', '__proto__', 'toString', 'hasOwnProperty'])
      bench.ask(domain, { domain });
    await settled();
    bench.went.should.have.length(4);
    bench.errors.should.be.empty();
  });

  it('goes on with more services than it remembers', async () => {
    const bench = new Bench({
      perSecond: 10_000,
      concurrent: 10_000,
      domains: { slow: [{ max: 1, lengthMs: MINUTE_MS }] },
    });
    bench.askMany(2, 's', { domain: 'slow', answered: true });
    await settled();
    bench.ask('held', { domain: 'held' });
    await settled();
    bench.leave('held', { refused: true, pauseMs: 5000 });
    for (let i = 0; i < 1000; i += 1) bench.ask(`n${i}`, { domain: `service-${i}` });
    bench.ask('held again', { domain: 'held' });
    bench.ask('s3', { domain: 'slow', answered: true });
    await settled();
    bench.went.length.should.equal(1002);
    await bench.pass(5000);
    bench.names().at(-1)?.should.equal('held again');
    await bench.pass(2 * MINUTE_MS);
    bench.names().slice(-2).should.deepEqual(['s2', 's3']);
  });

  it('remembers the windows of a service that nobody waits for, and all who wait', async () => {
    const bench = new Bench({ perSecond: 100, domains: { slow: [{ max: 2, lengthMs: HOUR_MS }] } });
    bench.ask('s1', { domain: 'slow' });
    for (let i = 0; i < 500; i += 1) bench.ask(`n${i}`, { domain: `service-${i}` });
    await bench.pass(10_000);
    bench.went.length.should.equal(501);
    bench.ask('s2', { domain: 'slow' });
    bench.ask('s3', { domain: 'slow' });
    await settled();
    bench.limiter.waiting.should.equal(1);
  });

  it('does not count a turn in which nothing was sent', async () => {
    const bench = new Bench();
    bench.askMany(10, 'n', { unsent: true });
    await settled();
    for (let i = 1; i <= 10; i += 1) bench.leave(`n${i}`);
    bench.askMany(10, 'again');
    await settled();
    bench.went.should.have.length(20);
  });

  it('tells who waits how long that will be, about', async () => {
    const bench = new Bench({ domains: { slow: [{ max: 5, lengthMs: MINUTE_MS }] } });
    bench.askMany(40);
    bench.askMany(12, 's', { domain: 'slow' });
    await settled();
    bench.waits[0]?.should.be.within(100, 1010);
    bench.waits[29]?.should.be.within(3300, 3600);
    bench.waits.at(-1)?.should.be.within(2 * MINUTE_MS, 3 * MINUTE_MS + 100);
  });

  it('tells anew what is left, also where only the number at a time is the limit: by how long turns take', async () => {
    const bench = new Bench({ perSecond: 1000, concurrent: 2 });
    bench.askMany(21);
    await settled();
    const left = () => Math.round(bench.lefts.at(-1)?.() ?? Number.NaN);
    bench.waits.at(-1)?.should.equal(9, 'nobody has seen a turn yet');
    for (const [first, leftMs] of [
      [1, 8500],
      [3, 7500],
      [5, 6500],
    ] as const) {
      await bench.pass(1000);
      bench.leave(`n${first}`);
      bench.leave(`n${first + 1}`);
      await settled();
      left().should.equal(leftMs, `after ${first + 1}`);
    }
  });

  it('tells the truth, to a second, for any place in the queue', async () => {
    const bench = new Bench({ perSecond: 50, domains: { slow: [{ max: 100, lengthMs: MINUTE_MS }] } });
    bench.askMany(400, 'n', { answered: true });
    bench.askMany(250, 's', { domain: 'slow', answered: true });
    await settled();
    const told = [...bench.waits];
    await bench.pass(3 * MINUTE_MS);
    bench.went.should.have.length(650);
    const waited = bench.went.filter(({ atMs }) => atMs > 0);
    const real = new Map(waited.map(({ name, atMs }) => [name, atMs]));
    const names = [...Array.from({ length: 350 }, (_, i) => `n${i + 51}`)];
    names.forEach((name, i) => {
      (told[i] ?? Number.NaN).should.be.approximately(real.get(name) ?? 0, 1000, name);
    });
    const slow = Array.from({ length: 250 }, (_, i) => `s${i + 1}`);
    slow.forEach((name, i) => {
      const toldMs = told[350 + i] ?? Number.NaN;
      // Their minute begins when the queue before them is through, which nobody foresees.
      toldMs.should.be.approximately(real.get(name) ?? 0, 10_000, name);
    });
  });

  it('tells who waits for a window when the call leaves it that makes room, and counts that down', async () => {
    const bench = new Bench({ domains: { slow: [{ max: 3, lengthMs: HOUR_MS }] } });
    for (const name of ['one', 'two', 'three']) {
      bench.ask(name, { domain: 'slow', answered: true });
      await settled();
      await bench.pass(MINUTE_MS);
    }
    bench.askMany(7, 's', { domain: 'slow', answered: true });
    await settled();
    const goMs = [0, 1, 2, 60, 61, 62, 120].map((minutes) => minutes * MINUTE_MS);
    for (const passedMs of [3 * MINUTE_MS, 20 * MINUTE_MS, 59 * MINUTE_MS]) {
      await bench.pass(passedMs - (bench.clock.nowMs() - 1_000_000));
      bench.lefts.forEach((leftMs, i) => {
        leftMs().should.be.approximately((goMs[i] as number) + HOUR_MS - passedMs, 1100, `${i} ${passedMs}`);
      });
    }
    await bench.pass(3 * HOUR_MS);
    const went = bench.went.slice(3).map(({ atMs }) => atMs - HOUR_MS);
    for (const [i, atMs] of went.entries()) atMs.should.be.approximately(goMs[i] as number, 1000);
  });

  it('tells who waits for a day with little left how the calls are spread', async () => {
    const bench = new Bench({ perSecond: 100, domains: { slow: [{ max: 1000, lengthMs: DAY_MS }] } });
    bench.ask('last', { domain: 'slow' });
    await settled();
    bench.leave('last', { refused: false, remaining: 9, resetMs: 10 * HOUR_MS });
    bench.askMany(20, 's', { domain: 'slow', answered: true });
    await settled();
    const told = [...bench.waits];
    await bench.pass(11 * HOUR_MS);
    for (const [i, { atMs }] of bench.went.slice(1).entries()) {
      (told[i] ?? 0).should.be.approximately(atMs, 1000, `${i}`);
    }
  });

  it('tells who waits while the rate recovers after a 429', async () => {
    const bench = new Bench({ perSecond: 100 });
    bench.ask('refused');
    await settled();
    bench.leave('refused', { refused: true, pauseMs: 1000 });
    bench.askMany(3000, 'n', { answered: true });
    await settled();
    const told = [...bench.waits];
    await bench.pass(60_000);
    bench.went.should.have.length(3001);
    for (const nth of [10, 100, 500, 1000, 3000]) {
      const atMs = bench.went[nth]?.atMs ?? 0;
      (told[nth - 1] ?? 0).should.be.approximately(atMs, 0.15 * atMs, `${nth}`);
    }
  });

  it('gives the pace back, too, of a turn in which nothing was sent', async () => {
    const bench = new Bench({ perSecond: 10 });
    bench.askMany(10, 'n', { answered: true });
    bench.ask('unsent', { unsent: true });
    bench.askMany(2, 'm', { answered: true });
    await settled();
    await bench.pass(1002);
    bench.names().at(-1)?.should.equal('unsent');
    bench.leave('unsent', {});
    await bench.pass(1);
    bench.names().at(-1)?.should.equal('m1');
    bench.went.should.have.length(12);
  });

  it('does not slow down with ten thousand that wait', async () => {
    const bench = new Bench({ perSecond: 200, concurrent: 50 });
    bench.askMany(10_000);
    await settled();
    bench.went.should.have.length(50);
    for (let i = 0; i < bench.went.length; i += 1) {
      bench.leave((bench.went[i] as { name: string }).name);
      await settled();
      if (i === bench.went.length - 1 && bench.went.length < 10_000)
        await bench.pass(bench.clock.nextInMs ?? 1);
    }
    bench.names().should.deepEqual(Array.from({ length: 10_000 }, (_, i) => `n${i + 1}`));
  });
});
