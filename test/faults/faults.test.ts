import 'should';
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
      row.should.containEql({ sent: MESSAGES, lost: 0, twice: 0, limitsBroken: 0, unexpected: 0 });
      if (String(scenario.mayFail) === '/^$/') row.answered.should.equal(MESSAGES);
    });
  }
});
