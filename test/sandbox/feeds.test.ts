import should from 'should';
import { EVENTS_BY_DOMAIN } from '../../lib/event-types.js';
import type { CompletedBatch } from '../../lib/sandbox/sandbox.js';
import { ENTITY, Harness, OTHER_TENANT, statuses, TENANT } from './harness.js';

const NOTIFICATIONS = '/eventnotifications/v2';
const REDELIVERY_MS = 60_000;

interface Notification {
  id: string;
  eventType: string;
}

const idsOf = (batch: { notifications: Notification[] }) => batch.notifications.map(({ id }) => id);

describe('sandbox feeds', () => {
  const completed: CompletedBatch[] = [];
  let harness: Harness;
  before(async () => {
    harness = await Harness.start({
      tokenSeconds: 1_000_000,
      feedBatchSize: 10,
      feedRedeliveryMs: REDELIVERY_MS,
      onCompleted: (batch) => completed.push(batch),
    });
  });
  beforeEach(async () => {
    completed.length = 0;
    await harness.reset();
  });
  after(() => harness.close());

  const next = (feed = 'all', tenant = TENANT) => harness.get(`${NOTIFICATIONS}/${feed}/next`, { tenant });
  const complete = async (batchId: string, feed = 'all', tenant = TENANT) =>
    (await harness.call('POST', `${NOTIFICATIONS}/${feed}/${batchId}/complete`, { tenant })).status;
  const happen = (count: number, eventType = 'journey:taskcompleted', tenantId = TENANT) =>
    harness.sandbox.makeHappen({ tenantId, eventType, count });

  /** The ids of the next batch; none for 204. */
  async function nextIds(feed?: string, tenant?: string): Promise<string[]> {
    const { status, json } = await next(feed, tenant);
    return status === 204 ? [] : idsOf(json);
  }

  it('answers 204 without a body when there is nothing', async () => {
    const { status, text } = await next();
    status.should.equal(204);
    text.should.equal('');
  });

  it('gives what happened, without an envelope, in the order and with the members of the contract', async () => {
    const order = {
      tenantId: TENANT.toUpperCase(),
      eventType: 'screening:searchcompleted',
      relativeUrl: `entitydataquery/api/entity/${ENTITY}`,
      payload: { emoji: '🦊' },
      correlationId: 'abc',
      causationId: 'def',
    };
    const [id] = harness.sandbox.makeHappen(order);
    const when = new Date(harness.clock.dateMs()).toISOString();
    const { status, json } = await next();
    status.should.equal(200);
    Object.keys(json).should.deepEqual(['batchId', 'notifications', 'moreAvailable']);
    json.notifications.should.deepEqual([{ ...order, tenantId: TENANT, id, when }]);
    json.moreAvailable.should.equal(false);
  });

  it('leaves out what an order leaves out', async () => {
    harness.sandbox.makeHappen({ tenantId: TENANT, eventType: 'deals:dealcreated' });
    const [notification] = (await next()).json.notifications;
    const { payload, ...rest } = notification;
    payload.should.deepEqual({});
    should([rest.causationId, rest.correlationId, rest.relativeUrl]).deepEqual([null, null, null]);
  });

  describe('batches', () => {
    for (const [count, first, moreAvailable] of [
      [1, 1, false],
      [9, 9, false],
      [10, 10, false],
      [11, 10, true],
    ] as const) {
      it(`gives ${first} of ${count}, ${moreAvailable ? 'with more' : 'and no more'}`, async () => {
        const ids = happen(count);
        const { json } = await next();
        idsOf(json).should.deepEqual(ids.slice(0, first));
        json.moreAvailable.should.equal(moreAvailable);
        (await nextIds()).should.deepEqual(ids.slice(first));
        (await next()).status.should.equal(204);
      });
    }

    it('does not count events of other sources as more', async () => {
      happen(10, 'journey:taskstarted');
      happen(10, 'entitydata:created');
      const { json } = await next('journey');
      json.notifications.should.have.length(10);
      json.moreAvailable.should.equal(false);
    });

    it('goes on while a batch is open', async () => {
      const ids = happen(25);
      const batches = [await nextIds(), await nextIds(), await nextIds()];
      batches.map(({ length }) => length).should.deepEqual([10, 10, 5]);
      batches.flat().should.deepEqual(ids);
    });

    it('can have 1,000 notifications', async () => {
      const large = await Harness.start({ feedBatchSize: 1000 });
      try {
        const ids = large.sandbox.makeHappen({ tenantId: TENANT, eventType: 'a:b', count: 1001 });
        const { json } = await large.get(`${NOTIFICATIONS}/all/next`);
        idsOf(json).should.deepEqual(ids.slice(0, 1000));
        json.moreAvailable.should.equal(true);
      } finally {
        await large.close();
      }
    });

    for (const feedBatchSize of [0, 10_001, 1.5, Number.NaN]) {
      it(`cannot have ${feedBatchSize}`, async () => {
        await Harness.start({ feedBatchSize }).should.be.rejectedWith(/feedBatchSize must be a whole number/);
      });
    }

    it('cannot be given again at once', async () => {
      await Harness.start({ feedRedeliveryMs: 0 }).should.be.rejectedWith(/feedRedeliveryMs must be more/);
    });
  });

  describe('completion', () => {
    it('ends a batch for good, and tells which notifications were in it', async () => {
      const ids = happen(3);
      const { batchId } = (await next()).json;
      (await complete(batchId)).should.equal(200);
      completed.should.deepEqual([{ tenantId: TENANT, feedId: 'all', batchId, ids }]);
      harness.clock.advance(10 * REDELIVERY_MS);
      (await next()).status.should.equal(204);
    });

    it('takes any case, and answers without a body', async () => {
      happen(1);
      const { batchId } = (await next('ALL')).json;
      const path = `${NOTIFICATIONS}/All/${batchId.toUpperCase()}/complete`;
      const { status, text } = await harness.call('POST', path);
      status.should.equal(200);
      text.should.equal('');
    });

    it('answers 404 for a batch that never was, was completed, or belongs elsewhere', async () => {
      happen(1);
      const { batchId } = (await next()).json;
      (await complete('nobody')).should.equal(404);
      (await complete(batchId, 'journey')).should.equal(404);
      (await complete(batchId, 'all', OTHER_TENANT)).should.equal(404);
      (await complete(batchId)).should.equal(200);
      (await complete(batchId)).should.equal(404);
      completed.should.have.length(1);
    });

    it('leaves other open batches as they are', async () => {
      const ids = happen(20);
      await next();
      const second = (await next()).json;
      (await complete(second.batchId)).should.equal(200);
      harness.clock.advance(REDELIVERY_MS);
      (await nextIds()).should.deepEqual(ids.slice(0, 10));
      (await next()).status.should.equal(204);
    });
  });

  describe('redelivery', () => {
    it('gives what was not completed again exactly when the time has passed, unchanged', async () => {
      happen(3);
      const first = (await next()).json;
      harness.clock.advance(REDELIVERY_MS - 1);
      (await next()).status.should.equal(204);
      harness.clock.advance(1);
      const second = (await next()).json;
      second.notifications.should.deepEqual(first.notifications);
      second.batchId.should.not.equal(first.batchId);
      (await complete(first.batchId)).should.equal(404);
      (await complete(second.batchId)).should.equal(200);
    });

    it('takes a completion in the last moment', async () => {
      happen(1);
      const { batchId } = (await next()).json;
      harness.clock.advance(REDELIVERY_MS - 1);
      (await complete(batchId)).should.equal(200);
      harness.clock.advance(1);
      (await next()).status.should.equal(204);
    });

    it('takes none after that, even before the notifications are given again', async () => {
      const ids = happen(1);
      const { batchId } = (await next()).json;
      harness.clock.advance(REDELIVERY_MS);
      (await complete(batchId)).should.equal(404);
      (await nextIds()).should.deepEqual(ids);
    });

    it('happens again and again, and puts the old before the new', async () => {
      const old = happen(2);
      for (let count = 0; count < 3; count++) {
        (await nextIds()).should.deepEqual(old);
        harness.clock.advance(REDELIVERY_MS);
      }
      const fresh = happen(1);
      (await nextIds()).should.deepEqual([...old, ...fresh]);
    });

    it('counts as more', async () => {
      happen(20);
      await next();
      await next();
      harness.clock.advance(REDELIVERY_MS);
      (await next()).json.moreAvailable.should.equal(true);
      (await next()).json.moreAvailable.should.equal(false);
    });

    it('follows the loss of an answer', async () => {
      const ids = happen(1);
      harness.sandbox.setFaults([{ reset: 'body', match: { service: 'eventnotifications' } }]);
      await next().should.be.rejected();
      (await next()).status.should.equal(204);
      harness.clock.advance(REDELIVERY_MS);
      (await nextIds()).should.deepEqual(ids);
    });
  });

  describe('independence', () => {
    it('gives each feed its own position', async () => {
      const journey = happen(1, 'journey:taskcompleted');
      const entity = happen(1, 'entitydata:created');
      (await nextIds('journey')).should.deepEqual(journey);
      (await nextIds('entitydata')).should.deepEqual(entity);
      const { json } = await next();
      idsOf(json).should.deepEqual([...journey, ...entity]);
      await complete(json.batchId);
      harness.clock.advance(REDELIVERY_MS);
      (await nextIds('journey')).should.deepEqual(journey);
      (await next()).status.should.equal(204);
    });

    it('does not take the beginning of a source for the source', async () => {
      happen(1, 'journeys:x');
      (await next('journey')).status.should.equal(204);
    });

    it('keeps tenants apart', async () => {
      const ids = happen(1, 'journey:taskcompleted', OTHER_TENANT);
      (await next()).status.should.equal(204);
      (await nextIds('all', OTHER_TENANT)).should.deepEqual(ids);
    });

    it('has a feed for all and for each source, and no other', async () => {
      for (const feed of ['all', ...Object.keys(EVENTS_BY_DOMAIN)])
        (await next(feed)).status.should.equal(204);
      for (const feed of ['nobody', 'constructor', '%2e', 'a'.repeat(400)]) {
        (await next(feed)).status.should.equal(404);
      }
    });

    it('shows the same feed in version 1', async () => {
      const ids = happen(1);
      const { json } = await harness.get('/eventnotifications/v1/all/next');
      idsOf(json).should.deepEqual(ids);
      const path = `/eventnotifications/v1/all/${json.batchId}/complete`;
      (await harness.call('POST', path)).status.should.equal(200);
      (await next()).status.should.equal(204);
    });
  });

  describe('duplicates', () => {
    it('come in the next batch, with the same id, once', async () => {
      const ids = happen(3);
      harness.sandbox.duplicate({ tenantId: TENANT, count: 2 });
      const first = (await next()).json;
      idsOf(first).should.deepEqual(ids);
      first.moreAvailable.should.equal(true);
      const second = (await next()).json;
      second.notifications.should.deepEqual(first.notifications.slice(0, 2));
      second.moreAvailable.should.equal(false);
      (await next()).status.should.equal(204);
    });

    it('come within the batch', async () => {
      const ids = happen(3);
      harness.sandbox.duplicate({ tenantId: TENANT, count: 2, place: 'same' });
      (await nextIds()).should.deepEqual([...ids, ...ids.slice(0, 2)]);
      (await next()).status.should.equal(204);
    });

    it('never make a batch larger', async () => {
      happen(10);
      harness.sandbox.duplicate({ tenantId: TENANT, count: 10, place: 'same' });
      const first = await nextIds();
      first.should.have.length(10);
      new Set(first).size.should.equal(5);
      const rest = await nextIds();
      rest.should.have.length(10);
      (await next()).status.should.equal(204);
    });

    it('belong to one feed, and to notifications that are yet to happen', async () => {
      harness.sandbox.duplicate({ tenantId: TENANT, feedId: 'journey' });
      const ids = happen(2);
      (await nextIds()).should.deepEqual(ids);
      (await nextIds('journey')).should.deepEqual(ids);
      (await nextIds('journey')).should.deepEqual(ids.slice(0, 1));
    });
  });

  it('throws everything away, what is open too', async () => {
    happen(15);
    const { batchId } = (await next()).json;
    const { status, text } = await harness.call('PUT', `${NOTIFICATIONS}/all/discardAll`);
    status.should.equal(200);
    text.should.equal('');
    harness.clock.advance(REDELIVERY_MS);
    (await next()).status.should.equal(204);
    (await complete(batchId)).should.equal(404);
    (await nextIds('journey')).should.have.length(10);
    const ids = happen(1);
    (await nextIds()).should.deepEqual(ids);
  });

  it('lists the 93 types of notifications', async () => {
    const { status, json } = await harness.get(`${NOTIFICATIONS}/event-notification-types`);
    status.should.equal(200);
    json.eventTypes.should.have.length(93);
    const example = {
      eventType: 'entitydata:draftverified',
      title: 'entitydata: draftverified',
      example: null,
    };
    json.eventTypes.should.containDeep([example]);
  });

  it('wants its scope', async () => {
    const narrow = await harness.renew('fenx.journey.read');
    (await harness.get(`${NOTIFICATIONS}/all/next`, { token: narrow })).status.should.equal(403);
    const right = await harness.renew('fenx.eventnotifications');
    (await harness.get(`${NOTIFICATIONS}/all/next`, { token: right })).status.should.equal(204);
  });

  it('keeps to the limits of the tenant', async () => {
    const limited = await Harness.start({ plan: 'sdlc' });
    try {
      const replies = [];
      for (let count = 0; count < 51; count++) {
        replies.push(await limited.get(`${NOTIFICATIONS}/all/next`));
      }
      statuses(replies).slice(-2).should.deepEqual([204, 429]);
    } finally {
      await limited.close();
    }
  });

  describe('the state of a feed', () => {
    it('counts what is waiting, open and completed', async () => {
      happen(25);
      const { batchId } = (await next()).json;
      await next();
      await complete(batchId);
      harness.clock.advance(1000);
      const state = harness.sandbox.feed(TENANT, 'all');
      should(state).have.properties({ tenantId: TENANT, feedId: 'all', waiting: 5, open: 10, completed: 10 });
      should(state?.batches).containDeep([{ notifications: 10, againInMs: REDELIVERY_MS - 1000 }]);
      harness.clock.advance(REDELIVERY_MS - 1000);
      should(harness.sandbox.feed(TENANT, 'all')).have.properties({ waiting: 15, open: 0, batches: [] });
      should(harness.sandbox.feed(TENANT, 'screening')).have.properties({ waiting: 0, open: 0 });
      should(harness.sandbox.feed(TENANT, 'nobody')).equal(undefined);
      should(harness.sandbox.feed('nobody', 'all')).equal(undefined);
    });
  });

  describe('administration', () => {
    const admin = (method: string, path: string, body?: unknown) =>
      fetch(`${harness.sandbox.url}/sandbox/${path}`, {
        method,
        body: typeof body === 'string' ? body : JSON.stringify(body),
      });

    it('makes events happen', async () => {
      const answer = await admin('POST', 'events', { tenantId: TENANT, eventType: 'x:y', count: 3 });
      answer.status.should.equal(200);
      const { ids } = (await answer.json()) as { ids: string[] };
      ids.should.have.length(3);
      (await nextIds()).should.deepEqual(ids);
    });

    it('orders duplicates', async () => {
      (await admin('POST', 'duplicates', { tenantId: TENANT, place: 'same' })).status.should.equal(204);
      happen(1);
      (await nextIds()).should.have.length(2);
    });

    it('shows every feed', async () => {
      happen(2);
      const states = (await (await admin('GET', 'feeds')).json()) as { tenantId: string; feedId: string }[];
      states.should.have.length(32);
      states.should.containDeep([{ tenantId: TENANT, feedId: 'journey', waiting: 2, open: 0, completed: 0 }]);
    });

    for (const [path, body, reason] of [
      ['events', '{', /JSON/],
      ['events', [], /must be an object/],
      ['events', { eventType: 'a:b' }, /tenantId must be a string/],
      ['events', { tenantId: 'nobody', eventType: 'a:b' }, /no tenant 'nobody'/],
      ['events', { tenantId: TENANT }, /eventType must be/],
      ['events', { tenantId: TENANT, eventType: 'created' }, /eventType must be/],
      ['events', { tenantId: TENANT, eventType: 'a:b', count: 0 }, /count must be/],
      ['events', { tenantId: TENANT, eventType: 'a:b', count: 100_001 }, /count must be/],
      ['events', { tenantId: TENANT, eventType: 'a:b', relativeUrl: 7 }, /relativeUrl must be/],
      ['events', { tenantId: TENANT, eventType: 'a:b', kind: 'x' }, /Unknown property 'kind'/],
      ['duplicates', { tenantId: TENANT, feedId: 'nobody' }, /no feed 'nobody'/],
      ['duplicates', { tenantId: TENANT, feedId: 7 }, /feedId must be/],
      ['duplicates', { tenantId: TENANT, place: 'x' }, /place must be/],
    ] as const) {
      it(`refuses ${JSON.stringify(body)} for ${path}`, async () => {
        const answer = await admin('POST', path, body);
        answer.status.should.equal(400);
        ((await answer.json()) as { error: string }).error.should.match(reason);
      });
    }
  });

  describe('what calls cause', () => {
    it('is given when the query side shows it', async () => {
      const { json } = await harness.send('POST', '/entitydatacommand/api/v2/entity', {
        type: 'Trust',
        properties: {},
      });
      harness.sandbox.events(TENANT).should.have.length(1);
      harness.clock.advance(499);
      (await next()).status.should.equal(204);
      harness.clock.advance(1);
      const [notification] = (await next('entitydata')).json.notifications;
      notification.eventType.should.equal('entitydata:created');
      const read = await harness.get(`/${notification.relativeUrl}`);
      read.json.data.id.should.equal(json.data.id);
    });

    it('leads to what the query side shows, whatever it is', async () => {
      const write = (method: string, path: string, data: object = {}) => harness.send(method, path, data);
      const drafts = `/entitydatacommand/api/v3/entity/${ENTITY}/draft`;
      for (const end of ['verify', 'reject']) {
        const { id } = (await write('POST', drafts)).json.data;
        await write('PUT', `${drafts}/${id}`);
        await write('PUT', `${drafts}/${id}/${end}`);
      }
      const entity = { type: 'Trust', properties: {} };
      const { id: entityId } = (await write('POST', '/entitydatacommand/api/v2/entity/full', entity)).json
        .data;
      const command = '/journeycommand/api/journey-instance';
      const schema = { entityId, journeySchemaId: '5c000000-0000-4000-8000-000000000004' };
      const { id } = (await write('POST', command, schema)).json.data;
      harness.clock.advance(500);
      const { stages } = (await harness.get(`/journeyquery/api/journey-instance/${id}`)).json.data;
      const [task] = stages[0].processes[0].tasks;
      await harness.call('PUT', `${command}/${id}/task/complete?taskId=${task.id}`);
      await write('POST', command, schema);
      const abort = (await write('POST', command, schema)).json.data.id;
      await write('PUT', `${command}/${abort}/abort`, { cancellationReason: 'x' });
      harness.clock.advance(500);
      const seen = new Set<string>();
      for (let reply = await next(); reply.status === 200; reply = await next()) {
        for (const { eventType, relativeUrl } of reply.json.notifications) {
          seen.add(eventType);
          (await harness.get(`/${relativeUrl}`)).status.should.equal(200, `${eventType} ${relativeUrl}`);
        }
      }
      [...seen]
        .sort()
        .should.deepEqual([
          ...[
            'created',
            'dataPublished',
            'draftcreated',
            'draftrejected',
            'draftupdated',
            'draftverified',
          ].map((event) => `entitydata:${event}`),
          ...[
            'instancecancelled',
            'instancecompleted',
            'instancestarted',
            'taskcompleted',
            'taskstarted',
          ].map((event) => `journey:${event}`),
        ]);
    });

    it('does not hold back what is made to happen', async () => {
      await harness.send('POST', `/entitydatacommand/api/v3/entity/${ENTITY}/draft`, {});
      const ids = happen(1);
      (await nextIds()).should.deepEqual(ids);
      harness.clock.advance(500);
      (await nextIds()).should.have.length(1);
    });
  });

  it('forgets only the oldest of more than 200,000 events', async () => {
    const [first] = happen(1);
    for (let count = 0; count < 2; count++) happen(100_000, 'entitydata:created');
    (await nextIds('journey')).should.deepEqual([first]);
    happen(100_000, 'entitydata:created');
    harness.clock.advance(REDELIVERY_MS);
    (await nextIds('journey')).should.deepEqual([first]);
    should(harness.sandbox.feed(TENANT, 'all')?.waiting).equal(200_000);
    harness.sandbox.events(TENANT).should.have.length(1000);
  });
});
