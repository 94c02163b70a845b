import should from 'should';
import { Catalog } from '../../lib/catalog/catalog.js';
import { paramsOfPath } from '../../lib/catalog/operation.js';
import { catalogOf, contract, operation } from './harness.js';

describe('Catalog', () => {
  const catalog = new Catalog();

  it('holds the 1,552 operations of 91 services', () => {
    catalog.all().should.have.length(1552);
    catalog.services().should.have.length(91);
  });

  it('knows each by a key of its own', () => {
    new Set(catalog.all().map(({ key }) => key)).size.should.equal(1552);
    for (const operation of catalog.all()) should(catalog.find(operation.key)).equal(operation);
  });

  it('holds each method and path of a service once', () => {
    const addresses = catalog.all().map(({ service, method, path }) => `${method} ${service}${path}`);
    new Set(addresses).size.should.equal(addresses.length);
  });

  it('holds only what can be called', () => {
    for (const operation of catalog.all()) {
      const { key, service, version, id, method, path, pathParams, query, hasBody } = operation;
      key.should.equal(`${service}/${version}/${id}`);
      key.split('/').should.have.length(3, key);
      ['GET', 'POST', 'PUT', 'PATCH', 'DELETE'].should.containEql(method);
      path.should.match(/^\/[^\s?#\\]*$/, key);
      path.should.not.match(/\/\.{1,2}(\/|$)/, key);
      path.replace(/\{[^{}]+\}/g, '').should.not.match(/[{}]/, key);
      new Set(pathParams).size.should.equal(pathParams.length, key);
      new Set(query).size.should.equal(query.length, key);
      if (method === 'GET') hasBody.should.be.false(key);
    }
  });

  it('finds an operation with its parameters, body and scope', () => {
    should(catalog.find('entitydataquery/v2/GetEntityById')).have.properties({
      service: 'entitydataquery',
      version: 'v2',
      id: 'GetEntityById',
      method: 'GET',
      pathParams: ['id'],
      hasBody: false,
      scope: 'fenx.entitydata.read',
    });
  });

  for (const key of ['', 'x', 'entitydataquery/v2/getentitybyid', '__proto__', 'a/b/c', '/']) {
    it(`finds nothing under ${JSON.stringify(key)}`, () => {
      should(catalog.find(key)).be.undefined();
    });
  }

  it('lists services in the order of the alphabet, with counts that add up', () => {
    const services = catalog.services();
    services.map(({ service }) => service).should.deepEqual(services.map(({ service }) => service).sort());
    let sum = 0;
    for (const { service, versions } of services) {
      for (const { version, operations } of versions) {
        catalog.operationsOf(service, version).should.have.length(operations);
        sum += operations;
      }
    }
    sum.should.equal(1552);
  });

  it('has no operations of what it does not know', () => {
    catalog.operationsOf('unknown', 'v1').should.be.empty();
    catalog.operationsOf('entitydataquery', 'v99').should.be.empty();
  });

  it('names keys like one that was not found, best first, three at most', () => {
    const [best] = catalog.similar('entitydataquery/v9/getentitybyid');
    should(best).match(/^entitydataquery\/v\d+\/GetEntityById$/);
    catalog.similar('nosuch/v1/GetEntityById').should.not.be.empty();
    for (const key of ['', '/', 'entitydataquery', 'entitydataquery/v2/Nonsense', '//']) {
      catalog.similar(key).should.be.empty();
    }
    for (const { key } of catalog.all().slice(0, 50)) catalog.similar(key).length.should.be.belowOrEqual(3);
  });

  it('reads itself once, and not before it is asked', () => {
    let reads = 0;
    const small = new Catalog({
      bundled: () => {
        reads += 1;
        return { contracts: [contract([operation('Get', '/api/{a}/{b}', { sunset: '2027-01-01' })])] };
      },
    });
    reads.should.equal(0);
    should(small.find('svc/v1/Get')).have.properties({
      pathParams: ['a', 'b'],
      query: [],
      sunset: '2027-01-01',
    });
    small.all();
    small.services();
    reads.should.equal(1);
  });

  it('tells a body of unknown shape from no body', () => {
    const small = catalogOf([
      operation('None', '/a', { method: 'DELETE' }),
      operation('Unknown', '/b', { method: 'POST', body: null }),
      operation('Known', '/c', { method: 'POST', body: { data: '' } }),
    ]);
    should(small.find('svc/v1/None')).have.property('hasBody', false);
    should(small.find('svc/v1/Unknown')).have.properties({ hasBody: true, body: null });
    should(small.find('svc/v1/Known')).have.properties({ hasBody: true, body: { data: '' } });
  });
});

describe('paramsOfPath', () => {
  it('gives the names in the order of the path', () => {
    paramsOfPath('/a/{b}/c/{d-e}.{f}').should.deepEqual(['b', 'd-e', 'f']);
    paramsOfPath('/a/{}').should.deepEqual([]);
    paramsOfPath('').should.deepEqual([]);
  });
});
