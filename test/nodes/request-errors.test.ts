import 'should';
import { createServer } from 'node:net';
import { isDeepStrictEqual } from 'node:util';
import { type Sandbox, startSandbox } from '../../lib/sandbox/sandbox.js';
import { ENTITY, operations, TENANT } from '../sandbox/harness.js';
import {
  connectionTo,
  echo,
  factsOf,
  flow,
  type OwnServer,
  type Ran,
  row,
  sendJson,
  startServer,
} from '../support/flow.js';
import type { FlowNode, Message } from '../support/node-red.js';

const GET_ENTITY = 'entitydataquery/v2/GetEntityById';
const CREATE_ENTITY = 'entitydatacommand/v2/CreateEntity';

/** A way to fail, and what is expected of it. */
interface Case {
  code: string;
  title: string;
  /** Changes to the connection; null: the node has none. */
  connection?: Record<string, unknown> | null;
  properties?: Record<string, unknown>;
  msg?: Record<string, unknown>;
  /** The token cache must not hold a token already, or loses it; or the limiter holds back what comes after it. */
  ownCredential?: boolean;
  /** Makes the sandbox misbehave. */
  before?: () => unknown;
  statusCode?: number;
  words: RegExp;
  /** What a message has to be given before it is sent again; by then node, connection and sandbox are whole. */
  repair?: Record<string, unknown>;
}

