import should from 'should';
import { ENTITY, Harness, OTHER_TENANT, type Reply, statuses } from './harness.js';

const PATH = `/entitydataquery/api/v2/entity/${ENTITY}`;
const HOUR_MS = 3_600_000;

async function times(count: number, action: () => Promise<Reply>): Promise<Reply[]> {
  const replies: Reply[] = [];
  for (let done = 0; done < count; done++) replies.push(await action());
  return replies;
}

const onlyStatus = (replies: Reply[], status: number) => statuses(replies).should.matchEach(status);

for (const [plan, perSecond, concurrent] of [
  ['production', 200, 50],
  ['sdlc', 50, 10],
] as const) {
  describe(`sandbox limits of a ${plan} tenant`, () => {
    let harness: Harness;
    before(async () => {
      harness = await Harness.start({ plan, tokenSeconds: 1_000_000 });
    });
    beforeEach(() => harness.reset());
    after(() => harness.close());

    it(`lets ${perSecond} requests through in a second, and no more`, async () => {
      onlyStatus(await times(perSecond, () => harness.get(PATH)), 200);
      const { status, json, headers } = await harness.get(PATH);
      status.should.equal(429);
      json.messages[0].errorCode.should.equal('TOO_MANY_REQUESTS');
      should(headers.get('x-rate-limit-remaining')).equal(null);
      harness.clock.advance(999);
      (await harness.get(PATH)).status.should.equal(429);
      (await harness.get(PATH, { tenant: OTHER_TENANT })).status.should.not.equal(429);
      harness.clock.advance(1);
      (await harness.get(PATH)).status.should.equal(200);
    });

    it(`lets ${concurrent} calls run at once, and no more`, async () => {
      harness.sandbox.setFaults([{ match: { path: PATH }, times: concurrent, delayMs: 5000 }]);
      const held = Array.from({ length: concurrent }, () => harness.get(PATH));
      await until(() => harness.clock.pending === concurrent);
      const { status, json } = await harness.get(PATH);
      status.should.equal(429);
      json.messages[0].message.should.containEql('concurrent');
      harness.clock.advance(5000);
      onlyStatus(await Promise.all(held), 200);
      (await harness.get(PATH)).status.should.equal(200);
    });
  });
}

describe('sandbox limits of a domain', () => {
  let harness: Harness;
  before(async () => {
    harness = await Harness.start({ plan: 'production', tokenSeconds: 1_000_000 });
  });
  beforeEach(() => harness.reset());
  after(() => harness.close());

  const command = () => harness.send('PUT', '/journeycommand/api/journey-instance/bulk-reassign', {});

  /** As many calls as fit, spread so that the limits of a shorter time do not bite. */
  async function fill(count: number, perMinute: number): Promise<void> {
    for (let done = 0; done < count; done++) {
      if (done > 0 && done % perMinute === 0) harness.clock.advance(60_000);
      (await command()).status.should.equal(202);
    }
  }

  it('counts by the minute', async () => {
    await fill(100, 100);
    const { status, json, headers } = await command();
    status.should.equal(429);
    json.messages[0].message.should.containEql('100 requests per minute to journeycommand');
    should(headers.get('x-rate-limit-remaining')).equal('14900');
    harness.clock.advance(59_999);
    (await command()).status.should.equal(429);
    harness.clock.advance(1);
    (await command()).status.should.equal(202);
  });

  it('counts by the hour, and not what was refused', async () => {
    await fill(2500, 100);
    harness.clock.advance(60_000);
    const { status, json } = await command();
    status.should.equal(429);
    json.messages[0].message.should.containEql('per hour');
    // The hour began with the first of 25 minutes.
    harness.clock.advance(HOUR_MS - 25 * 60_000 - 1);
    (await command()).status.should.equal(429);
    harness.clock.advance(1);
    const next = await command();
    next.status.should.equal(202);
    should(next.headers.get('x-rate-limit-remaining')).equal('12499');
  });

  it('tells of the 24-hour window only, and only on services that have one', async () => {
    const first = await command();
    should(first.headers.get('x-rate-limit-remaining')).equal('14999');
    const reset = new Date(harness.clock.dateMs() + 24 * HOUR_MS).toISOString();
    should(first.headers.get('x-rate-limit-reset')).equal(reset);
    harness.clock.advance(HOUR_MS);
    should((await command()).headers.get('x-rate-limit-reset')).equal(reset);
    should((await harness.get(PATH)).headers.get('x-rate-limit-reset')).equal(null);
    const entity = await harness.send('POST', `/entitydatacommand/api/v3/entity/${ENTITY}/draft`, {});
    should(entity.headers.get('x-rate-limit-remaining')).equal('14999');
    const product = await harness.send('POST', '/productcommand/api/product', {});
    should(product.headers.get('x-rate-limit-remaining')).equal('14999');
    const deletion = await harness.send(
      'POST',
      '/dataprotectioncommand/api/datadeletion/deleteEntityData',
      {},
    );
    should(deletion.headers.get('x-rate-limit-remaining')).equal('59999');
    const regime = await harness.send('POST', '/dataprotectioncommand/api/regime', {});
    should(regime.headers.get('x-rate-limit-remaining')).equal(null);
  });

  it('counts events that are sent in by the second', async () => {
    const body = { eventType: 'externaldata', eventSubtype: 'createentity', source: 'a test' };
    const event = () => harness.call('POST', '/eventingress/v1/events', { body });
    onlyStatus(await times(6, event), 202);
    (await event()).status.should.equal(429);
    (await harness.get('/eventingress/v1/events/types')).status.should.equal(200);
    harness.clock.advance(1000);
    (await event()).status.should.equal(202);
  });

  it('keeps the tenants apart', async () => {
    await fill(100, 100);
    const path = '/journeycommand/api/journey-instance/bulk-reassign';
    (await harness.send('PUT', path, {}, { tenant: OTHER_TENANT })).status.should.equal(202);
  });

  it('looks at the limits before the body', async () => {
    await fill(100, 100);
    const path = '/journeycommand/api/journey-instance/bulk-reassign';
    (await harness.call('PUT', path, { body: '{' })).status.should.equal(429);
  });

  it('counts nothing for a call that fails an earlier check', async () => {
    for (let count = 0; count < 250; count++) await harness.get(PATH, { tenant: null });
    (await harness.get(PATH)).status.should.equal(200);
  });
});

describe('sandbox without limits', () => {
  it('lets everything through', async () => {
    const harness = await Harness.start({ plan: 'none' });
    try {
      const replies = await Promise.all(Array.from({ length: 300 }, () => harness.get(PATH)));
      onlyStatus(replies, 200);
    } finally {
      await harness.close();
    }
  });
});

/** Lets the event loop turn until the sandbox has come so far; time does not pass by it. */
async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setImmediate(resolve));
}
