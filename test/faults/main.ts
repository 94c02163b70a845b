import { FAILINGS } from './row.js';
import { FaultBench } from './run.js';
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
    const row = await bench.run(scenario, messages, seed);
    for (const failing of FAILINGS) bad += row[failing];
    if (row.answered === 0) bad += 1;
    const named = Object.entries(row.errors).map(
      ([code, count]) => `${code.replace('FENERGO_', '')} ${count}`,
    );
    rows[scenario.name] = { ...row, errors: named.join(', ') };
    console.log(`${scenario.name}: ${row.answered} of ${row.sent} answered in ${row.seconds} s`);
  }
  console.table(rows);
  console.log(
    `Seed ${seed}. Of ${FAILINGS.join(', ')} there have to be 0: ${bad === 0 ? 'there are' : `there are ${bad}`}`,
  );
  await bench.stop();
  process.exit(bad === 0 ? 0 : 1);
}

main().catch((error) => {
  console.error(error);
  process.exit(1);
});
