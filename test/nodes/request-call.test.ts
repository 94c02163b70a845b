import 'should';
import type { Node } from 'node-red';
import { type Sandbox, startSandbox } from '../../lib/sandbox/sandbox.js';
import { ENTITY, OTHER_TENANT, operations, TENANT } from '../sandbox/harness.js';
import {
  type Arrived,
  connectionTo,
  echo,
  factsOf,
  flow,
  type OwnServer,
  row,
  startServer,
} from '../support/flow.js';

const GET_ENTITY = 'entitydataquery/v2/GetEntityById';
const CREATE_ENTITY = 'entitydatacommand/v2/CreateEntity';
const GUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

describe('fenergo-request: what is sent', () => {
  let server: OwnServer;

  before(async () => {
    server = await startServer(echo);
  });
  after(async () => {
    await flow.unload();
    await server.close();
  });

  /** Sends a message through a node with these properties; gives back what arrived at the server. */
  async function arrivedFor(
    properties: Record<string, unknown>,
    msg: Record<string, unknown> = {},
    connection: Record<string, unknown> = {},
  ): Promise<Arrived> {
    await flow.load([connectionTo(server.url, { tenantId: TENANT, ...connection })], properties);
    const ran = await flow.run({ ...msg });
    if (ran.error) throw ran.error;
    return ran.msg.payload as Arrived;
  }

  async function errorOf(properties: Record<string, unknown>, msg: Record<string, unknown> = {}) {
    await flow.load([connectionTo(server.url, { tenantId: TENANT })], properties);
    const { error } = await flow.run(msg);
    return error as NonNullable<typeof error>;
  }

  const manual = (properties: Record<string, unknown> = {}) => ({
    method: 'GET',
    path: '/entitydataquery/api/v2/entity/{id}',
    ...properties,
  });

  describe('operation', () => {
    it('is that of the node', async () => {
      const arrived = await arrivedFor({ operation: GET_ENTITY }, { params: { id: 7 } });
      arrived.should.containEql({ method: 'GET', url: '/entitydataquery/api/v2/entity/7' });
    });

    it('is a method and a path of the node', async () => {
      const properties = { method: 'PUT', path: '/anything/x/{id}?a=1' };
      const arrived = await arrivedFor(properties, { params: { id: 7, b: 2 }, payload: {} });
      arrived.should.containEql({ method: 'PUT', url: '/anything/x/7?a=1&b=2', body: '{}' });
    });

    it('is that of the message where the node has none', async () => {
      const arrived = await arrivedFor({}, { operation: GET_ENTITY, params: { id: 8 } });
      arrived.url.should.equal('/entitydataquery/api/v2/entity/8');
    });

    it('is the method and path of the message where the node has none', async () => {
      const arrived = await arrivedFor({}, { method: 'delete', path: 'some/api/{id}', params: { id: 8 } });
      arrived.should.containEql({ method: 'DELETE', url: '/some/api/8' });
    });

    it('is GET where the message has a path only', async () => {
      (await arrivedFor({}, { path: '/some/api' })).method.should.equal('GET');
    });

    it('of the node wins over that of the message', async () => {
      const msg = { operation: CREATE_ENTITY, path: '/other', params: { id: 7 } };
      (await arrivedFor({ operation: GET_ENTITY }, msg)).url.should.equal('/entitydataquery/api/v2/entity/7');
      (await arrivedFor({ path: '/mine/x' }, { operation: CREATE_ENTITY })).url.should.equal('/mine/x');
    });

    it('of the message wins over its path', async () => {
      const msg = { operation: GET_ENTITY, path: '/other', params: { id: 7 } };
      (await arrivedFor({}, msg)).url.should.equal('/entitydataquery/api/v2/entity/7');
    });
  });

  describe('parameters', () => {
    const VALUES: [type: string, value: string, text: string][] = [
      ['str', 'a b', 'a b'],
      ['num', '4.50', '4.5'],
      ['bool', 'true', 'true'],
      ['bool', 'false', 'false'],
      ['json', '"quoted"', 'quoted'],
      ['msg', 'deep.list[1]', 'second'],
      ['flow', 'kept', 'in the flow'],
      ['global', 'kept', 'in all flows'],
      ['env', 'FENERGO_TEST_VALUE', 'in the environment'],
      ['jsonata', '$uppercase(deep.list[0])', 'FIRST'],
    ];

    before(() => {
      process.env.FENERGO_TEST_VALUE = 'in the environment';
    });
    after(() => {
      delete process.env.FENERGO_TEST_VALUE;
    });

    async function send(params: unknown[], msg: Record<string, unknown>): Promise<Arrived> {
      await flow.load([connectionTo(server.url, { tenantId: TENANT })], manual({ params }));
      const context = (flow.node() as Node).context();
      context.flow.set('kept', 'in the flow');
      context.global.set('kept', 'in all flows');
      const { msg: answered, error } = await flow.run({ deep: { list: ['first', 'second'] }, ...msg });
      if (error) throw error;
      return answered.payload as Arrived;
    }

    for (const [type, value, text] of VALUES) {
      it(`of type ${type} (${value}) go into the path, the query and a header`, async () => {
        const path = await send([row('id', 'path', type, value)], {});
        path.url.should.equal(`/entitydataquery/api/v2/entity/${encodeURIComponent(text)}`);
        const query = await send([row('q', 'query', type, value)], { params: { id: 1 } });
        query.url.should.endWith(`/entity/1?q=${encodeURIComponent(text)}`);
        const header = await send([row('X-Mine', 'header', type, value)], { params: { id: 1 } });
        String(header.headers['x-mine']).should.equal(text);
      });
    }

    it('of msg.params go into the path by name, the others into the query', async () => {
      const { url } = await send([], { params: { id: 5, size: 10, open: true, kind: ['a', 'b'] } });
      url.should.equal('/entitydataquery/api/v2/entity/5?size=10&open=true&kind=a&kind=b');
    });

    it('of the node win over those of the message', async () => {
      const params = [row('id', 'path', 'str', 'node'), row('size', 'query', 'num', '1')];
      const { url } = await send(params, { params: { id: 'message', size: 9, other: 'kept' } });
      url.should.equal('/entitydataquery/api/v2/entity/node?size=1&other=kept');
    });

    it('of the node that are empty leave the message’s in place', async () => {
      const params = [row('id', 'path', 'str', ''), row('size', 'query', 'msg', 'nothing.here')];
      const { url } = await send(params, { params: { id: 'message', size: 9 } });
      url.should.equal('/entitydataquery/api/v2/entity/message?size=9');
    });

    for (const [what, params] of [
      ['undefined', { gone: undefined }],
      ['null', { gone: null }],
      ['""', { gone: '' }],
    ] as const) {
      it(`that are ${what} are left out of the query`, async () => {
        (await send([], { params: { id: 1, ...params } })).url.should.equal(
          '/entitydataquery/api/v2/entity/1',
        );
      });
    }

    it('that resolve to nothing are left out, whatever their type', async () => {
      const params = [
        row('a', 'query', 'str', ''),
        row('b', 'query', 'num', ''),
        row('c', 'query', 'json', 'null'),
        row('d', 'query', 'msg', 'no.such.thing'),
        row('e', 'query', 'flow', 'nothing'),
        row('f', 'query', 'global', 'nothing'),
        row('g', 'query', 'env', 'FENERGO_TEST_NOTHING'),
        row('h', 'query', 'jsonata', 'nothing'),
        row('x-i', 'header', 'str', ''),
      ];
      const arrived = await send(params, { params: { id: 1 } });
      arrived.url.should.equal('/entitydataquery/api/v2/entity/1');
      arrived.headers.should.not.have.property('x-i');
    });

    it('0 and false are values', async () => {
      const { url } = await send([row('n', 'query', 'num', '0')], { params: { id: 0, off: false } });
      url.should.equal('/entitydataquery/api/v2/entity/0?off=false&n=0');
    });

    it('of a path that are missing are an error that names them', async () => {
      const error = await errorOf(manual());
      error.code.should.equal('FENERGO_INPUT');
      error.message.should.match(/Path parameter 'id' is missing.*msg\.params\.id/);
    });

    for (const [type, value, words] of [
      ['num', 'seven', /Parameter 'id': 'seven' is not a number/],
      ['json', '{', /Parameter 'id': is not JSON/],
      ['jsonata', '$$$(', /Parameter 'id': is not a JSONata expression/],
      ['jsonata', '$error("no")', /Parameter 'id': the expression failed/],
    ] as const) {
      it(`of type ${type} that cannot be worked out (${value}) are an error that names them`, async () => {
        const error = await errorOf(manual({ params: [row('id', 'path', type, value)] }));
        error.code.should.equal('FENERGO_INPUT');
        error.message.should.match(words);
      });
    }

    for (const name of ['Authorization', 'X-Tenant-Id', 'x-correlation-id', 'Host']) {
      it(`may not set the header ${name}`, async () => {
        const params = [row(name, 'header', 'str', 'mine')];
        const error = await errorOf(manual({ params }), { params: { id: 1 } });
        error.code.should.equal('FENERGO_INPUT');
        error.message.should.containEql(name);
      });
    }
  });

  describe('tenant', () => {
    const NODE = '33333333-3333-4333-8333-333333333333';
    const get = { path: '/a/b' };
    const tenantOf = async (...given: Parameters<typeof arrivedFor>) =>
      (await arrivedFor(...given)).headers['x-tenant-id'];

    it('is that of the connection', async () => {
      String(await tenantOf(get)).should.equal(TENANT);
    });

    it('is that of the message before the connection’s', async () => {
      String(await tenantOf(get, { tenantId: OTHER_TENANT })).should.equal(OTHER_TENANT);
    });

    it('is that of the node before both', async () => {
      const properties = { ...get, tenant: NODE, tenantType: 'str' };
      String(await tenantOf(properties, { tenantId: OTHER_TENANT })).should.equal(NODE);
    });

    it('goes on to the message’s where the node’s is empty', async () => {
      const properties = { ...get, tenant: 'no.such.thing', tenantType: 'msg' };
      String(await tenantOf(properties, { tenantId: OTHER_TENANT })).should.equal(OTHER_TENANT);
    });

    for (const [tenantType, tenant] of [
      ['msg', 'client.tenant'],
      ['env', 'FENERGO_TEST_TENANT'],
      ['json', `"${NODE}"`],
      ['jsonata', 'client.tenant'],
      ['flow', 'tenant'],
      ['global', 'tenant'],
    ] as const) {
      it(`may be of type ${tenantType}`, async () => {
        process.env.FENERGO_TEST_TENANT = NODE;
        await flow.load([connectionTo(server.url, { tenantId: TENANT })], { ...get, tenant, tenantType });
        const context = flow.node().context();
        context.flow.set('tenant', NODE);
        context.global.set('tenant', NODE);
        const { msg } = await flow.run({ client: { tenant: NODE } });
        delete process.env.FENERGO_TEST_TENANT;
        String((msg.payload as Arrived).headers['x-tenant-id']).should.equal(NODE);
        factsOf(msg).tenantId.should.equal(NODE);
      });
    }
  });

  describe('body', () => {
    const post = { operation: CREATE_ENTITY, wrap: 'never' };

    it('is msg.payload unless told', async () => {
      const arrived = await arrivedFor(post, { payload: { data: { a: 'ü' } } });
      arrived.body.should.equal('{"data":{"a":"ü"}}');
      String(arrived.headers['content-type']).should.equal('application/json');
    });

    for (const [bodyType, body, text] of [
      ['msg', 'other.thing', '{"here":1}'],
      ['json', '{ "data": [1, 2] }', '{"data":[1,2]}'],
      ['jsonata', '{ "data": { "sum": $sum(numbers) } }', '{"data":{"sum":6}}'],
      ['str', '[1, 2]', '[1, 2]'],
    ] as const) {
      it(`may be of type ${bodyType}`, async () => {
        const msg = { other: { thing: { here: 1 } }, numbers: [1, 2, 3], payload: 'left alone' };
        (await arrivedFor({ ...post, body, bodyType }, msg)).body.should.equal(text);
      });
    }

    it('may be JSON text or a Buffer', async () => {
      (await arrivedFor(post, { payload: '{ "a": 1 }' })).body.should.equal('{ "a": 1 }');
      (await arrivedFor(post, { payload: Buffer.from('{"b":2}') })).body.should.equal('{"b":2}');
    });

    it('is left out of a GET, whatever it is', async () => {
      const cycle: Record<string, unknown> = {};
      cycle.cycle = cycle;
      const arrived = await arrivedFor({ operation: GET_ENTITY }, { params: { id: 1 }, payload: cycle });
      arrived.body.should.equal('');
      arrived.headers.should.not.have.property('content-type');
    });

    it('of a json template is new for every message', async () => {
      await flow.load([connectionTo(server.url, { tenantId: TENANT })], {
        ...post,
        body: '{"data":{}}',
        bodyType: 'json',
      });
      for (const _ of [1, 2]) {
        const { msg } = await flow.run({});
        (msg.payload as Arrived).body.should.equal('{"data":{}}');
      }
    });
  });

  describe('correlation id', () => {
    it('is that of the message', async () => {
      const arrived = await arrivedFor({ path: '/a/b' }, { correlationId: 'mine-1' });
      String(arrived.headers['x-correlation-id']).should.equal('mine-1');
    });

    it('is a new one for each message that has none', async () => {
      await flow.load([connectionTo(server.url, { tenantId: TENANT })], { path: '/a/b' });
      const seen = new Set<string>();
      for (const correlationId of [undefined, '', undefined]) {
        const { msg } = await flow.run({ correlationId });
        const { correlationId: used } = factsOf(msg);
        used.should.match(GUID);
        String((msg.payload as Arrived).headers['x-correlation-id']).should.equal(used);
        seen.add(used);
      }
      seen.size.should.equal(3);
    });
  });

  it('goes with the token, and compressed answers are asked for', async () => {
    const { headers } = await arrivedFor({ path: '/a/b' });
    String(headers.authorization).should.equal('Bearer tok');
    String(headers['accept-encoding']).should.match(/gzip/);
  });

  it('works with a node of an older flow that lacks every property', async () => {
    const arrived = await arrivedFor({}, { operation: GET_ENTITY, params: { id: 1 } });
    arrived.method.should.equal('GET');
  });
});

