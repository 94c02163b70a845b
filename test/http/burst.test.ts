import { once } from 'node:events';
import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import should from 'should';
import type { CancelSignal } from '../../lib/cancel.js';
import { wait } from '../../lib/clock.js';
import type { FenergoError } from '../../lib/errors.js';
import { FenergoClient } from '../../lib/http/client.js';
import type { TokenSource } from '../../lib/http/token-source.js';
import { TrafficControl } from '../../lib/http/traffic.js';
import { type Plan, PUBLISHED_LIMITS } from '../../lib/plans.js';
import { ManualClock } from '../support/manual-clock.js';
import { callOf, commandOf, seeded, settled, until } from './harness.js';

/** A platform on which no time passes but that of the clock, and a client of it. */
class Bench {
  readonly clock = new ManualClock();
  readonly random: () => number;
  readonly client: FenergoClient;
  /** When each request arrived. */
  readonly arrivals: number[] = [];
  /** How often each correlation id was carried out. */
  readonly done = new Map<string, number>();
  mostAtOnce = 0;
  /** Tokens that were given out: so many requests are sent. */
  #given = 0;
  #open = 0;
  readonly #server: Server;

  private constructor(server: Server, plan: Plan, seed: number, tokenMs: () => number) {
    this.#server = server;
    this.random = seeded(seed);
    const tokens: TokenSource = {
      get: async (signal: CancelSignal) => {
        const delayMs = tokenMs();
        if (delayMs > 0) await wait(this.clock, delayMs, signal);
        this.#given += 1;
        return 'token';
      },
      reject: () => {},
    };
    const apiUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    this.client = new FenergoClient({
      apiUrl,
      tokens,
      scope: 'fenx.all',
      traffic: new TrafficControl(this.clock, { random: this.random }).of({
        apiUrl,
        clientId: 'client-a',
        plan,
        maxWaiting: 10_000,
        breaksCircuit: false,
      }),
      userAgent: 'test/1',
      clock: this.clock,
      random: this.random,
    });
  }

  static async start(
    options: { plan: Plan; seed: number; tokenMs?: () => number },
    answer: (bench: Bench, id: string, response: ServerResponse) => void,
  ): Promise<Bench> {
    const server = createServer((request, response) => {
      bench.#arrive();
      response.once('close', () => {
        bench.#open -= 1;
      });
      request
        .resume()
        .once('end', () => answer(bench, String(request.headers['x-correlation-id']), response));
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const bench = new Bench(server, options.plan, options.seed, options.tokenMs ?? (() => 0));
    return bench;
  }

  #arrive(): void {
    this.arrivals.push(this.clock.nowMs());
    this.#open += 1;
    this.mostAtOnce = Math.max(this.mostAtOnce, this.#open);
  }

  /**
   * Lets time pass in irregular steps until all have ended, only while no request is on its way to the platform.
   *
   * @param atOnce whether also no answer is on its way, where each call is sent once: the platform takes no time
   */
  async untilOver(calls: Promise<unknown>[], atOnce = false): Promise<void> {
    let ended = 0;
    const end = () => {
      ended += 1;
    };
    for (const call of calls) call.then(end, end);
    while (ended < calls.length) {
      await new Promise((resolve) => setImmediate(resolve));
      await until(() => this.arrivals.length === this.#given && !(atOnce && ended < this.#given));
      const dueMs = this.clock.nextInMs;
      if (dueMs !== undefined) this.clock.advance(Math.min(dueMs, this.random() * 40));
    }
    await settled();
  }

  /** The most that arrived in any stretch of a second. */
  mostInASecond(): number {
    let most = 0;
    let from = 0;
    for (const [i, atMs] of this.arrivals.entries()) {
      while (atMs - (this.arrivals[from] as number) >= 1000) from += 1;
      most = Math.max(most, i - from + 1);
    }
    return most;
  }

  async close(): Promise<void> {
    this.client.close();
    this.#server.closeAllConnections();
    this.#server.close();
    await once(this.#server, 'close');
  }
}

function succeed(bench: Bench, id: string, response: ServerResponse): void {
  bench.done.set(id, (bench.done.get(id) ?? 0) + 1);
  response.end('{"data":"ok"}');
}

describe('A burst of calls', () => {
  let bench: Bench;

  afterEach(() => bench.close());

  it('10,000 at once under 200 a second: none is lost, and no second has more', async function () {
    this.timeout(120_000);
    bench = await Bench.start({ plan: 'production', seed: 1 }, (...call) => setImmediate(succeed, ...call));
    const startMs = bench.clock.nowMs();
    const calls = Array.from({ length: 10_000 }, (_, i) =>
      bench.client.call(callOf({ correlationId: `${i}` })),
    );
    await bench.untilOver(calls, true);
    await Promise.all(calls);
    bench.done.size.should.equal(10_000);
    bench.arrivals.length.should.equal(10_000);
    bench.mostInASecond().should.equal(200);
    bench.mostAtOnce.should.be.belowOrEqual(50);
    // 49 windows of a second lie before the last one.
    const tookS = (bench.clock.nowMs() - startMs) / 1000;
    (49 / tookS).should.be.above(0.97);
    bench.clock.pending.should.equal(0);
  });

  for (const seed of [1, 2, 3]) {
    it(`with slow tokens, refusals, failures, retries and leavers: no limit is broken (${seed})`, async function () {
      this.timeout(60_000);
      const tokenRandom = seeded(seed + 100);
      bench = await Bench.start(
        { plan: 'sdlc', seed, tokenMs: () => (tokenRandom() < 0.2 ? tokenRandom() * 1500 : 0) },
        (self, id, response) => {
          const dice = self.random();
          const answer = () => {
            if (dice < 0.1) response.writeHead(429).end();
            else if (dice < 0.15) response.writeHead(429, { 'retry-after': '2' }).end();
            else if (dice < 0.25) response.writeHead(503).end();
            else if (dice < 0.3) response.writeHead(401).end();
            else if (dice < 0.32) response.destroy();
            else succeed(self, id, response);
          };
          if (dice > 0.8) self.clock.setTimer(self.random() * 3000, answer);
          else answer();
        },
      );
      const controller = new AbortController();
      const calls = Array.from({ length: 600 }, (_, i) => {
        const correlationId = `${i}`;
        const call =
          i % 3 === 0 ? commandOf({ correlationId }) : callOf({ correlationId, urgent: i % 7 === 0 });
        return bench.client.call(call, i % 10 === 9 ? { signal: controller.signal } : {});
      });
      bench.clock.setTimer(4000, () => controller.abort());
      const outcomes = Promise.allSettled(calls);
      await bench.untilOver(calls);
      bench.mostInASecond().should.be.belowOrEqual(PUBLISHED_LIMITS.sdlc.perSecond);
      bench.mostAtOnce.should.be.belowOrEqual(PUBLISHED_LIMITS.sdlc.concurrent);
      let codes = '';
      for (const [i, outcome] of (await outcomes).entries()) {
        const times = bench.done.get(`${i}`) ?? 0;
        if (outcome.status === 'fulfilled') times.should.equal(1, `${i}`);
        else codes += ` ${(outcome.reason as FenergoError).code}`;
        times.should.be.belowOrEqual(1, `${i}`);
      }
      should(codes)
        .match(/ABORTED/)
        .and.not.match(/QUEUE|RATE|TIMEOUT/);
      bench.clock.pending.should.equal(0);
    });
  }
});
