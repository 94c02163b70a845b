import should from 'should';
import { Canceller } from '../../lib/cancel.js';
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

  it('has connections of one API, client and plan share the turns of a tenant', () => {
    limiterOf().should.equal(limiterOf());
    limiterOf().should.equal(limiterOf({ breaksCircuit: false }));
    limiterOf().should.equal(limiterOf({ maxWaiting: 7 }), 'how many may wait is each its own');
    control.of({ ...USUAL, maxWaiting: 7 }).maxWaiting.should.equal(7);
  });

  it('takes tenants for the same in any letter case', () => {
    limiterOf({}, TENANT.toUpperCase()).should.equal(limiterOf());
  });

  for (const [what, other] of [
    ['API', { apiUrl: 'https://other.example.com' }],
    ['client', { clientId: 'client-b' }],
    ['plan', { plan: 'sdlc' }],
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
    (await turnsAtOnce(limiterOf())).should.equal(50);
    (await turnsAtOnce(limiterOf({ plan: 'sdlc' }))).should.equal(10);
    (await turnsAtOnce(limiterOf({ plan: 'none' }))).should.equal(256);
    (await turnsAtOnce(limiterOf({ plan: 'no such' as 'none' }))).should.equal(50);
    clock.pending.should.equal(0);
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
