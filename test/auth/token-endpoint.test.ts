import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { inspect } from 'node:util';
import should from 'should';
import type { Credential } from '../../lib/auth/credential.js';
import { type IssuedToken, requestToken, type TokenRequestError } from '../../lib/auth/token-endpoint.js';
import { ManualClock } from '../support/manual-clock.js';

const SECRET = 'p1anted-Secret/+=& ü';

interface Answer {
  status?: number;
  headers?: Record<string, string>;
  body?: string;
  /** Ends the connection with the answer cut short. */
  cut?: boolean;
  /** Leaves the request without an answer. */
  silent?: boolean;
}

describe('requestToken', () => {
  let server: Server;
  let url: string;
  let answer: Answer;
  let seen: { request: IncomingMessage; form: string }[];

  before(async () => {
    server = createServer((request, response) => {
      let form = '';
      request.on('data', (chunk) => {
        form += chunk;
      });
      request.on('end', () => {
        seen.push({ request, form });
        server.emit('asked');
        if (answer.silent) return;
        const body = answer.body ?? '';
        const length = Buffer.byteLength(body) + (answer.cut ? 10 : 0);
        response.writeHead(answer.status ?? 200, { 'content-length': length, ...answer.headers });
        if (answer.cut) response.write(body, () => response.destroy());
        else response.end(body);
      });
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/connect/token`;
  });

  beforeEach(() => {
    seen = [];
  });

  after(async () => {
    server.closeAllConnections();
    server.close();
    await once(server, 'close');
  });

  const credential = (other: Partial<Credential> = {}): Credential => ({
    tokenUrl: url,
    clientId: 'client-a',
    clientSecret: SECRET,
    scope: '  fenx.entitydata.read   fenx.journey.read ',
    ...other,
  });

  function json(value: unknown, status = 200, headers: Record<string, string> = {}): Answer {
    return {
      status,
      headers: { 'content-type': 'application/json', ...headers },
      body: JSON.stringify(value),
    };
  }

  async function ask(given: Answer, clock = new ManualClock()): Promise<IssuedToken> {
    answer = given;
    return await requestToken(credential(), undefined, clock);
  }

  /** The error of a request, with a look that it gives nothing away. */
  async function failure(given: Answer, other: Partial<Credential> = {}): Promise<TokenRequestError> {
    answer = given;
    const error = (await requestToken(credential(other), undefined, new ManualClock()).then(
      () => should.fail(undefined, undefined, 'no error'),
      (reason) => reason,
    )) as TokenRequestError;
    const text = [
      inspect(error, { depth: Infinity, showHidden: true }),
      JSON.stringify(error),
      error.stack,
    ].join('\n');
    const basic = Buffer.from(`client-a:${SECRET}`).toString('base64');
    for (const secret of [
      SECRET,
      encodeURIComponent(SECRET),
      new URLSearchParams({ s: SECRET }).toString(),
      basic,
    ]) {
      text.includes(secret).should.be.false(text);
    }
    text.should.not.containEql('p1anted');
    return error;
  }

  it('posts the form that the source document shows, without a tenant', async () => {
    await ask(json({ access_token: 'abc', expires_in: 900, token_type: 'Bearer', scope: 'fenx.all' }));
    const [{ request, form }] = seen as [(typeof seen)[number]];
    should(request.method).equal('POST');
    should(request.headers['content-type']).equal('application/x-www-form-urlencoded');
    request.headers.should.not.have.property('x-tenant-id');
    Object.fromEntries(new URLSearchParams(form)).should.deepEqual({
      grant_type: 'client_credentials',
      client_id: 'client-a',
      client_secret: SECRET,
      scope: 'fenx.entitydata.read fenx.journey.read',
    });
  });

  it('takes token, granted scope and life', async () => {
    const token = await ask(
      json({ access_token: 'abc', expires_in: 900, token_type: 'bearer', scope: 'fenx.all' }),
    );
    token.should.deepEqual({ accessToken: 'abc', scope: 'fenx.all', lifeSeconds: 900 });
  });

  it('takes the scope that was asked for where none is granted by name', async () => {
    (await ask(json({ access_token: 'abc' }))).scope.should.equal('fenx.entitydata.read fenx.journey.read');
  });

  for (const [given, lifeSeconds] of [
    ['900', 900],
    [3600, 3600],
    [0.5, 0.5],
    [undefined, 60],
    [null, 60],
    [0, 60],
    [-5, 60],
    ['', 60],
    ['soon', 60],
    [{}, 60],
    [1e308, 60],
  ] as const) {
    it(`counts expires_in ${JSON.stringify(given)} as ${lifeSeconds} s`, async () => {
      (await ask(json({ access_token: 'abc', expires_in: given }))).lifeSeconds.should.equal(lifeSeconds);
    });
  }

  for (const [error, status, words] of [
    ['invalid_client', 401, /invalid_client.*check the client id and secret/],
    ['invalid_scope', 400, /invalid_scope.*not granted/],
    ['unauthorized_client', 400, /unauthorized_client/],
    ['something_else', 400, /something_else/],
  ] as const) {
    it(`turns the OAuth error ${error} into words`, async () => {
      const reason = await failure(json({ error, error_description: `no ${SECRET} here` }, status));
      reason.should.have.properties({ code: 'FENERGO_AUTH', transient: false });
      reason.message.should.match(words);
    });
  }

  for (const [what, given, words] of [
    [
      'HTML',
      { body: '<html>login</html>', headers: { 'content-type': 'text/html' } },
      /not JSON.*identity URL/,
    ],
    ['nothing', {}, /not JSON/],
    ['a list', json([]), /no access_token/],
    ['no access_token', json({ token_type: 'Bearer' }), /no access_token/],
    ['an empty access_token', json({ access_token: '' }), /no access_token/],
    [
      'an access_token with a line break',
      json({ access_token: 'p1anted\r\nx: y' }),
      /cannot be sent in a header/,
    ],
    ['another kind of token', json({ access_token: 'p1anted', token_type: 'mac' }), /not a Bearer token/],
    ['a redirect', { status: 302, headers: { location: 'http://127.0.0.1:1/' } }, /answered 302/],
    ['404', { status: 404, body: 'no' }, /answered 404.*identity URL/],
    ['2 MB', { body: 'x'.repeat(2_000_000) }, /no readable answer/],
  ] as const) {
    it(`refuses an answer that holds ${what}`, async () => {
      const reason = await failure(given);
      reason.should.have.properties({ code: 'FENERGO_AUTH', transient: false });
      reason.message.should.match(words);
    });
  }

  it('tells that the endpoint is asked too often, and for how long, in seconds or as a date', async () => {
    const inSeconds = await failure({ status: 429, headers: { 'retry-after': '7' } });
    inSeconds.should.have.properties({ code: 'FENERGO_RATE_LIMITED', transient: true, retryAfterMs: 7000 });
    const date = new Date(new ManualClock().dateMs() + 9000).toUTCString();
    (await failure({ status: 429, headers: { 'retry-after': date } })).should.have.property(
      'retryAfterMs',
      9000,
    );
    should((await failure({ status: 429 })).retryAfterMs).be.undefined();
  });

  it('takes a failing endpoint for a passing trouble', async () => {
    const reason = await failure({ status: 503, body: '<html>busy</html>' });
    reason.should.have.properties({ code: 'FENERGO_SERVER', transient: true });
  });

  it('takes an answer that is cut short for a passing trouble', async () => {
    const reason = await failure({ body: '{"access_token":"p1anted', cut: true });
    reason.should.have.properties({ code: 'FENERGO_NETWORK', transient: true });
  });

  it('says which host cannot be reached', async () => {
    const closed = await failure({}, { tokenUrl: 'http://127.0.0.1:1/connect/token' });
    closed.should.have.properties({ code: 'FENERGO_NETWORK', transient: true });
    closed.message.should.match(/127\.0\.0\.1:1 cannot be reached \(ECONNREFUSED\)/);
    const unknown = await failure({}, { tokenUrl: 'http://identity.invalid/connect/token' });
    unknown.message.should.match(/identity\.invalid cannot be reached/);
  });

  it('gives up after 30 s', async () => {
    const clock = new ManualClock();
    answer = { silent: true };
    const asked = once(server, 'asked');
    const waiting = requestToken(credential(), undefined, clock);
    await asked;
    clock.advance(30_000);
    await waiting.should.be.rejectedWith(/did not answer within 30 s/, {
      code: 'FENERGO_TIMEOUT',
      transient: true,
    });
  });

  it('can be called off', async () => {
    const controller = new AbortController();
    answer = { silent: true };
    const asked = once(server, 'asked');
    const waiting = requestToken(credential(), controller.signal, new ManualClock());
    await asked;
    controller.abort();
    await waiting.should.be.rejectedWith({ code: 'FENERGO_ABORTED' });
  });
});
