import { fork } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { get, type IncomingMessage } from 'node:http';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { gzipSync } from 'node:zlib';
import { name as PACKAGE } from '../../package.json';
import { prepareUserDir } from '../../scripts/node-red-settings.js';
import { type FlowNode, startNodeRed } from '../support/node-red.js';

/**
 * What a Node-RED pays that has this package in it: at its start, at the first search in the edit dialog and at later
 * ones, and in bytes that the editor loads.
 */
const PAIRS = 11;
const HEAP_STARTS = 3;
const SEARCH_RUNS = 7;
const START_GOAL_MS = 60;
const START_GOAL_MB = 10;
const SEARCH_GOAL_MS = 10;
const MB = 1_000_000;
const CHILD_TIMEOUT_MS = 60_000;

const NODES = join(__dirname, '../../dist/nodes');
const RED_JS = join(
  dirname(require.resolve(`${process.env.NODE_RED_MODULE || 'node-red'}/package.json`)),
  'red.js',
);

/** What a started Node-RED tells, see start-settings.cjs. */
interface Start {
  /** From the start of the process to running flows. */
  wallMs: number;
  cpuMs: number;
  heapBytes: number;
  /** By node type. */
  parts: Record<string, Part>;
}

/** What it took to load a node type and to register it. */
interface Part {
  ms: number;
  /** With `FENERGO_BENCH_HEAP` only, which makes `ms` longer. */
  heapBytes: number;
}

interface Searches {
  firstMs: number;
  /** What catalog and index keep. */
  heapBytes: number;
  later: { text: string; ms: number }[];
  /** Of texts that are made to take long. */
  heaviest: { text: string; ms: number };
}

const TAB: FlowNode = { id: 'tab', type: 'tab' };
const INJECT: FlowNode = { id: 'inject', type: 'inject', z: 'tab', x: 100, y: 100, props: [], wires: [[]] };
const OURS: FlowNode[] = [
  { id: 'connection', type: 'fenergo-config', region: 'custom', identityUrl: '', apiUrl: '', plan: 'none' },
  {
    id: 'request',
    type: 'fenergo-request',
    z: 'tab',
    x: 300,
    y: 100,
    connection: 'connection',
    operation: 'entitydataquery/v2/GetEntityById',
    params: [{ name: 'id', in: 'path', type: 'str', value: 'e0000001-0000-4000-8000-000000000003' }],
    wires: [[]],
  },
];

/** A user directory, with or without this package and a flow that uses it. */
function userDir(withPackage: boolean): string {
  const folder = mkdtempSync(join(tmpdir(), 'fenergo-bench-'));
  const flows = withPackage ? [TAB, { ...INJECT, wires: [['request']] }, ...OURS] : [TAB, INJECT];
  writeFileSync(join(folder, 'flows.json'), JSON.stringify(flows));
  const credentials = withPackage ? { connection: { clientId: 'a', clientSecret: 'b' } } : {};
  writeFileSync(join(folder, 'flows_cred.json'), JSON.stringify(credentials));
  if (withPackage) prepareUserDir(folder);
  return folder;
}

/** What a process of Node's own, without tsx, tells in its one message. */
async function tell<T>(script: string, args: string[] = [], env: Record<string, string> = {}): Promise<T> {
  const child = fork(script, args, {
    env: { ...process.env, ...env },
    execArgv: ['--expose-gc'],
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    timeout: CHILD_TIMEOUT_MS,
  });
  const ended = once(child, 'exit').then(([code, signal]) => {
    throw new Error(`${script} ended without a word: ${code ?? signal}`);
  });
  const [told] = await Promise.race([once(child, 'message'), ended]);
  await ended.catch(() => {});
  return told as T;
}

function start(folder: string, env?: Record<string, string>): Promise<Start> {
  return tell<Start>(RED_JS, ['-s', join(__dirname, 'start-settings.cjs'), '-u', folder], env);
}

function median(values: number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}

const round = (value: number, digits: number) => Number(value.toFixed(digits));
const judged = (value: number, goal: number) => `under ${goal}: ${value < goal ? 'met' : 'MISSED'}`;

interface Starts {
  with: Start[];
  without: Start[];
  /** With the package, looking at the heap while it loads. */
  heap: Start[];
}

/** Starts in pairs, in turns with and without the package first, so that a noisy neighbour hits both alike. */
async function starts(): Promise<Starts> {
  const folders = { with: userDir(true), without: userDir(false) };
  const runs: Starts = { with: [], without: [], heap: [] };
  try {
    // The first start in a user directory writes files that later ones read.
    for (const folder of Object.values(folders)) await start(folder);
    for (let i = 0; i < PAIRS; i += 1) {
      const order = i % 2 ? (['with', 'without'] as const) : (['without', 'with'] as const);
      for (const which of order) runs[which].push(await start(folders[which]));
    }
    for (let i = 0; i < HEAP_STARTS; i += 1) {
      runs.heap.push(await start(folders.with, { FENERGO_BENCH_HEAP: 'yes' }));
    }
    return runs;
  } finally {
    for (const folder of Object.values(folders)) rmSync(folder, { recursive: true, force: true });
  }
}

