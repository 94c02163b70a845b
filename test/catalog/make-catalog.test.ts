import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import should from 'should';
import { Catalog } from '../../lib/catalog/catalog.js';
import { makeCatalog } from '../../scripts/make-catalog.js';

const ROOT = join(__dirname, '../..');
const facts = () => JSON.parse(readFileSync(join(ROOT, 'scripts/facts/operations.json'), 'utf8'));

describe('the generator of the bundled catalog', () => {
  it('makes the very catalog that is committed', () => {
    should(
      makeCatalog(facts()) === readFileSync(join(ROOT, 'lib/catalog/operations.json'), 'utf8'),
    ).be.true();
  });

  it('tells of each operation when it was surveyed', () => {
    const catalog = new Catalog();
    for (const { key, source } of catalog.all()) {
      source.from.should.equal('bundled', key);
      should(source.at).match(/^2025-01-21$|^2026-09-09$/);
    }
    const at = (key: string) => catalog.find(key)?.source.at;
    should(at('entitydataquery/v2/GetEntityById')).equal('2025-01-21');
    should(at('entitydatacommand/v3/CreateEntityDraftV3')).equal('2026-09-09');
    should(at('eventingress/v1/GetEventsByFilterPaginated')).equal('2026-09-09');
    should(at('eventingress/v1/SendEvent')).equal('2025-01-21');
  });

  for (const [what, change, reason] of [
    [
      'a path that leaves its service',
      { id: 'Bad', method: 'GET', path: '/../x' },
      /v2\/Bad cannot be called/,
    ],
    ['a method that is none', { id: 'Bad', method: 'LOOK', path: '/x' }, /v2\/Bad cannot be called/],
    [
      'an id twice',
      { id: 'GetEntityById', method: 'GET', path: '/x' },
      /entitydataquery\/v2 has an id twice/,
    ],
    [
      'an address twice',
      { id: 'New', method: 'GET', path: '/api/v2/entity/{x}' },
      /api\/v2\/entity\/\{\} is there twice/,
    ],
  ] as const) {
    it(`refuses ${what}`, () => {
      const changed = facts();
      changed.services.entitydataquery.v2.push(change);
      should(() => makeCatalog(changed)).throw(reason);
    });
  }
});
