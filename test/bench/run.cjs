// Reads the benchmark through tsx, then takes tsx out again: packages and dist/ are to run as Node runs them.
const unregister = require('tsx/cjs/api').register();
const { main } = require('./bench.ts');
unregister();

main(require('got').got).catch((error) => {
  console.error(error);
  process.exit(1);
});
