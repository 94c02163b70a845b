import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import should from 'should';
import { Catalog } from '../../lib/catalog/catalog.js';
import { paramsOfPath } from '../../lib/catalog/operation.js';
import { buildPath, parseManualPath } from '../../lib/http/path.js';
import { catalogOf, contract, operation } from './harness.js';

const BASE = 'https://api.example.test';

describe('Catalog, at its edges', () => {
  const catalog = new Catalog();

  it('lies beside its code, as the package ships it', () => {
    readdirSync(join(__dirname, '../../lib/catalog')).should.containEql('operations.json');
  });

  it('does not stay broken when it could not be read once', () => {
    let reads = 0;
    const flaky = new Catalog({
      bundled: () => {
        reads += 1;
        if (reads === 1) throw new Error('no such file');
        return { contracts: [contract([operation('Get', '/a')])] };
      },
    });
    should(() => flaky.find('svc/v1/Get')).throw('no such file');
    should(flaky.find('svc/v1/Get')).have.property('path', '/a');
    reads.should.equal(2);
  });

  it('may be empty', () => {
    const empty = catalogOf([]);
    empty.all().should.be.empty();
    empty.services().should.be.empty();
    empty.similar('a/b/c').should.be.empty();
    empty.search('get', 5).should.be.empty();
    should(empty.find('a/b/c')).be.undefined();
  });

  for (const key of ['__proto__', 'constructor', 'toString', '', '/', 'entitydataquery/v2', ' ']) {
    it(`knows nothing by the name of ${JSON.stringify(key)}`, () => {
      should(catalog.find(key)).be.undefined();
      catalog.operationsOf(key, key).should.be.empty();
    });
  }

  it('knows a key only as it is written', () => {
    const key = 'entitydataquery/v2/GetEntityById';
    should(catalog.find(key)).be.ok();
    for (const other of [key.toLowerCase(), ` ${key}`, `${key}/`, `/${key}`]) {
      should(catalog.find(other)).be.undefined();
    }
  });

  it('proposes only what it knows', () => {
    for (const { key } of catalog.all()) {
      for (const proposed of catalog.similar(key.replace(/\/v\d+\//, '/v99/'))) {
        should(catalog.find(proposed)).be.ok();
      }
    }
  });

  it('proposes the other versions first when only the version is wrong', () => {
    for (const { key, service, id } of catalog.all()) {
      const [best = ''] = catalog.similar(`${service}/v99/${id}`);
      should(best.startsWith(`${service}/`)).be.true(`${key}: ${best}`);
      best.toLowerCase().should.endWith(`/${id.toLowerCase()}`);
    }
  });

  it('gives lists that a caller cannot change, or may change without harm', () => {
    should(() => (catalog.all() as unknown[]).pop()).throw();
    catalog.services().length = 0;
    catalog.operationsOf('entitydataquery', 'v2').length = 0;
    catalog.all().should.have.length(1552);
    catalog.services().should.have.length(91);
    catalog.operationsOf('entitydataquery', 'v2').should.not.be.empty();
  });

  it('holds paths that can be filled with anything, and lead where they should', () => {
    for (const { key, service, path, pathParams } of catalog.all()) {
      pathParams.should.deepEqual(paramsOfPath(path), key);
      const values = Object.fromEntries(pathParams.map((name) => [name, '../a/b?c#d%2e é']));
      const filled = `/${service}${buildPath(path, values)}`;
      const url = new URL(BASE + filled);
      should(url.origin).equal(BASE, key);
      should(url.pathname.split('/').length).equal(`/${service}${path}`.split('/').length, key);
      should(url.pathname.startsWith(`/${service}/`)).be.true(key);
      should(url.search + url.hash).equal('', key);
      if (pathParams.length === 0) continue;
      should(() => buildPath(path, {})).throw({ code: 'FENERGO_INPUT', message: /is missing/ });
    }
  });

  it('holds paths that may also be written by hand', () => {
    for (const { key, service, path } of catalog.all()) {
      parseManualPath(`/${service}${path}`).should.deepEqual({ service, path, query: '' }, key);
    }
  });

  it('holds dates and queries that are what they are said to be', () => {
    for (const { key, sunset, query, hasBody, body, wrapsData } of catalog.all()) {
      if (sunset !== undefined) {
        sunset.should.match(/^\d{4}-\d\d-\d\d$/, key);
        Number.isNaN(Date.parse(sunset)).should.be.false(key);
      }
      for (const name of query) name.should.match(/^[^\s&=?#]+$/, key);
      if (!hasBody) should(body).be.undefined();
      if (wrapsData) Object.keys(body as object).should.deepEqual(['data'], key);
    }
  });
});
