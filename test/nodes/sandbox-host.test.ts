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