/** What the whole start takes, without and with the package. */
function wholeStart(runs: Starts, read: (run: Start) => number, digits: number, goal: number) {
  const without = runs.without.map(read);
  const withPackage = runs.with.map(read);
  const differences = withPackage.map((value, i) => value - (without[i] ?? Number.NaN));
  const adds = median(differences); // steadier than the difference of the medians
  return {
    without: round(median(without), digits),
    with: round(median(withPackage), digits),
    adds: round(adds, digits),
    'pairs from, to': [Math.min, Math.max].map((most) => round(most(...differences), digits)).join(', '),
    goal: judged(adds, goal),
  };
}

/** What our node types take of it, from `require` until they are registered. */
function ourPart(runs: Start[], read: (part: Part) => number, goal: number) {
  const sums = runs.map(({ parts }) => {
    const ours = Object.values(parts);
    if (ours.length === 0) throw new Error('Node-RED loaded no node type of ours where it was looked for');
    return ours.reduce((sum, part) => sum + read(part), 0);
  });
  return { adds: round(median(sums), 2), goal: judged(median(sums), goal) };
}

async function measureStarts(): Promise<void> {
  const runs = await starts();
  console.log(
    `start of Node-RED without and with this package, a flow of it included; ${PAIRS} pairs, medians:`,
  );
  console.table({
    'CPU until flows run, ms': wholeStart(runs, ({ cpuMs }) => cpuMs, 0, START_GOAL_MS),
    'wall until flows run, ms': wholeStart(runs, ({ wallMs }) => wallMs, 0, START_GOAL_MS),
    'heap when they run, MB': wholeStart(runs, ({ heapBytes }) => heapBytes / MB, 2, START_GOAL_MB),
    'our code alone, ms': ourPart(runs.with, ({ ms }) => ms, START_GOAL_MS),
    'our code alone, heap MB': ourPart(runs.heap, ({ heapBytes }) => heapBytes / MB, START_GOAL_MB),
  });
}

/** The first search, which reads the catalog and makes the index, and later ones: each run in a process of its own. */
async function measureSearches(): Promise<void> {
  const runs: Searches[] = [];
  for (let i = 0; i < SEARCH_RUNS; i += 1) runs.push(await tell<Searches>(join(__dirname, 'search.cjs')));
  // A text's time is its best of all runs: whatever else the machine did counts as nobody's search.
  const later = (runs[0]?.later ?? []).map(({ text }, i) => ({
    text,
    ms: Math.min(...runs.map((run) => run.later[i]?.ms ?? Number.POSITIVE_INFINITY)),
  }));
  const worst = later.reduce((a, b) => (b.ms > a.ms ? b : a));
  const heaviest = runs.map((run) => run.heaviest).reduce((a, b) => (b.ms < a.ms ? b : a));
  const judgedRow = (ms: number) => ({ value: round(ms, 2), goal: judged(ms, SEARCH_GOAL_MS) });
  console.log(
    `search in a catalog of 2,400 operations; the first one is the median of ${SEARCH_RUNS} processes:`,
  );
  console.table({
    'first search, ms': { value: round(median(runs.map((run) => run.firstMs)), 1) },
    'what catalog and index keep, heap MB': {
      value: round(median(runs.map((run) => run.heapBytes)) / MB, 2),
    },
    [`median of ${later.length} later searches, ms`]: { value: round(median(later.map(({ ms }) => ms)), 2) },
    [`worst of them, '${worst.text}', ms`]: judgedRow(worst.ms),
    [`worst on purpose, '${heaviest.text.slice(0, 40)}…', ms`]: judgedRow(heaviest.ms),
  });
}

/** The body of an answer, as its bytes travel. */
async function body(url: string, headers: Record<string, string>): Promise<Buffer> {
  const [response] = (await once(get(url, { headers }), 'response')) as [IncomingMessage];
  const bytes = await buffer(response);
  if (response.statusCode !== 200) throw new Error(`${response.statusCode} from ${url}`);
  return bytes;
}

/** What the editor loads for this package: the dialogs with their help, then the answers that a dialog asks for. */
async function measureBrowser(): Promise<void> {
  const rows: Record<string, { raw: number; 'raw, gzipped': number; sent?: number }> = {};
  const add = (name: string, raw: Buffer, sent?: number) => {
    const sizes = { raw: raw.length, 'raw, gzipped': gzipSync(raw).length };
    rows[name] = sent === undefined ? sizes : { ...sizes, sent };
  };
  const english = { accept: 'text/html', 'accept-language': 'en-US' };
  const packed = { 'accept-encoding': 'gzip' };
  const nodeRed = await startNodeRed();
  for (const type of readdirSync(NODES)) {
    const html = join(NODES, type, `${type}.html`);
    if (!existsSync(html)) continue;
    const url = `${nodeRed.url}nodes/${PACKAGE}/${type}`;
    add(`dist/nodes/${type}/${type}.html`, readFileSync(html));
    add(
      `${type}: the same with its help`,
      await body(url, english),
      (await body(url, { ...english, ...packed })).length,
    );
  }
  for (const path of ['fenergo/catalog/services', 'fenergo/catalog/search?q=get+entity']) {
    const url = nodeRed.url + path;
    add(path, await body(url, {}), (await body(url, packed)).length);
  }
  await nodeRed.stop();
  console.log('bytes that the browser loads; sent: when it says that it takes gzip:');
  console.table(rows);
}

export async function main(): Promise<void> {
  await measureStarts();
  await measureSearches();
  await measureBrowser();
}
