import should from 'should';
import { isCallablePath } from '../../lib/catalog/operation.js';
import { catalogOf, contract, operation } from './harness.js';

describe('contracts laid over the bundled catalog', () => {
  const bundled = [
    operation('GetOne', '/api/one/{id}'),
    operation('GetTwo', '/api/two'),
    operation('PostTwo', '/api/two', { method: 'POST', body: null }),
  ];
  const over = (...operations: ReturnType<typeof operation>[]) =>
    catalogOf(bundled, { contracts: () => [contract(operations)] });

  it('replace an operation, and tell where it came from', () => {
    const catalog = over(operation('GetOne', '/api/one/{id}', { query: ['deep'] }));
    should(catalog.find('svc/v1/GetOne')).have.properties({
      query: ['deep'],
      withdrawn: false,
      source: { from: 'imported', name: 'svc.json', at: '2026-01-01T00:00:00Z' },
    });
  });

  it('add an operation, which can be found', () => {
    const catalog = over(...bundled, operation('GetThree', '/api/three'));
    catalog.search('get three', 1).should.containDeep([{ key: 'svc/v1/GetThree' }]);
    catalog.all().should.have.length(4);
  });

  it('withdraw what they no longer have: it can be called, but is not offered', () => {
    const catalog = over(operation('GetOne', '/api/one/{id}'));
    should(catalog.find('svc/v1/GetTwo')).have.property('withdrawn', true);
    catalog.operationsOf('svc', 'v1').should.have.length(1);
    catalog.services().should.containDeep([{ service: 'svc', versions: [{ operations: 1 }] }]);
    catalog.search('two', 9).should.be.empty();
    catalog.similar('svc/v9/GetTwo').should.be.empty();
  });

  it('hold an address once: another id for it takes the place of the old one', () => {
    const catalog = over(operation('ReadOne', '/api/One/{entityId}'));
    should(catalog.find('svc/v1/GetOne')).be.undefined();
    should(catalog.find('svc/v1/ReadOne')).be.ok();
  });

  it('leave an address to the version that has it', () => {
    const catalog = catalogOf(bundled, {
      contracts: () => [contract([operation('Again', '/api/two')], { version: 'v2' })],
    });
    should(catalog.find('svc/v2/Again')).be.undefined();
    should(catalog.find('svc/v1/GetTwo')).have.property('withdrawn', false);
  });

  it('do not touch other services and versions', () => {
    const catalog = catalogOf(bundled, {
      contracts: () => [
        contract([operation('New', '/api/v2/two')], { version: 'v10' }),
        contract([], { service: 'z' }),
      ],
    });
    catalog.operationsOf('svc', 'v1').should.have.length(3);
    catalog
      .services()
      .map(({ versions }) => versions.map(({ version }) => version))
      .should.deepEqual([['v1', 'v10']]);
  });

  it('are followed when they change, and are the same list while they do not', () => {
    let contracts = [contract([])];
    const catalog = catalogOf(bundled, { contracts: () => contracts });
    const before = catalog.all();
    should(catalog.all()).equal(before);
    contracts = [contract([...bundled, operation('GetThree', '/api/three')])];
    should(catalog.all()).not.equal(before);
    should(catalog.find('svc/v1/GetThree')).be.ok();
    catalog.search('three', 1).should.have.length(1);
  });
});

describe('the operation that a request leads to', () => {
  const catalog = catalogOf([
    operation('GetOne', '/api/one/{id}'),
    operation('GetLatest', '/api/one/latest'),
    operation('Verb', '/api/one/{id}:verb', { method: 'POST', body: null }),
    operation('GetNone', '/api/none'),
  ]);

  for (const [method, path, id] of [
    ['GET', '/svc/api/one/7', 'GetOne'],
    ['get', '/svc/api/one/{anything}', 'GetOne'],
    ['GET', '/svc/api/one/latest', 'GetLatest'],
    ['POST', '/svc/api/one/7:verb', 'Verb'],
    ['POST', '/svc/api/one/latest', 'Verb'],
    ['GET', '/svc/api/one/', undefined],
    ['GET', '/svc/api/one/7/8', undefined],
    ['PUT', '/svc/api/none', undefined],
    ['GET', '/other/api/none', undefined],
    ['GET', '', undefined],
    ['GET', '__proto__', undefined],
  ] as const) {
    it(`${method} ${path || 'nothing'} leads to ${id ?? 'none'}`, () => {
      should(catalog.match(method, path)?.id).equal(id);
    });
  }
});

describe('paths that can be called', () => {
  for (const path of ['/', '/a/{b}/c', '/a/{b}.{c}', '/a:verb', '/%7Ba', '/a/{b c}']) {
    it(`${path} can`, () => isCallablePath(path).should.be.true());
  }
  for (const path of [
    '',
    'a',
    '/a?b=c',
    '/a#b',
    '/../b',
    '/a/..',
    '/a/%2e%2E/b',
    '/a b',
    '/a\\b',
    '/a/{b',
    '/a//b',
    '//host/a',
    '/{a}/{a}',
    '/a/}b',
  ]) {
    it(`${JSON.stringify(path)} cannot`, () => isCallablePath(path).should.be.false());
  }
});
