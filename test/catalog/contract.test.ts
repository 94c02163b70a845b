import should from 'should';
import { type ReadContract, readContract } from '../../lib/catalog/contract.js';
import { type ContractDocument, MAX_CONTRACT_BYTES, parseDocument } from '../../lib/catalog/document.js';
import type { StoredOperation } from '../../lib/catalog/stored.js';

const SOURCE = { from: 'imported', name: 'x.json', at: '2026-01-01T00:00:00Z' } as const;
const OK = { responses: { 200: { description: 'ok' } } };

/** A contract as the vendor writes them. */
function document(paths: object, rest: object = {}): ContractDocument {
  return {
    openapi: '3.0.1',
    info: { title: 'Thing Command', version: '1.0' },
    servers: [{ url: '/thingcommand' }],
    paths,
    ...rest,
  };
}

function read(paths: object, rest: object = {}, options: object = {}): ReadContract {
  return readContract(document(paths, rest), { source: SOURCE, ...options });
}

/** The only operation of a contract. */
function only(paths: object, rest: object = {}): StoredOperation {
  const { operations } = read(paths, rest).contract;
  operations.should.have.length(1);
  return operations[0] as StoredOperation;
}

function post(requestBody: object, schemas: object = {}): StoredOperation {
  return only({ '/a': { post: { ...OK, requestBody } } }, { components: { schemas } });
}

const json = (media: object) => ({ content: { 'application/json': media } });

describe('the text of a contract', () => {
  const refused = (text: string | Buffer, reason: RegExp) =>
    should(() => parseDocument(Buffer.from(text as string))).throw(reason);

  it('is JSON or YAML, of OpenAPI 3.0 or 3.1, also with a byte order mark', () => {
    parseDocument(Buffer.from('{"openapi":"3.0.1"}')).should.deepEqual({ openapi: '3.0.1' });
    parseDocument(Buffer.from('\ufeff{"openapi":"3.1.0"}')).should.deepEqual({ openapi: '3.1.0' });
    parseDocument(Buffer.from('openapi: 3.1.0\npaths:\n  /a: {}\n')).should.have.property('paths');
  });

  it('may be YAML that begins like JSON', () => {
    const { openapi, paths } = parseDocument(Buffer.from('{openapi: 3.0.1, paths: {/a: {get: {}}}}'));
    should(openapi).equal('3.0.1');
    should(paths).deepEqual({ '/a': { get: {} } });
  });

  it('may be UTF-16, by its byte order mark', () => {
    const little = Buffer.from('\ufeff{"openapi":"3.0.1","info":{"title":"Zoë"}}', 'utf16le');
    const expected = { openapi: '3.0.1', info: { title: 'Zoë' } };
    parseDocument(little).should.deepEqual(expected);
    parseDocument(Buffer.from(little).swap16()).should.deepEqual(expected);
  });

  it('may have a number for its version, and anchors, merges and names that stand twice in YAML', () => {
    const text = `openapi: 3.0
x: &common {get: {operationId: A}}
paths:
  /a: {<<: *common}
  /b: *common
  /b: *common
${Array.from({ length: 200 }, (_, i) => `  /c${i}: *common`).join('\n')}
`;
    const { paths } = parseDocument(Buffer.from(text)) as { paths: Record<string, unknown> };
    should(paths['/a']).deepEqual({ get: { operationId: 'A' } });
    Object.keys(paths).should.have.length(202);
  });

  for (const [what, text, reason] of [
    ['nothing', ' \n', /empty/],
    ['broken JSON', '{"openapi": "3.0.1",', /no JSON/],
    ['broken YAML', 'a: [1\nb: }', /no YAML/],
    ['a list', '[1, 2]', /no OpenAPI contract/],
    ['prose', 'Dear reader', /no OpenAPI contract/],
    ['a circle by an anchor', 'openapi: 3.1.0\na: &s {x: *s}', /refers to itself/],
    ['Swagger 2', '{"swagger": "2.0"}', /Swagger 2.0: only OpenAPI 3/],
    ['OpenAPI 4', 'openapi: 4.0.0', /no OpenAPI 3/],
    ['JSON of another kind', '{"name": "x"}', /no OpenAPI 3/],
  ] as const) {
    it(`is refused with the reason: ${what}`, () => refused(text, reason));
  }

  it('is refused before it is read when it is too large', () => {
    refused(Buffer.alloc(30 * 1024 * 1024, 'x'), /30 MB; a contract may have 20 MB/);
    MAX_CONTRACT_BYTES.should.be.below(30 * 1024 * 1024);
  });

  it('does not let YAML aliases multiply', () => {
    const bomb = ['a0: &a0 [x,x,x,x,x,x,x,x,x,x]'];
    for (let level = 1; level < 9; level += 1) {
      bomb.push(
        `a${level}: &a${level} [${Array(10)
          .fill(`*a${level - 1}`)
          .join(',')}]`,
      );
    }
    refused(`openapi: 3.0.0\n${bomb.join('\n')}`, /alias/i);
  });
});

