import { request } from 'node:http';
import { gunzipSync } from 'node:zlib';
import should from 'should';
import { ENTITY, Harness, OTHER_TENANT, TENANT } from './harness.js';

const PATH = `/entitydataquery/api/v2/entity/${ENTITY}`;
const SEARCH = '/entitydataquery/api/v2/entity/searchbyname';
/** The one catalogued operation with a sunset: 2026-02-01. The manual clock starts on 2026-01-01. */
const SUNSET_PATH = '/eventingress/v1/events-by-filter';
const DAYS_TO_SUNSET = 31;
const DAY_MS = 86_400_000;
const BIG = 6 * 1024 * 1024;

describe('sandbox checks of a call', () => {
  let harness: Harness;
  before(async () => {
    harness = await Harness.start({ tokenSeconds: 10_000_000 });
  });
  beforeEach(() => harness.reset());
  after(() => harness.close());

  it('answers 404 with an envelope for a path of no contract, even without a token', async () => {
    const { status, json } = await harness.get('/entitydataquery/api/nothing/here', { token: null });
    status.should.equal(404);
    should(json.data).equal(null);
    json.messages[0].should.have.properties({ type: 'Error', errorCode: 'NOT_FOUND' });
  });

  it('answers 405 with Allow for a method that the path does not take', async () => {
    const { status, json, headers } = await harness.call('DELETE', PATH, { token: null });
    status.should.equal(405);
    should(headers.get('allow')).equal('GET');
    json.messages[0].errorCode.should.equal('METHOD_NOT_ALLOWED');
    (await harness.call('OPTIONS', PATH)).status.should.equal(405);
    (await harness.call('HEAD', PATH)).status.should.equal(405);
  });

  it('answers 401 for no, a wrong and a malformed token, before it looks at the tenant', async () => {
    for (const token of [null, 'wrong', '']) {
      const { status, headers } = await harness.get(PATH, { token, tenant: null });
      status.should.equal(401);
      should(headers.get('www-authenticate')).equal('Bearer error="invalid_token"');
    }
    const headers = { authorization: `Token ${harness.token}` };
    (await harness.get(PATH, { token: null, headers })).status.should.equal(401);
  });

  it('answers 400 for a tenant header that is missing or no GUID, before it looks at the scope', async () => {
    await harness.renew('fenx.webhooks');
    const none = await harness.get(PATH, { tenant: null });
    none.status.should.equal(400);
    none.json.messages[0].errorCode.should.equal('MissingTenantHeader');
    const wrong = await harness.get(PATH, { tenant: 'my tenant' });
    wrong.status.should.equal(400);
    wrong.json.messages[0].errorCode.should.equal('InvalidTenantHeader');
  });

  it('answers 403 for a tenant that is not there', async () => {
    const { status, json } = await harness.get(PATH, { tenant: '33333333-3333-4333-8333-333333333333' });
    status.should.equal(403);
    json.messages[0].type.should.equal('Forbidden');
  });

  it('takes tenant ids of any case', async () => {
    (await harness.get(PATH, { tenant: TENANT.toUpperCase() })).status.should.equal(200);
  });

  it('answers 403 with the name of the scope that is needed', async () => {
    await harness.renew('fenx.entitydata.write fenx.journey.read');
    const { status, json } = await harness.get(PATH);
    status.should.equal(403);
    json.messages[0].message.should.containEql('fenx.entitydata.read');
    (await harness.get(`/journeyquery/api/journey-instance/search?entityId=${ENTITY}`)).status.should.equal(
      200,
    );
    (await harness.send('POST', `/entitydatacommand/api/v3/entity/${ENTITY}/draft`, {})).status.should.equal(
      202,
    );
  });

  it('looks at the scope before the sunset', async () => {
    harness.clock.advance(DAYS_TO_SUNSET * DAY_MS);
    await harness.renew('fenx.webhooks');
    (await harness.call('POST', SUNSET_PATH, { body: {} })).status.should.equal(403);
  });

  it('announces a sunset, and answers 410 from the day on', async () => {
    const early = await Harness.start({ tokenSeconds: 10_000_000 });
    try {
      early.clock.advance(DAYS_TO_SUNSET * DAY_MS - 1);
      const before = await early.call('POST', SUNSET_PATH, { body: {} });
      before.status.should.equal(200);
      should(before.headers.get('sunset')).equal('Sun, 01 Feb 2026 00:00:00 GMT');
      should(before.headers.get('deprecation')).match(/^@\d+$/);
      early.clock.advance(1);
      const after = await early.call('POST', SUNSET_PATH, { body: 'not even JSON' });
      after.status.should.equal(410);
      after.json.messages[0].should.have.properties({
        message: 'This endpoint is obsolete and was terminated on 2026-02-01',
        errorCode: 'OBSOLETE_ENDPOINT',
      });
    } finally {
      await early.close();
    }
  });

  it('has no sunset headers on other operations', async () => {
    const { headers } = await harness.get(PATH);
    should(headers.get('sunset')).equal(null);
    should(headers.get('deprecation')).equal(null);
  });

  it('answers 400 for a body that is no JSON, or not there', async () => {
    for (const body of ['{', '', 'name=x', '\u0000']) {
      const { status, json } = await harness.call('POST', SEARCH, { body });
      status.should.equal(400);
      should(json.data).equal(null);
      json.messages[0].errorCode.should.equal('BAD_REQUEST');
    }
  });

  it('answers 400 for JSON that is no object with data', async () => {
    for (const body of ['null', '[]', '"x"', '{}', '{"data":null}', '{"data":[]}']) {
      const { status, json } = await harness.call('POST', SEARCH, { body });
      status.should.equal(400);
      json.data[0].propertyName.should.equal('data');
    }
  });

  it('takes a body of 6 MB and answers 413 for one byte more', async () => {
    const padded = (size: number) => `{"data":{"name":"brightwater"}}${' '.repeat(size - 31)}`;
    (await harness.call('POST', SEARCH, { body: padded(BIG) })).status.should.equal(200);
    const { status, json } = await harness.call('POST', SEARCH, { body: padded(BIG + 1) });
    status.should.equal(413);
    json.messages[0].errorCode.should.equal('PAYLOAD_TOO_LARGE');
  });

  it('answers 413 for a body of unknown length that turns out too large', async () => {
    const status = await new Promise((resolve, reject) => {
      const outgoing = request(`${harness.sandbox.url}${SEARCH}`, {
        method: 'POST',
        headers: { authorization: `Bearer ${harness.token}`, 'x-tenant-id': TENANT },
      });
      outgoing.on('response', (incoming) => resolve(incoming.resume().statusCode));
      outgoing.on('error', reject);
      for (let mb = 0; mb < 7; mb++) outgoing.write(Buffer.alloc(1024 * 1024, ' '));
      outgoing.end();
    });
    should(status).equal(413);
    (await harness.get(PATH)).status.should.equal(200);
  });

  it('echoes the correlation id, on failures too', async () => {
    const headers = { 'x-correlation-id': 'fee5b5f5-b220-4fef-ba38-bf802b98d74d' };
    for (const path of [PATH, '/nowhere']) {
      const reply = await harness.get(path, { headers });
      should(reply.headers.get('x-correlation-id')).equal(headers['x-correlation-id']);
    }
    should((await harness.get(PATH)).headers.get('x-correlation-id')).equal(null);
  });

  it('never shows one tenant what the other has', async () => {
    const own = await harness.get(PATH);
    own.json.data.tenantId.should.equal(TENANT);
    (await harness.get(PATH, { tenant: OTHER_TENANT })).status.should.equal(404);
    for (const tenant of [TENANT, OTHER_TENANT]) {
      const { json } = await harness.send(
        'POST',
        '/entitydataquery/api/v2/entity/getentitiespagedlist',
        { pager: { size: 100 } },
        { tenant },
      );
      json.data.total.should.equal(25);
      json.data.items.map((item: { tenantId: string }) => item.tenantId).should.matchEach(tenant);
    }
  });

  it('packs answers over 1 KB for clients that take gzip', async () => {
    const list = (encoding: string) =>
      new Promise<{ encoding?: string; body: Buffer }>((resolve, reject) => {
        const outgoing = request(`${harness.sandbox.url}${SEARCH}`, {
          method: 'POST',
          headers: {
            authorization: `Bearer ${harness.token}`,
            'x-tenant-id': TENANT,
            'accept-encoding': encoding,
          },
        });
        outgoing.on('response', async (incoming) => {
          const body = Buffer.concat(await incoming.toArray());
          resolve({ encoding: incoming.headers['content-encoding'], body });
        });
        outgoing.on('error', reject);
        outgoing.end('{"data":{"name":"a","pager":{"size":20}}}');
      });
    const plain = await list('br, gzip;q=0');
    should(plain.encoding).equal(undefined);
    const packed = await list('br, gzip;q=0.5');
    should(packed.encoding).equal('gzip');
    gunzipSync(packed.body).toString().should.equal(plain.body.toString());
    packed.body.length.should.be.below(plain.body.length);
    const small = await harness.get(PATH);
    should(small.headers.get('content-encoding')).equal(null);
  });
});
