import should from 'should';
import { serialiseBody, wrapData } from '../../lib/http/body.js';

function input(words: RegExp): { code: string; message: RegExp } {
  return { code: 'FENERGO_INPUT', message: words };
}

describe('serialiseBody', () => {
  for (const value of [undefined, null, '']) {
    it(`takes ${JSON.stringify(value)} for no body`, () => {
      should(serialiseBody(value)).be.undefined();
    });
  }

  for (const value of [{}, [], { a: [1, { b: null }] }, ['😀'], { when: '2026-01-01' }]) {
    it(`makes JSON of ${JSON.stringify(value)}`, () => {
      JSON.parse(serialiseBody(value) as string).should.deepEqual(value);
    });
  }

  for (const text of ['{"a":1}', ' [1, 2] ', '"text"', 'null', '0']) {
    it(`sends the JSON text ${text} as it is`, () => {
      should(serialiseBody(text)).equal(text);
    });
  }

  it('sends bytes as they are', () => {
    const bytes = Buffer.from([0, 255, 10]);
    should(serialiseBody(bytes)).equal(bytes);
  });

  for (const text of ['hello', '{a:1}', '{"a":1}}', ' ', '\ufeff{"a":1}']) {
    it(`refuses the text ${JSON.stringify(text)}, without repeating it`, () => {
      should(() => serialiseBody(text)).throw(
        input(/^The body is text that is not JSON: send an object, a list or JSON text$/),
      );
    });
  }

  for (const [value, kind] of [
    [7, 'number'],
    [0, 'number'],
    [Number.NaN, 'number'],
    [true, 'boolean'],
    [12n, 'bigint'],
    [() => 1, 'function'],
    [Symbol('x'), 'symbol'],
  ] as const) {
    it(`refuses a ${kind}: ${String(value)}`, () => {
      should(() => serialiseBody(value)).throw(input(new RegExp(`^The body is a ${kind}: it has to be`)));
    });
  }

  it('refuses a cycle', () => {
    const cycle: Record<string, unknown> = {};
    cycle.self = { again: [cycle] };
    should(() => serialiseBody(cycle)).throw(input(/^The body cannot be sent as JSON: it refers to itself$/));
  });

  it('refuses a BigInt within', () => {
    should(() => serialiseBody({ amount: 12n })).throw(input(/: it holds a BigInt$/));
  });

  for (const [what, thrown, words] of [
    ['an error', new Error('no luck\nsecond line'), /: no luck$/],
    ['something that is no error', 'just text', /: just text$/],
  ] as const) {
    it(`tells why when toJSON throws ${what}`, () => {
      const toJSON = () => {
        throw thrown;
      };
      should(() => serialiseBody({ toJSON })).throw(input(words));
    });
  }

  it('takes a toJSON that gives nothing for no body', () => {
    should(serialiseBody({ toJSON: () => undefined })).be.undefined();
  });
});

describe('wrapData', () => {
  it('puts objects, lists and JSON text into the envelope', () => {
    wrapData({ a: 1 })?.should.deepEqual({ data: { a: 1 } });
    wrapData([1])?.should.deepEqual({ data: [1] });
    should(wrapData('{"a":1}')).equal('{"data":{"a":1}}');
  });

  it('leaves alone what is in an envelope, or cannot be put into one', () => {
    const bytes = Buffer.from('x');
    for (const value of [
      { data: 1 },
      { data: undefined },
      '{"data":1}',
      'no JSON',
      '7',
      bytes,
      null,
      undefined,
      7,
    ]) {
      should(wrapData(value)).equal(value);
    }
  });
});