describe('where a contract belongs', () => {
  const place = (rest: object, paths: object = { '/api/a': { get: OK } }, options: object = {}) => {
    const { service, version, operations } = read(paths, rest, options).contract;
    return [service, version, operations[0]?.path];
  };

  for (const [what, rest, expected] of [
    ['a server as the vendor writes it', {}, ['thingcommand', 'v1', '/api/a']],
    [
      'an absolute server',
      { servers: [{ url: 'https://api.emea1b.fenergox.com/svc/' }] },
      ['svc', 'v1', '/api/a'],
    ],
    [
      'a server with variables',
      { servers: [{ url: 'https://api.{region}.x.com/{name}', variables: { name: { default: 'svc' } } }] },
      ['svc', 'v1', '/api/a'],
    ],
    ['a server with a longer path', { servers: [{ url: '/svc/base' }] }, ['svc', 'v1', '/base/api/a']],
    ['a version of three numbers', { info: { version: '2.7.2' } }, ['thingcommand', 'v2', '/api/a']],
    ['a version with a letter', { info: { version: 'v3' } }, ['thingcommand', 'v3', '/api/a']],
    ['no version', { info: {} }, ['thingcommand', 'v1', '/api/a']],
    ['no info', { info: null }, ['thingcommand', 'v1', '/api/a']],
  ] as const) {
    it(`is told by ${what}`, () => place(rest).should.deepEqual(expected));
  }

  it('is told by the paths when no server tells it', () => {
    place({ servers: undefined }, { '/svc/api/a': { get: OK }, '/svc/api/b': { get: OK } }).should.deepEqual([
      'svc',
      'v1',
      '/api/a',
    ]);
  });

  for (const [service, version, reason] of [
    ['../x', 'v1', /'\.\.\/x' is no name of a service/],
    ['a/b', 'v1', /no name of a service/],
    ['a', '2/3', /'2\/3' is no name of a version/],
    ['a', '', /no name of a version/],
  ] as const) {
    it(`is refused when who imports it says ${service} ${version}`, () => {
      should(() => place({}, undefined, { service, version })).throw(reason);
    });
  }

  it('is told by who imports it, before all others', () => {
    place(
      { servers: undefined },
      { '/mine/api/a': { get: OK } },
      { service: 'mine', version: '2' },
    ).should.deepEqual(['mine', 'v2', '/api/a']);
    place({}, undefined, { service: 'mine', version: 'v7' }).should.deepEqual([
      'mine',
      'v7',
      '/thingcommand/api/a',
    ]);
    place({}, undefined, { service: 'thingcommand', version: 'v7' }).should.deepEqual([
      'thingcommand',
      'v7',
      '/api/a',
    ]);
  });

  describe('behind a gateway', () => {
    const servers = [{ url: 'https://gw.company.com/fenergo/entitydatacommand' }];
    const isService = (name: string) => name === 'entitydatacommand';

    it('is the segment that is a known service', () => {
      place({ servers }, undefined, { isService }).should.deepEqual(['entitydatacommand', 'v1', '/api/a']);
      place({ servers: [{ url: `${servers[0]?.url}/base` }] }, undefined, { isService }).should.deepEqual([
        'entitydatacommand',
        'v1',
        '/base/api/a',
      ]);
    });

    it('is the segment that who imports it names', () => {
      place({ servers }, undefined, { service: 'entitydatacommand' }).should.deepEqual([
        'entitydatacommand',
        'v1',
        '/api/a',
      ]);
    });

    it('is told by the paths, if it stands there', () => {
      const paths = { '/entitydatacommand/api/a': { get: OK }, '/entitydatacommand/api/b': { get: OK } };
      const gateway = { servers: [{ url: 'https://gw.company.com/fenergo' }] };
      const expected = ['entitydatacommand', 'v1', '/api/a'];
      place(gateway, paths, { isService }).should.deepEqual(expected);
      place(gateway, paths, { service: 'entitydatacommand' }).should.deepEqual(expected);
    });
  });

  it('is refused when nothing tells it', () => {
    should(() => place({ servers: undefined })).throw(/does not tell its service/);
    should(() => place({ servers: [{ url: 'http://[bad' }] })).throw(/does not tell its service/);
  });
});

