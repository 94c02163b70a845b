import { inspect } from 'node:util';
import should from 'should';
import { FenergoError, safeCause } from '../../lib/errors.js';

describe('FenergoError', () => {
  const cause = new Error('why');
  const error = new FenergoError('FENERGO_VALIDATION', 'Name is empty', {
    statusCode: 400,
    messages: [{ message: 'p1anted' }],
    body: { deep: { client: 'p1anted' } },
    cause,
  });

  it('is the plain message as text, as a Catch node shows it', () => {
    String(error).should.equal('Name is empty');
  });

  it('has code, cause and stack as own properties, which is all that a Catch node sees', () => {
    for (const name of ['code', 'cause', 'stack']) Object.hasOwn(error, name).should.be.true(name);
    error.code.should.equal('FENERGO_VALIDATION');
    should(error.cause).equal(cause);
    should(error.stack).match(/Name is empty[\s\S]*errors\.test/);
  });

  it('has no cause where there is none', () => {
    Object.hasOwn(new FenergoError('FENERGO_INPUT', 'x'), 'cause').should.be.false();
  });

  it('is an Error, by name a FenergoError', () => {
    error.should.be.instanceOf(Error);
    error.name.should.equal('FenergoError');
    Object.keys(error).should.deepEqual(['code']);
  });

  it('tells its facts to those who ask, and to no log', () => {
    error.facts.should.have.properties({ statusCode: 400, body: { deep: { client: 'p1anted' } } });
    error.facts.should.not.have.property('cause');
    inspect(error, { depth: Infinity, showHidden: true }).should.not.containEql('p1anted');
    JSON.stringify(error).should.equal('{"code":"FENERGO_VALIDATION"}');
  });
});

describe('safeCause', () => {
  it('keeps message and code of a foreign error, and nothing else', () => {
    const foreign = Object.assign(new Error('connect failed'), {
      code: 'ECONNREFUSED',
      options: { form: 'p1anted' },
      cause: new Error('p1anted'),
    });
    const safe = safeCause(foreign);
    safe.should.have.properties({ message: 'connect failed', code: 'ECONNREFUSED' });
    inspect(safe, { depth: Infinity, showHidden: true }).should.not.containEql('p1anted');
    should(safe.stack).be.undefined();
  });

  for (const thrown of [undefined, null, 'text', 7, {}, { message: 7, code: 8 }]) {
    it(`makes an error of ${JSON.stringify(thrown)}`, () => {
      const safe = safeCause(thrown);
      safe.should.be.instanceOf(Error);
      safe.message.should.equal('unknown error');
      safe.should.not.have.property('code');
    });
  }
});
