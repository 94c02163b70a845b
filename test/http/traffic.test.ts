import should from 'should';
import { Canceller } from '../../lib/cancel.js';
import { FenergoClient } from '../../lib/http/client.js';
import type { TenantLimiter, Turn } from '../../lib/http/limiter.js';
import { TrafficControl, type TrafficOptions } from '../../lib/http/traffic.js';
import { ManualClock } from '../support/manual-clock.js';
import { settled } from './harness.js';

const USUAL: TrafficOptions = {
  apiUrl: 'https://api.example.com',
  clientId: 'client-a',
  plan: 'production',
  maxWaiting: 100,
  breaksCircuit: true,
};
const TENANT = 'aaaaaaaa-bbbb-cccc-dddd-eeeeeeeeeeee';

const request = (signal = new Canceller()) => ({
  domain: '',
  urgent: false,
  maxWaiting: 100,
  label: 'Call',
  signal,
});

/** How many turns it gives at once. */
async function turnsAtOnce(limiter: TenantLimiter, most = 300): Promise<number> {
  const turns: Turn[] = [];
  const stop = new Canceller();
  for (let i = 0; i < most; i += 1) {
    limiter.enter({ ...request(stop), maxWaiting: most }).then(
      (turn) => turns.push(turn),
      () => {},
    );
  }
  await settled();
  stop.abort(new Error('enough'));
  for (const turn of turns) turn.leave();
  return turns.length;
}

