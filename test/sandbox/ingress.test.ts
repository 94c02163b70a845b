import should from 'should';
import { ENTITY, Harness, OTHER_TENANT, statuses, TENANT } from './harness.js';

const EVENTS = '/eventingress/v1/events';
const NOBODY = '99999999-9999-4999-8999-999999999999';

const EVENT = {
  eventType: 'externaldata',
  eventSubtype: 'updateentity',
  entityId: ENTITY,
  source: 'Node-RED',
  payload: { a: 1 },
  correlationId: 'my own 🦊',
  priority: 2,
};

describe('sandbox event ingress', () => {
  let harness: Harness;
  before(async () => {
    harness = await Harness.start();
  });
  beforeEach(() => harness.reset());
  after(() => harness.close());

  const send = (given: object = {}, headers?: Record<string, string>) =>
    harness.call('POST', EVENTS, { body: { ...EVENT, ...given }, headers });
  const notification = async () => {
    const { status, json } = await harness.get('/eventnotifications/v2/eventingress/next');
    return status === 204 ? undefined : json.notifications[0];
  };

  it('accepts an event, and tells of its success when the query side shows it', async () => {
    const { status, json } = await send();
    status.should.equal(202);
    json.messages.should.deepEqual([]);
    const { eventId, timeStamp } = json.data;
    timeStamp.should.equal(new Date(harness.clock.dateMs()).toISOString());
    const path = `${EVENTS}/${eventId}`;
    const { entityId, source, correlationId, priority, eventType, eventSubtype } = EVENT;
    const shown = { eventId, entityId, source, correlationId, priority, eventType, eventSubtype };
    harness.clock.advance(499);
    should(await notification()).equal(undefined);
    (await harness.get(path)).json.data.should.deepEqual({
      ...shown,
      status: { status: 'Processing', statusDetails: null },
      receivedTime: timeStamp,
      processedTime: null,
      eventData: EVENT.payload,
      entities: [],
    });
    harness.clock.advance(1);
    const told = await notification();
    told.should.have.properties({ eventType: 'eventingress:success', correlationId, causationId: eventId });
    told.payload.should.have.properties({ eventId, entityId });
    const read = await harness.get(`/${told.relativeUrl}`);
    read.json.data.status.should.deepEqual({ status: 'Processed', statusDetails: null });
    read.json.data.processedTime.should.equal(timeStamp);
  });

  it('tells of the failure of an event about nobody', async () => {
    const { json } = await send({ entityId: NOBODY });
    harness.clock.advance(500);
    const told = await notification();
    told.should.have.properties({ eventType: 'eventingress:failed', correlationId: EVENT.correlationId });
    told.payload.cause.should.equal('Entity with given id does not exist');
    const { status } = (await harness.get(`${EVENTS}/${json.data.eventId}`)).json.data;
    status.status.should.equal('Failed');
    status.statusDetails.cause.should.equal('Entity with given id does not exist');
  });

  it('takes an event about an entity that the query side does not show yet, and about none', async () => {
    const data = { type: 'Trust', properties: {} };
    const created = await harness.send('POST', '/entitydatacommand/api/v2/entity', data);
    for (const entityId of [created.json.data.id, null, undefined]) await send({ entityId });
    harness.clock.advance(500);
    const { json } = await harness.get('/eventnotifications/v2/eventingress/next');
    const types = json.notifications.map(({ eventType }: { eventType: string }) => eventType);
    types.should.deepEqual(Array(3).fill('eventingress:success'));
  });

  it('takes the correlation id of the call when the event has none', async () => {
    await send({ correlationId: undefined }, { 'x-correlation-id': 'of the call' });
    harness.clock.advance(500);
    (await notification()).correlationId.should.equal('of the call');
  });

  for (const [given, property] of [
    [{ eventType: undefined }, 'eventType'],
    [{ eventSubtype: '' }, 'eventSubtype'],
    [{ source: null }, 'source'],
    [{ source: 'x'.repeat(257) }, 'source'],
    [{ correlationId: 'x'.repeat(513) }, 'correlationId'],
    [{ correlationId: 7 }, 'correlationId'],
    [{ entityId: 'nobody' }, 'entityId'],
    [{ priority: 1.5 }, 'priority'],
    [{ priority: '1' }, 'priority'],
  ] as const) {
    it(`refuses ${JSON.stringify(given).slice(0, 60)}`, async () => {
      const { status, json } = await send(given);
      status.should.equal(400);
      json.data
        .map(({ propertyName }: { propertyName: string }) => propertyName)
        .should.deepEqual([property]);
    });
  }

  it('takes texts of the greatest length', async () => {
    const { status } = await send({ source: 'x'.repeat(256), correlationId: 'y'.repeat(512) });
    status.should.equal(202);
  });

  it('answers 404 for an event that the tenant did not send', async () => {
    const { json } = await send();
    const path = `${EVENTS}/${json.data.eventId}`;
    (await harness.get(path, { tenant: OTHER_TENANT })).status.should.equal(404);
    (await harness.get(`${EVENTS}/${NOBODY}`)).status.should.equal(404);
    (await harness.get(path.toUpperCase().replace(EVENTS.toUpperCase(), EVENTS))).status.should.equal(200);
  });

  it('wants its scope', async () => {
    const token = await harness.renew('fenx.eventnotifications');
    (await harness.call('POST', EVENTS, { body: EVENT, token })).status.should.equal(403);
    const right = await harness.renew('fenx.eventingress');
    (await harness.call('POST', EVENTS, { body: EVENT, token: right })).status.should.equal(202);
  });

  it('keeps to its published limit of six a second', async () => {
    const limited = await Harness.start({ plan: 'production' });
    try {
      const replies = [];
      for (let count = 0; count < 7; count++)
        replies.push(await limited.call('POST', EVENTS, { body: EVENT }));
      statuses(replies).should.deepEqual([202, 202, 202, 202, 202, 202, 429]);
      limited.clock.advance(1000);
      (await limited.call('POST', EVENTS, { body: EVENT })).status.should.equal(202);
      limited.sandbox.events(TENANT).should.have.length(7);
    } finally {
      await limited.close();
    }
  });
});
