import { inspect } from 'node:util';
import should from 'should';
import type { ErrorCode } from '../../lib/errors.js';
import { closedPort } from '../support/broken-server.js';
import { Api, Connection, errorOf } from './harness.js';

describe('FenergoClient, refused calls', () => {
  let api: Api;
  let connection: Connection;

  before(async () => {
    api = await Api.start();
  });

  beforeEach(() => {
    connection = new Connection(api.url);
  });

  afterEach(() => connection.client.close());

  after(() => api.close());

  const STATUSES: [number, ErrorCode, RegExp][] = [
    [400, 'FENERGO_VALIDATION', /the platform refused the request \(400\): told$/],
    [401, 'FENERGO_UNAUTHORIZED', /a fresh access token was refused \(401\): told$/],
    [403, 'FENERGO_FORBIDDEN', /not permitted \(403\): told$/],
    [404, 'FENERGO_NOT_FOUND', /not found \(404\): told$/],
    [405, 'FENERGO_RESPONSE', /answered 405: told$/],
    [408, 'FENERGO_TIMEOUT', /answered 408: told$/],
    [409, 'FENERGO_CONFLICT', /conflict \(409\): told$/],
    [410, 'FENERGO_GONE', /past its sunset and no longer answers \(410\): told$/],
    [413, 'FENERGO_RESPONSE', /answered 413: told$/],
    [418, 'FENERGO_RESPONSE', /answered 418: told$/],
    [422, 'FENERGO_VALIDATION', /refused the request \(422\): told$/],
    [429, 'FENERGO_RATE_LIMITED', /too many requests \(429\), also after 600 s of waiting: told$/],
    [500, 'FENERGO_SERVER', /answered 500: told$/],
    [501, 'FENERGO_SERVER', /answered 501: told$/],
    [502, 'FENERGO_SERVER', /answered 502: told$/],
    [503, 'FENERGO_SERVER', /answered 503: told$/],
    [504, 'FENERGO_SERVER', /answered 504: told$/],
    [599, 'FENERGO_SERVER', /answered 599: told$/],
  ];
  for (const [status, code, words] of STATUSES) {
    it(`${status} is ${code}, with the platform's words, the facts and the call's name`, async () => {
      const body = { data: null, messages: [{ message: 'told', type: 'Error', errorCode: 'E1' }] };
      api.replies({ status, body });
      const error = await errorOf(connection.call());
      error.code.should.equal(code);
      error.message.should.startWith('GetEntityById: ').and.match(words);
      const { statusCode, messages, body: kept, call } = error.facts;
      should(statusCode).equal(status);
      should(messages).deepEqual([{ message: 'told', type: 'Error', errorCode: 'E1' }]);
      should(kept).deepEqual(body);
      should(call?.attempts).equal(api.seen.length);
    });

    it(`${status} without a word, or with a page, is ${code} just the same`, async () => {
      for (const body of ['', '<html><body>Bad gateway</body></html>', '{"cut":', 'null', '[]', '7']) {
        api.replies({ status, body });
        const error = await errorOf(connection.call());
        error.code.should.equal(code);
        error.message.should.not.match(/html|undefined|null|\[object/);
        should(error.facts.messages).deepEqual([]);
      }
    });
  }

  it('keeps only the beginning of a page', async () => {
    api.replies({ status: 500, body: 'x'.repeat(10_000) });
    String((await errorOf(connection.call())).facts.body).should.have.length(2000);
  });

  it('tells each property of a validation list, and never the value that was tried', async () => {
    const data = [
      {
        propertyName: 'legalName',
        errorMessage: 'must not be empty',
        attemptedValue: 'p1anted',
        errorCode: 'NE',
      },
      { propertyName: 'type', errorMessage: null, attemptedValue: { deep: 'p1anted' }, errorCode: 'Unknown' },
      { propertyName: 'other', attemptedValue: 'p1anted' },
    ];
    api.replies({ status: 400, body: { data, messages: [{ message: 'Validation failed', type: 'Error' }] } });
    const error = await errorOf(connection.command());
    error.message.should.equal(
      'CreateDraft: the platform refused the request (400): legalName: must not be empty; type: Unknown; other: is not valid; Validation failed',
    );
    should(error.facts.messages?.[0]).deepEqual({
      message: 'must not be empty',
      type: 'Validation',
      errorCode: 'NE',
      propertyName: 'legalName',
    });
    inspect(error, { depth: Infinity, showHidden: true }).should.not.containEql('p1anted');
    JSON.stringify(error).should.not.containEql('p1anted');
    should(error.facts.body).have.property('data');
  });

  it('reads problem+json (RFC 9457)', async () => {
    const headers = { 'content-type': 'application/problem+json' };
    const problem = { type: 'about:blank', title: 'Bad', detail: 'the policy is not there', status: 400 };
    api.replies({ status: 400, headers, body: problem });
    (await errorOf(connection.call())).message.should.match(/: the policy is not there$/);
    api.replies({ status: 400, headers, body: { title: 'Invalid', errors: { name: ['too long', 'odd'] } } });
    (await errorOf(connection.call())).message.should.match(/: Invalid; name: too long; name: odd$/);
  });

  it("reads FastAPI's detail", async () => {
    const detail = [{ loc: ['body', 'amount', 0], msg: 'field required', type: 'value_error.missing' }];
    api.replies({ status: 422, body: { detail } });
    const error = await errorOf(connection.call());
    error.message.should.match(/\(422\): body\.amount\.0: field required$/);
    should(error.facts.messages?.[0]?.errorCode).equal('value_error.missing');
  });

  it('keeps a long list of messages short in its words, and whole in its facts', async () => {
    const messages = Array.from({ length: 500 }, (_, n) => ({ message: `message number ${n}` }));
    api.replies({ status: 400, body: { messages } });
    const error = await errorOf(connection.call());
    error.message.length.should.be.below(1100);
    should(error.facts.messages).have.length(500);
  });

  it('names the scope that a forbidden call needs when the connection does not ask for it', async () => {
    api.replies({ status: 403 });
    const narrow = new Connection(api.url, { scope: 'fenx.journey.read fenx.entitydata.readwrite' });
    (await errorOf(narrow.call())).message.should.match(
      /scope 'fenx\.entitydata\.read' is needed and the connection does not ask for it \(403\)$/,
    );
    (await errorOf(narrow.call({ scope: undefined }))).message.should.match(
      /not permitted \(403\): check that the client may reach this tenant$/,
    );
    (await errorOf(narrow.call({ scope: 'fenx.journey.read' }))).message.should.match(/not permitted/);
    narrow.client.close();
  });

  it('never asks for a new token after 403', async () => {
    api.replies({ status: 403 });
    await errorOf(connection.call());
    api.seen.should.have.length(1);
    (connection.tokens as unknown as { refused: string[] }).refused.should.be.empty();
  });

  describe('with 401', () => {
    it('are tried once more with a fresh token', async () => {
      api.answer = ({ headers }) =>
        headers.authorization === 'Bearer token-1' ? { status: 401 } : { body: { data: 'ok' } };
      const { payload, facts } = await connection.command();
      should(payload).equal('ok');
      facts.attempts.should.equal(2);
      connection.pausesMs.should.be.empty();
    });

    it('fail after the second one', async () => {
      api.replies({ status: 401 });
      const error = await errorOf(connection.call());
      error.code.should.equal('FENERGO_UNAUTHORIZED');
      error.message.should.match(/check that the region of the connection is that of the tenant/);
      api.seen
        .map(({ headers }) => headers.authorization)
        .should.deepEqual(['Bearer token-1', 'Bearer token-2']);
      should(error.facts.call?.attempts).equal(2);
    });

    it('have all their tries left after it', async () => {
      api.replies({ status: 401 }, { status: 503 }, { status: 503 }, { status: 503 }, { body: { data: 1 } });
      (await connection.call()).facts.attempts.should.equal(5);
    });

    it('get one fresh token only, also when it comes again after a pause', async () => {
      api.replies({ status: 401 }, { status: 503 }, { status: 401 });
      (await errorOf(connection.call())).code.should.equal('FENERGO_UNAUTHORIZED');
      api.seen.should.have.length(3);
    });
  });

  it('give each caller an error of its own', async () => {
    const shared = new Error('p1anted');
    const tokens = { get: () => Promise.reject(shared), reject: () => {} };
    const failing = new Connection(api.url, { tokens });
    const [one, two] = await Promise.all([errorOf(failing.call()), errorOf(failing.call())]);
    one.should.not.equal(two);
    should(one.facts.call).not.equal(two.facts.call);
    failing.client.close();
  });

  it('cannot reach an API where nobody listens', async () => {
    const nowhere = new Connection(`http://127.0.0.1:${await closedPort()}`);
    const error = await errorOf(nowhere.command());
    error.code.should.equal('FENERGO_NETWORK');
    error.message.should.match(
      /^CreateDraft: 127\.0\.0\.1:\d+ cannot be reached \(ECONNREFUSED\): check the region or the API URL/,
    );
    should(error.facts.call?.attempts).equal(4);
    should((error.cause as { code?: string }).code).equal('ECONNREFUSED');
    nowhere.client.close();
  });

  it('cannot reach a host that does not exist', async () => {
    const nowhere = new Connection('http://api.invalid');
    (await errorOf(nowhere.call())).message.should.match(
      /api\.invalid cannot be reached \(E(NOTFOUND|AI_AGAIN)\)/,
    );
    nowhere.client.close();
  });

  it('do not send the token where TLS fails, and do not try again', async () => {
    const tls = new Connection(api.url.replace('http:', 'https:'));
    const error = await errorOf(tls.command());
    error.code.should.equal('FENERGO_NETWORK');
    should(error.facts.call?.attempts).equal(1);
    tls.client.close();
  });
});