describe('fenergo-request: what goes wrong', function () {
  this.timeout(20_000);
  let sandbox: Sandbox;
  let secrets = 0;

  before(async () => {
    sandbox = await startSandbox({ operations, plan: 'none', consistencyMs: 0, tokenRequestsPerMinute: 0 });
  });
  after(async () => {
    await flow.unload();
    await sandbox.close();
  });
  // No reset: it would revoke the shared token, and the cache sends no more than 100 token requests a minute.
  beforeEach(() => sandbox.setFaults([]));

  const servers: OwnServer[] = [];
  afterEach(() => Promise.all(servers.splice(0).map((server) => server.close())));
  async function serve(...answers: Parameters<typeof startServer>): Promise<OwnServer> {
    const server = await startServer(...answers);
    servers.push(server);
    return server;
  }

  /**
   * Credentials of a test's own: it needs a token request, or has one refused, which holds the next one back; or it has
   * a call refused, which holds back all calls of its client.
   */
  function ownCredentials(): Record<string, string> {
    secrets += 1;
    return { clientId: `me-${secrets}`, clientSecret: `hush-${secrets}` };
  }

  const whole = (): FlowNode => connectionTo(sandbox.url, { id: 'whole', tenantId: TENANT });

  /** Waits until the sandbox has got one call more. */
  async function nextCall(): Promise<void> {
    const { calls } = sandbox.stats;
    while (sandbox.stats.calls === calls) await new Promise((resolve) => setTimeout(resolve, 5));
  }

  /** What holds for every failure. */
  function checkFailure({ dones, error, sent, caught, completed, msg }: Ran, expected: Case): void {
    dones.should.equal(1);
    const failure = error as NonNullable<typeof error>;
    failure.should.be.an.Error();
    failure.code.should.equal(expected.code, failure.message);
    failure.should.have.ownProperty('code');
    failure.message.should.match(expected.words);
    failure.toString().should.equal(failure.message);
    sent.length.should.equal(0);
    completed.length.should.equal(0);
    caught.length.should.equal(1);
    const [told] = caught as [Message];
    (told.error as object).should.containEql({ code: expected.code, message: failure.message });
    isDeepStrictEqual(told.payload, msg.payload).should.be.true();
    const facts = factsOf(msg);
    facts.error?.should.have.properties('code', 'statusCode', 'messages', 'body');
    String(facts.error?.code).should.equal(expected.code);
    facts.error?.messages.should.be.an.Array();
    facts.messages.should.be.an.Array();
    String(facts.error?.statusCode).should.equal(String(expected.statusCode));
    if (expected.statusCode === undefined) msg.should.not.have.property('statusCode');
    else msg.should.have.property('statusCode', expected.statusCode);
    msg.should.containEql({ topic: 'kept' });
    String(told.statusCode).should.equal(String(expected.statusCode));
    (told.fenergo as object).should.deepEqual(facts);
  }

  const CASES: Case[] = [
    {
      code: 'FENERGO_CONFIG',
      title: 'a node without a connection',
      connection: null,
      words: /Connection is empty/,
    },
    {
      code: 'FENERGO_CONFIG',
      title: 'a connection that does not exist',
      properties: { connection: 'gone' },
      words: /missing or disabled/,
    },
    {
      code: 'FENERGO_CONFIG',
      title: 'a connection without a client id',
      connection: { credentials: { clientSecret: 'hush' } },
      words: /'Test'.*client id is missing/,
    },
    {
      code: 'FENERGO_CONFIG',
      title: 'a connection without a secret',
      connection: { credentials: { clientId: 'me' } },
      words: /'Test'.*client secret is missing/,
    },
    {
      code: 'FENERGO_CONFIG',
      title: 'a connection without any credentials',
      connection: { credentials: undefined },
      words: /client id is missing, the client secret is missing/,
    },
    {
      code: 'FENERGO_CONFIG',
      title: 'a connection without a scope',
      connection: { scope: ' ' },
      words: /scope is missing/,
    },
    {
      code: 'FENERGO_CONFIG',
      title: 'a scope over 300 characters',
      connection: { scope: 'fenx.all '.repeat(34) },
      words: /306 characters where 300 are allowed/,
    },
    {
      code: 'FENERGO_CONFIG',
      title: 'a region that cannot be part of a host name',
      connection: { region: 'evil.example/' },
      words: /Region 'evil\.example\/'/,
    },
    ...(
      [
        ['', /Identity URL is empty/],
        ['no url', /Identity URL is not a URL/],
        ['ftp://host', /does not start with https/],
        ['https://me:hush@host', /carries a user name/],
        ['https://host?x=1', /'\?' or '#'/],
      ] as [string, RegExp][]
    ).map(([identityUrl, words]) => ({
      code: 'FENERGO_CONFIG',
      title: `the identity URL '${identityUrl}'`,
      connection: { identityUrl },
      words,
    })),
    {
      code: 'FENERGO_CONFIG',
      title: 'a bad API URL',
      connection: { apiUrl: 'host' },
      words: /API URL is not a URL/,
    },

    {
      code: 'FENERGO_INPUT',
      title: 'no operation',
      msg: { operation: undefined },
      words: /Operation is empty/,
      repair: { operation: GET_ENTITY },
    },
    {
      code: 'FENERGO_INPUT',
      title: 'an unknown operation',
      msg: { operation: 'entitydataquery/v9/GetEntityById' },
      words: /not in the catalog: did you mean .*entitydataquery\/v2\/GetEntityById/,
      repair: { operation: GET_ENTITY },
    },
    ...['__proto__', 'constructor', 'a/b', '///', 'x'.repeat(10_000)].map((operation) => ({
      code: 'FENERGO_INPUT',
      title: `the operation '${operation.slice(0, 20)}'`,
      msg: { operation },
      words: /^.{1,400}$/,
      repair: { operation: GET_ENTITY },
    })),
    {
      code: 'FENERGO_INPUT',
      title: 'no path parameter',
      msg: { params: {} },
      words: /'id' is missing/,
      repair: { params: { id: ENTITY } },
    },
    ...[[], 'text', 7, true].map((params) => ({
      code: 'FENERGO_INPUT',
      title: `msg.params that is ${JSON.stringify(params)}`,
      msg: { params },
      words: /msg\.params has to be an object/,
      repair: { params: { id: ENTITY } },
    })),
    ...[{}, ['a'], () => 1, Symbol('x'), new Date('no date')].map((id) => ({
      code: 'FENERGO_INPUT',
      title: `a path parameter that is a ${Object.prototype.toString.call(id)}`,
      msg: { params: { id } },
      words: /Path parameter 'id' is (an object|a list|a function|a symbol)/,
      repair: { params: { id: ENTITY } },
    })),
    ...['.', '..'].map((id) => ({
      code: 'FENERGO_INPUT',
      title: `a path parameter '${id}'`,
      msg: { params: { id } },
      words: /would lead to another path/,
      repair: { params: { id: ENTITY } },
    })),
    {
      code: 'FENERGO_INPUT',
      title: 'half of a Unicode character in the path',
      msg: { params: { id: '\ud800' } },
      words: /half of a Unicode character/,
      repair: { params: { id: ENTITY } },
    },
    {
      code: 'FENERGO_INPUT',
      title: 'a query parameter that is an object',
      msg: { params: { id: ENTITY, q: {} } },
      words: /Query parameter 'q' is an object/,
      repair: { params: { id: ENTITY } },
    },
    {
      code: 'FENERGO_INPUT',
      title: 'no tenant',
      connection: { tenantId: '' },
      words: /Tenant is empty: set it on the node, in msg\.tenantId or in the connection 'Test'/,
    },
    ...['not a guid', TENANT.slice(1), `${TENANT}\r\nx: y`, '{}'].map((tenantId) => ({
      code: 'FENERGO_INPUT',
      title: `the tenant ${JSON.stringify(tenantId)}`,
      msg: { tenantId },
      words: /^Tenant '[^\r\n]+' is not a GUID/,
      repair: { tenantId: '' },
    })),
    {
      code: 'FENERGO_INPUT',
      title: 'a tenant that is an object',
      msg: { tenantId: { id: TENANT } },
      words: /is not a GUID/,
      repair: { tenantId: TENANT },
    },
    ...['operation', 'method', 'path'].map((name) => ({
      code: 'FENERGO_INPUT',
      title: `msg.${name} that has no text`,
      msg: { operation: '', path: '/a/b', [name]: Object.create(null) },
      words: /\[object Object\]/,
      repair: { operation: GET_ENTITY },
    })),
    {
      code: 'FENERGO_INPUT',
      title: 'a tenant that has no text',
      msg: { tenantId: Object.create(null) },
      words: /is not a GUID/,
      repair: { tenantId: TENANT },
    },
    ...['a\r\nx-evil: 1', 'a\nb', '\0', 'ü'].map((value) => ({
      code: 'FENERGO_INPUT',
      title: `the header value ${JSON.stringify(value)}`,
      properties: { params: [row('x-mine', 'header', 'msg', 'header')] },
      msg: { header: value },
      words: /Header 'x-mine' holds a line break, a control character or a character beyond ASCII/,
    })),
    {
      code: 'FENERGO_INPUT',
      title: 'a header name with a line break',
      properties: { params: [row('x\r\ny', 'header', 'str', '1')] },
      words: /Header name 'x··y' is not allowed/,
    },
    {
      code: 'FENERGO_INPUT',
      title: 'a correlation id with a line break',
      msg: { correlationId: 'a\r\nb' },
      words: /'x-correlation-id' holds a line break/,
      repair: { correlationId: 'a' },
    },
    ...['0', '-1', 'soon', ''].map((timeout) => ({
      code: 'FENERGO_INPUT',
      title: `the timeout '${timeout}'`,
      properties: { timeout },
      words: /Timeout '.*' is not a number of seconds above 0/,
    })),
    ...['0', '-1', '1.5', 'Infinity', 'few', ' '].map((tries) => ({
      code: 'FENERGO_INPUT',
      title: `the tries '${tries}'`,
      properties: { tries },
      words: /Tries '.*' is not a whole number from 1/,
    })),
    ...(['longestPause', 'patience'] as const).flatMap((property) =>
      ['-1', 'Infinity', 'long', ''].map((value) => ({
        code: 'FENERGO_INPUT',
        title: `the ${property} '${value}'`,
        properties: { [property]: value },
        words: /^(Longest pause|Patience) '.*' is not a number of seconds from 0/,
      })),
    ),
    {
      code: 'FENERGO_INPUT',
      title: 'a method that does not exist',
      msg: { operation: '', method: 'STEAL', path: '/a/b' },
      words: /Method 'STEAL'/,
      repair: { operation: GET_ENTITY },
    },
    ...(
      [
        ['https://evil.example/a', /absolute URL/],
        ['//evil.example/a', /absolute URL/],
        ['/a/../b', /'\.' or '\.\.' segment/],
        ['/a/%2e%2E/b', /'\.' or '\.\.' segment/],
        ['/a/b c', /encode it/],
        ['/a\\b', /encode it/],
        ['/a/b\r\nx', /encode it/],
        ['/{service}/b', /does not start with a service/],
      ] as [string, RegExp][]
    ).map(([path, words]) => ({
      code: 'FENERGO_INPUT',
      title: `the path ${JSON.stringify(path)}`,
      msg: { operation: '', path },
      words,
      repair: { operation: GET_ENTITY },
    })),

    {
      code: 'FENERGO_AUTH',
      title: 'a client that the identity server does not know',
      connection: { credentials: { clientId: 'invalid', clientSecret: 'hush-of-nobody' } },
      statusCode: 400,
      words: /invalid_client \(Client authentication failed\): check the client id and secret/,
    },
    {
      code: 'FENERGO_AUTH',
      title: 'a scope that the identity server does not know',
      connection: { scope: 'fenx.nothing' },
      statusCode: 400,
      words: /invalid_scope/,
    },
    {
      code: 'FENERGO_UNAUTHORIZED',
      title: '401 with a fresh token too',
      ownCredential: true,
      before: () =>
        sandbox.setFaults([
          { match: { service: 'entitydataquery' }, times: 2, respond: { status: 401, body: {} } },
        ]),
      statusCode: 401,
      words: /a fresh access token was refused \(401\)/,
    },
    {
      code: 'FENERGO_FORBIDDEN',
      title: 'a scope that is not among those of the connection',
      connection: { scope: 'fenx.journey.read' },
      statusCode: 403,
      words: /scope 'fenx\.entitydata\.read' is needed and the connection does not ask for it/,
    },
    {
      code: 'FENERGO_FORBIDDEN',
      title: 'a tenant that the credential does not reach',
      msg: { tenantId: '99999999-9999-4999-8999-999999999999' },
      statusCode: 403,
      words: /not permitted \(403\): Access denied. The credential does not reach this tenant/,
      repair: { tenantId: '' },
    },
    {
      code: 'FENERGO_NOT_FOUND',
      title: 'an entity that does not exist',
      msg: { params: { id: 'nobody' } },
      statusCode: 404,
      words: /GetEntityById: not found \(404\): Not Found\. Entity with given id does not exist/,
      repair: { params: { id: ENTITY } },
    },
    {
      code: 'FENERGO_GONE',
      title: 'an operation that is past its sunset',
      msg: { operation: 'eventingress/v1/GetEventsByFilter' },
      statusCode: 410,
      words: /past its sunset.*\(410\)/,
      repair: { operation: GET_ENTITY },
    },
    {
      code: 'FENERGO_VALIDATION',
      title: 'a body with wrong properties',
      msg: { operation: CREATE_ENTITY, payload: { data: { type: '' } } },
      statusCode: 400,
      words: /data\.type: 'data\.type' must not be empty\..*data\.properties: /,
      repair: { payload: { data: { type: 'Company', properties: { legalEntityName: single('A') } } } },
    },
    {
      code: 'FENERGO_VALIDATION',
      title: 'no body where one is needed',
      msg: { operation: CREATE_ENTITY, payload: undefined },
      statusCode: 400,
      words: /A request body is required/,
      repair: { payload: { data: { type: 'Company', properties: { legalEntityName: single('A') } } } },
    },
    {
      code: 'FENERGO_RATE_LIMITED',
      title: '429 that asks for an hour of silence',
      ownCredential: true,
      before: () => spoil({ respond: { status: 429, headers: { 'retry-after': '3600' } } }),
      statusCode: 429,
      words: /too many requests \(429\)/,
    },
    {
      code: 'FENERGO_TIMEOUT',
      title: '429 of the token endpoint, whose pause outlasts the timeout',
      ownCredential: true,
      properties: { timeout: 0.3 },
      before: () => spoil({ respond: { status: 429, headers: { 'retry-after': '3600' } } }, '/connect/token'),
      words: /no answer within 0\.3 s/,
    },
    {
      code: 'FENERGO_SERVER',
      title: '500',
      before: () => spoil({ respond: { status: 500, body: { message: 'out of order' } } }),
      statusCode: 500,
      words: /answered 500: out of order/,
    },
    {
      code: 'FENERGO_SERVER',
      title: '502 with HTML, to a command, which is not repeated',
      msg: { operation: CREATE_ENTITY, payload: { data: {} } },
      before: () =>
        sandbox.setFaults([
          { match: { service: 'entitydatacommand' }, respond: { status: 502, body: '<h1>Bad</h1>' } },
        ]),
      statusCode: 502,
      words: /answered 502/,
      repair: { operation: GET_ENTITY },
    },
    {
      code: 'FENERGO_TIMEOUT',
      title: 'an answer that takes longer than the timeout',
      properties: { timeout: 0.2 },
      before: () => spoil({ delayMs: 60_000 }),
      words: /no answer within 0\.2 s/,
    },
    {
      code: 'FENERGO_TIMEOUT',
      title: 'a token that takes longer than the timeout',
      ownCredential: true,
      properties: { timeout: '0.2' },
      before: () => spoil({ delayMs: 60_000 }, '/connect/token'),
      words: /no answer within 0\.2 s/,
    },
    {
      code: 'FENERGO_NETWORK',
      title: 'a broken connection',
      msg: { operation: CREATE_ENTITY, payload: { data: {} } },
      before: () => sandbox.setFaults([{ match: { service: 'entitydatacommand' }, reset: true }]),
      words: /broke \(ECONNRESET\); the command may have been carried out/,
      repair: { operation: GET_ENTITY },
    },
    {
      code: 'FENERGO_RESPONSE',
      title: 'an answer that is not JSON',
      before: () => spoil({ respond: { status: 200, body: '<html>Welcome</html>' } }),
      statusCode: 200,
      words: /the answer is not JSON \(text\/plain/,
    },
    {
      code: 'FENERGO_RESPONSE',
      title: 'an empty answer',
      before: () => spoil({ respond: { status: 200 } }),
      statusCode: 200,
      words: /the answer is empty/,
    },
    {
      code: 'FENERGO_RESPONSE',
      title: 'a redirect to another host',
      before: () => spoil({ respond: { status: 302, headers: { location: 'http://127.0.0.2:1/' } } }),
      statusCode: 302,
      words: /redirect \(302\) that is not followed/,
    },
  ];

  function spoil(effect: object, path = '/entitydataquery/'): void {
    sandbox.setFaults([{ match: { path }, times: 'always', ...effect }]);
  }

  for (const expected of CASES) {
    const { code, title, connection, properties, msg, ownCredential, before: misbehave, repair } = expected;
    it(`${code}: ${title}`, async () => {
      const bad = connectionTo(sandbox.url, {
        tenantId: TENANT,
        ...(ownCredential ? { credentials: ownCredentials() } : {}),
        ...connection,
      });
      await flow.load(
        [bad, whole()],
        { ...(connection === null ? { connection: '' } : {}), ...properties },
        { id: 'good', connection: 'whole' },
      );
      misbehave?.();
      const payload = { untouched: { by: 'failure' } };
      const given = { topic: 'kept', operation: GET_ENTITY, params: { id: ENTITY }, payload, ...msg };
      const before = given.payload;
      const snapshot = structuredClone(before);
      const ran = await flow.run(given);
      checkFailure(ran, expected);
      (given.payload === before).should.be.true();
      if (before) before.should.deepEqual(snapshot);

      sandbox.setFaults([]);
      Object.assign(given, repair);
      const again = await flow.run(given, 'good');
      (again.error === undefined).should.be.true(String(again.error));
      again.sent.length.should.equal(1);
      again.completed.length.should.equal(1);
      (again.sent[0] === given).should.be.true();
      String(given).should.equal('[object Object]');
      factsOf(again.msg).should.not.have.property('error');
    });
  }

  describe('facts of a failure', () => {
    const load = (properties: Record<string, unknown> = {}) =>
      flow.load([connectionTo(sandbox.url, { tenantId: TENANT })], properties);

    it('hold the call, the platform’s messages and its body', async () => {
      await load();
      const { msg } = await flow.run({ operation: GET_ENTITY, params: { id: 'nobody' }, payload: 'p' });
      const { durationMs, correlationId, ...facts } = factsOf(msg);
      const words = 'Not Found. Entity with given id does not exist';
      const messages = [{ message: words, type: 'Error', errorCode: 'NOT_FOUND' }];
      facts.should.deepEqual({
        operation: GET_ENTITY,
        method: 'GET',
        url: `${sandbox.url}/entitydataquery/api/v2/entity/nobody`,
        tenantId: TENANT,
        attempts: 1,
        messages,
        error: { code: 'FENERGO_NOT_FOUND', statusCode: 404, messages, body: { data: null, messages } },
      });
      correlationId.should.be.a.String();
      durationMs.should.be.a.Number();
    });

    it('are not those of an earlier call of the same message', async () => {
      await load({ operation: GET_ENTITY });
      const msg: Record<string, unknown> = { params: { id: ENTITY } };
      await flow.run(msg);
      msg.params = {};
      const { error } = await flow.run(msg);
      String(error?.code).should.equal('FENERGO_INPUT');
      Object.keys(msg.fenergo as object).should.deepEqual(['attempts', 'durationMs', 'messages', 'error']);
      msg.should.not.have.property('statusCode');
    });

    it('hold a message for each wrong property', async () => {
      await load({ operation: CREATE_ENTITY });
      const { msg, error } = await flow.run({ payload: { data: { type: 1 } } });
      String(error?.code).should.equal('FENERGO_VALIDATION');
      const named = factsOf(msg).error?.messages.filter(({ propertyName }) => propertyName) ?? [];
      named.map(({ propertyName }) => propertyName).should.deepEqual(['data.type', 'data.properties']);
      for (const { message } of named) message.should.match(/must not be empty/);
    });

    it('hold the deprecation where there is one', async () => {
      await load();
      sandbox.setFaults([
        {
          match: { service: 'entitydataquery' },
          respond: { status: 409, headers: { sunset: 'soon', deprecation: '@1' } },
        },
      ]);
      const { msg, error } = await flow.run({ operation: GET_ENTITY, params: { id: ENTITY } });
      String(error?.code).should.equal('FENERGO_CONFLICT');
      factsOf(msg).should.containEql({ sunset: 'soon', deprecation: '@1' });
    });
  });

  it('FENERGO_CONFLICT: a draft of a version that is not the newest', async () => {
    await flow.load([connectionTo(sandbox.url, { tenantId: TENANT })]);
    const given = {
      topic: 'kept',
      operation: 'entitydatacommand/v2/CreateEntityDraft',
      params: { entityId: ENTITY },
      payload: { data: { version: 99, properties: {} } },
    };
    const ran = await flow.run(given);
    checkFailure(ran, { code: 'FENERGO_CONFLICT', title: '', statusCode: 409, words: /conflict \(409\): / });
    given.payload.data.version = 1;
    const again = await flow.run(given);
    (again.error === undefined).should.be.true(String(again.error));
  });

  it('FENERGO_NETWORK: a closed port and a host that does not resolve, for the token and for the call', async () => {
    const closed = createServer().listen(0, '127.0.0.1');
    await new Promise((resolve) => closed.once('listening', resolve));
    const url = `http://127.0.0.1:${(closed.address() as { port: number }).port}`;
    await new Promise((resolve) => closed.close(resolve));
    const nowhere = 'https://no-such-host.invalid';
    const ways: [properties: Record<string, string>, words: RegExp][] = [
      [{ apiUrl: url }, /: 127\.0\.0\.1:\d+ cannot be reached \(ECONNREFUSED\)/],
      [{ identityUrl: url }, /The token endpoint at 127.* cannot be reached \(ECONNREFUSED\)/],
      [{ apiUrl: nowhere }, /: no-such-host\.invalid cannot be reached \((ENOTFOUND|EAI_AGAIN)\)/],
      [{ identityUrl: nowhere }, /token endpoint at no-such-host\.invalid cannot be reached/],
    ];
    const connections = ways.map(([properties], at) =>
      connectionTo(sandbox.url, { id: `bad${at}`, tenantId: TENANT, ...properties }),
    );
    const requests = ways.map((_, at) => ({ id: `request${at}`, connection: `bad${at}` }));
    await flow.load([...connections, whole()], ...requests, { id: 'good', connection: 'whole' });
    // Together, since each waits between its tries.
    await Promise.all(
      ways.map(async ([, words], at) => {
        const given = { topic: 'kept', operation: GET_ENTITY, params: { id: ENTITY }, payload: 'p' };
        const ran = await flow.run(given, `request${at}`);
        checkFailure(ran, { code: 'FENERGO_NETWORK', title: '', words });
        (await flow.run(given, 'good')).sent.length.should.equal(1);
      }),
    );
  });

  it('FENERGO_ABORTED: a node that is closed in the middle of a call', async () => {
    await flow.load([connectionTo(sandbox.url, { tenantId: TENANT })]);
    sandbox.setFaults([{ match: { service: 'entitydataquery' }, delayMs: 60_000 }]);
    const given = { topic: 'kept', operation: GET_ENTITY, params: { id: ENTITY }, payload: 'p' };
    const running = flow.run(given);
    await nextCall();
    await flow.node().close(false);
    const words = /cancelled: its node was closed or redeployed/;
    checkFailure(await running, { code: 'FENERGO_ABORTED', title: '', words });
    given.should.have.property('payload', 'p');
    await flow.load([whole()], { connection: 'whole' });
    (await flow.run(given)).sent.length.should.equal(1);
  });

  it('FENERGO_ABORTED: a node that is closed while its call waits for the next try', async () => {
    await flow.load([connectionTo(sandbox.url, { tenantId: TENANT, credentials: ownCredentials() })]);
    spoil({ respond: { status: 429, headers: { 'retry-after': '50' } } });
    const running = flow.run({
      topic: 'kept',
      operation: GET_ENTITY,
      params: { id: ENTITY },
      payload: 'p',
    });
    await nextCall();
    await flow.node().close(false);
    checkFailure(await running, { code: 'FENERGO_ABORTED', title: '', words: /cancelled/ });
  });

  it('FENERGO_ABORTED: a connection that is closed in the middle of a call', async () => {
    await flow.load([connectionTo(sandbox.url, { tenantId: TENANT })]);
    sandbox.setFaults([{ match: { service: 'entitydataquery' }, delayMs: 60_000 }]);
    const running = flow.run({ topic: 'kept', operation: GET_ENTITY, params: { id: ENTITY }, payload: 'p' });
    await nextCall();
    await flow.node('connection').close(false);
    checkFailure(await running, { code: 'FENERGO_ABORTED', title: '', words: /closed/ });
  });

  describe('bodies that cannot be sent', () => {
    const cycle: Record<string, unknown> = { name: 'cycle' };
    cycle.self = cycle;
    for (const [what, payload, words] of [
      ['a cycle', cycle, /CreateEntity: The body cannot be sent as JSON: it refers to itself/],
      ['a BigInt inside', { data: 1n }, /it holds a BigInt/],
      ['a BigInt', 1n, /The body is a bigint/],
      ['a number', 7, /The body is a number/],
      ['a function', () => 1, /The body is a function/],
      ['text that is no JSON', 'hello', /text that is not JSON/],
      ['a toJSON that throws', { toJSON: thrower }, /no JSON today/],
    ] as [string, unknown, RegExp][]) {
      it(`FENERGO_INPUT: ${what}`, async () => {
        await flow.load([whole()], { connection: 'whole' });
        const given: Record<string, unknown> = { topic: 'kept', operation: CREATE_ENTITY, payload };
        const { calls } = sandbox.stats;
        const { error, dones, sent, msg } = await flow.run(given);
        String(error?.code).should.equal('FENERGO_INPUT');
        String(error?.message).should.match(words);
        dones.should.equal(1);
        sent.length.should.equal(0);
        (msg.payload === payload).should.be.true();
        sandbox.stats.calls.should.equal(calls);
        given.payload = { data: { type: 'Company', properties: { legalEntityName: single('A') } } };
        const again = await flow.run(given);
        (again.error === undefined).should.be.true(String(again.error));
      });
    }
  });

  describe('path values', () => {
    for (const [value, encoded] of [
      ['a/b', 'a%2Fb'],
      ['../../x', '..%2F..%2Fx'],
      ['...', '...'],
      ['a?b=c', 'a%3Fb%3Dc'],
      ['a#b', 'a%23b'],
      ['100%', '100%25'],
      ['%2e%2e', '%252e%252e'],
      ['%2F', '%252F'],
      ['a\r\nb', 'a%0D%0Ab'],
      ['\0', '%00'],
      ['Łódź 日本', '%C5%81%C3%B3d%C5%BA%20%E6%97%A5%E6%9C%AC'],
      ['a\\b;c', 'a%5Cb%3Bc'],
    ] as const) {
      it(`${JSON.stringify(value)} stays one segment`, async () => {
        const server = await serve(echo);
        await flow.load([connectionTo(server.url, { tenantId: TENANT })]);
        const { msg, error } = await flow.run({ operation: GET_ENTITY, params: { id: value } });
        (error === undefined).should.be.true(String(error));
        (msg.payload as object).should.have.property('url', `/entitydataquery/api/v2/entity/${encoded}`);
        factsOf(msg).url.should.endWith(`/entity/${encoded}`);
      });
    }
  });

  describe('answers that cannot be read', () => {
    it('FENERGO_NETWORK: cut short, for a command at once and for a query after four tries', async () => {
      await flow.load([whole()], { connection: 'whole' });
      for (const [operation, tries] of [
        [GET_ENTITY, 4],
        [CREATE_ENTITY, 1],
      ] as const) {
        const { [operation]: earlier = 0 } = sandbox.stats.byOperation;
        sandbox.setFaults([{ match: { operation }, times: 'always', truncate: true }]);
        const properties = { legalEntityName: single('A') };
        const payload = { data: { type: 'Company', properties } };
        const given = { topic: 'kept', operation, params: { id: ENTITY }, payload };
        const ran = await flow.run(given);
        checkFailure(ran, { code: 'FENERGO_NETWORK', title: '', words: /the connection to .* broke/ });
        Number(sandbox.stats.byOperation[operation]).should.equal(earlier + tries);
        (given.payload === payload).should.be.true();
        sandbox.setFaults([]);
        const again = await flow.run(given);
        (again.error === undefined).should.be.true(String(again.error));
      }
    });

    it('FENERGO_RESPONSE: 100 MB, plain and packed, read no further than the limit', async () => {
      const { gzipSync } = await import('node:zlib');
      const megabyte = Buffer.alloc(1_000_000, 0x20);
      const bomb = gzipSync(Buffer.alloc(100_000_000, 0x20));
      let good = false;
      const server = await serve((arrived, response) => {
        if (good) return echo(arrived, response);
        if (arrived.url.includes('packed')) {
          return response.writeHead(200, { 'content-encoding': 'gzip' }).end(bomb);
        }
        response.writeHead(200, { 'content-type': 'application/json' });
        let left = 100;
        const more = (): void => {
          while (left > 0) {
            left -= 1;
            if (!response.write(megabyte)) return void response.once('drain', more);
          }
          response.end();
        };
        more();
      });
      await flow.load([connectionTo(server.url, { tenantId: TENANT })]);
      for (const id of ['plain', 'packed']) {
        good = false;
        const given = { topic: 'kept', operation: GET_ENTITY, params: { id }, payload: 'p' };
        const words = /the answer is larger than 50 MB/;
        checkFailure(await flow.run(given), { code: 'FENERGO_RESPONSE', title: '', words });
        good = true;
        (await flow.run(given)).sent.length.should.equal(1);
      }
    });

    it('FENERGO_RESPONSE: longer than the connection allows, to the byte', async () => {
      const server = await serve(({ url }, response) =>
        response.end(Buffer.alloc(Number(url.split('/').at(-1)), '1')),
      );
      const request = { result: 'text', method: 'POST', path: '/entitydatacommand/api/{id}' };
      for (const answerLimit of [1.5, '1.5', ' 1.5 ']) {
        await flow.load([connectionTo(server.url, { tenantId: TENANT, answerLimit })], request);
        const ran = await flow.run({ params: { id: 1_500_000 } });
        (ran.msg.payload as string).length.should.equal(1_500_000);
        const given = { topic: 'kept', params: { id: 1_500_001 }, payload: { a: 1 } };
        const words =
          /larger than 1\.5 MB: .* raise the answer limit of the connection; the command may have been/;
        checkFailure(await flow.run(given), { code: 'FENERGO_RESPONSE', title: '', words });
      }
    });

    it('FENERGO_CONFIG: an answer limit that is none', async () => {
      for (const answerLimit of ['', 0, -1, 'long', 500.1, '1e9', Number.NaN, {}, '1,5']) {
        await flow.load([connectionTo('http://127.0.0.1:9', { tenantId: TENANT, answerLimit })]);
        const given = { topic: 'kept', operation: GET_ENTITY, params: { id: 1 }, payload: 'p' };
        const words =
          /Connection 'Test' is not complete: the answer limit is not a number of MB above 0, 500 at most/;
        checkFailure(await flow.run(given), { code: 'FENERGO_CONFIG', title: '', words });
      }
    });

    it('FENERGO_RESPONSE: garbage instead of HTTP, and gzip that is none', async () => {
      const server = await serve((_, response) => {
        response.writeHead(200, { 'content-encoding': 'gzip' }).end('this is not gzip');
      });
      await flow.load([connectionTo(server.url, { tenantId: TENANT })]);
      const given = { topic: 'kept', operation: GET_ENTITY, params: { id: 1 }, payload: 'p' };
      checkFailure(await flow.run(given), {
        code: 'FENERGO_RESPONSE',
        title: '',
        words: /could not be read/,
      });
    });
  });

  describe('token answers', () => {
    const TOKEN = { access_token: 'tok', expires_in: 900, token_type: 'Bearer' };
    const bad: [what: string, status: number, body: unknown, words: RegExp][] = [
      ['without access_token', 200, { expires_in: 900 }, /holds no access_token/],
      ['with an empty access_token', 200, { ...TOKEN, access_token: '' }, /holds no access_token/],
      ['with an object for a token', 200, { ...TOKEN, access_token: {} }, /holds no access_token/],
      ['with a line break in the token', 200, { ...TOKEN, access_token: 'a\r\nb' }, /cannot be sent/],
      ['of another type', 200, { ...TOKEN, token_type: 'MAC' }, /not a Bearer token/],
      ['that are null', 200, null, /is not JSON/],
      ['with HTML', 200, '<html>Log in</html>', /is not JSON/],
      ['with HTML and 403', 403, '<html>Go away</html>', /answered 403 without an OAuth error/],
      ['with a redirect', 302, '', /answered 302 without an OAuth error/],
    ];
    for (const [what, status, body, words] of bad) {
      it(`FENERGO_AUTH: ${what}`, async () => {
        const server = await serve(echo, (_, response) => {
          if (typeof body === 'string') response.writeHead(status).end(body);
          else sendJson(response, body, status);
        });
        const failing = connectionTo(server.url, { tenantId: TENANT });
        await flow.load([failing, whole()], {}, { id: 'good', connection: 'whole' });
        const given = { topic: 'kept', operation: GET_ENTITY, params: { id: ENTITY }, payload: 'p' };
        checkFailure(await flow.run(given), {
          code: 'FENERGO_AUTH',
          title: '',
          statusCode: status,
          words,
        });
        (await flow.run(given, 'good')).sent.length.should.equal(1);
      });
    }

    for (const life of ['900', '900.5', 'soon', -1, null, {}, 1e300]) {
      it(`work with expires_in ${JSON.stringify(life)}`, async () => {
        const server = await serve(echo, (_, response) => sendJson(response, { ...TOKEN, expires_in: life }));
        const own = connectionTo(server.url, { tenantId: TENANT });
        await flow.load([own]);
        for (const id of [1, 2]) {
          const { error } = await flow.run({ operation: GET_ENTITY, params: { id } });
          (error === undefined).should.be.true(String(error));
        }
        server.arrived.filter(({ url }) => url === '/connect/token').length.should.equal(1);
      });
    }
  });

  it('is done with a message that cannot be written to', async () => {
    await flow.load([whole()], { connection: 'whole' });
    for (const id of [ENTITY, '']) {
      const frozen = Object.freeze({ _msgid: `frozen${id}`, operation: GET_ENTITY, params: { id } });
      const { dones, sent, error } = await flow.run(frozen);
      dones.should.equal(1);
      sent.length.should.equal(0);
      (error === undefined).should.be.false();
    }
  });
});

function single(value: string) {
  return { type: 'Single', value };
}

function thrower(): never {
  throw new Error('no JSON today');
}
