import should from 'should';
import { contractAnswer } from '../../lib/sandbox/contract-pages.js';
import { contractOf } from '../../lib/sandbox/contracts.js';
import { Offer } from '../../lib/sandbox/offer.js';
import type { SandboxOperation } from '../../lib/sandbox/sandbox.js';
import { Harness, operations, type Reply } from './harness.js';

const DAY_MS = 86_400_000;

function operation(id: string, more: Partial<SandboxOperation> = {}): SandboxOperation {
  const { path = `/api/${id}`, pathParams = [], ...rest } = more;
  return {
    key: `s/v1/${id}`,
    service: 's',
    version: 'v1',
    id,
    method: 'GET',
    path,
    pathParams,
    hasBody: false,
    ...rest,
  };
}

function schemaOfBody(body: unknown): unknown {
  const withBody = operation('Op', { method: 'POST', hasBody: true, body });
  // As it goes over the wire.
  return JSON.parse(JSON.stringify(contractOf('s', '1.0', [withBody], 0))).components.schemas.OpRequest;
}

describe('sandbox contracts', () => {
  let harness: Harness;
  before(async () => {
    harness = await Harness.start();
  });
  beforeEach(() => harness.reset());
  after(() => harness.close());

  /** As anybody: no token, no tenant. */
  const ask = (path: string, method = 'GET'): Promise<Reply> =>
    harness.call(method, path, { token: null, tenant: null });

  it('name every operation of the catalog once, in the contract of its service and version', async () => {
    const names = new Set(operations.map(({ service, version }) => `${service}/${version}`));
    names.size.should.equal(114);
    for (const name of names) {
      const [service, version] = name.split('/v');
      const group = operations.filter(({ key }) => key.startsWith(`${name}/`));
      const { status, headers, json } = await ask(`/${service}/swagger/${version}.0/swagger.json`);
      should([name, status]).deepEqual([name, 200]);
      should(headers.get('content-type')).match(/^application\/json\b/);
      json.should.have.properties({ openapi: '3.0.1', servers: [{ url: `/${service}` }] });
      json.info.should.deepEqual({ title: service, version: `${version}.0` });
      const described = Object.entries<object>(json.paths).flatMap(([path, methods]) =>
        Object.entries(methods).map(([method, value]) => [value.operationId, method.toUpperCase(), path]),
      );
      described.sort().should.deepEqual(group.map(({ id, method, path }) => [id, method, path]).sort());
      const bodies = group.filter(({ hasBody }) => hasBody).map(({ id }) => `${id}Request`);
      Object.keys(json.components.schemas).sort().should.deepEqual(bodies.sort());
      for (const known of group) checkDescription(json.paths[known.path][known.method.toLowerCase()], known);
    }
  });

  function checkDescription(described: Record<string, unknown>, known: (typeof operations)[number]): void {
    const schema = { type: 'string' };
    should(described.parameters).deepEqual([
      { name: 'X-TENANT-ID', in: 'header', required: true, schema },
      ...known.pathParams.map((name) => ({ name, in: 'path', required: true, schema })),
      ...known.query.map((name) => ({ name, in: 'query', schema })),
    ]);
    const example = known.body === null ? {} : { example: known.body };
    const media = { schema: { $ref: `#/components/schemas/${known.id}Request` }, ...example };
    const requestBody = known.hasBody ? { content: { 'application/json': media } } : undefined;
    should(described.requestBody).deepEqual(requestBody);
    should(described.deprecated).equal(known.sunset === undefined ? undefined : true);
  }

  it('tell of a sunset to come, and from the day on of one that is past', async () => {
    const description = async () => {
      const { json } = await ask('/eventingress/swagger/1.0/swagger.json');
      return json.paths['/v1/events-by-filter'].post.description;
    };
    const known = operations.filter(({ sunset }) => sunset !== undefined);
    known
      .map(({ path, method, sunset }) => [method, path, sunset])
      .should.deepEqual([['POST', '/v1/events-by-filter', '2026-02-01']]);
    const early = 'This endpoint is obsolete and will be terminated on 2026-02-01.';
    (await description()).should.equal(early);
    // The manual clock starts on 2026-01-01.
    harness.clock.advance(31 * DAY_MS - 1);
    (await description()).should.equal(early);
    harness.clock.advance(1);
    (await description()).should.equal('This endpoint is obsolete and was terminated on 2026-02-01.');
  });

  it('answer 404 for an unknown service or version, as any unknown path', async () => {
    const unknown = await ask('/entitydataquery/api/nothing/here');
    for (const path of [
      '/nobody/swagger/1.0',
      '/entitydataquery/swagger/9.0',
      '/entitydataquery/swagger/v2',
    ]) {
      const { status, json } = await ask(`${path}/swagger.json`);
      status.should.equal(404);
      json.should.deepEqual(unknown.json);
    }
    (await ask('/nobody/swagger/index.html')).status.should.equal(404);
    (await ask('/entitydataquery/swagger/')).status.should.equal(404);
  });

  it('take GET and HEAD only', async () => {
    for (const path of ['/entitydataquery/swagger/2.0/swagger.json', '/entitydataquery/swagger/index.html']) {
      const head = await ask(path, 'HEAD');
      should([head.status, head.text]).deepEqual([200, '']);
      for (const method of ['POST', 'PUT', 'DELETE', 'OPTIONS']) {
        const { status, headers } = await ask(path, method);
        should([status, headers.get('allow')]).deepEqual([405, 'GET, HEAD']);
      }
    }
  });

  it('are listed on a page of their service', async () => {
    const { status, headers, text } = await ask('/entitydataquery/swagger/index.html');
    status.should.equal(200);
    should(headers.get('content-type')).equal('text/html; charset=utf-8');
    const links = [...text.matchAll(/href="([^"]+)"/g)].map(([, link]) => link as string);
    links.should.deepEqual(['1.0/swagger.json', '2.0/swagger.json']);
    for (const link of links) (await ask(`/entitydataquery/swagger/${link}`)).status.should.equal(200);
  });

  it('are listed as text, whatever the name of the service is', () => {
    const odd = [operation('Odd', { service: '<b>&"' })];
    const { body } = contractAnswer({ service: '<b>&"' }, 'GET', odd, 0);
    String(body).should.containEql('<h1>&#60;b&#62;&#38;&#34;</h1>');
  });

  it('count nowhere in the stats, but the fault plan spoils them too', async () => {
    const before = harness.sandbox.stats;
    harness.sandbox.setFaults([{ match: { path: '/*/swagger/**' }, respond: { status: 503 } }]);
    (await ask('/entitydataquery/swagger/2.0/swagger.json')).status.should.equal(503);
    (await ask('/entitydataquery/swagger/2.0/swagger.json')).status.should.equal(200);
    await ask('/entitydataquery/swagger/9.0/swagger.json');
    await ask('/entitydataquery/swagger/index.html', 'POST');
    harness.sandbox.stats.should.deepEqual(before);
  });
});