describe('fenergo-request: what comes out', () => {
  /** January 2026: before the sunset of an operation. */
  const early = {
    nowMs: () => performance.now(),
    dateMs: () => Date.UTC(2026, 0, 10),
    setTimer: (ms: number, callback: () => void) => {
      const timer = setTimeout(callback, ms);
      timer.unref();
      return () => clearTimeout(timer);
    },
  };
  let sandbox: Sandbox;

  before(async () => {
    sandbox = await startSandbox({ operations, clock: early, plan: 'production', consistencyMs: 0 });
  });
  after(async () => {
    await flow.unload();
    await sandbox.close();
  });

  const load = (properties: Record<string, unknown>) =>
    flow.load([connectionTo(sandbox.url, { tenantId: TENANT })], properties);

  it('is the same message, with payload, statusCode, headers and fenergo', async () => {
    await load({ operation: GET_ENTITY });
    const given = { _msgid: 'abc', topic: 't', extra: { x: 1 }, params: { id: ENTITY }, payload: 'before' };
    const { msg, dones, error, sent, caught, completed } = await flow.run(given);
    (error === undefined).should.be.true();
    dones.should.equal(1);
    sent.length.should.equal(1);
    (sent[0] === given).should.be.true();
    caught.length.should.equal(0);
    completed.length.should.equal(1);
    msg.should.containEql({ _msgid: 'abc', topic: 't', statusCode: 200 });
    msg.should.have.property('extra', { x: 1 });
    (msg.payload as object).should.containEql({ id: ENTITY, tenantId: TENANT, type: 'Company' });
    (msg.headers as object).should.have.property('content-type').which.match(/json/);
    const { durationMs, correlationId, ...facts } = factsOf(msg);
    facts.should.deepEqual({
      operation: GET_ENTITY,
      method: 'GET',
      url: `${sandbox.url}/entitydataquery/api/v2/entity/${ENTITY}`,
      tenantId: TENANT,
      attempts: 1,
      messages: [],
    });
    correlationId.should.match(GUID);
    durationMs.should.be.a.Number().and.aboveOrEqual(0);
  });

  it('tells of an operation that is going to end', async () => {
    await load({ operation: 'eventingress/v1/GetEventsByFilter' });
    const { msg, error } = await flow.run({ payload: { data: {} } });
    (error === undefined).should.be.true(String(error));
    factsOf(msg).should.containEql({ sunset: 'Sun, 01 Feb 2026 00:00:00 GMT' });
    String(factsOf(msg).deprecation).should.match(/^@\d+$/);
  });

  it('has no deprecation of other operations', async () => {
    await load({ operation: GET_ENTITY });
    const { msg } = await flow.run({ params: { id: ENTITY } });
    factsOf(msg).should.not.have.properties('deprecation');
    factsOf(msg).should.not.have.properties('sunset');
  });

  it('is the data of the envelope, the envelope, the text or the bytes', async () => {
    const payloadOf = async (result: string) => {
      await load({ operation: GET_ENTITY, result });
      return (await flow.run({ params: { id: ENTITY } })).msg.payload;
    };
    const data = (await payloadOf('data')) as { id: string };
    data.id.should.equal(ENTITY);
    ((await payloadOf('envelope')) as object).should.deepEqual({ data, messages: [] });
    JSON.parse((await payloadOf('text')) as string).should.deepEqual({ data, messages: [] });
    const bytes = (await payloadOf('buffer')) as Buffer;
    Buffer.isBuffer(bytes).should.be.true();
    JSON.parse(bytes.toString()).should.deepEqual({ data, messages: [] });
  });

  it('is the whole body where there is no envelope', async () => {
    sandbox.setFaults([{ respond: { status: 200, body: { plain: true, list: [1] } } }]);
    await load({ operation: GET_ENTITY });
    const { msg } = await flow.run({ params: { id: ENTITY } });
    (msg.payload as object).should.deepEqual({ plain: true, list: [1] });
  });

  it('is null for a command that is accepted without a word, with its status', async () => {
    sandbox.setFaults([{ respond: { status: 202 } }]);
    await load({ operation: CREATE_ENTITY });
    const { msg } = await flow.run({ payload: { data: {} } });
    (msg.payload === null).should.be.true();
    msg.should.containEql({ statusCode: 202 });
  });

  it('has the messages that come with a success', async () => {
    const messages = [{ message: 'Look at this', type: 'Warning', errorCode: 'W1' }];
    sandbox.setFaults([{ respond: { status: 200, body: { data: 1, messages } } }]);
    await load({ operation: GET_ENTITY });
    const { msg } = await flow.run({ params: { id: ENTITY } });
    factsOf(msg).messages.should.deepEqual(messages);
  });

  it('counts the tries and shows the wait', async () => {
    sandbox.setFaults([{ match: { service: 'entitydataquery' }, times: 2, respond: { status: 503 } }]);
    await load({ operation: GET_ENTITY });
    const { msg, error } = await flow.run({ params: { id: ENTITY } });
    (error === undefined).should.be.true(String(error));
    factsOf(msg).attempts.should.equal(3);
  });

  it('forgets the error of an earlier try', async () => {
    await load({ operation: GET_ENTITY });
    const { msg } = await flow.run({ params: { id: 'no such entity' } });
    factsOf(msg).should.have.property('error');
    msg.params = { id: ENTITY };
    const again = await flow.run(msg);
    factsOf(again.msg).should.not.have.property('error');
  });

  it('creates what can then be read', async () => {
    await load({ operation: CREATE_ENTITY });
    const properties = { legalEntityName: { type: 'Single', value: 'Acme' } };
    const { msg, error } = await flow.run({ payload: { data: { type: 'Company', properties } } });
    (error === undefined).should.be.true(String(error));
    msg.should.containEql({ statusCode: 202 });
    factsOf(msg).rateLimit?.should.have.property('remaining').which.is.a.Number().and.above(1000);
    String(factsOf(msg).rateLimit?.reset).should.match(/^2026-01-1/);
    const { id } = msg.payload as { id: string };
    await load({ operation: GET_ENTITY });
    const read = await flow.run({ params: { id } });
    (read.msg.payload as object).should.containEql({ id, type: 'Company' });
  });
});
