import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import 'should';
import { Catalog } from '../../lib/catalog/catalog.js';
import { SandboxHost } from '../../nodes/shared/sandbox-host.js';
import { ManualClock } from '../support/manual-clock.js';

describe('the embedded sandbox', () => {
  const catalog = new Catalog();
  let clock: ManualClock;
  let host: SandboxHost;

  beforeEach(() => {
    clock = new ManualClock();
    host = new SandboxHost(catalog, clock);
  });

  const isUp = (url: string) =>
    fetch(`${url}/sandbox/stats`).then(
      (answer) => answer.ok,
      () => false,
    );

  /** Closing takes a turn or two of the loop. */
  async function goesDown(url: string): Promise<void> {
    while (await isUp(url)) await new Promise((resolve) => setTimeout(resolve, 5));
  }

  it('listens on the loopback interface only', async () => {
    const { apiUrl, tokenUrl } = await host.acquire();
    apiUrl.should.match(/^http:\/\/127\.0\.0\.1:\d+$/);
    tokenUrl.should.equal(`${apiUrl}/connect/token`);
    host.release();
    clock.advance(10_000);
    await goesDown(apiUrl);
  });

  it('is one for all, and stops 10 s after the last has left', async () => {
    const [first, second] = await Promise.all([host.acquire(), host.acquire()]);
    first.should.deepEqual(second);
    host.release();
    clock.advance(60_000);
    (await isUp(first.apiUrl)).should.be.true();
    host.release();
    clock.advance(9999);
    (await isUp(first.apiUrl)).should.be.true();
    clock.advance(1);
    await goesDown(first.apiUrl);
    clock.pending.should.equal(0);
  });

  it('outlives a redeploy', async () => {
    const { apiUrl } = await host.acquire();
    for (const _ of [1, 2, 3]) {
      host.release();
      clock.advance(5000);
      (await host.acquire()).apiUrl.should.equal(apiUrl);
    }
    clock.advance(60_000);
    (await isUp(apiUrl)).should.be.true();
    host.release();
    clock.advance(10_000);
    await goesDown(apiUrl);
  });

  it('is loaded when it is first asked for, so that a start of Node-RED does not pay for it', () => {
    const script = `
      const loaded = () => Object.keys(require.cache).some((file) => /find-my-way|lib.sandbox/.test(file));
      const { SandboxHost } = require('./nodes/shared/sandbox-host.ts');
      const { systemClock } = require('./lib/clock.ts');
      const before = loaded();
      new SandboxHost({ all: () => [] }, systemClock).acquire().then(() => console.log(before, loaded()));
    `;
    const cwd = join(__dirname, '../..');
    const output = execFileSync(process.execPath, ['--require', 'tsx/cjs', '--eval', script], { cwd });
    output.toString().should.equal('false true\n');
  });

  it('may be asked for again when it did not start', async () => {
    const all = () => {
      throw new Error('no catalog');
    };
    const broken = { all } as unknown as Catalog;
    host = new SandboxHost(broken, clock);
    await Promise.all([1, 2].map(() => host.acquire().should.be.rejectedWith('no catalog')));
    broken.all = () => catalog.all();
    const [first, second] = await Promise.all([host.acquire(), host.acquire()]);
    first.should.deepEqual(second);
    for (let users = 4; users > 0; users -= 1) host.release();
    clock.advance(10_000);
    await goesDown(first.apiUrl);
    clock.pending.should.equal(0);
  });

  it('starts anew after it has stopped', async () => {
    const { apiUrl } = await host.acquire();
    host.release();
    clock.advance(10_000);
    await goesDown(apiUrl);
    const again = await host.acquire();
    (await isUp(again.apiUrl)).should.be.true();
    host.release();
    clock.advance(10_000);
    await goesDown(again.apiUrl);
  });
});
