import should from 'should';
import { seedId } from '../../lib/sandbox/sandbox.js';
import { ENTITY, Harness, OTHER_TENANT, statuses, TENANT } from './harness.js';

const QUERY = '/entitydataquery/api';
const COMMAND = '/entitydatacommand/api';
const PATH = `${QUERY}/v2/entity/${ENTITY}`;
const single = (value: string) => ({ type: 'Single', value });
const nameOf = (entity: { properties: Record<string, { value: string }> }) =>
  entity.properties.legalEntityName?.value ?? entity.properties.lastName?.value;

describe('sandbox entities', () => {
  let harness: Harness;
  before(async () => {
    harness = await Harness.start({ tokenSeconds: 1_000_000 });
  });
  beforeEach(() => harness.reset());
  after(() => harness.close());

  it('shows an entity, the same in every version', async () => {
    const { status, json } = await harness.get(PATH);
    status.should.equal(200);
    json.messages.should.deepEqual([]);
    json.data.should.have.properties({
      id: ENTITY,
      tenantId: TENANT,
      type: 'Company',
      version: 1,
      lifecycleStatus: 'MaintenanceInProgress',
    });
    json.data.properties.legalEntityName.should.deepEqual(single('Łubiński Logistyka Sp. z o.o.'));
    const old = await harness.get(`${QUERY}/entity/${ENTITY.toUpperCase()}`);
    old.json.should.deepEqual(json);
  });

  it('answers 404 with an envelope for an unknown entity', async () => {
    const { status, json } = await harness.get(`${QUERY}/entity/nobody`);
    status.should.equal(404);
    should(json.data).equal(null);
    json.messages[0].message.should.equal('Not Found. Entity with given id does not exist');
  });

  it('seeds 50 entities, companies and individuals, the same every time', async () => {
    const all = [];
    for (const tenant of [TENANT, OTHER_TENANT]) {
      const path = `${QUERY}/v2/entity/getentitiespagedlist`;
      const { json } = await harness.send('POST', path, { pager: { size: 100 } }, { tenant });
      all.push(...json.data.items);
    }
    new Set(all.map(({ id }) => id)).size.should.equal(50);
    new Set(all.map(nameOf)).size.should.equal(50);
    all.filter(({ type }) => type === 'Individual').should.have.length(20);
    all[0].id.should.equal('e0000001-0000-4000-8000-000000000001');
    all[25].id.should.equal('e0000002-0000-4000-8000-000000000001');
  });

  describe('SearchByName', () => {
    const search = async (name: unknown, pager?: object) =>
      harness.send('POST', `${QUERY}/v2/entity/searchbyname`, { name, pager });

    for (const [wanted, found] of [
      ['BRIGHTWATER', 2],
      ['łubiński', 1],
      ['grünfeld', 1],
      ['gru\u0308nfeld', 1],
      ['みどり', 1],
      ['aoife brennan', 1],
      ['  corrib ', 1],
      ['nobody at all', 0],
      ['.*', 0],
    ] as const) {
      it(`finds ${found} for ${JSON.stringify(wanted)}`, async () => {
        const { status, json } = await search(wanted);
        status.should.equal(200);
        json.data.should.be.an.Array().and.have.length(found);
      });
    }

    it('wants a name', async () => {
      for (const name of ['', ' ', null, 7]) {
        const { status, json } = await search(name);
        status.should.equal(400);
        json.data[0].should.have.properties(['propertyName', 'errorMessage', 'attemptedValue', 'errorCode']);
        json.data[0].propertyName.should.equal('data.name');
      }
    });

    it('sorts and pages', async () => {
      const up = await search('an', { size: 100, sortBy: 'name', sortOrder: 0 });
      const down = await search('an', { size: 100, sortBy: 'name', sortOrder: 1 });
      up.json.data.length.should.be.above(3);
      down.json.data.should.deepEqual(up.json.data.toReversed());
      const page = await search('an', { size: 2, from: 1, sortBy: 'name', sortOrder: 'Ascending' });
      page.json.data.should.deepEqual(up.json.data.slice(1, 3));
    });

    it('finds the same in version 1', async () => {
      const old = await harness.send('POST', `${QUERY}/entity/searchbyname`, { name: 'brightwater' });
      old.json.should.deepEqual((await search('brightwater')).json);
    });
  });

  describe('paged lists', () => {
    const list = (data: object, version = '/v2') =>
      harness.send('POST', `${QUERY}${version}/entity/getentitiespagedlist`, data);

    it('pages by offset, without a gap or an overlap', async () => {
      const ids = [];
      for (let from = 0; from < 30; from += 7) {
        const { json } = await list({ pager: { size: 7, from, sortBy: 'name', sortOrder: 0 } });
        json.data.total.should.equal(25);
        ids.push(...json.data.items.map(({ id }: { id: string }) => id));
      }
      ids.should.have.length(25);
      new Set(ids).size.should.equal(25);
    });

    for (const sortOrder of [0, 1]) {
      it(`pages by searchAfter, in order ${sortOrder}`, async () => {
        const ids: string[] = [];
        let searchAfter = '';
        for (;;) {
          const { json } = await list({ pager: { size: 10, sortBy: 'created', sortOrder }, searchAfter }, '');
          if (json.data.items.length === 0) break;
          ids.push(...json.data.items.map(({ id }: { id: string }) => id));
          searchAfter = json.data.items.at(-1).created;
        }
        ids.should.have.length(25);
        new Set(ids).size.should.equal(25);
      });
    }

    it('takes 0, and no size at all, for the default of 10', async () => {
      for (const pager of [undefined, {}, { size: 0, from: 0, sortBy: '', sortOrder: 0 }]) {
        (await list({ pager, searchAfter: '' })).json.data.items.should.have.length(10);
      }
      (await list({ pager: { size: 100 } })).json.data.items.should.have.length(25);
      (await list({ pager: { from: 25 } })).json.data.items.should.have.length(0);
    });

    it('refuses sizes, offsets and orders that cannot be, all at once', async () => {
      const { status, json } = await list({ pager: { size: 101, from: -1, sortOrder: 'sideways' } });
      status.should.equal(400);
      json.data
        .map(({ propertyName }: { propertyName: string }) => propertyName)
        .should.deepEqual(['data.pager.size', 'data.pager.from', 'data.pager.sortOrder']);
      (await list({ pager: { size: 1.5 } })).status.should.equal(400);
    });

    it('shows only the attributes that are asked for', async () => {
      const { json } = await list({ pager: { size: 1 }, attributes: ['industry', ''] });
      Object.keys(json.data.items[0].properties).should.deepEqual(['industry']);
    });

    it('lists by ids, in their order, without the unknown', async () => {
      const ids = [seedId('entity', 1, 9), 'nobody', seedId('entity', 2, 1), seedId('entity', 1, 2)];
      const { json } = await harness.send('POST', `${QUERY}/entity/getentitieslist`, {
        ids,
        attributes: [''],
      });
      json.data.map(({ id }: { id: string }) => id).should.deepEqual([ids[0], ids[3]]);
      const none = await harness.send('POST', `${QUERY}/entity/getentitieslist`, {});
      none.status.should.equal(400);
    });
  });

  describe('CreateEntity', () => {
    const company = {
      type: 'Company',
      targetEntity: 'Client',
      policyJurisdictions: ['Ireland'],
      properties: { legalEntityName: single('Nagelneu Özdemir AG') },
    };

    for (const version of ['', '/v2']) {
      it(`makes an entity that can be read after the delay (${version || '/v1'})`, async () => {
        const { status, json } = await harness.send('POST', `${COMMAND}${version}/entity`, company);
        status.should.equal(202);
        json.data.version.should.equal(1);
        harness.clock.advance(499);
        (await harness.get(`${QUERY}/entity/${json.data.id}`)).status.should.equal(404);
        harness.clock.advance(1);
        const read = await harness.get(`${QUERY}/entity/${json.data.id}`);
        read.status.should.equal(200);
        read.json.data.should.have.properties({
          type: 'Company',
          role: { name: 'Client' },
          tenantId: TENANT,
        });
        read.json.data.should.have.properties({ jurisdictions: ['Ireland'], lifecycleStatus: 'Unknown' });
        (await harness.get(`${QUERY}/entity/${json.data.id}`, { tenant: OTHER_TENANT })).status.should.equal(
          404,
        );
      });
    }

    it('answers the whole entity for a full record', async () => {
      const { status, json } = await harness.send('POST', `${COMMAND}/v2/entity/full`, company);
      status.should.equal(202);
      json.data.properties.should.deepEqual(company.properties);
      harness.sandbox
        .events(TENANT)
        .map(({ eventType }) => eventType)
        .should.deepEqual(['entitydata:created', 'entitydata:dataPublished']);
    });

    it('lists everything that is missing', async () => {
      const problems = async (data: object) => {
        const { status, json } = await harness.send('POST', `${COMMAND}/v2/entity`, data);
        status.should.equal(400);
        return json.data.map(({ propertyName }: { propertyName: string }) => propertyName);
      };
      (await problems({})).should.deepEqual(['data.type', 'data.properties']);
      (await problems({ type: 'Company', properties: {} })).should.deepEqual([
        'data.properties.legalEntityName',
      ]);
      (await problems({ type: 'Individual', properties: { firstName: single('A') } })).should.deepEqual([
        'data.properties.lastName',
      ]);
      (await problems({ type: 'Trust', properties: { a: 'b', c: { type: 'Odd' } } })).should.deepEqual([
        'data.properties.a',
        'data.properties.c',
      ]);
    });

    it('is not confused by names that mean something to JavaScript', async () => {
      const body = `{"data":{"type":"Trust","properties":{"__proto__":${JSON.stringify(single('x'))}}}}`;
      const { status, json } = await harness.call('POST', `${COMMAND}/v2/entity/full`, { body });
      status.should.equal(202);
      Object.keys(json.data.properties).should.deepEqual(['__proto__']);
    });
  });

  describe('drafts', () => {
    const drafts = `${COMMAND}/v3/entity/${ENTITY}/draft`;
    const create = async (data: object = {}) => (await harness.send('POST', drafts, data)).json.data;

    for (const [version, record] of [
      ['', 'v1'],
      ['/v2', 'v2'],
      ['/v3', 'v3'],
    ] as const) {
      it(`goes from create over update to verify (${record})`, async () => {
        const path = `${COMMAND}${version}/entity/${ENTITY}/draft`;
        const created = await harness.send('POST', path, {
          journeyId: seedId('journey', 1, 303),
          properties: { industry: single('Logistics') },
        });
        created.status.should.equal(202);
        const { id } = created.json.data;
        created.json.data.should.have.properties({
          sourceEntityId: ENTITY,
          sourceEntityVersion: 1,
          status: 'InProgress',
          version: 1,
        });
        created.json.data.properties.industry.should.deepEqual(single('Logistics'));
        created.json.data.should.not.have.properties(['base', 'changes']);
        const updated = await harness.send('PUT', `${path}/${id}`, {
          version: 1,
          category: ['Client', 'Fund'],
          properties: { phone: single('+48 12 555 0199'), registrationNumber: null },
        });
        updated.status.should.equal(202);
        updated.json.data.should.deepEqual({ version: 2, hasValidationErrors: false });
        const verified = await harness.send('PUT', `${path}/${id}/verify`, { version: 2 });
        verified.status.should.equal(202);
        verified.json.data.should.have.properties({ status: 'Verified', version: 3 });
        harness.clock.advance(499);
        (await harness.get(PATH)).json.data.version.should.equal(1);
        harness.clock.advance(1);
        const { data } = (await harness.get(PATH)).json;
        data.should.have.properties({ version: 2, propertiesVersion: 2, category: ['Client', 'Fund'] });
        data.properties.should.have.properties({
          industry: single('Logistics'),
          phone: single('+48 12 555 0199'),
        });
        data.properties.should.not.have.property('registrationNumber');
        data.properties.should.have.property('legalEntityName');
      });
    }

    it('shows drafts on the query side after the delay', async () => {
      const { id } = await create();
      (await harness.get(`${QUERY}/entity/${ENTITY}/draft`)).json.data.should.deepEqual([]);
      harness.clock.advance(500);
      const list = await harness.get(`${QUERY}/entity/${ENTITY}/draft`);
      list.json.data.should.have.length(1);
      (await harness.get(`${QUERY}/v2/entity/${ENTITY}/drafts-ids`)).json.data.should.deepEqual([id]);
      for (const version of ['', '/v2']) {
        const one = await harness.get(`${QUERY}${version}/entity/${ENTITY}/draft/${id}`);
        one.json.data.should.deepEqual(list.json.data[0]);
      }
      const elsewhere = seedId('entity', 1, 4);
      (await harness.get(`${QUERY}/entity/${elsewhere}/draft/${id}`)).status.should.equal(404);
      (await harness.get(`${QUERY}/entity/${elsewhere}/draft`)).json.data.should.deepEqual([]);
      (await harness.get(`${QUERY}/entity/nobody/draft`)).status.should.equal(404);
      (await harness.get(`${QUERY}/v2/entity/nobody/drafts-ids`)).status.should.equal(404);
      (await harness.get(`${QUERY}/entity/${ENTITY}/draft/nobody`)).status.should.equal(404);
    });

    it('shows what a draft would change', async () => {
      const { id } = await create({
        properties: { industry: single('Rail'), phone: single('1'), registrationNumber: null },
      });
      harness.clock.advance(500);
      const { json } = await harness.get(`${QUERY}/v2/entity/proposedchanges/draft/${id}`);
      json.data
        .map(({ dataKey, changeType }: { dataKey: string; changeType: string }) => [dataKey, changeType])
        .should.deepEqual([
          ['industry', 'Edit'],
          ['phone', 'Add'],
          ['registrationNumber', 'Delete'],
        ]);
    });

    it('updates risk, role and access layers', async () => {
      const { id } = await create();
      await harness.send('PUT', `${drafts}/${id}/risk`, { riskCategory: 'High', riskLevel: 3 });
      await harness.send('PUT', `${drafts}/${id}/role`, { name: 'Related Party' });
      const accessLayers = { geographic: ['Poland'], businessRelated: [] };
      const last = await harness.send('PUT', `${drafts}/${id}/access-layers`, { accessLayers, version: 3 });
      last.json.data.version.should.equal(4);
      await harness.send('PUT', `${drafts}/${id}/verify`, {});
      harness.clock.advance(500);
      (await harness.get(PATH)).json.data.should.have.properties({
        risk: { riskCategory: 'High', riskLevel: 3 },
        role: { name: 'Related Party' },
        accessLayers,
      });
    });

    it('rejects, and changes nothing', async () => {
      const { id } = await create({ properties: { industry: single('Rail') } });
      const rejected = await harness.send('PUT', `${drafts}/${id}/reject`, { version: 1 });
      rejected.status.should.equal(202);
      rejected.json.data.status.should.equal('Rejected');
      harness.clock.advance(500);
      (await harness.get(PATH)).json.data.should.have.properties({ version: 1 });
    });

    it('answers 409 for a version that is not the current one, on every command', async () => {
      const { id } = await create();
      for (const path of ['', '/verify', '/reject', '/risk']) {
        const { status, json } = await harness.send('PUT', `${drafts}/${id}${path}`, { version: 7 });
        status.should.equal(409);
        json.messages[0].errorCode.should.equal('CONFLICT');
        json.messages[0].message.should.startWith('Conflict saving changes in expected version');
      }
      (await harness.send('POST', drafts, { version: 2 })).status.should.equal(409);
      (await harness.send('POST', drafts, { version: 1 })).status.should.equal(202);
    });

    it('does not check without a version, or with -1, and wants a number', async () => {
      const { id } = await create();
      for (const version of [undefined, null, -1]) {
        (await harness.send('PUT', `${drafts}/${id}`, { version })).status.should.equal(202);
      }
      const { status, json } = await harness.send('PUT', `${drafts}/${id}`, { version: '4' });
      status.should.equal(400);
      json.data[0].propertyName.should.equal('data.version');
    });

    it('answers 409 for a draft that is verified or rejected already', async () => {
      for (const end of ['verify', 'reject']) {
        const { id } = await create();
        (await harness.send('PUT', `${drafts}/${id}/${end}`, {})).status.should.equal(202);
        for (const path of ['', '/verify', '/reject']) {
          (await harness.send('PUT', `${drafts}/${id}${path}`, {})).status.should.equal(409);
        }
      }
    });

    it('lets one of many parallel verifications through', async () => {
      const { id } = await create({ properties: { industry: single('Rail') } });
      const verify = () => harness.send('PUT', `${drafts}/${id}/verify`, {});
      const replies = await Promise.all(Array.from({ length: 10 }, verify));
      statuses(replies).should.deepEqual([202, ...Array(9).fill(409)]);
      harness.clock.advance(500);
      (await harness.get(PATH)).json.data.version.should.equal(2);
    });

    it('merges drafts of different properties, and asks about conflicts', async () => {
      const [industry, phone, rival] = [
        await create({ properties: { industry: single('Rail') } }),
        await create({ properties: { phone: single('1') } }),
        await create({ properties: { industry: single('Air') } }),
      ];
      const verify = (id: string, data: object = {}) => harness.send('PUT', `${drafts}/${id}/verify`, data);
      (await verify(industry.id)).status.should.equal(202);
      (await verify(phone.id)).status.should.equal(202);
      const { status, json } = await verify(rival.id);
      status.should.equal(409);
      json.messages[0].message.should.containEql('industry');
      const dataConflictResolutions = { industry: single('Rail and Air') };
      (await verify(rival.id, { dataConflictResolutions })).status.should.equal(202);
      harness.clock.advance(500);
      const { properties } = (await harness.get(PATH)).json.data;
      properties.should.have.properties({ industry: single('Rail and Air'), phone: single('1') });
    });

    it('answers 404 for unknown entities and drafts, and another tenant', async () => {
      const { id } = await create();
      (await harness.send('POST', `${COMMAND}/v3/entity/nobody/draft`, {})).status.should.equal(404);
      (await harness.send('PUT', `${drafts}/nobody`, {})).status.should.equal(404);
      (await harness.send('PUT', `${COMMAND}/v3/entity/nobody/draft/${id}/verify`, {})).status.should.equal(
        404,
      );
      const tenant = OTHER_TENANT;
      (await harness.send('PUT', `${drafts}/${id}`, {}, { tenant })).status.should.equal(404);
    });

    it('refuses properties of a wrong form', async () => {
      const { status, json } = await harness.send('POST', drafts, { properties: { industry: 'Rail' } });
      status.should.equal(400);
      json.data[0].should.have.properties({
        propertyName: 'data.properties.industry',
        attemptedValue: 'Rail',
      });
      (await harness.send('POST', drafts, { properties: [] })).status.should.equal(400);
    });

    it('raises events that bear the correlation id and name their cause', async () => {
      const headers = { 'x-correlation-id': 'fee5b5f5-b220-4fef-ba38-bf802b98d74d' };
      const { json } = await harness.send('POST', drafts, {}, { headers });
      const { id } = json.data;
      await harness.send('PUT', `${drafts}/${id}`, {});
      await harness.send('PUT', `${drafts}/${id}/verify`, {});
      const events = harness.sandbox.events(TENANT);
      events
        .map(({ eventType }) => eventType)
        .should.deepEqual([
          'entitydata:draftcreated',
          'entitydata:draftupdated',
          'entitydata:draftverified',
          'entitydata:dataPublished',
        ]);
      should(events[0]).have.properties({
        tenantId: TENANT,
        correlationId: headers['x-correlation-id'],
        relativeUrl: `entitydataquery/api/entity/${ENTITY}/draft/${id}`,
        when: new Date(harness.clock.dateMs()).toISOString(),
      });
      should(events[1]?.correlationId).equal(null);
      should(events[2]?.causationId).equal(events[3]?.causationId);
      should(events[0]?.causationId).not.equal(events[1]?.causationId);
      harness.sandbox.events(OTHER_TENANT).should.deepEqual([]);
    });

    it('keeps the last thousand events', async () => {
      for (let count = 0; count < 1001; count++) await create();
      harness.sandbox.events(TENANT).should.have.length(1000);
    });
  });

  it('has no delay with consistencyMs 0', async () => {
    const prompt = await Harness.start({ consistencyMs: 0 });
    try {
      const data = { type: 'Trust', properties: {} };
      const { json } = await prompt.send('POST', `${COMMAND}/v2/entity`, data);
      (await prompt.get(`${QUERY}/entity/${json.data.id}`)).status.should.equal(200);
    } finally {
      await prompt.close();
    }
  });
});
