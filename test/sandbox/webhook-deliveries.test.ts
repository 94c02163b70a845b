import { createHmac } from 'node:crypto';
import type { ServerResponse } from 'node:http';
import should from 'should';
import type { WebhookDelivery } from '../../lib/sandbox/sandbox.js';
import { ENTITY, Harness, OTHER_TENANT, TENANT } from './harness.js';
import { Receiver, until } from './receiver.js';

const WEBHOOKS = '/webhooks/v1/webhooks';
const SECRET = 'sésame 🔑';
const hang = (_: ServerResponse) => {};

describe('sandbox webhook deliveries', () => {
  const delivered: WebhookDelivery[] = [];
  let harness: Harness;
  let receiver: Receiver;
  before(async () => {
    receiver = await Receiver.start();
    harness = await Harness.start({
      tokenSeconds: 1_000_000,
      webhookRetries: 3,
      onDelivered: (delivery) => delivered.push(delivery),
    });
  });
  beforeEach(async () => {
    await harness.reset();
    receiver.clear();
    delivered.length = 0;
  });
  after(async () => {
    await harness.close();
    await receiver.close();
  });

  const config = (given: object = {}) => ({
    name: 'Node-RED',
    url: receiver.url,
    secret: SECRET,
    enabled: true,
    eventTypes: ['*'],
    ...given,
  });
  const add = async (given?: object, tenant = TENANT): Promise<string> => {
    const { status, json } = await harness.call('POST', WEBHOOKS, { body: config(given), tenant });
    status.should.equal(200);
    return json.webhookId;
  };
  const update = (id: string, given?: object) =>
    harness.call('PUT', `${WEBHOOKS}/${id}`, { body: config(given) });
  const happen = (count = 1, more: object = {}) =>
    harness.sandbox.makeHappen({ tenantId: TENANT, eventType: 'journey:taskcompleted', count, ...more });
  const state = () => harness.sandbox.webhooks(TENANT)[0];
  const idle = () => until(() => harness.clock.pending === 0 && state()?.waiting === 0);
  /** Waits until so many tries have ended, and says in which state that has left the webhook. */
  const tried = async (count: number) => {
    await until(() => state()?.attempts.length === count);
    return state()?.status;
  };
  const last = () => receiver.received.at(-1) ?? { body: Buffer.of(), headers: {}, method: '', json: {} };
  /** A delivery under way has the timer of its timeout. */
  const inFlight = () => harness.clock.nextInMs === 30_000;

  it('signs the bytes as they are sent, all of them ASCII', async () => {
    await add();
    const payload = { name: 'Zoë 🦊 \u007f \ud800', mark: '<&>' };
    happen(1, { payload });
    await idle();
    const { body, headers, method, json } = last();
    should(method).equal('POST');
    should(headers['content-type']).equal('application/json');
    body.every((byte) => byte < 0x7f).should.equal(true);
    body.toString().should.containEql('Zo\\u00EB \\uD83E\\uDD8A \\u007F');
    should(json.payload).deepEqual(payload);
    const expected = createHmac('sha256', SECRET).update(body).digest('hex').toUpperCase();
    should(headers['x-fenx-signature']).equal(`sha256=${expected}`);
  });

  it('posts notifications one by one, as feeds give them, in their order', async () => {
    await add();
    const ids = happen(5);
    await idle();
    receiver.ids.should.deepEqual(ids);
    const batch = await harness.get('/eventnotifications/v2/all/next');
    receiver.received.map(({ json }) => json).should.deepEqual(batch.json.notifications);
    delivered.map((one) => one.ids).should.deepEqual(ids.map((id) => [id]));
    should(delivered[0]?.tenantId).equal(TENANT);
    should(state()).have.properties({ delivered: 5, waiting: 0, status: 'Enabled' });
  });

  for (const [count, sizes] of [
    [1, [1]],
    [10, [10]],
    [11, [10, 1]],
    [25, [10, 10, 5]],
  ] as const) {
    it(`posts ${count} in batches of ${sizes.join(', ')}`, async () => {
      await add({ type: 'Batch', batchSize: 10 });
      const ids = happen(count);
      await idle();
      receiver.received.map(({ json }) => json.length).should.deepEqual([...sizes]);
      receiver.ids.should.deepEqual(ids);
    });
  }

  it('posts what its types name, of its tenant, from its making on', async () => {
    happen();
    await add({ eventTypes: ['journey:taskstarted', 'entitydata:created'] });
    happen();
    happen(1, { tenantId: OTHER_TENANT, eventType: 'journey:taskstarted' });
    const ids = [
      ...happen(1, { eventType: 'journey:taskstarted' }),
      ...happen(1, { eventType: 'entitydata:created' }),
    ];
    await idle();
    receiver.ids.should.deepEqual(ids);
  });

  it('takes * for all types, whatever is beside it', async () => {
    await add({ eventTypes: ['deals:dealcreated', '*'] });
    const ids = happen();
    await idle();
    receiver.ids.should.deepEqual(ids);
  });

  it('posts what calls cause when the query side shows it', async () => {
    await add();
    await harness.send('POST', `/entitydatacommand/api/v3/entity/${ENTITY}/draft`, {});
    should(harness.clock.nextInMs).equal(500);
    harness.clock.advance(499);
    should(inFlight()).equal(false);
    harness.clock.advance(1);
    await idle();
    receiver.received.map(({ json }) => json.eventType).should.deepEqual(['entitydata:draftcreated']);
    (await harness.get(`/${receiver.received[0]?.json.relativeUrl}`)).status.should.equal(200);
  });

  it('gives every webhook everything', async () => {
    await add();
    await add();
    const [id] = happen();
    await idle();
    receiver.ids.should.deepEqual([id, id]);
  });

  describe('a failure', () => {
    for (const status of [204, 302, 399]) {
      it(`is not an answer of ${status}`, async () => {
        receiver.behaviours = [status];
        await add();
        happen();
        await idle();
        receiver.received.should.have.length(1);
        should(state()?.attempts[0]).have.properties({ status: 'Successful', httpStatusCode: status });
      });
    }

    it('is tried again after 1, 2 and 4 seconds, then the webhook is disabled', async () => {
      receiver.behaviours = [400, 500, 503, 429];
      await add();
      const ids = happen(2);
      for (const [index, pauseMs] of [1000, 2000, 4000].entries()) {
        should(await tried(index + 1)).equal('Retrying');
        should(harness.clock.nextInMs).equal(pauseMs);
        harness.clock.advance(pauseMs);
      }
      should(await tried(4)).equal('SystemDisabled');
      should(harness.clock.pending).equal(0);
      receiver.ids.should.deepEqual([ids[0], ids[0], ids[0], ids[0]]);
      should(state()).have.properties({ waiting: 2, delivered: 0 });
      should(state()?.attempts.map(({ httpStatusCode }) => httpStatusCode)).deepEqual([429, 503, 500, 400]);
    });

    it('is over with a success: order kept, pauses short again', async () => {
      receiver.behaviours = [500, 500, 200, 500];
      await add();
      const ids = happen(2);
      for (const [tries, pauseMs] of [
        [1, 1000],
        [2, 2000],
        [4, 1000],
      ] as const) {
        should(await tried(tries)).equal('Retrying');
        should(harness.clock.nextInMs).equal(pauseMs);
        harness.clock.advance(pauseMs);
      }
      await idle();
      receiver.ids.should.deepEqual([ids[0], ids[0], ids[0], ids[1], ids[1]]);
      should(state()?.status).equal('Enabled');
    });

    it('is a receiver that breaks off without an answer', async () => {
      receiver.behaviours = [(response) => response.destroy()];
      await add();
      happen();
      should(await tried(1)).equal('Retrying');
      should(state()?.attempts[0]).have.properties({ status: 'Failed', httpStatusCode: null });
    });

    it('is an answer that switches to another protocol', async () => {
      const head = 'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n';
      receiver.behaviours = [(response) => response.socket?.end(head)];
      await add();
      happen();
      should(await tried(1)).equal('Retrying');
    });

    it('is a URL that cannot be called', async () => {
      await add({ url: 'https://%zz@localhost:1/' });
      happen();
      should(await tried(1)).equal('Retrying');
    });

    it('is a receiver that is not there', async () => {
      const gone = await Receiver.start();
      const { url } = gone;
      await gone.close();
      await add({ url });
      happen();
      should(await tried(1)).equal('Retrying');
      should(state()?.attempts[0]).have.properties({ status: 'Failed', httpStatusCode: null });
    });

    it('is an answer that does not come in time', async () => {
      receiver.behaviours = [hang];
      await add();
      happen();
      await until(() => receiver.received.length === 1);
      harness.clock.advance(29_999);
      should(harness.clock.nextInMs).equal(1);
      harness.clock.advance(1);
      should(await tried(1)).equal('Retrying');
      should(state()?.attempts[0]).have.properties({ status: 'TimedOut', httpStatusCode: null });
    });

    it('is not an answer that breaks off after its head', async () => {
      receiver.behaviours = [(response) => response.writeHead(200).write('x', () => response.socket?.end())];
      await add();
      happen();
      should(await tried(1)).equal('Enabled');
      should(state()?.attempts[0]).have.properties({ status: 'Successful', httpStatusCode: 200 });
    });

    it('repeats a batch as it was', async () => {
      receiver.behaviours = [500];
      await add({ type: 'Batch', batchSize: 10 });
      const first = happen(3);
      should(await tried(1)).equal('Retrying');
      const second = happen(3);
      harness.clock.advance(1000);
      await idle();
      receiver.ids.should.deepEqual([...first, ...first, ...second]);
    });
  });

  describe('a webhook that the platform has disabled', () => {
    async function disabled(): Promise<{ id: string; ids: string[] }> {
      receiver.behaviours = [500, 500, 500, 500];
      const id = await add();
      const ids = happen(2);
      for (let count = 1; count <= 3; count++) {
        should(await tried(count)).equal('Retrying');
        harness.clock.advance(10_000);
      }
      should(await tried(4)).equal('SystemDisabled');
      receiver.received.length = 0;
      return { id, ids };
    }

    it('says so', async () => {
      const { id } = await disabled();
      const { webhook } = (await harness.get(`${WEBHOOKS}/${id}`)).json;
      webhook.should.have.properties({ status: 'SystemDisabled', enabled: false });
      (await harness.get(WEBHOOKS)).json.webHooks[0].status.should.equal('SystemDisabled');
    });

    it('keeps everything until it is enabled again', async () => {
      const { id, ids } = await disabled();
      const later = happen(1);
      harness.clock.advance(1_000_000);
      should(state()?.waiting).equal(3);
      (await update(id)).status.should.equal(200);
      await idle();
      receiver.ids.should.deepEqual([...ids, ...later]);
      should(state()?.status).equal('Enabled');
    });

    it('has all its tries again then', async () => {
      const { id } = await disabled();
      receiver.behaviours = [500];
      await update(id);
      should(await tried(5)).equal('Retrying');
      should(harness.clock.nextInMs).equal(1000);
    });
  });

  it('collects nothing while its owner has it disabled', async () => {
    const id = await add({ enabled: false });
    should(state()?.status).equal('UserDisabled');
    happen();
    await update(id, { enabled: true });
    const ids = happen();
    await idle();
    receiver.ids.should.deepEqual(ids);
  });

  it('stops trying when its owner disables it, and goes on from there', async () => {
    receiver.behaviours = [500];
    const id = await add();
    const ids = happen();
    should(await tried(1)).equal('Retrying');
    await update(id, { enabled: false });
    should(harness.clock.pending).equal(0);
    should(state()?.status).equal('UserDisabled');
    await update(id);
    await idle();
    receiver.ids.should.deepEqual([ids[0], ids[0]]);
  });

  it('tries at once with what an update has mended', async () => {
    const id = await add({ url: 'http://127.0.0.1:1/' });
    const ids = happen();
    should(await tried(1)).equal('Retrying');
    await update(id);
    await idle();
    receiver.ids.should.deepEqual(ids);
  });

  it('signs with the new secret after an update, and with the old one when none is given', async () => {
    const id = await add();
    const signatures = [];
    for (const secret of [undefined, '', null, 'new', undefined]) {
      await update(id, { secret });
      happen();
      await idle();
      const { body, headers } = last();
      const key = ['new', SECRET].find(
        (one) =>
          headers['x-fenx-signature'] ===
          `sha256=${createHmac('sha256', one).update(body).digest('hex').toUpperCase()}`,
      );
      signatures.push(key);
    }
    signatures.should.deepEqual([SECRET, SECRET, SECRET, 'new', 'new']);
  });

  it('sends deliveries twice on demand', async () => {
    const id = await add({ type: 'Batch', batchSize: 10 });
    harness.sandbox.duplicate({ tenantId: TENANT, webhookId: id, count: 2 });
    const ids = happen(3);
    await idle();
    receiver.ids.should.deepEqual([...ids, ...ids, ...ids]);
    (() => harness.sandbox.duplicate({ tenantId: TENANT, webhookId: 'nobody' })).should.throw(/no webhook/);
    (() => harness.sandbox.duplicate({ tenantId: TENANT, webhookId: id, place: 'same' })).should.throw(
      /neither/,
    );
  });

  it('shows the last twenty tries, the newest first', async () => {
    const id = await add();
    const ids = happen(21);
    await idle();
    const { lastDeliveries } = (await harness.get(`${WEBHOOKS}/${id}`)).json.webhook;
    lastDeliveries.should.have.length(20);
    lastDeliveries[0].should.deepEqual({
      when: new Date(harness.clock.dateMs()).toISOString(),
      notificationId: ids[20],
      status: 'Successful',
      httpStatusCode: 200,
    });
  });

  describe('the end', () => {
    for (const [what, end] of [
      ['a deletion', (id: string) => harness.call('DELETE', `${WEBHOOKS}/${id}`)],
      ['a reset', () => harness.reset()],
    ] as const) {
      it(`comes at once with ${what}, in the middle of a delivery`, async () => {
        receiver.behaviours = [hang];
        const id = await add();
        happen(2);
        await until(() => receiver.received.length === 1);
        await end(id);
        await until(() => receiver.brokenOff === 1);
        should(harness.clock.pending).equal(0);
        should(state()).equal(undefined);
        receiver.received.should.have.length(1);
      });
    }

    it('comes at once with closing, in the middle of a delivery, a pause, and the way to the query side', async () => {
      const closing = await Harness.start();
      const body = { body: config() };
      receiver.behaviours = [500, hang];
      await closing.call('POST', WEBHOOKS, body);
      closing.sandbox.makeHappen({ tenantId: TENANT, eventType: 'a:b' });
      await until(() => closing.sandbox.webhooks(TENANT)[0]?.status === 'Retrying');
      await closing.call('POST', WEBHOOKS, body);
      closing.sandbox.makeHappen({ tenantId: TENANT, eventType: 'a:b' });
      await until(() => receiver.received.length === 2);
      await closing.send('POST', `/entitydatacommand/api/v3/entity/${ENTITY}/draft`, {});
      should(closing.clock.pending).equal(3);
      await closing.close();
      should(closing.clock.pending).equal(0);
      await until(() => receiver.brokenOff === 1);
    });
  });
});
