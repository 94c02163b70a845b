import 'should';
import { Lateness } from '../../lib/http/lateness.js';

describe('Lateness', () => {
  it('knows the worst of late, and forgets it', () => {
    const lateness = new Lateness();
    lateness.worstMs(0).should.equal(0);
    lateness.add(100, 7);
    lateness.add(200, 30);
    lateness.add(300, 5);
    lateness.worstMs(300).should.equal(30);
    lateness.worstMs(2100).should.equal(30);
    lateness.add(2200, 3);
    lateness.worstMs(3999).should.equal(30);
    lateness.worstMs(4000).should.equal(3);
    lateness.worstMs(60_000).should.equal(0);
  });

  it('takes what is very late for something else', () => {
    const lateness = new Lateness();
    lateness.add(1_000_000, 5000);
    lateness.worstMs(1_000_000).should.equal(250);
  });
});
