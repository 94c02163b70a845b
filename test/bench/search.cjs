// The search as Node-RED runs it, in a process that has not searched yet: the first one, and those which come later.
const { Catalog } = require('../../dist/lib/catalog/catalog.js');

const MOST = 30;
const TEXTS = 200;

/** What people may type, different each time: a whole name, its first and last word, a beginning, a service. */
function textsOf(operations) {
  const texts = new Set();
  for (let i = 0; texts.size < TEXTS; i += 1) {
    const { id, service } = operations[(i * 37) % operations.length];
    const words = id.replace(/([a-z0-9])([A-Z])/g, '$1 $2').toLowerCase();
    const ways = [
      words,
      `${words.split(' ')[0]} ${words.split(' ').at(-1)}`,
      words.slice(0, 1 + (i % 12)),
      `${service} ${words.split(' ').at(-1)}`,
    ];
    texts.add(ways[i % ways.length].trim());
  }
  return [...texts];
}

async function timed(work) {
  const startMs = performance.now();
  await work();
  return performance.now() - startMs;
}

/** As many as the live platform has, some of them under other services: as after a refresh. */
const LIVE = 2400;

function moreContracts() {
  const operations = new Catalog().all();
  const contracts = new Map();
  for (const { service, version, id, method, path } of operations.slice(0, LIVE - operations.length)) {
    const key = `${service}more/${version}`;
    const source = { from: 'live', at: '2026-01-01' };
    if (!contracts.has(key))
      contracts.set(key, { service: `${service}more`, version, source, operations: [] });
    contracts.get(key).operations.push({ id, method, path });
  }
  return [...contracts.values()];
}

async function main() {
  const contracts = moreContracts();
  global.gc();
  const before = process.memoryUsage().heapUsed;
  const catalog = new Catalog({ overlay: { contracts: () => contracts } });
  const firstMs = await timed(() => catalog.search('create legal entity', MOST));
  global.gc();
  const heapBytes = process.memoryUsage().heapUsed - before;
  const later = [];
  for (const text of textsOf(catalog.all())) {
    later.push({ text, ms: await timed(() => catalog.search(text, MOST)) });
  }
  process.send({ firstMs, heapBytes, later });
}

main();
