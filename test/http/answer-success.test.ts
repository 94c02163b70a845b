import should from 'should';
import { askedPauseMs, envelopeMessages, messageText, rateLimitOf } from '../../lib/http/answer.js';
import { Api, Connection } from './harness.js';

const NOW = Date.UTC(2026, 0, 1);
const inMs = (ms: number) => new Date(NOW + ms).toISOString();

describe('the messages of a success', () => {
  let api: Api;
  let connection: Connection;

  before(async () => {
    api = await Api.start();
    connection = new Connection(api.url);
  });

  after(async () => {
    connection.client.close();
    await api.close();
  });

  for (const [what, body] of [
    ['properties in a list', { data: [{ propertyName: 'legalName', value: 1 }], messages: [] }],
    ['a title', { id: 1, title: 'Passport' }],
    ['a message', { id: 1, message: 'Please send your passport' }],
    ['a detail', { id: 1, detail: 'of the house' }],
    ['errors', { id: 1, errors: { a: ['b'] } }],
    ['messages of no list', { data: 1, messages: 'none' }],
  ] as const) {
    it(`are not ${what} of its data`, async () => {
      api.replies({ body });
      (await connection.call({ result: 'envelope' })).facts.messages.should.deepEqual([]);
    });
  }

  it('are those beside its data, without empty ones', () => {
    envelopeMessages({ data: 1, messages: ['a', '', null, { message: 'b' }, { type: 'Info' }] })
      .map(({ message }) => message)
      .should.deepEqual(['a', 'b']);
  });

  for (const value of [undefined, null, 1, 'text', [], [{ messages: ['x'] }], {}]) {
    it(`are none in ${JSON.stringify(value)}`, () => {
      envelopeMessages(value).should.deepEqual([]);
    });
  }
});

describe('messageText, of odd words', () => {
  for (const [text, shown] of [
    ['a\nb', 'a b'],
    ['a\r\n\r\nb', 'a b'],
    ['a\u2028b\u2029c', 'a b c'],
    ['a\u0085b', 'a b'],
    ['a\u001b[1mb', 'a [1mb'],
    ['naïve 日本 😀', 'naïve 日本 😀'],
  ] as const) {
    it(`is one line of ${JSON.stringify(text)}`, () => {
      messageText([{ message: text }]).should.equal(shown);
      messageText([{ message: 'm', propertyName: text }]).should.equal(`${shown}: m`);
    });
  }
});

describe('rateLimitOf, of odd numbers', () => {
  for (const value of ['', ' ', '-1', '0x10', '1e3', 'Infinity', 'NaN', '5, 4', '1.5']) {
    it(`takes nothing from ${JSON.stringify(value)}`, () => {
      should(rateLimitOf({ 'x-rate-limit-remaining': value })).be.undefined();
      should(rateLimitOf({ 'x-rate-limit-remaining': value, 'x-rate-limit-reset': '60' })).deepEqual({
        reset: '60',
      });
    });
  }

  for (const [value, remaining] of [
    ['0', 0],
    [' 7 ', 7],
    ['007', 7],
    ['1000000', 1_000_000],
  ] as const) {
    it(`reads ${JSON.stringify(value)}`, () => {
      should(rateLimitOf({ 'x-rate-limit-remaining': value })).deepEqual({ remaining });
    });
  }
});

describe('askedPauseMs', () => {
  const [after, remaining, reset] = ['retry-after', 'x-rate-limit-remaining', 'x-rate-limit-reset'];

  for (const [what, statusCode, headers, ms] of [
    ['nothing', 429, {}, undefined],
    ['Retry-After', 429, { [after]: '7' }, 7000],
    ['Retry-After of 503', 503, { [after]: '7' }, 7000],
    ['a spent day', 429, { [remaining]: '0', [reset]: inMs(9000) }, 9000],
    ['a spent day that is over', 429, { [remaining]: '0', [reset]: inMs(-9000) }, 0],
    ['a day that is not spent', 429, { [remaining]: '1', [reset]: inMs(9000) }, undefined],
    ['a day of unknown rest', 429, { [reset]: inMs(9000) }, undefined],
    ['a day of empty rest', 429, { [remaining]: '', [reset]: inMs(9000) }, undefined],
    ['a spent day without end', 429, { [remaining]: '0' }, undefined],
    ['a spent day of no sense', 429, { [remaining]: '0', [reset]: 'soon' }, undefined],
    ['a spent day, of 503', 503, { [remaining]: '0', [reset]: inMs(9000) }, undefined],
    ['Retry-After before the day', 429, { [after]: '7', [remaining]: '0', [reset]: inMs(9000) }, 7000],
    ['the day after nonsense', 429, { [after]: 'soon', [remaining]: '0', [reset]: inMs(9000) }, 9000],
  ] as const) {
    it(`is ${ms} for ${what}`, () => {
      should(askedPauseMs({ statusCode, headers, body: Buffer.alloc(0) }, NOW)).equal(ms);
    });
  }
});
