import should from 'should';
import { FAILINGS } from './row.js';
import { FaultBench } from './run.js';
import { SCENARIOS } from './scenarios.js';

/** The whole suite is `npm run faults`: this is a part of each scenario, so that it ends soon. */
const MESSAGES = 120;
const SEED = 20261124;

describe('a flow under faults', function () {
  this.timeout(60_000);
  const bench = new FaultBench();
  before(() => bench.start());
  after(() => bench.stop());

  for (const scenario of SCENARIOS) {
    it(`loses no message, and carries no command out twice: ${scenario.name}`, async () => {
      const row = await bench.run(scenario, MESSAGES, SEED);
      const why = JSON.stringify(row);
      for (const failing of FAILINGS) should(row[failing]).equal(0, `${failing}: ${why}`);
      row.answered.should.be.above(0, why);
    });
  }
});
