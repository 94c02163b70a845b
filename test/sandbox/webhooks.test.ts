import type { ServerResponse } from 'node:http';
import should from 'should';
import { Harness, OTHER_TENANT, TENANT } from './harness.js';
import { Receiver, until } from './receiver.js';

const WEBHOOKS = '/webhooks/v1/webhooks';
const SECRET = 'never to be seen';

const CONFIG = {
  name: 'Node-RED',
  url: 'https://hooks.example.com/x',
  secret: SECRET,
  enabled: false,
  eventTypes: ['entitydata:created'],
  emailAddresses: ['someone@example.com'],
  type: 'Batch',
  batchSize: 10,
};

describe('sandbox webhooks', () => {
  let harness: Harness;
  let receiver: Receiver;
  before(async () => {
    receiver = await Receiver.start();
    harness = await Harness.start();
  });
  beforeEach(async () => {
    await harness.reset();
    receiver.clear();
  });
  after(async () => {
    await harness.close();
    await receiver.close();
  });

  const add = (given: object = {}, tenant = TENANT) =>
    harness.call('POST', WEBHOOKS, { body: { ...CONFIG, ...given }, tenant });
  const added = async (given?: object): Promise<string> => (await add(given)).json.webhookId;
  const one = async (id: string) => (await harness.get(`${WEBHOOKS}/${id}`)).json.webhook;

  it('shows what was added, without the secret and without an envelope', async () => {
    const { status, json, text } = await add();
    status.should.equal(200);
    Object.keys(json).should.deepEqual(['webhookId']);
    const { secret: _, emailAddresses, ...rest } = CONFIG;
    const basic = { ...rest, id: json.webhookId, status: 'UserDisabled' };
    const list = await harness.get(WEBHOOKS);
    list.json.should.deepEqual({ webHooks: [basic] });
    const single = await harness.get(`${WEBHOOKS}/${json.webhookId.toUpperCase()}`);
    single.json.should.deepEqual({ webhook: { ...basic, emailAddresses, lastDeliveries: [] } });
    const admin = await (await fetch(`${harness.sandbox.url}/sandbox/webhooks`)).text();
    admin.should.containEql(json.webhookId);
    for (const shown of [text, list.text, single.text, admin]) shown.should.not.containEql(SECRET);
  });

  it('takes defaults for what is left out', async () => {
    const { url, secret, eventTypes } = CONFIG;
    const { json } = await harness.call('POST', WEBHOOKS, {
      body: { url, secret, eventTypes, enabled: true },
    });
    (await one(json.webhookId)).should.have.properties({
      name: null,
      type: 'Single',
      batchSize: null,
      emailAddresses: [],
      status: 'Enabled',
      enabled: true,
    });
    (await one(await added({ batchSize: null }))).batchSize.should.equal(100);
  });

  it('changes everything with an update', async () => {
    const id = await added();
    const changed = {
      ...CONFIG,
      name: 'Other',
      url: receiver.url,
      enabled: true,
      eventTypes: ['*'],
      type: 'Single',
    };
    const { secret: _, ...body } = { ...changed, batchSize: 100 };
    const { status, text } = await harness.call('PUT', `${WEBHOOKS}/${id}`, { body });
    status.should.equal(200);
    text.should.equal('');
    (await one(id)).should.have.properties({ ...body, status: 'Enabled' });
  });

  it('deletes', async () => {
    const id = await added();
    const { status, text } = await harness.call('DELETE', `${WEBHOOKS}/${id}`);
    status.should.equal(200);
    text.should.equal('');
    (await harness.get(WEBHOOKS)).json.should.deepEqual({ webHooks: [] });
    (await harness.call('DELETE', `${WEBHOOKS}/${id}`)).status.should.equal(404);
  });

  it('answers 404 for a webhook that the tenant does not have', async () => {
    const id = await added();
    for (const [method, path, tenant] of [
      ['GET', 'nobody', TENANT],
      ['PUT', 'nobody', TENANT],
      ['DELETE', 'nobody', TENANT],
      ['GET', 'nobody/test', TENANT],
      ['GET', id, OTHER_TENANT],
    ] as const) {
      const body = method === 'PUT' ? CONFIG : undefined;
      const { status, json } = await harness.call(method, `${WEBHOOKS}/${path}`, { body, tenant });
      status.should.equal(404);
      json.messages[0].errorCode.should.equal('NOT_FOUND');
    }
  });

  it('lets a tenant have ten', async () => {
    for (let count = 0; count < 10; count++) (await add()).status.should.equal(200);
    const { status, json } = await add();
    status.should.equal(400);
    json.messages[0].message.should.match(/maximum number of 10 webhooks/);
    (await add({}, OTHER_TENANT)).status.should.equal(200);
    const [first] = (await harness.get(WEBHOOKS)).json.webHooks;
    await harness.call('DELETE', `${WEBHOOKS}/${first.id}`);
    (await add()).status.should.equal(200);
  });

  it('lists the 93 types of notifications', async () => {
    const { json } = await harness.get(`${WEBHOOKS}/event-notification-types`);
    json.eventTypes.should.have.length(93);
  });

  it('wants its scope', async () => {
    const token = await harness.renew('fenx.eventnotifications');
    (await harness.get(WEBHOOKS, { token })).status.should.equal(403);
    const right = await harness.renew('fenx.webhooks');
    (await harness.get(WEBHOOKS, { token: right })).status.should.equal(200);
  });

  describe('what is refused', () => {
    for (const [given, property] of [
      [{ name: 'x'.repeat(129) }, 'name'],
      [{ name: 7 }, 'name'],
      [{ url: undefined }, 'url'],
      [{ url: '' }, 'url'],
      [{ url: 'nonsense' }, 'url'],
      [{ url: 'http://example.com/' }, 'url'],
      [{ url: 'http://127.example.com/' }, 'url'],
      [{ url: 'ftp://127.0.0.1/' }, 'url'],
      [{ secret: undefined }, 'secret'],
      [{ secret: '' }, 'secret'],
      [{ secret: 'x'.repeat(129) }, 'secret'],
      [{ secret: ['xxx'] }, 'secret'],
      [{ enabled: undefined }, 'enabled'],
      [{ enabled: 'true' }, 'enabled'],
      [{ eventTypes: undefined }, 'eventTypes'],
      [{ eventTypes: [] }, 'eventTypes'],
      [{ eventTypes: ['created'] }, 'eventTypes'],
      [{ eventTypes: [7] }, 'eventTypes'],
      [{ emailAddresses: Array(6).fill('a@b') }, 'emailAddresses'],
      [{ emailAddresses: ['nobody'] }, 'emailAddresses'],
      [{ emailAddresses: 'a@b' }, 'emailAddresses'],
      [{ type: 'Many' }, 'type'],
      [{ batchSize: 9 }, 'batchSize'],
      [{ batchSize: 101 }, 'batchSize'],
      [{ batchSize: 10.5 }, 'batchSize'],
      [{ batchSize: '10' }, 'batchSize'],
    ] as const) {
      it(`is ${JSON.stringify(given).slice(0, 60)}`, async () => {
        const { status, json, text } = await add(given);
        status.should.equal(400);
        json.data
          .map(({ propertyName }: { propertyName: string }) => propertyName)
          .should.deepEqual([property]);
        if (property === 'secret') text.should.not.containEql('xxx');
      });
    }

    it('is everything that is wrong at once, in an update too', async () => {
      const id = await added();
      const { status, json } = await harness.call('PUT', `${WEBHOOKS}/${id}`, { body: [] });
      status.should.equal(400);
      json.data
        .map(({ propertyName }: { propertyName: string }) => propertyName)
        .should.deepEqual(['url', 'enabled', 'eventTypes']);
    });
  });

  describe('what is taken', () => {
    for (const given of [
      { name: 'x'.repeat(128), secret: 'y'.repeat(128) },
      { name: null, type: null, batchSize: null, emailAddresses: null },
      { batchSize: 10 },
      { batchSize: 100 },
      { emailAddresses: Array(5).fill('a@b') },
      { eventTypes: ['entitydata:draftcreated_enriched'] },
      { url: 'http://localhost:1880/x' },
      { url: 'http://127.0.0.7/x' },
      { url: 'http://[::1]:1880/x' },
    ]) {
      it(`is ${JSON.stringify(given).slice(0, 60)}`, async () => {
        (await add(given)).status.should.equal(200);
      });
    }
  });

  describe('the test call', () => {
    const test = async (id: string) => (await harness.get(`${WEBHOOKS}/${id}/test`)).json;
    const hang = (_: ServerResponse) => {};

    it('posts a notification at once, also when the webhook is disabled, and leaves no trace', async () => {
      const id = await added({ url: receiver.url, type: 'Single' });
      (await test(id)).should.deepEqual({ delivery: { status: 'Successful', httpStatusCode: 200 } });
      const [request] = receiver.received;
      should(request?.json).have.properties({ eventType: 'webhooks:test', tenantId: TENANT });
      should(request?.headers['x-fenx-signature']).match(/^sha256=[0-9A-F]{64}$/);
      (await one(id)).should.have.properties({ status: 'UserDisabled', lastDeliveries: [] });
      harness.sandbox.events(TENANT).should.deepEqual([]);
    });

    it('posts a list to a webhook for batches', async () => {
      await test(await added({ url: receiver.url }));
      should(receiver.received[0]?.json).be.an.Array().and.have.length(1);
    });

    it('tells of a refusal', async () => {
      receiver.behaviours = [401];
      const id = await added({ url: receiver.url });
      (await test(id)).should.deepEqual({ delivery: { status: 'Failed', httpStatusCode: 401 } });
      should(harness.clock.pending).equal(0);
    });

    it('tells of a receiver that is not there', async () => {
      const id = await added({ url: 'http://127.0.0.1:1/' });
      (await test(id)).should.deepEqual({ delivery: { status: 'Failed', httpStatusCode: null } });
    });

    it('tells of a receiver that does not answer', async () => {
      receiver.behaviours = [hang];
      const id = await added({ url: receiver.url });
      const answer = test(id);
      await until(() => receiver.received.length === 1);
      harness.clock.advance(30_000);
      (await answer).should.deepEqual({ delivery: { status: 'TimedOut', httpStatusCode: null } });
    });

    it('does not hold up a delivery', async () => {
      receiver.behaviours = [hang];
      const id = await added({ url: receiver.url, enabled: true, eventTypes: ['*'] });
      const answer = test(id);
      await until(() => receiver.received.length === 1);
      harness.sandbox.makeHappen({ tenantId: TENANT, eventType: 'a:b' });
      await until(() => harness.sandbox.webhooks(TENANT)[0]?.delivered === 1);
      harness.clock.advance(30_000);
      await answer;
    });
  });

  describe('options', () => {
    for (const [options, reason] of [
      [{ webhookRetries: -1 }, /webhookRetries/],
      [{ webhookRetries: 1.5 }, /webhookRetries/],
      [{ webhookRetryMs: 0 }, /webhookRetryMs/],
      [{ webhookTimeoutMs: 0 }, /webhookTimeoutMs/],
    ] as const) {
      it(`are checked: ${JSON.stringify(options)}`, async () => {
        await Harness.start(options).should.be.rejectedWith(reason);
      });
    }

    it('can forbid every retry', async () => {
      const strict = await Harness.start({ webhookRetries: 0 });
      try {
        receiver.behaviours = [500];
        const body = { ...CONFIG, url: receiver.url, enabled: true, eventTypes: ['*'] };
        await strict.call('POST', WEBHOOKS, { body });
        strict.sandbox.makeHappen({ tenantId: TENANT, eventType: 'a:b' });
        await until(() => strict.sandbox.webhooks(TENANT)[0]?.status === 'SystemDisabled');
      } finally {
        await strict.close();
      }
    });
  });
});
