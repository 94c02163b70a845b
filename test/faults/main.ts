import { FaultBench, type Row } from './run.js';
import { SCENARIOS } from './scenarios.js';

/** `npm run faults [messages] [seed]`: every scenario with many messages through a real flow, as a table. */
async function main(): Promise<void> {
  const messages = Number(process.argv[2] ?? 2000);
  const seed = Number(process.argv[3] ?? 20261124);
  const bench = new FaultBench();
  await bench.start();
  const rows: Record<string, Record<string, unknown>> = {};
  let bad = 0;
  for (const scenario of SCENARIOS) {
    const row: Row = await bench.run(scenario, messages, seed);
    const { errors, twice, lost, limitsBroken, unexpected } = row;
    bad += twice + lost + limitsBroken + unexpected;
    const named = Object.entries(errors).map(([code, count]) => `${code.replace('FENERGO_', '')} ${count}`);
    rows[scenario.name] = { ...row, errors: named.join(', ') };
    console.log(`${scenario.name}: ${row.answered} of ${row.sent} answered in ${row.seconds} s`);
  }
  console.table(rows);
  console.log(
    `Seed ${seed}. Carried out twice, lost, over the limits and unexpected have to be 0: ${bad === 0 ? 'they are' : `they are ${bad}`}`,
  );
  await bench.stop();
  process.exit(bad === 0 ? 0 : 1);
}

main().catch((error) => {
  console.error(error);
  process.exit(1);
});
