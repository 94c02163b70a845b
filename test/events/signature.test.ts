import crypto from 'node:crypto';
import should from 'should';
import { isSigned, looksSigned, SIGNATURE_HEADER, signatureOf } from '../../lib/events/signature.js';
import { ODD_BODIES, signed } from '../support/webhook.js';

// printf '%s' "$BODY" | openssl dgst -sha256 -hmac 'a-secret'
const BODY = Buffer.from('[{"id":"n-1","eventType":"entitydata:dataPublished","payload":"caf\\u00e9"}]');
const DIGITS = 'a56fe89599a6013b0332568d6d98acc43090571d464c5903989501aa5ecde0c6';
const OF_NOTHING = 'cd0643cb5cdb4d983a157de6e620e5c08c0a04f639e7dc390b824bab5ee0357d';
const SECRET = 'a-secret';

describe('signature of a webhook', () => {
  it('is what openssl makes of the bytes, in capitals', () => {
    SIGNATURE_HEADER.should.equal('x-fenx-signature');
    signatureOf(BODY, SECRET).should.equal(`sha256=${DIGITS.toUpperCase()}`);
    signatureOf(Buffer.alloc(0), SECRET).should.equal(`sha256=${OF_NOTHING.toUpperCase()}`);
  });

  for (const [what, body] of ODD_BODIES) {
    it(`is taken over the bytes: ${what}`, () => {
      const header = signed(body, SECRET)['x-fenx-signature'];
      signatureOf(body, SECRET).should.equal(header);
      isSigned(body, header, [SECRET]).should.be.true();
      const changed = Buffer.from(body);
      changed[body.length - 2] = (changed[body.length - 2] ?? 0) ^ 1;
      isSigned(changed, header, [SECRET]).should.be.false();
      isSigned(Buffer.concat([body, Buffer.from(' ')]), header, [SECRET]).should.be.false();
    });
  }

  it('is another one when the body is parsed and written again, but for bodies that come out the same', () => {
    const same = ODD_BODIES.slice(0, -1).filter(([, body]) => {
      const written = Buffer.from(JSON.stringify(JSON.parse(body.toString('utf8'))));
      return isSigned(written, signed(body, SECRET)['x-fenx-signature'], [SECRET]);
    });
    should(same.map(([what]) => what)).deepEqual([
      'emoji as they are',
      'a line separator',
      'a key __proto__',
    ]);
  });

  it('is known in capital and small letters, with blanks around it', () => {
    for (const header of [
      `sha256=${DIGITS}`,
      `sha256=${DIGITS.toUpperCase()}`,
      `SHA256=${DIGITS}`,
      ` sha256=${DIGITS} `,
    ]) {
      isSigned(BODY, header, [SECRET]).should.be.true();
    }
    isSigned(Buffer.alloc(0), `sha256=${OF_NOTHING}`, [SECRET]).should.be.true();
  });

  it('is of these bytes only', () => {
    const parsedAndWritten = Buffer.from(JSON.stringify(JSON.parse(BODY.toString())));
    isSigned(parsedAndWritten, `sha256=${DIGITS}`, [SECRET]).should.be.false();
    for (const at of [0, 31, 63]) {
      const wrong = DIGITS.slice(0, at) + (DIGITS[at] === '0' ? '1' : '0') + DIGITS.slice(at + 1);
      isSigned(BODY, `sha256=${wrong}`, [SECRET]).should.be.false();
    }
  });

  it('is nothing else, of whatever form or length', () => {
    for (const header of [
      undefined,
      '',
      'sha256=',
      DIGITS,
      `sha1=${DIGITS}`,
      `sha256=${DIGITS.slice(2)}`,
      `sha256=${DIGITS}00`,
      `sha256=${DIGITS},sha256=${DIGITS}`,
      `sha256=${DIGITS.slice(1)}g`,
      `sha256=${DIGITS}\n${DIGITS}`,
      `sha256=${'0'.repeat(64)}`,
      `sha256=${Buffer.from(DIGITS).toString('base64')}`,
      [`sha256=${DIGITS}`],
      [`sha256=${DIGITS}`, `sha256=${DIGITS}`],
    ]) {
      isSigned(BODY, header, [SECRET]).should.be.false();
    }
  });

  it('has a form, by which it is told from what can be none before the body is read', () => {
    for (const header of [
      `sha256=${DIGITS}`,
      ` SHA256=${DIGITS.toUpperCase()} `,
      `sha256=${'0'.repeat(64)}`,
    ]) {
      looksSigned(header).should.be.true();
    }
    for (const header of [undefined, '', DIGITS, `sha256=${DIGITS}0`, [`sha256=${DIGITS}`]]) {
      looksSigned(header).should.be.false();
    }
  });

  it('may be of either secret while they are changed; no secret, or an empty one, never matches', () => {
    const header = signatureOf(BODY, SECRET);
    isSigned(BODY, header, ['new', SECRET]).should.be.true();
    isSigned(BODY, header, [SECRET, 'new']).should.be.true();
    isSigned(BODY, header, ['new']).should.be.false();
    isSigned(BODY, header, []).should.be.false();
    isSigned(BODY, signatureOf(BODY, ''), ['']).should.be.false();
    isSigned(BODY, signatureOf(BODY, ''), ['', SECRET]).should.be.false();
  });

  it('is compared in equal time, to each secret, and bytes of equal length only', () => {
    const { timingSafeEqual } = crypto;
    const lengths: number[] = [];
    crypto.timingSafeEqual = (a, b) => {
      lengths.push(a.byteLength, b.byteLength);
      return timingSafeEqual(a, b);
    };
    try {
      isSigned(BODY, `sha256=${DIGITS}`, [SECRET, 'b', '', 'c']).should.be.true();
      isSigned(BODY, `sha256=${'0'.repeat(64)}`, [SECRET, 'b']).should.be.false();
      isSigned(BODY, `sha256=${DIGITS.slice(2)}`, [SECRET]).should.be.false();
    } finally {
      crypto.timingSafeEqual = timingSafeEqual;
    }
    // Every secret each time: not even which one matched can be told.
    lengths.should.deepEqual(Array(10).fill(32));
  });
});