describe('TrafficControl', () => {
  let clock: ManualClock;
  let control: TrafficControl;
  let log: string[];

  beforeEach(() => {
    clock = new ManualClock();
    log = [];
    control = new TrafficControl(clock, { random: () => 0.5, log: (line) => log.push(line) });
  });

  const limiterOf = (other: Partial<TrafficOptions> = {}, tenant = TENANT) =>
    control.of({ ...USUAL, ...other }).limiterOf(tenant);

  it('has connections of one API and client share the turns of a tenant', () => {
    limiterOf().should.equal(limiterOf());
    limiterOf().should.equal(limiterOf({ breaksCircuit: false }));
    limiterOf().should.equal(limiterOf({ maxWaiting: 7 }), 'how many may wait is each its own');
    limiterOf().should.equal(limiterOf({ plan: 'sdlc' }));
    control.of({ ...USUAL, maxWaiting: 7 }).maxWaiting.should.equal(7);
  });

  it('takes tenants for the same in any letter case', () => {
    limiterOf({}, TENANT.toUpperCase()).should.equal(limiterOf());
  });

  for (const [what, other] of [
    ['API', { apiUrl: 'https://other.example.com' }],
    ['client', { clientId: 'client-b' }],
  ] as [string, Partial<TrafficOptions>][]) {
    it(`does not share them with another ${what}`, () => {
      limiterOf(other).should.not.equal(limiterOf());
    });
  }

  it('does not share them with another tenant', () => {
    limiterOf({}, 'other').should.not.equal(limiterOf());
  });

  it('keeps client ids and addresses apart, whatever is in them', () => {
    limiterOf({ clientId: 'a","b' }).should.not.equal(limiterOf({ clientId: 'a' }));
  });

  it('keeps to the plan', async () => {
    for (const [plan, turns] of [
      ['production', 50],
      ['sdlc', 10],
      ['none', 256],
      ['no such' as 'none', 50],
    ] as const) {
      (await turnsAtOnce(limiterOf({ plan, clientId: plan }))).should.equal(turns, plan);
    }
    clock.pending.should.equal(0);
  });

  it('keeps to the strictest plan of those who share a tenant, as long as they do', async () => {
    const production = control.of(USUAL);
    const limiter = production.limiterOf(TENANT);
    const sdlc = control.of({ ...USUAL, plan: 'sdlc' });
    const none = control.of({ ...USUAL, plan: 'none' });
    (await turnsAtOnce(limiter)).should.equal(10);
    (await turnsAtOnce(none.limiterOf('other'))).should.equal(10);
    sdlc.release();
    sdlc.release();
    (await turnsAtOnce(limiter)).should.equal(50);
    production.release();
    (await turnsAtOnce(limiter)).should.equal(256);
    none.release();
    (await turnsAtOnce(limiter)).should.equal(256, 'nobody has said otherwise');
    control
      .of({ ...USUAL, plan: 'sdlc' })
      .limiterOf(TENANT)
      .should.equal(limiter);
    (await turnsAtOnce(limiter)).should.equal(10);
  });

  it('lets more go at once when the stricter one has left, and counts what was sent before', async () => {
    const production = control.of(USUAL);
    const sdlc = control.of({ ...USUAL, plan: 'sdlc' });
    const limiter = production.limiterOf(TENANT);
    const turns: Turn[] = [];
    const stop = new Canceller();
    const ask = () =>
      limiter.enter({ ...request(stop), maxWaiting: 1000 }).then(
        (turn) => turns.push(turn),
        () => {},
      );
    for (let i = 0; i < 60; i += 1) ask();
    await settled();
    turns.should.have.length(10);
    sdlc.release();
    await settled();
    turns.should.have.length(50);
    const send = (turn: Turn) => {
      turn.sending();
      turn.sent();
      turn.leave({ refused: false });
    };
    for (let i = 0; i < turns.length; i += 1) {
      send(turns[i] as Turn);
      await settled();
    }
    turns.should.have.length(60);
    control.of({ ...USUAL, plan: 'sdlc' });
    ask();
    await settled();
    turns.should.have.length(60, 'sixty in this second, of fifty');
    clock.advance(1002);
    await settled();
    turns.should.have.length(61);
    stop.abort(new Error('enough'));
  });

  describe('counts on when the plan changes', () => {
    const journeys = { domain: 'journeycommand' };

    /** Sends what may go at once, and has it answered. @returns how many that were */
    async function sendAll(limiter: TenantLimiter, other: object = {}): Promise<number> {
      const stop = new Canceller();
      let sent = 0;
      for (let i = 0; i < 500; i += 1) {
        limiter.enter({ ...request(stop), maxWaiting: 500, ...other }).then(
          (turn) => {
            sent += 1;
            turn.sending();
            turn.sent();
            turn.leave({ refused: false });
          },
          () => {},
        );
      }
      for (let i = 0; i < 60; i += 1) await settled();
      stop.abort(new Error('enough'));
      await settled();
      return sent;
    }

    for (const between of ['sdlc', 'none'] as const) {
      it(`to ${between} and back, in every window`, async () => {
        const production = control.of(USUAL);
        const limiter = production.limiterOf(TENANT);
        (await sendAll(limiter)).should.equal(200);
        (await sendAll(limiter, journeys)).should.equal(0);
        clock.advance(1100);
        (await sendAll(limiter, journeys)).should.equal(100);
        production.release();
        const other = control.of({ ...USUAL, plan: between });
        (await sendAll(limiter, journeys)).should.equal(between === 'sdlc' ? 0 : 500);
        other.release();
        control.of(USUAL);
        (await sendAll(limiter, journeys)).should.equal(0, 'the minute is full');
        clock.advance(61_100);
        (await sendAll(limiter, journeys)).should.equal(100);
      });
    }

    it('from none, under which it has been counted, too', async () => {
      const none = control.of({ ...USUAL, plan: 'none' });
      (await sendAll(none.limiterOf(TENANT), journeys)).should.equal(500);
      none.release();
      const limiter = control.of(USUAL).limiterOf(TENANT);
      (await sendAll(limiter, journeys)).should.equal(0);
      (await sendAll(limiter)).should.equal(0, 'two hundred in this second');
      clock.advance(60_000);
      (await sendAll(limiter, journeys)).should.equal(0);
      clock.advance(1100);
      (await sendAll(limiter, journeys)).should.equal(100);
    });

    it('with those that are under way: they have their place in the new windows', async () => {
      const none = control.of({ ...USUAL, plan: 'none' });
      const limiter = none.limiterOf(TENANT);
      const turns = await Promise.all(
        Array.from({ length: 90 }, () => limiter.enter({ ...request(), ...journeys })),
      );
      for (const turn of turns) {
        turn.sending();
        turn.sent();
      }
      none.release();
      control.of({ ...USUAL, plan: 'sdlc' });
      for (const turn of turns) turn.leave({ refused: false });
      clock.advance(2000);
      (await sendAll(limiter, journeys)).should.equal(0, 'ninety in this minute');
      clock.advance(60_000);
      (await sendAll(limiter, journeys)).should.equal(50, 'of ninety: fifty in a second');
    });

    it('and lets those that wait go as the new plan says, at once', async () => {
      const sdlc = control.of({ ...USUAL, plan: 'sdlc' });
      const limiter = sdlc.limiterOf(TENANT);
      (await sendAll(limiter)).should.equal(50);
      let sent = 0;
      for (let i = 0; i < 300; i += 1) {
        void limiter.enter({ ...request(), maxWaiting: 500 }).then((turn) => {
          sent += 1;
          turn.sending();
          turn.sent();
          turn.leave({ refused: false });
        });
      }
      await settled();
      sent.should.equal(0);
      const production = control.of(USUAL);
      sdlc.release();
      for (let i = 0; i < 60; i += 1) await settled();
      sent.should.equal(150);
      production.release();
      control.of({ ...USUAL, plan: 'none' });
      for (let i = 0; i < 60; i += 1) await settled();
      sent.should.equal(300);
    });
  });

  it('is let go of when a client is closed', async () => {
    const production = control.of(USUAL);
    const sdlc = control.of({ ...USUAL, plan: 'sdlc' });
    const client = new FenergoClient({
      apiUrl: USUAL.apiUrl,
      tokens: { get: () => Promise.reject(new Error('not asked')), reject: () => {} },
      scope: '',
      traffic: sdlc,
      userAgent: 'test/1',
      clock,
    });
    (await turnsAtOnce(production.limiterOf(TENANT))).should.equal(10);
    client.close();
    (await turnsAtOnce(production.limiterOf(TENANT))).should.equal(50);
  });

  it('is let go of once by each who used it', async () => {
    const [one, other] = [control.of({ ...USUAL, plan: 'sdlc' }), control.of({ ...USUAL, plan: 'sdlc' })];
    const limiter = control.of(USUAL).limiterOf(TENANT);
    one.release();
    one.release();
    (await turnsAtOnce(limiter)).should.equal(10);
    other.release();
    (await turnsAtOnce(limiter)).should.equal(50);
  });

  it('has all who call a host share its circuit', () => {
    const circuit = control.of(USUAL).circuit;
    should(circuit).be.ok();
    for (const other of [
      { clientId: 'client-b' },
      { plan: 'none' },
      { apiUrl: 'https://api.example.com/behind/a/gateway' },
      { apiUrl: 'https://API.example.com:443' },
    ] as Partial<TrafficOptions>[]) {
      should(control.of({ ...USUAL, ...other }).circuit).equal(circuit);
    }
    for (const apiUrl of ['https://other.example.com', 'https://api.example.com:8443']) {
      should(control.of({ ...USUAL, apiUrl }).circuit).not.equal(circuit);
    }
  });

  it('has no circuit where it is switched off, and names the host in the log where it is not', () => {
    should(control.of({ ...USUAL, breaksCircuit: false }).circuit).be.undefined();
    for (let i = 0; i < 20; i += 1) {
      control.of(USUAL).circuit?.enter('Call')('failed');
      clock.advance(100);
    }
    log.should.have.length(1);
    log[0]?.should.startWith('api.example.com gave nothing but failures');
  });

  it('forgets tenants that nobody calls beyond a thousand, those first that were not called for longest', () => {
    const limiters = Array.from({ length: 1000 }, (_, i) => limiterOf({}, `t${i}`));
    limiterOf({}, 't0').should.equal(limiters[0]);
    limiterOf({}, 'one more');
    limiterOf({}, 't0').should.equal(limiters[0]);
    limiterOf({}, 't2').should.equal(limiters[2]);
    limiterOf({}, 't1').should.not.equal(limiters[1]);
  });

  it('never forgets a tenant for whom somebody waits or is under way', async () => {
    const stop = new Canceller();
    const busy = limiterOf({}, 'busy');
    const turns: Turn[] = [];
    for (let i = 0; i < 51; i += 1) {
      busy.enter(request(stop)).then(
        (turn) => turns.push(turn),
        () => {},
      );
    }
    const underWay = limiterOf({}, 'under way');
    const turn = await underWay.enter(request());
    for (let i = 0; i < 3000; i += 1) limiterOf({}, `t${i}`);
    limiterOf({}, 'busy').should.equal(busy);
    limiterOf({}, 'under way').should.equal(underWay);
    for (const each of turns) each.leave();
    stop.abort(new Error('enough'));
    turn.leave();
    for (let i = 0; i < 3000; i += 1) limiterOf({}, `u${i}`);
    limiterOf({}, 'under way').should.not.equal(underWay);
  });

  it('has more than a thousand where all are busy', async () => {
    const busy: TenantLimiter[] = [];
    for (let i = 0; i < 1100; i += 1) {
      const limiter = limiterOf({}, `t${i}`);
      await limiter.enter(request());
      busy.push(limiter);
    }
    for (const [i, limiter] of busy.entries()) limiterOf({}, `t${i}`).should.equal(limiter);
  });
});
