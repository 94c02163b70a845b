import 'should';
import { type Sandbox, seedId, startSandbox } from '../../lib/sandbox/sandbox.js';
import { ENTITY, OTHER_TENANT, operations, TENANT } from '../sandbox/harness.js';
import { connectionTo, echo, factsOf, flow, type OwnServer, startServer, turns } from '../support/flow.js';
import type { Status } from '../support/node-red.js';

const GET_ENTITY = 'entitydataquery/v2/GetEntityById';

describe('fenergo-request: many messages at once', function () {
  this.timeout(20_000);
  let sandbox: Sandbox;
  let server: OwnServer | undefined;

  before(async () => {
    sandbox = await startSandbox({ operations, plan: 'none', consistencyMs: 0 });
  });
  beforeEach(() => sandbox.reset());
  afterEach(async () => {
    await flow.unload();
    await server?.close();
    server = undefined;
  });
  after(() => sandbox.close());

  let secrets = 0;
  const load = (properties: Record<string, unknown> = {}, connection: Record<string, unknown> = {}) => {
    secrets += 1;
    const credentials = { clientId: 'me', clientSecret: `many-${secrets}` };
    const given = { tenantId: TENANT, credentials, ...connection };
    return flow.load([connectionTo(sandbox.url, given)], properties);
  };

  for (const plan of ['none', 'production', 'sdlc']) {
    it(`gives each of 200 its own answer, with one token (plan ${plan})`, async () => {
      await load({ operation: GET_ENTITY }, { plan });
      const messages = Array.from({ length: 200 }, (_, at) => ({
        at,
        tenantId: at % 2 ? TENANT : OTHER_TENANT,
        params: { id: seedId('entity', at % 2 ? 1 : 2, 1 + (at % 25)) },
        correlationId: `call-${at}`,
        payload: at,
      }));
      const runs = await Promise.all(messages.map((msg) => flow.run(msg)));
      for (const [at, { msg, error, dones, sent, completed }] of runs.entries()) {
        const given = messages[at] as (typeof messages)[number];
        (error === undefined).should.be.true(String(error));
        dones.should.equal(1);
        sent.length.should.equal(1);
        completed.length.should.equal(1);
        (sent[0] === (given as object)).should.be.true();
        msg.should.containEql({ at });
        (msg.payload as object).should.containEql({ id: given.params.id, tenantId: given.tenantId });
        (msg.headers as object).should.have.property('x-correlation-id', `call-${at}`);
        factsOf(msg).should.containEql({ correlationId: `call-${at}`, tenantId: given.tenantId });
        factsOf(msg).url.should.endWith(given.params.id);
      }
      sandbox.stats.tokenRequests.should.equal(1);
      sandbox.stats.calls.should.equal(200);
    });
  }

  it('keeps successes and failures apart', async () => {
    await load({ operation: GET_ENTITY });
    const runs = await Promise.all(
      Array.from({ length: 90 }, (_, at) => {
        const id = [ENTITY, 'nobody', ''][at % 3];
        return flow.run({ at, params: { id }, payload: at });
      }),
    );
    for (const [at, { msg, error, dones, sent, caught, completed }] of runs.entries()) {
      dones.should.equal(1);
      const code = [undefined, 'FENERGO_NOT_FOUND', 'FENERGO_INPUT'][at % 3];
      String(error?.code).should.equal(String(code));
      sent.length.should.equal(code ? 0 : 1);
      completed.length.should.equal(code ? 0 : 1);
      caught.length.should.equal(code ? 1 : 0);
      if (code) msg.should.have.property('payload', at);
    }
  });

  it('costs one token when a hundred calls are answered 401 together', async () => {
    await load({ operation: GET_ENTITY });
    (await flow.run({ params: { id: ENTITY } })).sent.length.should.equal(1);
    sandbox.revokeTokens();
    const runs = await Promise.all(Array.from({ length: 100 }, () => flow.run({ params: { id: ENTITY } })));
    for (const { error } of runs) (error === undefined).should.be.true(String(error));
    sandbox.stats.tokenRequests.should.equal(2);
  });

  it('does not mix two nodes with two credentials', async () => {
    const seen: Record<string, number> = {};
    server = await startServer(echo, ({ body }, response) => {
      const secret = String(new URLSearchParams(body).get('client_secret'));
      seen[secret] = (seen[secret] ?? 0) + 1;
      response
        .writeHead(200, { 'content-type': 'application/json' })
        .end(JSON.stringify({ access_token: `for-${secret}`, expires_in: 900 }));
    });
    const { url } = server;
    const connection = (id: string) =>
      connectionTo(url, { id, tenantId: TENANT, credentials: { clientId: 'me', clientSecret: id } });
    await flow.load(
      [connection('left'), connection('right')],
      { id: 'l', connection: 'left', operation: GET_ENTITY },
      { id: 'r', connection: 'right', operation: GET_ENTITY },
    );
    await Promise.all(
      Array.from({ length: 40 }, async (_, at) => {
        const { msg } = await flow.run({ params: { id: at } }, at % 2 ? 'l' : 'r');
        const { headers } = msg.payload as { headers: Record<string, string> };
        String(headers.authorization).should.equal('Bearer ***');
      }),
    );
    const calls = server.arrived.filter(({ url }) => url.startsWith('/entitydataquery/'));
    calls.should.have.length(40);
    for (const { url, headers } of calls) {
      const at = Number(url.split('/').at(-1));
      String(headers.authorization).should.equal(`Bearer for-${at % 2 ? 'left' : 'right'}`);
    }
    seen.should.deepEqual({ left: 1, right: 1 });
  });

  it('answers ten on one node while one of them waits', async () => {
    await load({ operation: GET_ENTITY });
    sandbox.setFaults([{ match: { path: '/entitydataquery/' }, delayMs: 700 }]);
    const order: number[] = [];
    await Promise.all(
      Array.from({ length: 10 }, async (_, at) => {
        await flow.run({ params: { id: ENTITY } });
        order.push(at);
      }),
    );
    order.length.should.equal(10);
    sandbox.stats.calls.should.equal(10);
  });

  describe('status', () => {
    const last = (statuses: Status[]) => statuses.at(-1) as Status;
    const until = async (statuses: Status[], accept: (status: Status) => boolean) => {
      while (!statuses.some(accept)) await new Promise((resolve) => setTimeout(resolve, 10));
    };

    it('tells of one under way, of several, and then ok', async () => {
      await load({ operation: GET_ENTITY });
      sandbox.setFaults([{ match: { path: '/entitydataquery/' }, times: 'always', delayMs: 250 }]);
      const statuses = flow.statuses();
      const running = Promise.all(Array.from({ length: 5 }, () => flow.run({ params: { id: ENTITY } })));
      await until(statuses, ({ text }) => text === 'status.requestingMany');
      statuses[0]?.should.deepEqual({ fill: 'blue', shape: 'dot', text: 'status.requesting' });
      await running;
      await until(statuses, ({ fill }) => fill === 'green');
      last(statuses).should.deepEqual({ fill: 'green', shape: 'dot', text: 'status.ok' });
      statuses.length.should.be.belowOrEqual(6);
    });

    it('tells of the failure of the last one', async () => {
      await load({ operation: GET_ENTITY });
      const statuses = flow.statuses();
      await flow.run({ params: { id: 'nobody' } });
      await until(statuses, ({ fill }) => fill === 'red');
      last(statuses).should.deepEqual({ fill: 'red', shape: 'ring', text: 'status.failed' });
      await flow.run({ params: { id: ENTITY } });
      await until(statuses, ({ fill }) => fill === 'green');
    });

    it('tells of the wait before another try', async () => {
      await load({ operation: GET_ENTITY });
      sandbox.setFaults([
        {
          match: { path: '/entitydataquery/' },
          respond: { status: 429, headers: { 'retry-after': '1' } },
        },
      ]);
      const statuses = flow.statuses();
      const running = flow.run({ params: { id: ENTITY } });
      await until(statuses, ({ fill }) => fill === 'yellow');
      last(statuses).should.deepEqual({ fill: 'yellow', shape: 'ring', text: 'status.waiting' });
      (await running).sent.length.should.equal(1);
      await until(statuses, ({ fill }) => fill === 'green');
    });

    it('tells of the try after the wait', async () => {
      await load({ operation: GET_ENTITY });
      sandbox.setFaults([
        { match: { path: '/entitydataquery/' }, respond: { status: 429, headers: { 'retry-after': '0.3' } } },
        { match: { path: '/entitydataquery/' }, delayMs: 500 },
      ]);
      const statuses = flow.statuses();
      const { error } = await flow.run({ params: { id: ENTITY } });
      (error === undefined).should.be.true(String(error));
      await until(statuses, ({ fill }) => fill === 'green');
      statuses.map(({ fill }) => fill).should.deepEqual(['blue', 'yellow', 'blue', 'green']);
    });

    it('is cleared when the node is closed', async () => {
      await load({ operation: GET_ENTITY });
      sandbox.setFaults([{ match: { path: '/entitydataquery/' }, delayMs: 60_000 }]);
      const statuses = flow.statuses();
      const running = flow.run({ params: { id: ENTITY } });
      while (sandbox.stats.calls === 0) await new Promise((resolve) => setTimeout(resolve, 5));
      await flow.node().close(false);
      String((await running).error?.code).should.equal('FENERGO_ABORTED');
      await turns();
      last(statuses).should.deepEqual({});
    });
  });
});
