import should from 'should';
import { Catalog } from '../../lib/catalog/catalog.js';
import {
  grants,
  isQueryService,
  KNOWN_SCOPES,
  MAX_SCOPE_LENGTH,
  scopeFor,
  scopeList,
} from '../../lib/scopes.js';

describe('KNOWN_SCOPES', () => {
  it('holds each scope once, the widest first', () => {
    new Set(KNOWN_SCOPES).size.should.equal(KNOWN_SCOPES.length);
    should(KNOWN_SCOPES[0]).equal('fenx.all');
    for (const scope of KNOWN_SCOPES) scope.should.match(/^(fenx|scimapi)\.[a-z.-]+$/);
  });

  it('leaves room for one scope at least in the longest that the identity server takes', () => {
    for (const scope of KNOWN_SCOPES) scope.length.should.be.below(MAX_SCOPE_LENGTH);
  });
});

describe('scopeFor', () => {
  for (const [service, method, scope] of [
    ['entitydatacommand', 'POST', 'fenx.entitydata.write'],
    ['entitydatacommand', 'GET', 'fenx.entitydata.read'],
    ['entitydataquery', 'GET', 'fenx.entitydata.read'],
    ['entitydataquery', 'POST', 'fenx.entitydata.read'],
    ['journeycommand', 'DELETE', 'fenx.journey.write'],
    ['documentmanagementquery', 'GET', 'fenx.documents.read'],
    ['documentmanagementcommand', 'HEAD', 'fenx.documents.read'],
    ['eventnotifications', 'GET', 'fenx.eventnotifications'],
    ['eventingress', 'POST', 'fenx.eventingress'],
    ['webhooks', 'DELETE', 'fenx.webhooks'],
    ['scim', 'GET', 'scimapi.resource.query'],
    ['scim', 'POST', 'scimapi.resource.add'],
    ['scim', 'PUT', 'scimapi.resource.update'],
    ['scim', 'PATCH', 'scimapi.resource.update'],
    ['scim', 'DELETE', 'scimapi.resource.delete'],
    ['scim', 'HEAD', undefined],
    ['auditquery', 'POST', 'fenx.audit.read'],
    ['nosuchservice', 'GET', undefined],
    ['', 'GET', undefined],
    ['constructor', 'GET', undefined],
    ['__proto__', 'GET', undefined],
    ['toString', 'POST', undefined],
  ] as const) {
    it(`is ${scope} for ${method} ${JSON.stringify(service)}`, () => {
      should(scopeFor(service, method)).equal(scope);
    });
  }

  it('is a known scope, or none, for every operation of the catalog', () => {
    let known = 0;
    const operations = new Catalog().all();
    for (const { key, service, method, scope } of operations) {
      should(scope).equal(scopeFor(service, method));
      if (scope === undefined) continue;
      known += 1;
      should(KNOWN_SCOPES.includes(scope)).be.true(`${key}: ${scope}`);
      if (isQueryService(service)) scope.should.not.match(/\.write$/, key);
    }
    known.should.be.above(operations.length * 0.7);
  });
});

describe('isQueryService', () => {
  for (const [service, is] of [
    ['entitydataquery', true],
    ['entitydatacommand', false],
    ['queryservice', false],
    ['webhooks', false],
    ['', false],
  ] as const) {
    it(`says ${is} of '${service}'`, () => {
      isQueryService(service).should.equal(is);
    });
  }
});

describe('grants', () => {
  for (const [granted, needed, is] of [
    ['fenx.all', 'fenx.entitydata.read', true],
    ['fenx.all', 'scimapi.resource.query', false],
    ['fenx.journey.read fenx.entitydata.read', 'fenx.entitydata.read', true],
    ['fenx.entitydata.readwrite', 'fenx.entitydata.read', false],
    ['fenx.entitydata.write', 'fenx.entitydata.read', false],
    ['xfenx.all', 'fenx.entitydata.read', false],
    ['', 'fenx.entitydata.read', false],
    ['\tfenx.a\r\nfenx.b ', 'fenx.b', true],
  ] as const) {
    it(`says ${is}: ${needed} in ${JSON.stringify(granted)}`, () => {
      grants(granted, needed).should.equal(is);
    });
  }

  it('reads a list whatever its blanks', () => {
    scopeList(' a \n b\tc ').should.deepEqual(['a', 'b', 'c']);
    scopeList('').should.deepEqual([]);
  });
});
