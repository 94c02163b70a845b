import 'should';
import { Journey } from '../../lib/http/journey.js';

describe('Journey', () => {
  it('knows the slowest of late, and forgets it', () => {
    const journey = new Journey(50);
    journey.slowestMs(0).should.equal(0);
    journey.ended(100, 7);
    journey.ended(200, 30);
    journey.ended(300, 5);
    journey.slowestMs(300).should.equal(30);
    journey.slowestMs(2100).should.equal(30);
    journey.ended(2200, 3);
    journey.slowestMs(3999).should.equal(30);
    journey.slowestMs(4000).should.equal(3);
    journey.slowestMs(60_000).should.equal(0);
  });

  it('takes a long time for that of the platform', () => {
    const journey = new Journey(50);
    journey.ended(1_000_000, 5000);
    journey.slowestMs(1_000_000).should.equal(50);
  });
});
