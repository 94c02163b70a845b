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

async function main() {
  global.gc();
  const before = process.memoryUsage().heapUsed;
  const catalog = new Catalog();
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