describe('the operations of a contract', () => {
  it('have an id, a method, a path, query parameters and headers; the tenant is not among them', () => {
    const parameter = (name: string, place: string, required = false) => ({
      name,
      in: place,
      required,
      schema: { type: 'string' },
    });
    const operation = only(
      {
        '/api/a/{id}': {
          parameters: [parameter('id', 'path', true), parameter('shared', 'query')],
          get: {
            operationId: 'GetA',
            parameters: [
              parameter('X-TENANT-ID', 'header', true),
              parameter('Authorization', 'header'),
              parameter('x-trace', 'header'),
              parameter('pageSize', 'query', true),
              parameter('session', 'cookie'),
              { $ref: '#/components/parameters/Filter' },
              { $ref: '#/components/parameters/Nothing' },
            ],
          },
        },
      },
      { components: { parameters: { Filter: parameter('filter', 'query') } } },
    );
    operation.should.containEql({ id: 'GetA', method: 'GET', path: '/api/a/{id}' });
    should(operation.query).deepEqual(['shared', 'pageSize', 'filter']);
    should(operation.headers).deepEqual(['x-trace']);
    operation.should.not.have.property('body');
    should(operation.paramRules?.find(({ name }) => name === 'pageSize')).deepEqual({
      name: 'pageSize',
      in: 'query',
      required: true,
      schema: { type: 'string' },
    });
  });

  it('get an id of their method and path when they have none', () => {
    const { operations } = read({
      '/api/v2/entity/{id}/draft': { get: OK, put: { ...OK, operationId: '' } },
      '/api/data-group/{a}/x/{b-c}': { delete: { ...OK, operationId: 7 } },
      '/': { post: OK },
    }).contract;
    operations
      .map(({ id }) => id)
      .should.deepEqual(['GetEntityDraftById', 'PutEntityDraftById', 'DeleteDataGroupXByAAndBC', 'Post']);
  });

  it('get ids that are names, each once', () => {
    const { operations } = read({
      '/a': { get: { ...OK, operationId: 'Same' }, post: { ...OK, operationId: 'Same' } },
      '/b': { get: { ...OK, operationId: '../we ird/é' }, post: { ...OK, operationId: '__proto__' } },
      '/c': { get: { ...OK, operationId: 'x'.repeat(500) } },
    }).contract;
    operations.map(({ id }) => id).should.deepEqual(['Same', 'Same2', 'we_ird_', 'proto__', 'x'.repeat(120)]);
  });

  it('keep the ids by which flows know them, and give those to no others', () => {
    const known = new Map([
      ['GET /a/{}', 'Old'],
      ['GET /gone', 'Gone'],
    ]);
    const { operations } = read(
      {
        '/b': { get: { ...OK, operationId: 'Old' } },
        '/a/{x}': { get: { ...OK, operationId: 'Renamed' } },
        '/c': { get: { ...OK, operationId: 'Gone' } },
      },
      {},
      { knownIds: () => known },
    ).contract;
    operations
      .map(({ id, path }) => [id, path])
      .should.deepEqual([
        ['Old2', '/b'],
        ['Old', '/a/{x}'],
        ['Gone2', '/c'],
      ]);
  });

  it('are there once, whatever their parameters are called', () => {
    const { contract, notes } = read({ '/a/{x}': { get: OK }, '/a/{y}': { get: OK } });
    contract.operations.should.have.length(1);
    notes.should.deepEqual([
      'GET /a/{y} was left out: another one differs only in the names of its parameters',
    ]);
  });

  it('have a body of unknown shape when it is described elsewhere, and say what is missing', () => {
    const { contract, notes } = read({
      '/a': {
        servers: [{ url: '/other' }],
        post: { ...OK, requestBody: { $ref: 'x.json#/B' }, parameters: [{ $ref: 'x.json#/P' }] },
      },
    });
    should(contract.operations[0]).have.property('body', null);
    notes.should.deepEqual([
      'The servers of POST /a are not used',
      "A parameter was left out: 'x.json#/P' leads nowhere in the contract",
      "The shape of a body is not known: 'x.json#/B' leads nowhere in the contract",
    ]);
  });

  it('are left out with a note when they cannot be called', () => {
    const { contract, notes } = read({
      '/good': { get: OK, trace: OK, head: OK },
      '/../bad': { get: OK },
      none: { get: OK },
      '/a?b': { put: OK },
    });
    contract.operations.should.have.length(1);
    notes.should.have.length(5);
    notes[0]?.should.equal('GET /../bad was left out: it is no path that can be called');
  });

  it('are missed with a note where nodes cannot do what the contract wants', () => {
    const cookie = { parameters: [{ name: 'session', in: 'cookie' }] };
    const upload = { content: { 'multipart/form-data': { schema: {} } } };
    const { contract, notes } = read({
      '/a': { get: { ...OK, ...cookie }, head: OK, options: OK },
      '/b': { get: { ...OK, ...cookie }, post: { ...OK, requestBody: upload }, options: OK },
      '/c': { $ref: 'paths/c.yaml' },
    });
    contract.operations.should.have.length(3);
    notes.should.deepEqual([
      'The body of POST /b is no JSON but multipart/form-data: no form of it is offered',
      "/c was left out: 'paths/c.yaml' leads nowhere in the contract",
      '1 HEAD operation was left out: nodes do not call with HEAD',
      '2 OPTIONS operations were left out: nodes do not call with OPTIONS',
      'Cookies were left out, which nodes do not send: session',
    ]);
  });

  it('are missing with the reason when all of them are left out', () => {
    should(() => read({ '/a': { $ref: 'paths/a.yaml' } })).throw(
      "It has no operation that can be called: /a was left out: 'paths/a.yaml' leads nowhere in the contract",
    );
  });

  it('may be referred to', () => {
    only(
      { '/a': { $ref: '#/components/pathItems/A' } },
      { components: { pathItems: { A: { get: OK } } } },
    ).path.should.equal('/a');
  });

  for (const [what, paths] of [
    ['no paths', undefined],
    ['empty paths', {}],
    ['paths of the wrong kind', []],
    ['only what cannot be called', { '/..': { get: OK } }],
    ['items of the wrong kind', { '/a': 7, '/b': null, '/c': { get: 'x' } }],
  ] as const) {
    it(`are missing in a contract with ${what}, which is refused`, () => {
      should(() => read(paths as never)).throw(/has no (paths|operation)/);
    });
  }

  it('tell that they are deprecated, and the day of their end', () => {
    const at = (operation: object) => only({ '/a': { get: { ...OK, ...operation } } });
    at({}).should.not.have.property('deprecated');
    at({ deprecated: true }).should.containEql({ deprecated: true }).and.not.have.property('sunset');
    at({
      deprecated: true,
      description: '<b>This endpoint is obsolete and was terminated on 2026-02-01.',
    }).should.containEql({ sunset: '2026-02-01' });
    at({ deprecated: true, description: 'will be terminated on 2026-99-99' }).should.not.have.property(
      'sunset',
    );
    at({ description: 'a journey is terminated on 2026-02-01' }).should.not.have.property('sunset');
  });
});

