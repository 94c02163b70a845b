// Reads the benchmarks through tsx, then takes tsx out again: packages and dist/ are to run as Node runs them.
const unregister = require('tsx/cjs/api').register();
const { main: calls } = require('./bench.ts');
const { main: start } = require('./start.ts');
const { main: limits } = require('./limits.ts');
const { main: events } = require('./events.ts');
unregister();

calls(require('got').got)
  .then(start)
  .then(limits)
  .then(events)
  .catch((error) => {
    console.error(error);
    process.exit(1);
  });
