import should from 'should';
import {
  dataOf,
  isEnvelope,
  messagesOf,
  messageText,
  parseJson,
  rateLimitOf,
} from '../../lib/http/answer.js';

describe('parseJson', () => {
  it('takes nothing, blanks and a lone byte order mark for no body', () => {
    for (const text of ['', ' \r\n', '\ufeff']) should(parseJson(Buffer.from(text))).be.undefined();
  });

  it('throws at what is not JSON', () => {
    for (const text of ['<a>', '{', 'undefined', '{}{}']) {
      should(() => parseJson(Buffer.from(text))).throw(SyntaxError);
    }
  });

  it('keeps a property named __proto__ an own one', () => {
    Object.hasOwn(parseJson(Buffer.from('{"__proto__":{"x":1}}')) as object, '__proto__').should.be.true();
    should(({} as Record<string, unknown>).x).be.undefined();
  });
});

describe('isEnvelope', () => {
  for (const [value, is] of [
    [{ data: 1, messages: [] }, true],
    [{ data: null }, true],
    [{ data: undefined, messages: null }, true],
    [{ data: 1, messages: [], extra: 1 }, true],
    [{ data: 1, extra: 1 }, false],
    [{ messages: [] }, false],
    [{}, false],
    [[], false],
    [['data'], false],
    [null, false],
    ['data', false],
    [Object.create({ data: 1, messages: [] }), false],
  ] as const) {
    it(`says ${is} of ${JSON.stringify(value)}`, () => {
      isEnvelope(value).should.equal(is);
      should(dataOf(value)).equal(is ? (value as { data: unknown }).data : value);
    });
  }
});

describe('messagesOf', () => {
  it('finds nothing where there is nothing', () => {
    for (const value of [
      undefined,
      null,
      7,
      'text',
      [],
      {},
      { messages: null },
      { messages: 'x' },
      { data: 'x' },
    ]) {
      messagesOf(value).should.deepEqual([]);
    }
  });

  it('does not stumble over messages of odd kinds', () => {
    const messages = [
      'plain',
      7,
      null,
      {},
      { message: 7 },
      { errorCode: 'E' },
      ['x'],
      { message: 'm', type: 3 },
    ];
    messagesOf({ messages })
      .map(({ message }) => message)
      .should.deepEqual(['plain', 'E', 'm']);
  });

  it('does not take every list in data for a validation list', () => {
    messagesOf({ data: [{ id: 1 }, 'x', null], messages: [] }).should.deepEqual([]);
  });

  it('takes a bare message', () => {
    messagesOf({ message: 'Forbidden' }).should.deepEqual([{ message: 'Forbidden', type: 'Error' }]);
  });

  it('prefers the detail of a problem to its title', () => {
    messagesOf({ title: 't', detail: 'd' })
      .map(({ message }) => message)
      .should.deepEqual(['d']);
  });

  it('does not stumble over a detail and errors of odd kinds', () => {
    messagesOf({ detail: [1, null, {}, { msg: 'm' }], errors: { a: 'one', b: [2, 'three'], c: null } })
      .map(({ message }) => message)
      .should.deepEqual(['is not valid', 'm', 'one', 'three']);
    messagesOf({ detail: [{ loc: ['body', { toString: 1 }, 7], msg: 'm' }] }).should.containDeep([
      { propertyName: 'body.7' },
    ]);
    messagesOf({ detail: 7, errors: ['x'] }).should.deepEqual([]);
  });
});

describe('messageText', () => {
  it('is one line with the properties named', () => {
    messageText([{ message: 'a', propertyName: 'p' }, { message: 'b' }]).should.equal('p: a; b');
    messageText([]).should.equal('');
    messageText([{ message: 'x'.repeat(5000) }]).should.have.length(1000);
  });
});

describe('rateLimitOf', () => {
  for (const [headers, limit] of [
    [{}, undefined],
    [{ 'x-rate-limit-remaining': '5' }, { remaining: 5 }],
    [
      { 'x-rate-limit-remaining': '0', 'x-rate-limit-reset': '2026-01-02T00:00:00Z' },
      { remaining: 0, reset: '2026-01-02T00:00:00Z' },
    ],
    [{ 'x-rate-limit-reset': '3600' }, { reset: '3600' }],
    [{ 'x-rate-limit-reset': 'Fri, 02 Jan 2026 00:00:00 GMT' }, { reset: 'Fri, 02 Jan 2026 00:00:00 GMT' }],
    [{ 'x-rate-limit-reset': 'Bearer of something' }, undefined],
    [{ 'x-rate-limit-remaining': '5', 'x-rate-limit-reset': 'soon' }, { remaining: 5 }],
    [{ 'x-rate-limit-remaining': 'many' }, undefined],
    [{ 'x-rate-limit-remaining': ['3', '4'] }, { remaining: 3 }],
  ] as const) {
    it(`reads ${JSON.stringify(headers)}`, () => {
      should(rateLimitOf(headers as Parameters<typeof rateLimitOf>[0])).deepEqual(limit);
    });
  }
});