describe('the skeleton of a body', () => {
  const skeleton = (requestBody: object, schemas: object = {}) => post(requestBody, schemas).body;

  it('is the example of the contract, the first of several', () => {
    should(skeleton(json({ example: { data: { name: 'Luis' } } }))).deepEqual({ data: { name: 'Luis' } });
    should(skeleton(json({ examples: { one: { value: [1] }, two: { value: [2] } } }))).deepEqual([1]);
  });

  it('is made of the schema, with empty values, examples, defaults and choices', () => {
    const schemas = {
      Request: {
        type: 'object',
        properties: { data: { allOf: [{ $ref: '#/components/schemas/Data' }], nullable: true } },
      },
      Data: {
        type: 'object',
        properties: {
          id: { type: 'string', format: 'uuid' },
          when: { type: 'string', format: 'date-time' },
          count: { type: 'integer' },
          verified: { type: 'boolean' },
          kind: { type: 'string', enum: ['Company', 'Individual'] },
          size: { type: 'integer', default: 20 },
          country: { type: 'string', example: 'IE' },
          tags: { type: 'array', items: { type: 'string' } },
          anything: {},
          made: { type: 'string', readOnly: true },
        },
      },
    };
    should(skeleton(json({ schema: { $ref: '#/components/schemas/Request' } }), schemas)).deepEqual({
      data: {
        id: '',
        when: '',
        count: 0,
        verified: false,
        kind: 'Company',
        size: 20,
        country: 'IE',
        tags: [''],
        anything: null,
      },
    });
  });

  it('ends where a schema is cyclic', () => {
    const schemas = {
      Node: {
        type: 'object',
        properties: {
          name: { type: 'string' },
          children: { type: 'array', items: { $ref: '#/components/schemas/Node' } },
          parent: { $ref: '#/components/schemas/Node' },
        },
      },
      Self: { $ref: '#/components/schemas/Self' },
    };
    should(skeleton(json({ schema: { $ref: '#/components/schemas/Node' } }), schemas)).deepEqual({
      name: '',
      children: [],
      parent: null,
    });
    should(skeleton(json({ schema: { $ref: '#/components/schemas/Self' } }), schemas)).be.null();
  });

  for (const [what, wide] of [
    ['properties', (refs: object[]) => ({ type: 'object', properties: { ...refs } })],
    ['parts', (refs: object[]) => ({ allOf: refs })],
    ['choices', (refs: object[]) => ({ oneOf: refs, anyOf: refs })],
    ['lists', (refs: object[]) => ({ type: 'array', items: { type: 'object', properties: { ...refs } } })],
  ] as const) {
    it(`ends where a schema is wide, in its ${what}: it is made in no time`, () => {
      const schemas = Object.fromEntries(
        Array.from({ length: 30 }, (_, level) => [
          `L${level}`,
          wide(Array.from({ length: 20 }, () => ({ $ref: `#/components/schemas/L${level + 1}` }))),
        ]),
      );
      const { body, bodyRule } = post(json({ schema: { $ref: '#/components/schemas/L0' } }), schemas);
      JSON.stringify(body).length.should.be.below(64 * 1024);
      if (what === 'properties') should(body).have.property('0').which.is.an.Object();
      JSON.stringify(bodyRule).length.should.be.below(1000);
    });
  }

  it('is not known when the contract tells nothing, or speaks of no JSON', () => {
    should(skeleton({})).be.null();
    should(skeleton(json({}))).be.null();
    should(skeleton({ content: { 'multipart/form-data': { schema: { type: 'object' } } } })).be.null();
    should(skeleton(json({ schema: { $ref: 'https://evil.example/x.json' } }))).be.null();
  });

  it('is the example also when that is written as text, or a list wants many items', () => {
    should(skeleton(json({ example: '{"data": {"a": 1}}' }))).deepEqual({ data: { a: 1 } });
    const schema = { type: 'array', minItems: 200_000_000, items: { type: 'string' } };
    should(skeleton(json({ schema }))).deepEqual(['']);
  });

  it('does not decide about the envelope where the schema does', () => {
    const envelope = { type: 'object', properties: { data: { type: 'object', properties: { a: {} } } } };
    post(json({ schema: envelope, example: { a: 1 } })).should.have.property('wrapsData', true);
    post(json({ schema: { allOf: [envelope] }, example: 'x'.repeat(70_000) })).should.have.property(
      'wrapsData',
      true,
    );
    const bare = { type: 'object', properties: { data: {}, more: {} } };
    post(json({ schema: bare, example: { data: 1 } })).should.have.property('wrapsData', false);
    should(post(json({ schema: {} })).wrapsData).be.undefined();
  });

  it('takes other names of JSON', () => {
    should(
      skeleton({
        content: {
          'text/plain': { example: 'x' },
          'application/scim+json; charset=utf-8': { example: { a: 1 } },
        },
      }),
    ).deepEqual({ a: 1 });
  });

  it('never changes the prototype of anything', () => {
    const schema = JSON.parse(
      '{"type":"object","properties":{"__proto__":{"type":"object","properties":{"polluted":{"type":"string","default":"x"}}},"constructor":{"type":"string"}}}',
    );
    const { body, bodyRule } = post(json({ schema }));
    Object.keys(body as object).should.deepEqual(['constructor']);
    JSON.stringify(bodyRule).should.not.containEql('__proto__');
    (({}) as Record<string, unknown>).should.not.have.property('polluted');
  });

  it('is not there when it would be endless to read', () => {
    should(skeleton(json({ example: 'x'.repeat(70_000) }))).be.null();
  });
});

