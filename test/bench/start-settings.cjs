// Settings of a Node-RED that start.ts starts as people do, `node-red -s …`: they also measure, and end the process.
const Module = require('node:module');

const { events } = require.main.require('@node-red/util');
/** What loading each of our node types took. */
const parts = {};

events.once('flows:started', () => {
  const wallMs = performance.now();
  const { user, system } = process.cpuUsage();
  setImmediate(() => {
    process.send({ wallMs, cpuMs: (user + system) / 1000, heapBytes: heap(), parts }, () => process.exit());
  });
});

function heap() {
  global.gc();
  return process.memoryUsage().heapUsed;
}

// Node-RED requires the file of a node type, then calls what it exports. Heap is looked at when asked for only: to
// collect garbage takes time, and drops compiled code that is then compiled again.
const heapWanted = Boolean(process.env.FENERGO_BENCH_HEAP);
const load = Module._load;
Module._load = function (request, ...rest) {
  const [, name] = /[\\/](fenergo-[a-z-]+)\.js$/.exec(request) || [];
  if (!name) return load.call(this, request, ...rest);
  const { default: register } = add(name, () => load.call(this, request, ...rest));
  return { __esModule: true, default: (RED) => add(name, () => register(RED)) };
};

function add(name, work) {
  const before = heapWanted ? heap() : 0;
  const startMs = performance.now();
  const result = work();
  const ms = performance.now() - startMs;
  const { ms: otherMs, heapBytes } = parts[name] || { ms: 0, heapBytes: 0 };
  parts[name] = { ms: otherMs + ms, heapBytes: heapBytes + (heapWanted ? heap() : 0) - before };
  return result;
}

module.exports = {
  uiHost: '127.0.0.1',
  uiPort: 0,
  flowFile: 'flows.json',
  credentialSecret: false,
  telemetry: { enabled: false, updateNotification: false },
  editorTheme: { tours: false, palette: { catalogues: [] }, projects: { enabled: false } },
  logging: { console: { level: 'off' } },
};
