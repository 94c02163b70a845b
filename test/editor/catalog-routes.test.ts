import { type IncomingHttpHeaders, request } from 'node:http';
import { buffer } from 'node:stream/consumers';
import { gunzipSync } from 'node:zlib';
import should from 'should';
import { type RealNodeRed, startNodeRed } from '../support/node-red.js';

describe('admin routes of the catalog', function () {
  this.timeout(30_000);
  let nodeRed: RealNodeRed;

  const get = (path: string, headers: Record<string, string> = {}) => fetch(nodeRed.url + path, { headers });

  before(async () => {
    nodeRed = await startNodeRed();
  });
  after(() => nodeRed.stop());

  it('list the services with their versions', async () => {
    const services = (await (await get('fenergo/catalog/services')).json()) as { service: string }[];
    services.length.should.be.above(80);
    services
      .find(({ service }) => service === 'entitydataquery')
      ?.should.have.property('versions')
      .which.containDeep([{ version: 'v2' }]);
  });

  it('list the operations of a version without their bodies', async () => {
    const operations = (await (await get('fenergo/catalog/services/journeycommand/v1')).json()) as object[];
    operations.length.should.be.above(20);
    for (const operation of operations) {
      Object.keys(operation).should.deepEqual([
        'key',
        'service',
        'version',
        'id',
        'method',
        'path',
        'deprecated',
      ]);
    }
  });

  it('give one operation with all its details', async () => {
    const answer = await get('fenergo/catalog/operations?key=entitydataquery/v2/GetEntityById');
    ((await answer.json()) as object).should.containEql({
      method: 'GET',
      path: '/api/v2/entity/{id}',
      otherVersions: ['entitydataquery/v1/GetEntityById'],
      required: [],
      checkable: false,
      withdrawn: false,
      source: { from: 'bundled', at: '2025-01-21' },
    });
  });

  it('search, and give no more than thirty', async () => {
    const found = (await (await get('fenergo/catalog/search?q=get')).json()) as { key: string }[];
    found.should.have.length(30);
    const [first] = (await (await get('fenergo/catalog/search?q=entityById')).json()) as { key: string }[];
    should(first?.key).equal('entitydataquery/v2/GetEntityById');
    ((await (await get('fenergo/catalog/search')).json()) as object[]).should.be.empty();
    (await get(`fenergo/catalog/search?q=${'x'.repeat(5000)}`)).status.should.equal(200);
  });

  it('tell the operation of a method and path', async () => {
    const answer = await get('fenergo/catalog/match?method=get&path=/entitydataquery/api/v2/entity/7');
    ((await answer.json()) as object).should.containEql({ key: 'entitydataquery/v2/GetEntityById' });
  });

  it('are compressed where the browser takes it, and say the same', async () => {
    const raw = (encoding: string) =>
      new Promise<{ headers: IncomingHttpHeaders; body: Buffer }>((resolve, reject) => {
        const headers = { 'accept-encoding': encoding };
        request(`${nodeRed.url}fenergo/catalog/services`, { headers }, async (response) => {
          resolve({ headers: response.headers, body: await buffer(response) });
        })
          .on('error', reject)
          .end();
      });
    const plain = await raw('identity');
    should(plain.headers['content-encoding']).be.undefined();
    for (let times = 0; times < 2; times += 1) {
      const compressed = await raw('gzip, br');
      should(compressed.headers['content-encoding']).equal('gzip');
      should(compressed.headers.vary).match(/Accept-Encoding/i);
      compressed.body.length.should.be.below(plain.body.length / 3);
      gunzipSync(compressed.body).equals(plain.body).should.be.true();
    }
  });

  it('give the scopes', async () => {
    ((await (await get('fenergo/scopes')).json()) as string[]).should.containEql('fenx.journey.read');
  });

  for (const path of [
    'services/nothing/v1',
    'operations?key=a/b/c',
    'operations',
    'match?method=GET&path=/x',
    'match',
  ]) {
    it(`answer 404 to ${path}`, async () => {
      const answer = await get(`fenergo/catalog/${path}`);
      answer.status.should.equal(404);
      ((await answer.json()) as object).should.have.property('code', 'not_found');
    });
  }

  it('answer 304 to who has it already', async () => {
    const first = await get('fenergo/catalog/services');
    first.headers.get('cache-control')?.should.equal('private, no-cache');
    // fetch would ask past its cache by itself, and Express then takes nothing for fresh.
    const headers = { 'If-None-Match': String(first.headers.get('etag')), 'Cache-Control': 'max-age=0' };
    (await get('fenergo/catalog/services', headers)).status.should.equal(304);
  });
});
