import 'should';
import should from 'should';
import { Harness } from './harness.js';

const PATH = `/entitydataquery/api/v2/entity/e0000001-0000-4000-8000-000000000003`;

const basic = (id: string, secret: string) => ({
  authorization: `Basic ${Buffer.from(`${encodeURIComponent(id)}:${encodeURIComponent(secret)}`).toString('base64')}`,
});
const withoutClient = { client_id: undefined, client_secret: undefined };

describe('sandbox token endpoint', () => {
  let harness: Harness;
  before(async () => {
    harness = await Harness.start();
  });
  beforeEach(() => harness.reset());
  after(() => harness.close());

  it('gives a token by client_secret_post', async () => {
    const { status, json, headers } = await harness.askToken({
      scope: 'fenx.entitydata.read fenx.journey.read',
    });
    status.should.equal(200);
    json.should.have.properties({ expires_in: 900, token_type: 'Bearer' });
    json.scope.should.equal('fenx.entitydata.read fenx.journey.read');
    json.access_token.should.match(/^[A-Za-z0-9_-]{40,}$/);
    should(headers.get('cache-control')).equal('no-store');
  });

  it('gives a token by client_secret_basic', async () => {
    const { status } = await harness.askToken(withoutClient, basic('me:and you', 'p%ss+word'));
    status.should.equal(200);
  });

  it('gives every scope when none is asked for, and never the same token twice', async () => {
    const first = await harness.askToken({ scope: undefined });
    const second = await harness.askToken({ scope: '' });
    first.json.scope.should.equal('fenx.all');
    second.json.scope.should.equal('fenx.all');
    first.json.access_token.should.not.equal(second.json.access_token);
  });

  const refusals: [string, Record<string, string | undefined>, Record<string, string>, number, string][] = [
    ['a missing grant_type', { grant_type: undefined }, {}, 400, 'invalid_request'],
    ['a missing client_id', { client_id: undefined }, {}, 400, 'invalid_request'],
    ['a missing client_secret', { client_secret: undefined }, {}, 400, 'invalid_request'],
    ['another content type', {}, { 'content-type': 'application/json' }, 400, 'invalid_request'],
    ['two ways of authentication', {}, basic('me', 'hush'), 400, 'invalid_request'],
    ['another grant type', { grant_type: 'password' }, {}, 400, 'unsupported_grant_type'],
    ['an empty client_id', { client_id: '' }, {}, 400, 'invalid_client'],
    ['an empty client_secret', { client_secret: '' }, {}, 400, 'invalid_client'],
    ['the client id "invalid"', { client_id: 'invalid' }, {}, 400, 'invalid_client'],
    ['an unknown scope', { scope: 'fenx.all fenx.nonsense' }, {}, 400, 'invalid_scope'],
    ['a scope of 301 characters', { scope: `fenx.all${' '.repeat(285)}fenx.all` }, {}, 400, 'invalid_scope'],
  ];
  for (const [what, fields, headers, wanted, error] of refusals) {
    it(`refuses ${what} with ${error}`, async () => {
      const { status, json, headers: got } = await harness.askToken(fields, headers);
      status.should.equal(wanted);
      json.error.should.equal(error);
      json.error_description.should.be.a.String();
      should(got.get('cache-control')).equal('no-store');
      should(got.get('www-authenticate')).equal(null);
    });
  }

  it('takes a scope of 300 characters', async () => {
    const { status, json } = await harness.askToken({ scope: `fenx.all${' '.repeat(284)}fenx.all` });
    status.should.equal(200);
    json.scope.should.equal('fenx.all fenx.all');
  });

  for (const [what, headers] of [
    ['the client id "invalid"', basic('invalid', 'hush')],
    ['an empty secret', basic('me', '')],
    ['nonsense', { authorization: 'Basic !!!' }],
    ['bad percent-encoding', { authorization: `Basic ${btoa('%zz:%zz')}` }],
  ] as const) {
    it(`answers 401 with WWW-Authenticate for ${what} by client_secret_basic`, async () => {
      const { status, json, headers: got } = await harness.askToken(withoutClient, headers);
      status.should.equal(401);
      json.error.should.equal('invalid_client');
      should(got.get('www-authenticate')).match(/^Basic /);
    });
  }

  it('refuses a repeated parameter', async () => {
    const form = 'grant_type=client_credentials&client_id=a&client_id=a&client_secret=b';
    const headers = { 'content-type': 'application/x-www-form-urlencoded' };
    const { status, json } = await harness.post('/connect/token', form, headers);
    status.should.equal(400);
    json.error.should.equal('invalid_request');
  });

  it('refuses a giant request', async () => {
    const { status } = await harness.askToken({ client_secret: 'x'.repeat(70_000) });
    status.should.equal(413);
  });

  it('takes POST only', async () => {
    const { status, json, headers } = await harness.get('/connect/token?grant_type=client_credentials');
    status.should.equal(405);
    json.error.should.equal('invalid_request');
    should(headers.get('allow')).equal('POST');
  });

  it('lets a token live for exactly its seconds', async () => {
    harness.clock.advance(899_999);
    (await harness.get(PATH)).status.should.equal(200);
    harness.clock.advance(1);
    const { status, json, headers } = await harness.get(PATH);
    status.should.equal(401);
    json.should.deepEqual({ message: 'Unauthorized' });
    should(headers.get('www-authenticate')).equal('Bearer error="invalid_token"');
  });

  it('takes the header with and without a colon after Bearer', async () => {
    const headers = { authorization: `Bearer: ${harness.token}` };
    (await harness.get(PATH, { token: null, headers })).status.should.equal(200);
  });

  it('forgets every token on revokeTokens, and gives new ones', async () => {
    harness.sandbox.revokeTokens();
    (await harness.get(PATH)).status.should.equal(401);
    await harness.renew();
    (await harness.get(PATH)).status.should.equal(200);
  });

  it('throttles at the 101st request of a minute', async () => {
    // The token of this test's start was the first.
    for (let count = 2; count <= 100; count++) (await harness.askToken()).status.should.equal(200);
    harness.clock.advance(20_500);
    const { status, headers } = await harness.askToken();
    status.should.equal(429);
    should(headers.get('retry-after')).equal('40');
    harness.clock.advance(39_499);
    (await harness.askToken()).status.should.equal(429);
    harness.clock.advance(1);
    (await harness.askToken()).status.should.equal(200);
  });

  it('counts token requests apart from calls', async () => {
    await harness.askToken({ client_id: 'invalid' });
    await harness.get(PATH);
    const { tokenRequests, calls, statusCodes } = harness.sandbox.stats;
    should({ tokenRequests, calls, statusCodes }).deepEqual({
      tokenRequests: 2,
      calls: 1,
      statusCodes: { 200: 2, 400: 1 },
    });
  });
});

describe('sandbox token options', () => {
  for (const tokenRequestsPerMinute of [0, Number.POSITIVE_INFINITY]) {
    it(`has no throttle with ${tokenRequestsPerMinute}`, async () => {
      const harness = await Harness.start({ tokenRequestsPerMinute });
      try {
        for (let count = 0; count < 120; count++) (await harness.askToken()).status.should.equal(200);
      } finally {
        await harness.close();
      }
    });
  }

  it('gives tokens the life that is set', async () => {
    const harness = await Harness.start({ tokenSeconds: 2 });
    try {
      (await harness.askToken()).json.expires_in.should.equal(2);
      harness.clock.advance(2000);
      (await harness.get(PATH)).status.should.equal(401);
    } finally {
      await harness.close();
    }
  });
});
