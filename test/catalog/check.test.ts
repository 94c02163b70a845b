import should from 'should';
import { type CheckedValues, RuleChecker } from '../../lib/catalog/check.js';
import type { Operation, ParamRule, Schema } from '../../lib/catalog/operation.js';

const checker = new RuleChecker();
const NOTHING = { body: undefined, path: {}, query: {}, header: {} };

function violations(
  rules: {
    body?: { required: boolean; schema: Schema };
    params?: ParamRule[];
    defs?: Record<string, Schema>;
  },
  values: Partial<CheckedValues>,
): string[] {
  const operation = { rules: { params: [], ...rules, defs: rules.defs ?? {} } } as unknown as Operation;
  return checker.violations(operation, { ...NOTHING, ...values });
}

const ofBody = (schema: Schema, body: unknown, defs?: Record<string, Schema>) =>
  violations({ body: { required: true, schema }, defs }, { body });
const ofParam = (schema: Schema, value: unknown, rest: Partial<ParamRule> = {}) =>
  violations(
    { params: [{ name: 'p', in: 'query', required: false, schema, ...rest }] },
    { query: { p: value } },
  );

describe('checking a call by its contract', () => {
  it('has nothing to say where no schemas are known', () => {
    checker.violations({} as Operation, { ...NOTHING, body: { any: 'thing' } }).should.be.empty();
  });

  const loan = {
    type: 'object',
    required: ['data'],
    additionalProperties: false,
    properties: { data: { $ref: '#/$defs/Loan' } },
  };
  const defs: Record<string, Schema> = {
    Loan: {
      type: 'object',
      required: ['amount'],
      properties: {
        amount: { type: 'number', minimum: 1 },
        currency: { type: 'string', enum: ['EUR', 'USD'] },
        id: { type: 'string', format: 'uuid' },
        day: { type: 'string', format: 'date' },
        at: { type: 'string', format: 'date-time' },
        code: { type: 'string', maxLength: 3, pattern: '^[A-Z]+$' },
        parts: { type: 'array', minItems: 1, items: { $ref: '#/$defs/Loan' } },
        'a/b~c': { type: 'boolean' },
        note: { anyOf: [{ type: 'string' }, { type: 'null' }] },
      },
    },
  };

  it('takes what fits', () => {
    const data = {
      amount: 5,
      currency: 'EUR',
      id: '11111111-2222-3333-4444-555555555555',
      day: '2026-01-31',
      at: '2026-01-31T10:00:00Z',
      code: 'ABC',
      parts: [{ amount: 1, unknown: true }],
      note: null,
    };
    ofBody(loan, { data }, defs).should.be.empty();
  });

  for (const [what, body, expected] of [
    ['a missing property', {}, 'data is missing'],
    ['a missing property deeper down', { data: {} }, 'data.amount is missing'],
    ['a property that is not known', { data: { amount: 1 }, extra: 1 }, 'extra is not known here'],
    ['another type', { data: { amount: '5' } }, 'data.amount has to be number'],
    ['a number out of bounds', { data: { amount: 0 } }, 'data.amount has to be >= 1'],
    ['another word', { data: { amount: 1, currency: 'GBP' } }, 'data.currency has to be one of "EUR", "USD"'],
    ['no uuid', { data: { amount: 1, id: 'x' } }, 'data.id has to be a uuid'],
    ['no date', { data: { amount: 1, day: '2026-02-99' } }, 'data.day has to be a date'],
    ['no time', { data: { amount: 1, at: 'noon' } }, 'data.at has to be a date-time'],
    [
      'a longer text',
      { data: { amount: 1, code: 'ABCD' } },
      'data.code must not have more than 3 characters',
    ],
    ['text of another form', { data: { amount: 1, code: 'a' } }, 'data.code has to match pattern "^[A-Z]+$"'],
    ['an empty list', { data: { amount: 1, parts: [] } }, 'data.parts must not have fewer than 1 items'],
    ['an item', { data: { amount: 1, parts: [{ amount: 1 }, {}] } }, 'data.parts.1.amount is missing'],
    ['an odd name', { data: { amount: 1, 'a/b~c': 1 } }, 'data.a/b~c has to be boolean'],
    ['what may be null', { data: { amount: 1, note: 7 } }, 'data.note has to be string'],
    ['a list', [], 'the body has to be object'],
    ['no body', undefined, 'the body is missing'],
  ] as const) {
    it(`names the property and what was expected: ${what}`, () => {
      ofBody(loan, body, defs).should.deepEqual([expected]);
    });
  }

  it('names all that is wrong, but no more than five', () => {
    ofBody(loan, { data: { currency: 'X', id: 'x' } }, defs).should.deepEqual([
      'data.amount is missing',
      'data.currency has to be one of "EUR", "USD"',
      'data.id has to be a uuid',
    ]);
    const many = { type: 'object', required: ['a', 'b', 'c', 'd', 'e', 'f', 'g'] };
    ofBody(many, {}).should.have.length(6);
    ofBody(many, {}).at(-1)?.should.equal('and 2 more');
  });

  describe('with choices', () => {
    const needs = (...required: string[]) => ({ type: 'object', required });
    const choices = [needs('iban'), needs('account', 'sortCode')];
    const accounts: Record<string, Schema> = {
      Iban: needs('iban'),
      Account: needs('account', 'sortCode'),
      Either: { oneOf: [{ $ref: '#/$defs/Iban' }, { $ref: '#/$defs/Account' }] },
    };
    const either = 'iban is missing, or account is missing and sortCode is missing';

    for (const keyword of ['anyOf', 'oneOf']) {
      it(`says that one of them is enough: ${keyword}`, () => {
        const expected = [`the body has to fit one of: ${either}`];
        ofBody({ [keyword]: choices }, {}).should.deepEqual(expected);
        const referred = [{ $ref: '#/$defs/Iban' }, { $ref: '#/$defs/Account' }];
        ofBody({ [keyword]: referred }, {}, accounts).should.deepEqual(expected);
      });
    }

    it('says beside them what is needed in any case', () => {
      ofBody({ required: ['name'], anyOf: choices, properties: { age: { type: 'integer' } } }, { age: 'x' })
        .sort()
        .should.deepEqual([
          'age has to be integer',
          'name is missing',
          `the body has to fit one of: ${either}`,
        ]);
    });

    it('names where they are, also within another', () => {
      const schema = { properties: { to: { anyOf: [{ $ref: '#/$defs/Either' }, { type: 'string' }] } } };
      ofBody(schema, { to: {} }, accounts).should.deepEqual([
        'to has to fit one of: to has to fit one of: to.iban is missing, or to.account is missing and to.sortCode is missing, or to has to be string',
      ]);
    });

    it('does not tell of null, and tells when more than one fits', () => {
      ofBody({ anyOf: [needs('iban'), { type: 'null' }] }, {}).should.deepEqual(['iban is missing']);
      ofBody({ oneOf: choices }, { iban: 1, account: 1, sortCode: 1 }).should.deepEqual([
        'the body fits more than one of its choices',
      ]);
    });

    it('does not tell of more than anybody reads', () => {
      const many = Array.from({ length: 9 }, (_, i) => needs(`a${i}`, `b${i}`, `c${i}`, `d${i}`));
      const [said = ''] = ofBody({ anyOf: many }, {});
      said.should
        .containEql('a3 is missing')
        .and.endWith(', or …')
        .and.not.containEql('a4')
        .and.not.containEql('d0');
    });
  });

  it('never tells a value: it may be client data', () => {
    const secret = 'Luis McGrane';
    const values = { amount: secret, currency: secret, id: secret, code: secret, parts: secret };
    ofBody(loan, { data: values }, defs).join().should.not.containEql('Luis');
    ofParam({ type: 'integer' }, secret).join().should.not.containEql('Luis');
  });

  it('lets a body be left out where it may be, and does not look into bytes', () => {
    violations({ body: { required: false, schema: loan } }, {}).should.be.empty();
    violations({ body: { required: true, schema: loan } }, { opaqueBody: true }).should.be.empty();
  });

  for (const [schema, value] of [
    [{ type: 'integer' }, '7'],
    [{ type: 'integer' }, 7],
    [{ type: 'string' }, 7],
    [{ type: 'boolean' }, 'true'],
    [{ type: 'array', items: { type: 'integer' } }, ['1', 2]],
    [{ type: 'array', items: { type: 'string' } }, 'one'],
    [{ type: 'array', items: { type: 'integer' } }, '1'],
    [{ type: 'array', items: { type: 'integer' } }, '1,2'],
    [{ type: 'string', enum: ['true', 'false'] }, true],
    [{ type: 'string', format: 'date-time' }, '2026-01-01'],
    [{ type: 'number', multipleOf: 0.01 }, 1.13],
    [{ type: 'number', multipleOf: 0.01 }, 19.99],
    [{ type: 'string', format: 'date-time' }, new Date(0)],
    [{ type: 'string' }, undefined],
    [{ type: 'string' }, ''],
    [true, 'x'],
  ] as const) {
    it(`takes ${JSON.stringify(value)} for a parameter of ${JSON.stringify(schema)}`, () => {
      ofParam(schema as Schema, value).should.be.empty();
    });
  }

  it('names a parameter and what was expected', () => {
    ofParam({ type: 'integer' }, 'seven').should.deepEqual(['query parameter p has to be integer']);
    ofParam({ type: 'integer', minimum: 1 }, '0').should.deepEqual(['query parameter p has to be >= 1']);
    ofParam({ enum: ['a'] }, 'b').should.deepEqual(['query parameter p has to be one of "a"']);
    ofParam({}, undefined, { required: true }).should.deepEqual(['query parameter p is missing']);
    ofParam({}, undefined, { required: true, in: 'path' }).should.be.empty();
  });

  it('knows a header in small and in capital letters', () => {
    const params: ParamRule[] = [{ name: 'X-Foo', in: 'header', required: true, schema: { enum: ['a'] } }];
    violations({ params }, { header: { 'x-foo': 'a' } }).should.be.empty();
    violations({ params }, { header: { 'x-foo': 'b' } }).should.have.length(1);
    violations({ params }, {}).should.deepEqual(['header parameter X-Foo is missing']);
  });

  it('does not go down with a body that is deeper than its stack', () => {
    let deep: object = {};
    for (let level = 0; level < 20_000; level += 1) deep = { d: deep };
    const schema = { $ref: '#/$defs/Deep' };
    const found = ofBody(schema, deep, { Deep: { properties: { d: { $ref: '#/$defs/Deep' } } } });
    found.should.deepEqual(['the body is nested too deeply']);
  });

  it('checks nothing by a schema that makes no sense', () => {
    ofBody({ $ref: '#/$defs/Nowhere' }, { any: 'thing' }).should.be.empty();
    ofBody({ type: 'no such type' }, { any: 'thing' }).should.be.empty();
    ofBody({ properties: 7 }, { any: 'thing' }).should.be.empty();
  });

  it('compiles the schemas of an operation once', () => {
    let reads = 0;
    const rules = {
      params: [],
      defs: {},
      body: {
        required: true,
        get schema() {
          reads += 1;
          return { type: 'object' };
        },
      },
    };
    for (let calls = 0; calls < 3; calls += 1) {
      checker.violations({ rules } as unknown as Operation, { ...NOTHING, body: {} });
    }
    should(reads).equal(1);
  });
});