describe('the schemas of a contract', () => {
  const schemaOf = (schema: unknown, schemas: object = {}) =>
    post(json({ schema }), schemas).bodyRule?.schema;

  it('keep what values are checked by, and nothing else', () => {
    should(
      schemaOf({
        type: 'string',
        maxLength: 5,
        pattern: '^a',
        format: 'uuid',
        description: 'x',
        example: 'y',
        title: 'z',
        deprecated: true,
      }),
    ).deepEqual({ type: 'string', maxLength: 5, pattern: '^a', format: 'uuid' });
  });

  for (const [what, given, made] of [
    [
      'nullable',
      { type: 'string', nullable: true, enum: ['a'] },
      { type: ['string', 'null'], enum: ['a', null] },
    ],
    [
      'nullable beside allOf',
      { allOf: [{ type: 'object' }], nullable: true },
      { anyOf: [{ allOf: [{ type: 'object' }] }, { type: 'null' }] },
    ],
    ['nullable anything', { nullable: true }, {}],
    [
      'an excluded bound of 3.0',
      { type: 'number', minimum: 3, exclusiveMinimum: true },
      { type: 'number', exclusiveMinimum: 3 },
    ],
    ['a bound of 3.1', { type: 'number', exclusiveMaximum: 3 }, { type: 'number', exclusiveMaximum: 3 }],
    ['types of 3.1', { type: ['string', 'null'] }, { type: ['string', 'null'] }],
    ['an unknown type', { type: 'file' }, {}],
    ['a pattern of another engine', { type: 'string', pattern: '(?<bad' }, { type: 'string' }],
    ['required of the wrong kind', { required: true, properties: { a: {} } }, { properties: { a: {} } }],
    [
      'what only answers hold',
      { required: ['a', 'b'], properties: { a: { readOnly: true }, b: {} } },
      { properties: { a: {}, b: {} }, required: ['b'] },
    ],
    [
      'no further properties',
      { type: 'object', additionalProperties: false },
      { type: 'object', additionalProperties: false },
    ],
    [
      'further properties',
      { additionalProperties: { type: 'number' } },
      { additionalProperties: { type: 'number' } },
    ],
    [
      'what excludes others only by itself',
      { oneOf: [{ type: 'object' }, {}] },
      { anyOf: [{ type: 'object' }, {}] },
    ],
    ['choices twice', { anyOf: [{}], oneOf: [true] }, { anyOf: [{}], allOf: [{ anyOf: [true] }] }],
    [
      'parts that must not forbid what others allow',
      {
        allOf: [{ properties: { a: {} }, additionalProperties: false }, { properties: { b: {} } }],
        additionalProperties: false,
      },
      { allOf: [{ properties: { a: {} } }, { properties: { b: {} } }] },
    ],
    [
      'one part alone',
      { allOf: [{ properties: { a: {} }, additionalProperties: false }] },
      { allOf: [{ properties: { a: {} }, additionalProperties: false }] },
    ],
    ['patterns of names', { patternProperties: { x: {} }, additionalProperties: false }, {}],
    ['nothing of what must not be', { not: { custom: 1 } }, {}],
    [
      'null beside parts',
      { type: 'object', nullable: true, allOf: [{}] },
      { anyOf: [{ type: 'object', allOf: [{}] }, { type: 'null' }] },
    ],
    ['a tuple', { items: [{ type: 'string' }] }, { prefixItems: [{ type: 'string' }] }],
    ['true', true, true],
    ['nonsense', 'x', true],
  ] as const) {
    it(`understand ${what}`, () => should(schemaOf(given)).deepEqual(made));
  }

  it('refer to each other by name, in circles too', () => {
    const { contract, notes } = read(
      { '/a': { post: { ...OK, requestBody: json({ schema: { $ref: '#/components/schemas/A' } }) } } },
      {
        components: {
          schemas: {
            A: { properties: { b: { $ref: '#/components/schemas/B~1x' } } },
            'B/x': { properties: { a: { $ref: '#/components/schemas/A' } } },
          },
        },
      },
    );
    should(contract.operations[0]?.bodyRule?.schema).deepEqual({ $ref: '#/$defs/A' });
    should(contract.defs).deepEqual({
      A: { properties: { b: { $ref: '#/$defs/B_1x' } } },
      B_1x: { properties: { a: { $ref: '#/$defs/A' } } },
    });
    notes.should.be.empty();
  });

  it('are open where they are parts of others, and closed where they stand alone', () => {
    const Base = { properties: { a: { readOnly: true } }, required: ['a'], additionalProperties: false };
    const Extended = {
      allOf: [
        { $ref: '#/components/schemas/Base' },
        { properties: { b: { $ref: '#/components/schemas/Base' } } },
      ],
    };
    const { contract } = read(
      { '/a': { post: { ...OK, requestBody: json({ schema: { $ref: '#/components/schemas/Extended' } }) } } },
      { components: { schemas: { Base, Extended } } },
    );
    should(contract.defs).deepEqual({
      Extended: { allOf: [{ $ref: '#/$defs/Base.part' }, { properties: { b: { $ref: '#/$defs/Base' } } }] },
      Base: { properties: { a: {} }, additionalProperties: false },
      'Base.part': { properties: { a: {} } },
    });
  });

  it('allow everything where a reference leads nowhere, with a note', () => {
    const { contract, notes } = read({
      '/a': { post: { ...OK, requestBody: json({ schema: { $ref: 'other.yaml#/X' } }) } },
    });
    should(contract.operations[0]?.bodyRule?.schema).deepEqual({});
    notes.should.deepEqual(["'other.yaml#/X' leads nowhere in the contract"]);
  });

  it('end where they are nested without end', () => {
    let deep: object = { type: 'string' };
    for (let level = 0; level < 5000; level += 1) deep = { items: deep };
    JSON.stringify(schemaOf(deep)).length.should.be.below(2000);
  });
});
