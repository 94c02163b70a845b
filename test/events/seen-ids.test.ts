import should from 'should';
import { SeenIds } from '../../lib/events/seen-ids.js';

describe('SeenIds', () => {
  it('knows how far a notification got, and never lets it go back', () => {
    const seen = new SeenIds();
    should(seen.stageOf('a')).be.undefined();
    for (const stage of ['sent', 'handled', 'settled'] as const) {
      seen.note('a', stage);
      should(seen.stageOf('a')).equal(stage);
    }
    seen.note('a', 'sent');
    seen.note('a', 'handled');
    should(seen.stageOf('a')).equal('settled');
  });

  it('knows the last 10,000, counted from when they were last noted', () => {
    const seen = new SeenIds();
    for (let i = 0; i < 10_000; i += 1) seen.note(`n${i}`, 'settled');
    should(seen.stageOf('n0')).equal('settled');
    seen.note('n0', 'sent');
    seen.note('more', 'settled');
    should(seen.stageOf('n0')).equal('settled');
    should(seen.stageOf('n1')).be.undefined();
    should(seen.stageOf('n2')).equal('settled');
    seen.settled().should.have.length(10_000);
    seen.settled().slice(-2).should.deepEqual(['n0', 'more']);
  });

  it('gives what is settled to a later run, oldest first', () => {
    const seen = new SeenIds();
    seen.note('a', 'settled');
    seen.note('b', 'sent');
    seen.note('c', 'handled');
    seen.note('d', 'settled');
    seen.settled().should.deepEqual(['a', 'd']);
    const later = new SeenIds(JSON.parse(JSON.stringify(seen.settled())));
    later.settled().should.deepEqual(['a', 'd']);
    should(later.stageOf('b')).be.undefined();
  });

  it('takes from what was kept the last ids, and leaves out whatever is none', () => {
    new SeenIds(['a', 'b', 'c'], 2).settled().should.deepEqual(['b', 'c']);
    new SeenIds([1, null, 'a', { id: 'b' }, ['c']]).settled().should.deepEqual(['a']);
    for (const kept of [undefined, null, 'abc', 7, {}, { length: 2, 0: 'a' }]) {
      new SeenIds(kept).settled().should.deepEqual([]);
    }
  });

  it('takes names of prototypes for ids as any other', () => {
    const seen = new SeenIds();
    for (const id of ['__proto__', 'constructor', 'toString', '']) {
      should(seen.stageOf(id)).be.undefined();
      seen.note(id, 'settled');
      should(seen.stageOf(id)).equal('settled');
    }
    new SeenIds(seen.settled()).settled().should.deepEqual(['__proto__', 'constructor', 'toString', '']);
  });
});
