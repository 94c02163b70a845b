import { once } from 'node:events';
import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import should from 'should';
import { Catalog } from '../../lib/catalog/catalog.js';
import type { Imported, Progress } from '../../lib/catalog/import.js';
import { refresh } from '../../lib/catalog/refresh.js';
import { closedPort } from '../support/broken-server.js';
import { ManualClock } from '../support/manual-clock.js';
import { contract, operation } from './harness.js';

const get = (operationId: string) => ({ get: { operationId } });

describe('refreshing the catalog', () => {
  let server: Server;
  let clock: ManualClock;
  let asked: string[];
  let authorised: unknown[];
  /** By path; what is not there is answered with 404. */
  let documents: Record<string, string | ((response: ServerResponse) => void)>;

  beforeEach(async () => {
    clock = new ManualClock();
    asked = [];
    authorised = [];
    documents = {};
    server = createServer((request, response) => {
      asked.push(String(request.url));
      authorised.push(request.headers.authorization, request.headers['x-tenant-id']);
      const document = documents[String(request.url)];
      if (typeof document === 'function') return document(response);
      response.statusCode = document === undefined ? 404 : 200;
      response.end(document ?? 'not found');
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
  });
  afterEach(async () => {
    server.closeAllConnections();
    server.close();
    await once(server, 'close');
  });

  const apiUrl = () => `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const text = (service: string, paths: object, version: string) =>
    JSON.stringify({ openapi: '3.0.1', info: { version }, servers: [{ url: `/${service}` }], paths });
  const catalog = (...versions: [string, string][]) =>
    new Catalog({
      bundled: () => ({
        contracts: versions.map(([service, version]) =>
          contract([operation('Known', `/${version}/known`)], { service, version }),
        ),
      }),
    });
  const run = (
    known: Catalog,
    services?: string[],
    onProgress?: (progress: Progress) => void,
  ): Promise<Imported> => refresh({ catalog: known, clock, apiUrl: apiUrl(), services, onProgress });

  it('takes the known versions, and newer ones as far as there are any', async () => {
    documents = {
      '/svc/swagger/1.0/swagger.json': text('svc', { '/v1/known': get('X'), '/v1/more': get('More') }, '1.0'),
      '/svc/swagger/2.0/swagger.json': text('svc', { '/v2/a': get('A') }, '2.0'),
      '/svc/swagger/3.0/swagger.json': text('svc', { '/v3/a': get('A') }, '3.1.2'),
    };
    const progress: Progress[] = [];
    const { contracts, summary } = await run(catalog(['svc', 'v1']), undefined, (state) =>
      progress.push(state),
    );
    summary.failed.should.be.empty();
    summary.contracts
      .map(({ version, added }) => [version, added])
      .should.deepEqual([
        ['v1', ['More']],
        ['v2', ['A']],
        ['v3', ['A']],
      ]);
    should(contracts.find(({ version }) => version === 'v2')?.source).deepEqual({
      from: 'live',
      name: `${apiUrl()}/svc/swagger/2.0/swagger.json`,
      at: new Date(clock.dateMs()).toISOString(),
    });
    should(progress.at(-1)).containEql({ done: 4, total: 4 });
    authorised.filter(Boolean).should.deepEqual([], 'no token, no tenant');
  });

  it('tries the other spellings of a version', async () => {
    documents = { '/svc/swagger/v1/swagger.json': text('svc', { '/a': get('A') }, '1.0') };
    documents['/old/swagger/1.0.0/swagger.json'] = text('old', { '/a': get('A') }, '1.0.0');
    const { contracts } = await run(catalog(['svc', 'v1'], ['old', 'v1']));
    contracts.should.have.length(2);
  });

  it('asks for four at a time', async () => {
    const services = Array.from({ length: 20 }, (_, index) => `svc${index}`);
    let first: ServerResponse[] | undefined = [];
    for (const service of services) {
      documents[`/${service}/swagger/1.0/swagger.json`] = (response) => {
        if (!first) return response.writeHead(404).end();
        first.push(response);
        // A fifth would be here by now.
        if (first.length === 4) setTimeout(release, 50);
      };
    }
    const release = () => {
      for (const response of first ?? []) response.writeHead(404).end();
      held = first?.length ?? 0;
      first = undefined;
    };
    let held = 0;
    await run(catalog(...services.flatMap((service) => [[service, 'v1'] as [string, string]])));
    held.should.equal(4);
  });

  it('asks only for the services that are named, known or not', async () => {
    documents = { '/new/swagger/1.0/swagger.json': text('new', { '/a': get('A') }, '1.0') };
    const { contracts } = await run(catalog(['svc', 'v1']), ['new']);
    contracts.map(({ service }) => service).should.deepEqual(['new']);
    asked.filter((path) => !path.startsWith('/new/')).should.be.empty();
    await run(catalog(), ['../evil']).should.be.rejectedWith(/no name of a service/);
  });

  /** Lets the pauses pass, but not the minute that an answer may take. */
  async function throughPauses<T>(running: Promise<T>): Promise<T> {
    let over = false;
    const end = running.finally(() => {
      over = true;
    });
    while (!over) {
      const pauseMs = clock.nextInMs ?? Number.POSITIVE_INFINITY;
      if (pauseMs <= 30_000) clock.advance(pauseMs);
      await new Promise((resolve) => setImmediate(resolve));
    }
    return end;
  }

  it('asks again what was busy, as late as it says, three times in all', async () => {
    let asked = 0;
    documents['/svc/swagger/1.0/swagger.json'] = (response) => {
      asked += 1;
      if (asked < 3) response.writeHead(429, { 'retry-after': '7' }).end();
      else response.end(text('svc', { '/a': get('A') }, '1.0'));
    };
    const startMs = clock.nowMs();
    const { contracts } = await throughPauses(run(catalog(['svc', 'v1'])));
    contracts.should.have.length(1);
    (clock.nowMs() - startMs).should.equal(14_000);
  });

  it('does not ask for the rest when nobody answers', async () => {
    const services = Array.from({ length: 30 }, (_, i) => [`svc${i}`, 'v1'] as [string, string]);
    const { summary } = await refresh({
      catalog: catalog(...services),
      clock,
      apiUrl: `http://127.0.0.1:${await closedPort()}`,
    });
    const reasons = summary.failed.map(({ reason }) => reason);
    reasons.should.have.length(30);
    reasons.filter((reason) => reason.includes('was not asked for')).length.should.be.within(20, 28);
  });

  it('takes a document for no other version than its own', async () => {
    const same = text('svc', { '/a': get('A') }, '2.0');
    for (const version of [1, 2, 3]) documents[`/svc/swagger/${version}.0/swagger.json`] = same;
    const { contracts, summary } = await run(catalog(['svc', 'v1'], ['svc', 'v2']));
    contracts.map(({ version }) => version).should.deepEqual(['v2']);
    summary.failed.map(({ reason }) => reason).should.deepEqual(['It is of v2, where v1 was asked for']);
  });

  it('is not led on by a server that has every version', async () => {
    server.removeAllListeners('request');
    server.on('request', (request: { url: string }, response: ServerResponse) => {
      const [, version = ''] = /swagger\/(\d+)\.0\//.exec(request.url) ?? [];
      response.end(text('svc', { [`/v${version}/a`]: get('A') }, `${version}.0`));
    });
    const { contracts } = await run(catalog(['svc', 'v1']));
    contracts.should.have.length(6);
  });

  it('asks for a service once, however often it is named', async () => {
    documents = { '/svc/swagger/1.0/swagger.json': text('svc', { '/a': get('A') }, '1.0') };
    const { contracts, summary } = await run(catalog(['svc', 'v1']), ['svc', 'svc']);
    contracts.should.have.length(1);
    summary.failed.should.be.empty();
  });

  it('tells of a known version that is not there, or cannot be read, and goes on', async () => {
    documents = {
      '/a/swagger/1.0/swagger.json': '<html>',
      '/b/swagger/1.0/swagger.json': (response) => response.writeHead(503).end(),
      '/c/swagger/1.0/swagger.json': (response) => response.destroy(),
      '/e/swagger/1.0/swagger.json': text('e', { '/a': get('A') }, '1.0'),
    };
    const { contracts, summary } = await throughPauses(
      run(catalog(['a', 'v1'], ['b', 'v1'], ['c', 'v1'], ['d', 'v1'], ['e', 'v1'])),
    );
    contracts.map(({ service }) => service).should.deepEqual(['e']);
    const reasons = summary.failed.map(({ reason }) => reason);
    reasons.should.have.length(4);
    reasons[0]?.should.match(/no OpenAPI contract|no YAML/);
    reasons[1]?.should.match(/answered 503/);
    reasons[2]?.should.match(/could not be reached or did not answer/);
    reasons[3]?.should.match(/no contract of this version/);
  });

  it('is not led on by a server that answers everything', async () => {
    server.removeAllListeners('request');
    server.on('request', (_: unknown, response: ServerResponse) =>
      response.end(text('svc', { '/v1/known': get('X') }, '1.0')),
    );
    const { summary } = await run(catalog(['svc', 'v1']));
    summary.contracts.map(({ version }) => version).should.deepEqual(['v1']);
    summary.failed.should.be.empty();
  });

  it('does not go elsewhere: a redirect is no contract', async () => {
    documents['/svc/swagger/1.0/swagger.json'] = (response) =>
      response.writeHead(302, { location: 'http://127.0.0.1:1/' }).end();
    const { summary } = await run(catalog(['svc', 'v1']));
    summary.failed[0]?.reason.should.equal('The platform answered 302');
  });

  it('reads no more than a contract may have', async () => {
    documents['/svc/swagger/1.0/swagger.json'] = (response) => {
      const chunk = Buffer.alloc(1024 * 1024, ' ');
      const more = () => {
        while (!response.destroyed && response.write(chunk));
      };
      response.on('drain', more);
      more();
    };
    const { summary } = await run(catalog(['svc', 'v1']));
    summary.failed[0]?.reason.should.equal('It is larger than a contract may be');
  });

  it('waits no longer than a minute for one', async () => {
    server.removeAllListeners('request');
    // The known version and the one further.
    const both = new Promise<void>((resolve) => {
      let count = 0;
      server.on('request', () => {
        count += 1;
        if (count === 2) resolve();
      });
    });
    const running = run(catalog(['svc', 'v1']));
    await both;
    clock.advance(60_000);
    const { summary } = await running;
    summary.failed.map(({ reason }) => reason).should.deepEqual(['There was no whole answer within 60 s']);
  });

  it('tells that nobody is there', async () => {
    const { summary } = await refresh({
      catalog: catalog(['svc', 'v1']),
      clock,
      apiUrl: `http://127.0.0.1:${await closedPort()}`,
    });
    summary.failed[0]?.reason.should.match(/could not be reached .*ECONNREFUSED/);
  });
});
