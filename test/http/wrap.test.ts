import should from 'should';
import { serialiseBody, wrapData } from '../../lib/http/body.js';

describe('wrapData', () => {
  for (const [what, value, sent] of [
    ['an object', { name: 'x' }, { data: { name: 'x' } }],
    ['an empty object', {}, { data: {} }],
    ['a list', [1], { data: [1] }],
    ['JSON text', '{"name":"x"}', { data: { name: 'x' } }],
    ['JSON text with blanks', ' [1] ', { data: [1] }],
  ] as const) {
    it(`puts ${what} into the envelope`, () => {
      JSON.parse(String(serialiseBody(wrapData(value)))).should.deepEqual(sent);
    });
  }

  for (const [what, value] of [
    ['an envelope', { data: 1 }],
    ['an envelope with more', { data: null, other: 1 }],
    ['an envelope as text', '{"data":1}'],
    ['text that is no JSON', 'hello'],
    ['a bare JSON value', '7'],
    ['bytes', Buffer.from('{}')],
    ['nothing', undefined],
    ['null', null],
    ['a number', 7],
  ] as const) {
    it(`leaves ${what} as it is`, () => {
      should(wrapData(value)).equal(value);
    });
  }

  it('does not change what it was given', () => {
    const given = Object.freeze({ name: 'x' });
    wrapData(given);
    given.should.deepEqual({ name: 'x' });
  });
});
