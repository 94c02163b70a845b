import should from 'should';
import { Catalog } from '../../lib/catalog/catalog.js';
import type { Operation } from '../../lib/catalog/operation.js';
import { words } from '../../lib/catalog/words.js';

describe('searching the catalog', () => {
  const catalog = new Catalog();
  const first = (text: string, most = 1) => catalog.search(text, most).map(({ key }) => key);

  for (const [typed, key] of [
    ['search entities by name', 'entitydataquery/v2/SearchByName'],
    ['by name search entity', 'entitydataquery/v2/SearchByName'],
    ['start a journey', 'journeycommand/v1/CreateJourney'],
    ['entityById', 'entitydataquery/v2/GetEntityById'],
    ['get entity by id', 'entitydataquery/v2/GetEntityById'],
    ['entitydataquery/v1/GetEntityById', 'entitydataquery/v1/GetEntityById'],
    ['add webhook', 'webhooks/v1/AddWebhook'],
    ['complete task', 'journeycommand/v1/CompleteTask'],
    ['getentitybyid', 'entitydataquery/v2/GetEntityById'],
    ['entitybyid', 'entitydataquery/v2/GetEntityById'],
    ['createjourney', 'journeycommand/v1/CreateJourney'],
    ['/api/v2/entity/{id}', 'entitydataquery/v2/GetEntityById'],
    ['/entitydataquery/api/v2/entity/{id}', 'entitydataquery/v2/GetEntityById'],
  ] as const) {
    it(`'${typed}' finds ${key}`, () => {
      const [found] = first(typed);
      should(found).equal(key);
    });
  }

  describe('by what is one operation and nothing else', () => {
    const GUID = '3fa85f64-5717-4562-b3fc-2c963f66afa6';
    const filled = (path: string) => path.replace(/\{[^{}]+\}/g, GUID);
    const spaced = (id: string) => words(id).join(' ');
    const missed = (isFound: (operation: Operation) => boolean) =>
      catalog.all().flatMap((operation) => (isFound(operation) ? [] : operation.key));

    for (const [form, typed] of [
      ['its id', ({ id }: Operation) => id],
      ['its id in small letters', ({ id }: Operation) => id.toLowerCase()],
      ['its id in words', ({ id }: Operation) => spaced(id)],
    ] as const) {
      it(`puts what is called so first: ${form}`, function () {
        this.timeout(30_000);
        missed((operation) => {
          const [found] = catalog.search(typed(operation), 1);
          // Several services, and versions of them, have operations of one id.
          return found?.id.toLowerCase() === operation.id.toLowerCase();
        }).should.be.empty();
      });
    }

    it('puts what has the key first', function () {
      this.timeout(30_000);
      missed(({ key }) => first(key)[0] === key && first(key.toLowerCase())[0] === key).should.be.empty();
    });

    for (const [form, typed] of [
      ['METHOD /service/path', ({ method, service, path }: Operation) => `${method} /${service}${path}`],
      [
        'method service/path',
        ({ method, service, path }: Operation) => `${method.toLowerCase()} ${service}${path}`,
      ],
      [
        'METHOD and the URL of a gateway',
        ({ method, service, path }: Operation) =>
          `${method} https://gw.company.com/kyc/fenergo/${service}${filled(path)}/?page=1&size=20`,
      ],
    ] as const) {
      it(`puts the operation of an address first: ${form}`, function () {
        this.timeout(30_000);
        missed((operation) => first(typed(operation))[0] === operation.key).should.be.empty();
      });
    }

    for (const [form, typed] of [
      ['/service/path', ({ service, path }: Operation) => `/${service}${path}`],
      ['service/path', ({ service, path }: Operation) => `${service}${path}`],
      ['/path', ({ path }: Operation) => path],
      ['path', ({ path }: Operation) => path.slice(1)],
      ['/service/path with ids', ({ service, path }: Operation) => `/${service}${filled(path)}`],
      ['a URL', ({ service, path }: Operation) => `https://api.fenergox.com/${service}${filled(path)}?a=b#c`],
    ] as const) {
      it(`puts the operations of a path among the first: ${form}`, function () {
        this.timeout(30_000);
        missed((operation) => {
          const text = typed(operation);
          // Without a slash in it, it is a word.
          if (!text.includes('/')) return true;
          // Up to five methods have one path, and some paths are of several services.
          const { length } = catalog.all().filter(({ path }) => path === operation.path);
          return first(text, Math.max(length, 6)).includes(operation.key);
        }).should.be.empty();
      });
    }
  });

  it('puts what has ended behind what took its place', () => {
    const [best, ...others] = first('events filter', 5);
    should(best).equal('eventingress/v1/GetEventsByFilterPaginated');
    others.should.containEql('eventingress/v1/GetEventsByFilter');
  });

  for (const [what, text] of [
    ['words', 'a b c d e f g h i j '.repeat(500)],
    ['letters without spaces', 'a.b.c.d.e.f.g.h.i.j.'.repeat(500)],
    ['slashes', '/'.repeat(10_000)],
    ['dots behind a method', `get ${'http://'.repeat(2000)}`],
  ] as const) {
    it(`does not stop for an endless text of ${what}`, () => {
      catalog.search('get entity', 30);
      const startMs = performance.now();
      catalog.search(text, 30);
      // Without a limit it takes seconds; the goal is the bench's.
      (performance.now() - startMs).should.be.below(200);
    });
  }

  for (const [typed, id] of [
    ['create legal entity', 'CreateEntity'],
    ['launch journey', 'CreateJourney'],
    ['open a draft', 'CreateEntityDraft'],
    ['approve draft', 'VerifyEntityDraft'],
    ['approve entity draft', 'VerifyEntityDraft'],
    ['approve lookup version', 'SignLookupVersion'],
    ['download document model', 'GetDocumentModelById'],
  ] as const) {
    it(`'${typed}' has ${id} among the first`, () => {
      const ids = catalog.search(typed, 3).map((operation) => operation.id);
      ids.should.containEql(id);
    });
  }

  it('finds parts of words as they are being typed', () => {
    first('sear entit by na', 5).should.containEql('entitydataquery/v2/SearchByName');
  });

  it('finds by service, path and method', () => {
    for (const { service } of catalog.search('journeycommand', 20)) service.should.equal('journeycommand');
    for (const { path } of catalog.search('journey-launch-controls', 5))
      path.should.containEql('launch-controls');
    for (const { method } of catalog.search('delete association', 3)) method.should.equal('DELETE');
  });

  it('gives no more than was asked for, and nothing for nonsense or an empty text', () => {
    catalog.search('get', 7).should.have.length(7);
    catalog.search('xyzzy', 7).should.be.empty();
    catalog.search('constructor', 7).should.be.empty();
    catalog.search('', 7).should.be.empty();
    catalog.search(' /{}? ', 7).should.be.empty();
  });
});
