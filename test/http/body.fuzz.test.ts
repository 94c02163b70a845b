import fc from 'fast-check';
import should from 'should';
import { FenergoError } from '../../lib/errors.js';
import { dataOf, isEnvelope, parseJson } from '../../lib/http/answer.js';
import { serialiseBody, wrapData } from '../../lib/http/body.js';
import { anyBytes, brokenText, FUZZ, jsonText } from '../support/fuzz.js';

const json = jsonText('data', 'messages', 'name');

/** What arrives of a body, as the other side parses it. */
function arrived(value: unknown): unknown {
  return parseJson(Buffer.from(serialiseBody(value) ?? ''));
}

function isListOrObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}

describe('wrapData, of any JSON', () => {
  it('makes an envelope of every list and object without data, and leaves the rest', () => {
    fc.assert(
      fc.property(json, (text) => {
        const value: unknown = JSON.parse(text);
        const wrapped = wrapData(value);
        if (isListOrObject(value) && !Object.hasOwn(value, 'data')) {
          isEnvelope(wrapped).should.be.true();
          should(dataOf(wrapped)).equal(value);
        } else {
          should(wrapped).equal(value);
        }
        should(wrapData(wrapped)).equal(wrapped);
      }),
      FUZZ,
    );
  });

  it('wraps text as it wraps what the text says', () => {
    fc.assert(
      fc.property(json, (text) => {
        const value: unknown = JSON.parse(text);
        should(arrived(wrapData(text))).deepEqual(wrapData(value));
      }),
      FUZZ,
    );
  });
});

describe('serialiseBody, of anything', () => {
  const thing = fc.anything({ withNullPrototype: true });
  const thrower = fc.oneof(thing, fc.record({ message: thing })).map((thrown) => ({
    toJSON() {
      throw thrown;
    },
  }));
  const value = fc.oneof(
    fc.anything({
      withBigInt: true,
      withDate: true,
      withMap: true,
      withNullPrototype: true,
      withTypedArray: true,
    }),
    brokenText,
    json,
    anyBytes,
    thrower,
  );

  it('gives JSON, the bytes, nothing, or FENERGO_INPUT in one line', () => {
    fc.assert(
      fc.property(value, fc.boolean(), (given, wrap) => {
        try {
          const bytes = serialiseBody(wrap ? wrapData(given) : given);
          if (Buffer.isBuffer(given)) should(bytes).equal(given);
          else if (bytes !== undefined) JSON.parse(String(bytes));
        } catch (error) {
          should(error).be.instanceof(FenergoError).and.have.property('code', 'FENERGO_INPUT');
          (error as FenergoError).message.should.match(/^The body .+$/);
        }
      }),
      FUZZ,
    );
  });
});
