import should from 'should';
import { Catalog } from '../../lib/catalog/catalog.js';

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

  it('finds every operation by its path, and by its id in small letters', function () {
    this.timeout(30_000);
    const missed = catalog.all().filter(({ key, service, path, id }) => {
      // Up to five methods have one path.
      const byPath = first(`/${service}${path}`, 6).includes(key);
      return !byPath || !first(id.toLowerCase(), 30).includes(key);
    });
    missed.map(({ key }) => key).should.be.empty();
  });

  it('puts what has ended behind what took its place', () => {
    const [best, ...others] = first('events filter', 5);
    should(best).equal('eventingress/v1/GetEventsByFilterPaginated');
    others.should.containEql('eventingress/v1/GetEventsByFilter');
  });

  it('does not stop for an endless text', () => {
    const startMs = performance.now();
    catalog.search('a b c d e f g h i j '.repeat(500), 30);
    (performance.now() - startMs).should.be.below(2000);
  });

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

  it('reaches every operation through its own words', function () {
    this.timeout(30_000);
    const missed = catalog.all().filter(({ key, service, version, id }) => {
      return !first(`${service} ${version} ${id}`, 30).includes(key);
    });
    missed.map(({ key }) => key).should.be.empty();
  });
});
