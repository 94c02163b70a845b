import 'should';
import { ClientRequest } from 'node:http';
import type { TestOutcome } from '../../nodes/fenergo-config/test-route.js';
import { type OwnServer, sendJson, startServer } from '../support/flow.js';
import { type FlowNode, type RealNodeRed, startNodeRed } from '../support/node-red.js';

const STORED = 'stored-s3cret&=/ü';

describe('POST fenergo/test-connection', function () {
  this.timeout(30_000);
  let nodeRed: RealNodeRed;
  let server: OwnServer;
  /** Where an attacker, or a slip of the mouse, would have the secret sent. */
  let other: OwnServer;
  let answer: { status: number; body: unknown; headers?: Record<string, string> };

  const good = { status: 200, body: { access_token: 'planted-t0ken', expires_in: 900, scope: 'fenx.all' } };

  before(async () => {
    server = await startServer(
      () => {},
      (_, response) => {
        for (const [name, value] of Object.entries(answer.headers ?? {})) response.setHeader(name, value);
        if (typeof answer.body === 'string') response.writeHead(answer.status).end(answer.body);
        else sendJson(response, answer.body, answer.status);
      },
    );
    other = await startServer((_, response) => sendJson(response, {}));
    nodeRed = await startNodeRed();
    process.env.FENERGO_TEST_ID = 'id-from-env';
    process.env.FENERGO_TEST_SECRET = 'secret-from-env';
    process.env.FENERGO_TEST_URL = server.url;
    await nodeRed.deploy([
      config('stored'),
      config('with-env', {
        identityUrl: ref('URL'),
        apiUrl: ref('URL'),
        credentials: { clientId: ref('ID'), clientSecret: ref('SECRET') },
      }),
      config('no-secret', { credentials: { clientId: 'me' } }),
      config('elsewhere', { region: 'emea1b' }),
    ]);
  });
  after(async () => {
    for (const name of ['ID', 'SECRET', 'URL']) delete process.env[`FENERGO_TEST_${name}`];
    await nodeRed.stop();
    await server.close();
    await other.close();
  });
  beforeEach(() => {
    answer = good;
    server.arrived.length = 0;
    other.arrived.length = 0;
  });

  function config(id: string, properties: Record<string, unknown> = {}): FlowNode {
    return {
      id,
      type: 'fenergo-config',
      region: 'custom',
      identityUrl: server.url,
      apiUrl: server.url,
      credentials: { clientId: 'me', clientSecret: STORED },
      ...properties,
    };
  }

  const form = (properties: Record<string, unknown> = {}) => ({
    id: 'stored',
    region: 'custom',
    identityUrl: server.url,
    apiUrl: server.url,
    scope: 'fenx.all',
    clientId: 'me',
    ...properties,
  });

  async function test(body: unknown): Promise<TestOutcome> {
    const response = await fetch(`${nodeRed.url}fenergo/test-connection`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: typeof body === 'string' ? body : JSON.stringify(body),
    });
    response.status.should.equal(200);
    String(response.headers.get('cache-control')).should.equal('no-store');
    const text = await response.text();
    for (const secret of ['planted-t0ken', STORED, encodeURIComponent(STORED), 'secret-from-env']) {
      text.should.not.containEql(secret);
    }
    return JSON.parse(text);
  }

  const formSent = () => Object.fromEntries(new URLSearchParams(server.arrived[0]?.body));
  const reasonOf = (outcome: TestOutcome) => (outcome.ok ? 'ok' : outcome.reason);

  it('is ok with the stored secret', async () => {
    (await test(form())).should.deepEqual({ ok: true, scope: 'fenx.all', expiresInSeconds: 900 });
    formSent().should.deepEqual({
      grant_type: 'client_credentials',
      client_id: 'me',
      client_secret: STORED,
      scope: 'fenx.all',
    });
  });

  it('is ok with a secret that was typed in, for a node that is not deployed yet', async () => {
    (await test(form({ id: 'new', clientSecret: 'typed' }))).ok.should.be.true();
    formSent().should.containEql({ client_secret: 'typed' });
  });

  it('takes the typed secret before the stored one', async () => {
    (await test(form({ clientSecret: 'typed' }))).ok.should.be.true();
    formSent().should.containEql({ client_secret: 'typed' });
  });

  it('asks anew each time, past the cache', async () => {
    await test(form());
    await test(form());
    server.arrived.length.should.equal(2);
  });

  it('is ok with the sandbox and nothing else', async () => {
    const outcome = await test({ id: 'new', region: 'sandbox', scope: 'fenx.all' });
    outcome.should.deepEqual({ ok: true, scope: 'fenx.all', expiresInSeconds: 900 });
  });

  describe('an environment variable', () => {
    it('means in the form what it means in a flow', async () => {
      const env = {
        identityUrl: ref('URL'),
        apiUrl: ref('URL'),
        clientId: ref('ID'),
      };
      (await test(form({ id: 'with-env', ...env }))).ok.should.be.true();
      formSent().should.containEql({ client_id: 'id-from-env', client_secret: 'secret-from-env' });
      (await test(form({ id: 'new', ...env, clientSecret: ref('SECRET') }))).ok.should.be.true();
    });

    it('that is not set counts as empty', async () => {
      const outcome = await test(form({ id: 'new', clientId: ref('GONE'), clientSecret: 'x' }));
      reasonOf(outcome).should.equal('config');
      server.arrived.length.should.equal(0);
    });

    it('does not stand for its value when stored and typed settings are compared', async () => {
      const outcome = await test(form({ id: 'with-env', clientId: 'id-from-env' }));
      reasonOf(outcome).should.equal('secret-needed');
      server.arrived.length.should.equal(0);
    });
  });

  describe('the stored secret', () => {
    /** What leaves this process while `action` runs, but for the request to the admin route itself. */
    async function sentWhile(action: () => Promise<unknown>): Promise<string> {
      let sent = '';
      const { write, end } = ClientRequest.prototype;
      const spy = <T extends typeof write | typeof end>(method: T): T =>
        function (this: ClientRequest, ...args: unknown[]) {
          if (typeof args[0] === 'string' || Buffer.isBuffer(args[0])) sent += String(args[0]);
          return (method as (...all: unknown[]) => unknown).apply(this, args);
        } as T;
      ClientRequest.prototype.write = spy(write);
      ClientRequest.prototype.end = spy(end);
      try {
        await action();
      } finally {
        Object.assign(ClientRequest.prototype, { write, end });
      }
      return sent;
    }

    const changes: [what: string, properties: () => Record<string, unknown>][] = [
      ['another identity URL', () => ({ identityUrl: other.url })],
      ['another identity URL, from the environment', () => ({ identityUrl: ref('URL') })],
      ['the same identity URL with a path', () => ({ identityUrl: `${server.url}/x` })],
      ['another API URL', () => ({ apiUrl: other.url })],
      ['another client id', () => ({ clientId: 'you' })],
      ['no client id', () => ({ clientId: '' })],
      ['another region', () => ({ region: 'apac1' })],
      ['the default region', () => ({ region: '' })],
      ['URLs where a region was', () => ({ id: 'elsewhere', identityUrl: other.url })],
      ['a region that is no text', () => ({ region: ['custom'] })],
    ];
    for (const [what, properties] of changes) {
      it(`goes nowhere with ${what}`, async () => {
        let outcome: TestOutcome | undefined;
        const sent = await sentWhile(async () => {
          outcome = await test(form(properties()));
        });
        reasonOf(outcome as TestOutcome).should.equal('secret-needed');
        other.arrived.length.should.equal(0);
        server.arrived.length.should.equal(0);
        sent.should.equal('');
      });
    }

    it('does not go to the sandbox either', async () => {
      const sent = await sentWhile(() => test(form({ region: 'sandbox' })));
      sent.should.containEql('client_credentials');
      sent.should.not.containEql(encodeURIComponent(STORED).slice(0, 10));
    });

    it('is not found under the id of another node, or none', async () => {
      for (const id of ['', 'gone', '__proto__', 'no-secret']) {
        const outcome = await test(form({ id }));
        reasonOf(outcome).should.equal('config');
      }
      server.arrived.length.should.equal(0);
    });
  });

  const failures: [what: string, reason: string, properties: () => Record<string, unknown>, words: RegExp][] =
    [
      ['no client id', 'config', () => ({ id: '', clientId: '', clientSecret: 'x' }), /client id is missing/],
      ['no secret', 'config', () => ({ id: '' }), /client secret is missing/],
      ['no scope', 'config', () => ({ scope: '' }), /scope is missing/],
      ['a long scope', 'config', () => ({ scope: 'x'.repeat(301) }), /301 characters/],
      ['a bad region', 'config', () => ({ region: 'a.b', clientSecret: 'x' }), /Region 'a\.b'/],
      ['a bad URL', 'config', () => ({ identityUrl: 'x', clientSecret: 'x' }), /Identity URL is not a URL/],
      ['no URL', 'config', () => ({ identityUrl: '', clientSecret: 'x' }), /Identity URL is empty/],
      [
        'a closed port',
        'network',
        () => ({ identityUrl: 'http://127.0.0.1:9', clientSecret: 'x' }),
        /cannot be reached \(ECONNREFUSED\)/,
      ],
      [
        'a host that does not resolve',
        'network',
        () => ({ identityUrl: 'https://no-such-host.invalid', clientSecret: 'x' }),
        /no-such-host\.invalid cannot be reached/,
      ],
    ];
  for (const [what, reason, properties, words] of failures) {
    it(`tells of ${what} (${reason})`, async () => {
      const outcome = await test(form(properties()));
      reasonOf(outcome).should.equal(reason);
      (outcome as { message: string }).message.should.match(words);
    });
  }

  it('tells of what the identity server says, without the secret that it repeats', async () => {
    const description = `no client with secret ${STORED}`;
    answer = { status: 400, body: { error: 'invalid_client', error_description: description } };
    const outcome = await test(form());
    reasonOf(outcome).should.equal('oauth');
    (outcome as { message: string }).message.should.match(/invalid_client \(no client with secret \*\*\*\)/);
  });

  for (const [what, given, reason] of [
    ['HTML', { status: 200, body: '<h1>hi</h1>' }, 'oauth'],
    ['no token', { status: 200, body: {} }, 'oauth'],
    ['429', { status: 429, body: {}, headers: { 'retry-after': '7' } }, 'busy'],
    ['500', { status: 500, body: {} }, 'network'],
  ] as const) {
    it(`tells of an identity server that answers ${what} (${reason})`, async () => {
      answer = given;
      reasonOf(await test(form())).should.equal(reason);
    });
  }

  for (const body of [
    'null',
    '[]',
    '7',
    '"x"',
    '{"region":{"a":1},"id":[1]}',
    '{"__proto__":{"region":"sandbox"}}',
  ]) {
    it(`takes ${body} for an empty form`, async () => {
      const response = await fetch(`${nodeRed.url}fenergo/test-connection`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body,
      });
      // What is no object or list, Node-RED's own parser refuses.
      response.status.should.be.oneOf(200, 400);
      if (response.status === 200) {
        ((await response.json()) as object).should.containEql({ ok: false, reason: 'config' });
      }
    });
  }
});

/** An environment variable, as a field of a dialog names it. */
function ref(name: string): string {
  return `\${FENERGO_TEST_${name}}`;
}
