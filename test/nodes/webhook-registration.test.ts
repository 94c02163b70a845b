import should from 'should';
import { Harness, OTHER_TENANT, TENANT } from '../sandbox/harness.js';
import { until } from '../sandbox/receiver.js';
import { connectionTo, turns } from '../support/flow.js';
import {
  bearerAuth,
  type FlowNode,
  type Message,
  type RealNodeRed,
  type Status,
  startNodeRed,
} from '../support/node-red.js';
import { AROUND, collect, complaints, deliver, hook, notification, SECRET } from '../support/webhook.js';

const WEBHOOKS = '/webhooks/v1/webhooks';

describe('the registration of a fenergo-webhook', function () {
  this.timeout(60_000);
  let nodeRed: RealNodeRed;
  let harness: Harness;
  let messages: Message[];
  before(async () => {
    harness = await Harness.start({ tokenSeconds: 1_000_000, webhookRetries: 2 });
    nodeRed = await startNodeRed({
      httpNodeRoot: '/red/api',
      adminAuth: bearerAuth({ boss: '*', reader: 'read', nobody: [] }),
    });
  });
  beforeEach(async () => {
    await nodeRed.deploy([]);
    // Not by a reset: that takes back the tokens, too, and the connection would be held back.
    for (const tenant of [TENANT, OTHER_TENANT]) {
      for (const { webhookId } of harness.sandbox.webhooks(tenant)) {
        await harness.call('DELETE', `${WEBHOOKS}/${webhookId}`, { tenant });
      }
    }
    nodeRed.logs.length = 0;
  });
  after(async () => {
    await nodeRed.stop();
    await harness.close();
  });

  const origin = () => new URL(nodeRed.nodeUrl).origin;
  const registered = (given: Record<string, unknown> = {}): FlowNode =>
    hook({ register: true, connection: 'connection', baseUrl: origin(), webhookName: 'Mine', ...given });
  const connection = (given: Record<string, unknown> = {}): FlowNode => {
    const { url, apiUrl } = harness.sandbox;
    return connectionTo(url, { apiUrl, tenantId: TENANT, ...given });
  };
  const isGreen = ({ fill }: Status) => fill === 'green';
  const state = () => harness.sandbox.webhooks(TENANT)[0];
  const happen = (given: object = {}) =>
    harness.sandbox.makeHappen({ tenantId: TENANT, eventType: 'entitydata:created', ...given });
  const one = async () => {
    const id = state()?.webhookId ?? '';
    return (await harness.get(`${WEBHOOKS}/${id}`)).json.webhook;
  };
  async function deploy(nodes: FlowNode[], isDone: (log: string[]) => boolean): Promise<void> {
    await nodeRed.deploy([...AROUND, ...nodes]);
    messages = collect(nodeRed, 'out');
    await until(() => isDone(nodeRed.logs.map(({ msg }) => String((msg as Error)?.message ?? msg))));
  }
  const added = (log: string[]) => log.some((line) => / was added in Fenergo/.test(line));
  const updated = (log: string[]) => log.some((line) => / was updated in Fenergo/.test(line));

  async function ask(method: string, path: string, token = 'boss') {
    const answer = await fetch(`${nodeRed.url}fenergo/webhooks/${path}`, {
      method,
      headers: { authorization: `Bearer ${token}` },
    });
    // biome-ignore lint/suspicious/noExplicitAny: tests look into answers of many shapes.
    return { status: answer.status, json: (answer.ok ? await answer.json() : undefined) as any };
  }

  it('adds the webhook, and gets what happens', async () => {
    await deploy([connection(), registered({ eventTypes: ['entitydata:created'] })], added);
    should(await one()).have.properties({
      name: 'Mine',
      url: `${origin()}/red/api/fenergo/abc`,
      status: 'Enabled',
      eventTypes: ['entitydata:created'],
      type: 'Single',
    });
    const ids = happen({ count: 3, payload: { name: 'Sébastien 🔑' } });
    happen({ eventType: 'journey:x' });
    await until(() => messages.length === 3);
    messages.map(({ payload }) => (payload as { id: string }).id).should.deepEqual(ids);
    should(messages[0]?.fenergo).have.property('tenantId', TENANT);
    should((messages[0]?.payload as { payload?: unknown } | undefined)?.payload).deepEqual({
      name: 'Sébastien 🔑',
    });
  });

  it('gets batches', async () => {
    await deploy([connection(), registered({ deliveries: 'batch', batchSize: 10 })], added);
    happen({ count: 12 });
    await until(() => messages.length === 12);
    const batches = new Set(messages.map(({ fenergo }) => (fenergo as { batchId: string }).batchId));
    batches.size.should.equal(2);
    should(messages[0]?.parts).have.property('count', 10);
  });

  it('is not done unless it is wished', async () => {
    const green = nodeRed.nextStatus('hook', isGreen);
    await nodeRed.deploy([...AROUND, connection(), registered({ register: false })]);
    await green;
    await turns(50);
    harness.sandbox.webhooks(TENANT).should.be.empty();
  });

  it('stays as it is with a deploy that changes nothing, and with the end of the node', async () => {
    await deploy([connection(), registered()], added);
    const before = await one();
    for (const given of [{}, { respond: 'handled' }]) {
      await nodeRed.deploy([...AROUND, connection(), registered(given)]);
      let registration: { did?: string } = {};
      while (registration.did !== 'nothing') {
        registration = (await ask('GET', 'hook')).json.running.registration ?? {};
        should(registration.did).be.oneOf(undefined, 'nothing');
      }
    }
    should(await one()).deepEqual(before);
    nodeRed.logs.length = 0;
    // The context of the node is gone with it; so the secret is sent once more.
    await nodeRed.deploy([]);
    should(await one()).deepEqual(before);
    await deploy([connection(), registered()], updated);
    harness.sandbox.webhooks(TENANT).should.have.length(1);
  });

  it('updates what differs, and keeps what is not its own', async () => {
    await harness.call('POST', WEBHOOKS, {
      body: {
        ...{ name: 'Old', url: `${origin()}/red/api/fenergo/abc/`, secret: 'old', enabled: true },
        ...{ eventTypes: ['*'], emailAddresses: ['someone@example.com'] },
      },
    });
    await deploy([connection(), registered({ eventTypes: ['journey:x'] })], updated);
    harness.sandbox.webhooks(TENANT).should.have.length(1);
    should(await one()).have.properties({
      name: 'Mine',
      url: `${origin()}/red/api/fenergo/abc`,
      eventTypes: ['journey:x'],
      emailAddresses: ['someone@example.com'],
    });
    happen({ eventType: 'journey:x' });
    await until(() => messages.length === 1);
  });

  it('changes the secret, and takes what was signed with the old one', async () => {
    await deploy([connection(), registered()], added);
    nodeRed.logs.length = 0;
    const credentials = { secret: 'new', previousSecret: SECRET };
    await deploy([connection(), registered({ credentials })], updated);
    happen();
    await until(() => state()?.delivered === 1);
    const url = `${nodeRed.nodeUrl}fenergo/abc`;
    should((await deliver(url, notification('old'), SECRET)).status).equal(200);
    should((await deliver(url, notification('new'), 'new')).status).equal(200);
    await until(() => messages.length === 3);
  });

  it('works for the tenant of the node, behind the address of the connection', async () => {
    const given = { tenant: OTHER_TENANT, tenantType: 'str', baseUrl: '' };
    await deploy([connection({ publicUrl: 'https://hooks.example.com/proxy/' }), registered(given)], added);
    const [webhook] = harness.sandbox.webhooks(OTHER_TENANT);
    should(webhook?.url).equal('https://hooks.example.com/proxy/red/api/fenergo/abc');
  });

  describe('when the flow does not handle what comes', () => {
    const handled = (given: object = {}) =>
      registered({ respond: 'handled', ackTimeout: 0.02, wires: [['out']], ...given });

    it('gets it again until it does', async () => {
      await deploy([connection(), handled()], added);
      const [id] = happen();
      await until(() => state()?.status === 'Retrying');
      should(state()?.attempts[0]?.httpStatusCode).equal(503);
      const ack = {
        id: 'ack',
        type: 'fenergo-ack',
        z: 'tab',
        x: 1,
        y: 1,
        acknowledge: 'message',
        wires: [[]],
      };
      await nodeRed.deploy([
        ...AROUND,
        connection(),
        handled({ ackTimeout: 60, wires: [['out', 'ack']] }),
        ack,
      ]);
      messages = collect(nodeRed, 'out');
      harness.clock.advance(100_000);
      await until(() => state()?.delivered === 1);
      should(messages.at(-1)?.payload).have.property('id', id);
      should(state()?.status).equal('Enabled');
    });

    it('shows that it is disabled, and enables it by the button', async () => {
      await deploy([connection(), handled()], added);
      const [id] = happen();
      for (let tries = 1; tries <= 3; tries += 1) {
        await until(() => state()?.attempts.length === tries);
        harness.clock.advance(100_000);
      }
      await until(() => state()?.status === 'SystemDisabled');
      const shown = await ask('GET', 'hook/platform', 'reader');
      should(shown.json).have.properties({ ok: true, status: 'SystemDisabled' });
      should(shown.json.deliveries).have.length(3);
      should(shown.json.deliveries[0]).have.properties({ status: 'Failed', httpStatusCode: 503 });
      const { running } = (await ask('GET', 'hook', 'reader')).json;
      should(running).have.properties({ taken: 0, refused: { 503: 3 } });
      should(running.deliveries[0]).have.properties({
        ...{ status: 503, refusal: 'timed-out', count: 1, sent: 1, eventTypes: ['entitydata:created'] },
      });
      JSON.stringify(running).should.not.containEql(id);

      await nodeRed.deploy([...AROUND, connection(), handled({ respond: 'received' })]);
      messages = collect(nodeRed, 'out');
      should((await ask('POST', 'hook/enable')).json).deepEqual({ ok: true });
      await until(() => state()?.delivered === 1);
      should(state()?.status).equal('Enabled');
    });
  });

  it('needs no address with the embedded sandbox', async () => {
    const embedded = { id: 'connection', type: 'fenergo-config', region: 'sandbox', tenantId: TENANT };
    await deploy([embedded, registered({ baseUrl: '' })], added);
    should((await ask('GET', 'hook')).json.running.url).equal(`${origin()}/red/api/fenergo/abc`);
    const { json } = await ask('POST', 'hook/test');
    should(json.delivery).have.property('status', 'Successful');
    should((await ask('POST', 'hook/remove')).json).deepEqual({ ok: true });
  });

  it('tests by the button', async () => {
    await deploy([connection(), registered()], added);
    const { json } = await ask('POST', 'hook/test');
    should(json).deepEqual({ ok: true, delivery: { status: 'Successful', httpStatusCode: 200 } });
    await until(() => messages.length === 1);
    should(messages[0]).have.property('topic', 'webhooks:test');
  });

  it('tests with a wrong secret, says what came of it, and mends it by the button', async () => {
    await deploy([connection(), registered()], added);
    const { webhookId } = state() as { webhookId: string };
    const webhook = await one();
    const body = { ...webhook, enabled: true, secret: 'another' };
    await harness.call('PUT', `${WEBHOOKS}/${webhookId}`, { body });
    const { json } = await ask('POST', 'hook/test');
    should(json).deepEqual({ ok: true, delivery: { status: 'Failed', httpStatusCode: 401 } });
    should((await ask('POST', 'hook/enable')).json).deepEqual({ ok: true });
    should((await ask('POST', 'hook/test')).json.delivery).have.property('status', 'Successful');
  });

  it('removes by the button only', async () => {
    await deploy([connection(), registered()], added);
    should((await ask('POST', 'hook/remove')).json).deepEqual({ ok: true });
    harness.sandbox.webhooks(TENANT).should.be.empty();
    should((await ask('GET', 'hook')).json.running.registration).deepEqual({ state: 'removed' });
    should((await ask('GET', 'hook/platform')).json).deepEqual({
      ok: false,
      message: 'Fenergo has no webhook for this URL',
    });
    should((await ask('POST', 'hook/test')).json).have.property('ok', false);
  });

  it('tells of the limit, and takes deliveries all the same', async () => {
    for (let count = 0; count < 10; count += 1) {
      const url = `https://example.com/${count}`;
      const body = { name: `Hook ${count}`, url, secret: 's', enabled: false, eventTypes: ['*'] };
      await harness.call('POST', WEBHOOKS, { body });
    }
    const red = nodeRed.nextStatus('hook', ({ fill }) => fill === 'red');
    await nodeRed.deploy([...AROUND, connection(), registered()]);
    should((await red).text).equal('not registered: 10 webhooks already');
    complaints(nodeRed)
      .join()
      .should.match(/10 webhooks already, and Fenergo allows no more.*Hook 0, Hook 1/);
    const { running } = (await ask('GET', 'hook')).json;
    should(running.registration).have.property('state', 'failed');
    should(running.registration.message).match(/10 webhooks/);
    should((await deliver(`${nodeRed.nodeUrl}fenergo/abc`, notification('1'))).status).equal(200);
  });

  for (const [what, nodes, reason] of [
    ['no connection', () => [registered({ connection: '' })], /Connection is empty/],
    ['no tenant', () => [connection({ tenantId: '' }), registered()], /Tenant is empty/],
    ['no address', () => [connection(), registered({ baseUrl: '' })], /set Public URL on the node or/],
    ['an address that is none', () => [connection(), registered({ baseUrl: 'me' })], /'me' cannot be used/],
    [
      'a batch size that is none',
      () => [connection(), registered({ deliveries: 'batch', batchSize: 7 })],
      /between 10 and 100/,
    ],
    [
      'an address that Fenergo does not take',
      () => [connection(), registered({ baseUrl: 'http://example.com' })],
      /must be an https URL/,
    ],
  ] as const) {
    it(`says what is missing: ${what}`, async () => {
      const red = nodeRed.nextStatus('hook', ({ fill }) => fill === 'red');
      await nodeRed.deploy([...AROUND, ...nodes()]);
      should((await red).text).match(/^not registered: /);
      complaints(nodeRed).join().should.match(reason);
      should((await deliver(`${nodeRed.nodeUrl}fenergo/abc`, notification('1'))).status).equal(200);
    });
  }

  it('needs no secret in the sandbox of the process, which signs with one that was made up', async () => {
    const embedded = { id: 'connection', type: 'fenergo-config', region: 'sandbox', tenantId: TENANT };
    await deploy([embedded, registered({ credentials: {}, baseUrl: '' })], added);
    complaints(nodeRed).should.be.empty();
    should((await ask('POST', 'hook/test')).json.delivery).have.property('httpStatusCode', 200);
    messages.map(({ topic }) => topic).should.deepEqual(['webhooks:test']);
    should((await deliver(`${nodeRed.nodeUrl}fenergo/abc`, notification('1'), '')).status).equal(401);
  });

  it('needs a secret everywhere else', async () => {
    const red = nodeRed.nextStatus('hook', ({ fill }) => fill === 'red');
    await nodeRed.deploy([...AROUND, connection(), registered({ credentials: {} })]);
    should((await red).text).equal('failed: not set up');
    complaints(nodeRed)
      .join()
      .should.match(/Secret is empty/);
    should(state()).be.undefined();
  });

  it('is not tried by a node that has not got its path', async () => {
    const red = nodeRed.nextStatus('second', ({ fill }) => fill === 'red');
    await deploy([connection(), registered(), registered({ id: 'second', webhookName: 'Second' })], added);
    await red;
    await turns(50);
    harness.sandbox
      .webhooks(TENANT)
      .map(({ name }) => name)
      .should.deepEqual(['Mine']);
  });

  it('is shown and done only to whom it is permitted', async () => {
    await nodeRed.deploy([...AROUND, hook()]);
    for (const [method, path, reader] of [
      ['GET', 'hook', 200],
      ['GET', 'hook/platform', 200],
      ['POST', 'hook/test', 401],
      ['POST', 'hook/enable', 401],
      ['POST', 'hook/remove', 401],
    ] as const) {
      should((await ask(method, path, 'nobody')).status).equal(401);
      should((await ask(method, path, 'reader')).status).equal(reader);
      should((await ask(method, path)).status).equal(200);
    }
    should((await ask('GET', 'other')).json).deepEqual({ httpNodeAuth: false });
    should((await ask('POST', 'hook/test')).json.message).match(/does not register/);
  });
});
