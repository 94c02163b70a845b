import should from 'should';
import { isSigned, signatureOf } from '../../lib/events/signature.js';
import { ODD_BODIES, SECRET, signed } from '../support/webhook.js';

describe('the signature of a webhook', () => {
  /** openssl dgst -sha256 -hmac */
  const VECTOR = 'sha256=F7BC83F430538424B13298E6AA6FB143EF4D59A14946175997479DBC2D1A3CD8';
  const FOX = Buffer.from('The quick brown fox jumps over the lazy dog');

  it('is what the rest of the world takes for HMAC-SHA256', () => {
    signatureOf(FOX, 'key').should.equal(VECTOR);
    isSigned(FOX, VECTOR, ['key']).should.be.true();
  });

  for (const [what, body] of ODD_BODIES) {
    it(`is taken over the bytes: ${what}`, () => {
      const header = signed(body, SECRET)['x-fenx-signature'];
      isSigned(body, header, [SECRET]).should.be.true();
      signatureOf(body, SECRET).should.equal(header);
      const changed = Buffer.from(body);
      changed[body.length - 2] = (changed[body.length - 2] ?? 0) ^ 1;
      isSigned(changed, header, [SECRET]).should.be.false();
      isSigned(Buffer.concat([body, Buffer.from(' ')]), header, [SECRET]).should.be.false();
    });
  }

  it('is another one when the body is parsed and written again', () => {
    const again = ODD_BODIES.slice(0, -1).filter(([, body]) => {
      const written = Buffer.from(JSON.stringify(JSON.parse(body.toString('utf8'))));
      return isSigned(written, signed(body, SECRET)['x-fenx-signature'], [SECRET]);
    });
    should(again.map(([what]) => what)).deepEqual([
      'emoji as they are',
      'a line separator',
      'a key __proto__',
    ]);
  });

  it('may be in small letters, and have spaces around it', () => {
    isSigned(FOX, ` ${VECTOR.toLowerCase()} `, ['key']).should.be.true();
  });

  it('matches with the secret before, too, in whichever order', () => {
    for (const secrets of [
      ['key', 'old'],
      ['new', 'key'],
      ['', 'key'],
    ]) {
      isSigned(FOX, VECTOR, secrets).should.be.true();
    }
  });

  for (const [what, header] of [
    ['is missing', undefined],
    ['is empty', ''],
    ['is there twice', [VECTOR, VECTOR]],
    ['is there twice in one', `${VECTOR}, ${VECTOR}`],
    ['has no name', VECTOR.slice(7)],
    ['has another name', VECTOR.replace('256', '1')],
    ['is one digit short', VECTOR.slice(0, -1)],
    ['is one digit long', `${VECTOR}0`],
    ['has a digit that is none', `${VECTOR.slice(0, -1)}G`],
    ['is base64', `sha256=${Buffer.from(VECTOR.slice(7), 'hex').toString('base64')}`],
    ['is of zeros', `sha256=${'0'.repeat(64)}`],
    ['is wrong in its first digit', VECTOR.replace('=F', '=E')],
    ['is wrong in its last digit', `${VECTOR.slice(0, -1)}9`],
  ] as const) {
    it(`does not match when it ${what}`, () => {
      isSigned(FOX, header as string, ['key']).should.be.false();
    });
  }

  it('never matches an empty secret, nor none', () => {
    const header = signed(FOX, '')['x-fenx-signature'];
    isSigned(FOX, header, ['']).should.be.false();
    isSigned(FOX, header, []).should.be.false();
  });

  it('is compared by what takes the same time wherever it differs', () => {
    // Bytes are compared by `timingSafeEqual` alone: seen by taking its place.
    const crypto = require('node:crypto') as { timingSafeEqual: (one: Buffer, other: Buffer) => boolean };
    const original = crypto.timingSafeEqual;
    const compared: [number, number][] = [];
    try {
      crypto.timingSafeEqual = (one, other) => {
        compared.push([one.length, other.length]);
        return original(one, other);
      };
      isSigned(FOX, VECTOR, ['key', 'old']).should.be.true();
      isSigned(FOX, VECTOR.replace('=F', '=E'), ['key', 'old']).should.be.false();
    } finally {
      crypto.timingSafeEqual = original;
    }
    // Every secret each time: not even which one matched can be told.
    compared.should.deepEqual(Array(4).fill([32, 32]));
  });
});
