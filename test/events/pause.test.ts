import { pauseAfterMs } from '../../lib/events/pause.js';

describe('pauseAfterMs', () => {
  it('doubles with each failure, and never passes five minutes', () => {
    const most = [1, 2, 3, 4, 8, 9, 10, 11, 1000, 1e9].map((failures) => pauseAfterMs(failures, 1));
    most.should.deepEqual([1000, 2000, 4000, 8000, 128_000, 256_000, 300_000, 300_000, 300_000, 300_000]);
  });

  it('lies between half and the whole', () => {
    pauseAfterMs(1, 0).should.equal(500);
    pauseAfterMs(1, 0.5).should.equal(750);
    pauseAfterMs(20, 0).should.equal(150_000);
  });
});
