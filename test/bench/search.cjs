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

/** What takes longest: many short words, each the beginning of hundreds, with and without spaces between them. */
const HEAVY = [
  'ge cr up de se en jo ta do us pr co re ac as id',
  'a b c d e f g h i j k l m n o p',
  'a.b.c.d.e.f.g.h.i.j.k.l.m.n.o.p.q.r.s.t.u.v.w.x.y.z.'.repeat(4),
  'start new entity draft of all journeys by id and list all documents for a task',
  'https://api.emea1b.fenergox.com/entitydataquery/api/v2/entity/3fa85f64-5717-4562-b3fc-2c963f66afa6',
];
const HEAVY_TRIES = 5;

/** The best of some tries, since the first ones are the engine's. */
async function heaviest(catalog) {
  let heaviest = { text: '', ms: 0 };
  for (const text of HEAVY) {
    const tries = [];
    for (let i = 0; i < HEAVY_TRIES; i += 1) tries.push(await timed(() => catalog.search(text, MOST)));
    const ms = Math.min(...tries);
    if (ms > heaviest.ms) heaviest = { text, ms };
  }
  return heaviest;
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
  process.send({ firstMs, heapBytes, later, heaviest: await heaviest(catalog) });
}

main();
