import should from 'should';
import { Routes } from '../../lib/sandbox/routes.js';
import type { SandboxOperation } from '../../lib/sandbox/sandbox.js';
import { Harness, operations } from './harness.js';

/** Operations that answer 404 or 400 when asked without knowing what is in the world. */
const STATEFUL = /^((entitydata|journey)(query|command)|eventnotifications|webhooks|eventingress)$/;

/** Their contracts have no envelope around what went well. */
const BARE = /^(eventnotifications|webhooks)$/;

describe('sandbox and the whole catalog', () => {
  let harness: Harness;
  before(async () => {
    harness = await Harness.start();
  });
  after(() => harness.close());

  it('answers a well-formed envelope for every operation', async () => {
    operations.should.have.length(1552);
    // fenx.all holds every scope but those of SCIM.
    const scim = ['query', 'add', 'update', 'delete', 'bulk'].map((right) => `scimapi.resource.${right}`);
    await harness.renew(['fenx.all', ...scim].join(' '));
    for (const { key, service, method, path, hasBody } of operations) {
      const url = `/${service}${path.replace(/\{[^{}]+\}/g, 'a%2Fb')}`;
      const { status, json } = await harness.call(method, url, { body: hasBody ? {} : undefined });
      const command = service.endsWith('command') && method !== 'GET';
      const allowed = STATEFUL.test(service) ? [200, 202, 400, 404] : [command ? 202 : 200];
      should(allowed.includes(status)).equal(true, `${key} answered ${status}`);
      if (BARE.test(service) && status < 300) continue;
      should(Object.keys(json)).deepEqual(['data', 'messages']);
      json.messages.should.be.an.Array();
      if (status < 300 && !STATEFUL.test(service)) json.should.deepEqual({ data: null, messages: [] });
    }
    const { calls, byOperation } = harness.sandbox.stats;
    calls.should.equal(1552);
    should(byOperation).deepEqual(Object.fromEntries(operations.map(({ key }) => [key, 1])));
  });

  it('wants a token for every operation', async () => {
    for (const { service, method, path } of operations.filter((_, index) => index % 10 === 0)) {
      const { status } = await harness.call(method, `/${service}${path}`, { token: null });
      status.should.equal(401);
    }
  });
});

describe('sandbox routes', () => {
  const operation = (method: string, path: string, pathParams: string[] = []): SandboxOperation => ({
    key: `s/v1/${method}${path}`,
    service: 's',
    version: 'v1',
    id: 'x',
    method,
    path,
    pathParams,
    hasBody: false,
  });
  const routes = new Routes([
    operation('GET', '/a/{file-id}', ['file-id']),
    operation('GET', '/a/fixed'),
    operation('PUT', '/a/{other}', ['other']),
    operation('GET', '/a/{again}', ['again']),
    operation('POST', '/b:verb'),
  ]);

  it('decodes parameters and calls them by their names', () => {
    const found = routes.find('GET', '/s/a/x%2Fy%20z');
    should(found).have.properties({ kind: 'operation', params: { 'file-id': 'x/y z' } });
  });

  it('prefers a fixed segment, and the first of two equal paths', () => {
    should(routes.find('GET', '/s/a/fixed')).have.propertyByPath('operation', 'path').equal('/a/fixed');
    should(routes.find('GET', '/s/a/q')).have.propertyByPath('operation', 'path').equal('/a/{file-id}');
  });

  it('takes a colon in a path as it is', () => {
    should(routes.find('POST', '/s/b:verb')).have.property('kind', 'operation');
    should(routes.find('POST', '/s/bverb')).have.property('kind', 'unknown');
  });

  it('leaves out a path that the router does not take', () => {
    const mixed = new Routes([operation('GET', '/a/*/b'), operation('GET', '/a/c')]);
    should(mixed.find('GET', '/s/a/*/b')).have.property('kind', 'unknown');
    should(mixed.find('GET', '/s/a/c')).have.property('kind', 'operation');
  });

  it('tells which methods a path takes', () => {
    should(routes.find('POST', '/s/a/q')).deepEqual({ kind: 'wrongMethod', allow: ['GET', 'PUT'] });
    should(routes.find('BREW', '/s/a/q')).deepEqual({ kind: 'wrongMethod', allow: ['GET', 'PUT'] });
  });

  it('tells bad percent-encoding from an unknown path', () => {
    should(routes.find('GET', '/s/a/%zz')).deepEqual({ kind: 'badUrl' });
    for (const path of ['/s', '/', '', '//s/a/q', 'http://s/a/q', '*', '/s/a/', `/s/a/${'x'.repeat(501)}`]) {
      should(routes.find('GET', path)).deepEqual({ kind: 'unknown' });
    }
  });
});
