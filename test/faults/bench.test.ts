import 'should';
import type { FaultRule } from '../../lib/sandbox/sandbox.js';
import type { Row } from './row.js';
import { FaultBench, type RunOptions } from './run.js';
import { NEVER, type Scenario } from './scenarios.js';

const MESSAGES = 40;

/** A function node in place of the request node: it calls nothing, and loses a message. */
const SWALLOWS_ONE = { type: 'function', func: 'if (msg.number !== 7) node.done();', outputs: 1 };
/** A command whose answer gets lost. */
const CUT: FaultRule = { match: { path: '/associationcommand/' }, reset: 'body' };

describe('the bench for faults', function () {
  this.timeout(30_000);
  const bench = new FaultBench();
  before(() => bench.start());
  after(() => bench.stop());

  function run(options: RunOptions, scenario: Partial<Scenario> = {}): Promise<Row> {
    return bench.run({ name: 'test', mayFail: NEVER, ...scenario }, MESSAGES, 1, options);
  }

  it('counts a message that never ends as lost, and does not wait for it for ever', async () => {
    const row = await run({ request: SWALLOWS_ONE, patienceMs: 300 });
    row.should.containEql({ sent: MESSAGES, answered: MESSAGES - 1, lost: 1 });
    row.longestStallMs.should.be.aboveOrEqual(290);
  });

  it('counts faults that nobody has met', async () => {
    const row = await run({ request: SWALLOWS_ONE, patienceMs: 300 }, { faults: () => [CUT, CUT] });
    row.should.containEql({ faults: 0, idle: 2 });
    (await run({}, { faults: () => [] })).idle.should.equal(1);
    (await run({}, { effect: () => 0 })).idle.should.equal(1);
  });

  it('counts a command that is carried out twice', async () => {
    const row = await run({ request: { repeatable: true } }, { faults: () => [CUT, CUT, CUT] });
    row.should.containEql({ answered: MESSAGES, twice: 3, faults: 3, idle: 0 });
  });

  it('counts failures that are not allowed', async () => {
    const row = await run({}, { faults: () => [CUT] });
    row.should.containEql({ errors: { FENERGO_NETWORK: 1 }, unexpected: 1, twice: 0 });
  });

  it('counts refusals for the limits, and not those of the fault plan', async () => {
    const faults = () => [
      { match: { path: '/entitydataquery/' }, times: 2, respond: { status: 429 } },
      { match: { path: '/entitydataquery/' }, skip: 1000, respond: { status: 429 } },
    ];
    (await run({}, { faults })).should.containEql({ faults: 2, limitsBroken: 0 });
    (
      await run({ connection: { plan: 'none' } }, { events: { from: 0, to: 32 }, faults })
    ).limitsBroken.should.be.aboveOrEqual(4);
  });
});