describe('sandbox schemas of bodies', () => {
  it('follow the example', () => {
    should(
      schemaOfBody({ data: { a: '', b: 0, c: 1.5, d: true, e: null, f: ['', 1], g: [], h: {} } }),
    ).deepEqual({
      type: 'object',
      properties: {
        data: {
          type: 'object',
          properties: {
            a: { type: 'string' },
            b: { type: 'number' },
            c: { type: 'number' },
            d: { type: 'boolean' },
            e: {},
            f: { type: 'array', items: { type: 'string' } },
            g: { type: 'array', items: {} },
            h: { type: 'object', additionalProperties: true },
          },
        },
      },
    });
  });

  it('say nothing of a shape that is not known', () => {
    for (const body of [null, undefined]) should(schemaOfBody(body)).deepEqual({});
  });

  it('take property names that mean something in JavaScript', () => {
    const body = JSON.parse('{"__proto__":{"constructor":""},"hasOwnProperty":[0]}');
    JSON.stringify(schemaOfBody(body)).should.equal(
      '{"type":"object","properties":{"__proto__":{"type":"object","properties":{"constructor":{"type":"string"}}},' +
        '"hasOwnProperty":{"type":"array","items":{"type":"number"}}}}',
    );
  });
});

describe('sandbox with operations that change', () => {
  it('answers what has come since, by call and by contract', async () => {
    let list = [operation('First')];
    const harness = await Harness.start({ operations: () => list });
    const contract = async () => (await harness.get('/s/swagger/1.0/swagger.json')).json.paths;
    try {
      (await harness.get('/s/api/Second')).status.should.equal(404);
      Object.keys(await contract()).should.deepEqual(['/api/First']);
      list = [...list, operation('Second')];
      (await harness.get('/s/api/Second')).status.should.equal(200);
      (await harness.get('/s/api/First')).status.should.equal(200);
      Object.keys(await contract()).should.deepEqual(['/api/First', '/api/Second']);
      list = [];
      (await harness.get('/s/api/First')).status.should.equal(404);
      (await harness.get('/s/swagger/1.0/swagger.json')).status.should.equal(404);
    } finally {
      await harness.close();
    }
  });

  it('builds the routes anew only when the list is another one', () => {
    let list = [operation('First')];
    const offer = new Offer(() => list);
    const { routes } = offer.now();
    should(offer.now().routes).equal(routes);
    list = [...list];
    should(offer.now().routes).not.equal(routes);
    should(offer.now().routes).equal(offer.now().routes);
  });

  it('reads a plain iterable once', () => {
    const offer = new Offer(new Set([operation('First')]).values());
    const { routes } = offer.now();
    should(routes.find('GET', '/s/api/First').kind).equal('operation');
    should(offer.now().routes).equal(routes);
  });
});
