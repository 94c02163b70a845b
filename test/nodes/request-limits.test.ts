import { getEventListeners } from 'node:events';
import 'should';
import { type Sandbox, startSandbox } from '../../lib/sandbox/sandbox.js';
import { ENTITY, OTHER_TENANT, operations, TENANT } from '../sandbox/harness.js';
import {
  type Answering,
  connectionTo,
  echo,
  factsOf,
  flow,
  type OwnServer,
  type Ran,
  sendJson,
  startServer,
} from '../support/flow.js';
import type { FlowNode } from '../support/node-red.js';

const GET_ENTITY = 'entitydataquery/v2/GetEntityById';
/** Its limits for a tenant: 50 calls a second, 10 at a time. */
const AT_A_TIME = 10;

describe('fenergo-request: waiting, tries and turns', function () {
  this.timeout(30_000);
  let servers: OwnServer[] = [];
  let clients = 0;

  afterEach(async () => {
    await flow.unload();
    await Promise.all(servers.map((server) => server.close()));
    servers = [];
  });

  async function serve(answer: Answering): Promise<OwnServer> {
    const server = await startServer(answer);
    servers.push(server);
    return server;
  }
  /** A connection whose turns nobody else shares. */
  const to = (url: string, properties: Record<string, unknown> = {}): FlowNode => {
    clients += 1;
    const credentials = { clientId: `limits-${clients}`, clientSecret: 'hush' };
    return connectionTo(url, { tenantId: TENANT, credentials, ...properties });
  };
  const run = (msg: Record<string, unknown> = {}, id?: string) =>
    flow.run({ operation: GET_ENTITY, params: { id: ENTITY }, payload: 'p', ...msg }, id);
  const burst = (count: number, msg: Record<string, unknown> = {}) =>
    Array.from({ length: count }, (_, at) => run({ ...msg, at }));
  const succeeded = ({ error }: Ran) => (error === undefined).should.be.true(String(error));
  const failed = ({ error, msg, sent, caught, dones }: Ran, code: string) => {
    String(error?.code).should.equal(code, error?.message);
    [dones, sent.length, caught.length].should.deepEqual([1, 0, 1]);
    msg.should.have.property('payload', 'p');
    String(factsOf(msg).error?.code).should.equal(code);
  };
  const calls = ({ arrived }: OwnServer) => arrived.filter(({ url }) => !url.endsWith('/connect/token'));
  const until = async (holds: () => boolean) => {
    while (!holds()) await new Promise((resolve) => setTimeout(resolve, 5));
  };

  describe('the published limits', () => {
    let sandbox: Sandbox;
    before(async () => {
      sandbox = await startSandbox({ operations, plan: 'sdlc', consistencyMs: 0 });
    });
    after(() => sandbox.close());
    beforeEach(() => sandbox.reset());

    it('hold in a burst of 120: no 429, no error, no try lost', async () => {
      await flow.load([to(sandbox.url, { plan: 'sdlc' })]);
      const startMs = performance.now();
      for (const ran of await Promise.all(burst(120))) {
        succeeded(ran);
        factsOf(ran.msg).attempts.should.equal(1);
      }
      (performance.now() - startMs).should.be.within(2000, 6000);
      sandbox.stats.statusCodes.should.deepEqual({ 200: 121 });
    });

    it('are shared by two connections with one credential, and each tenant has its own', async () => {
      const mine = to(sandbox.url, { plan: 'sdlc' });
      await flow.load(
        [mine, { ...mine, id: 'twin', tenantId: OTHER_TENANT, name: 'Twin' }],
        {},
        { id: 'twin-request', connection: 'twin' },
      );
      const runs = Array.from({ length: 160 }, (_, at) => {
        const tenantId = at % 2 ? TENANT : OTHER_TENANT;
        const id = tenantId === TENANT ? ENTITY : 'c0000000-0000-4000-8000-000000000000';
        return run({ tenantId, params: { id } }, at % 4 < 2 ? 'request' : 'twin-request');
      });
      const startMs = performance.now();
      await Promise.all(runs);
      // 80 of each tenant: two seconds' worth, not four.
      (performance.now() - startMs).should.be.within(1000, 3500);
      Object.keys(sandbox.stats.statusCodes).should.not.containEql('429');
      sandbox.stats.calls.should.equal(160);
    });

    it('are not exceeded where somebody else uses them, too: a refused call loses nothing', async () => {
      await flow.load([to(sandbox.url, { plan: 'none' })], { tries: 1 });
      const runs = await Promise.all(burst(80));
      for (const ran of runs) succeeded(ran);
      (sandbox.stats.statusCodes[429] ?? 0).should.be.above(0);
      runs.some(({ msg }) => factsOf(msg).attempts > 1).should.be.true();
    });
  });

  describe('tries', () => {
    const busy =
      (times: number, status = 503, headers: Record<string, string> = {}): Answering =>
      (arrived, response) => {
        times -= 1;
        if (times < 0) return echo(arrived, response);
        response.writeHead(status, headers).end();
      };

    for (const [tries, attempts] of [
      [1, 1],
      ['3', 3],
    ] as const) {
      it(`are as many as the node says: ${tries}`, async () => {
        const server = await serve(busy(99));
        await flow.load([to(server.url)], { tries, longestPause: '0.01' });
        const ran = await run();
        failed(ran, 'FENERGO_SERVER');
        factsOf(ran.msg).attempts.should.equal(attempts);
        calls(server).length.should.equal(attempts);
      });
    }

    it('are four in a flow that does not say', async () => {
      const server = await serve(busy(99, 503, { 'retry-after': '0' }));
      await flow.load([to(server.url)]);
      factsOf((await run()).msg).attempts.should.equal(4);
    });

    it('end where the platform asks for a longer pause than the node allows', async () => {
      const server = await serve(busy(99, 503, { 'retry-after': '3' }));
      await flow.load([to(server.url)], { longestPause: 2 });
      const ran = await run();
      failed(ran, 'FENERGO_SERVER');
      factsOf(ran.msg).attempts.should.equal(1);
    });

    it('of a command are one, unless it may be carried out twice', async () => {
      const command = { operation: '', method: 'POST', path: '/journeycommand/api/journey', payload: 'p' };
      const body = { body: '{"a":1}', bodyType: 'json', longestPause: 0.01 };
      for (const [repeatable, attempts] of [
        [undefined, 1],
        [false, 1],
        ['no', 1],
        [true, 3],
        ['true', 3],
      ] as const) {
        const server = await serve(busy(2));
        await flow.load([to(server.url)], { ...body, repeatable });
        const ran = await run({ ...command });
        if (attempts === 1) failed(ran, 'FENERGO_SERVER');
        else succeeded(ran);
        factsOf(ran.msg).attempts.should.equal(attempts, String(repeatable));
      }
    });

    it('are not used up by a refusal with 429', async () => {
      const server = await serve(busy(3, 429, { 'retry-after': '0.05' }));
      await flow.load([to(server.url)], { tries: 1 });
      const ran = await run();
      succeeded(ran);
      factsOf(ran.msg).attempts.should.equal(4);
    });
  });

  describe('patience', () => {
    const refuse =
      (headers: Record<string, string>): Answering =>
      (_, response) =>
        response.writeHead(429, headers).end();

    it('ends at once where the platform asks for more of it', async () => {
      const server = await serve(refuse({ 'retry-after': '5' }));
      await flow.load([to(server.url)], { patience: 4 });
      const startMs = performance.now();
      const ran = await run();
      failed(ran, 'FENERGO_RATE_LIMITED');
      ran.msg.should.have.property('statusCode', 429);
      (performance.now() - startMs).should.be.below(1000);
    });

    it('ends a call that is refused again and again', async () => {
      const server = await serve(refuse({ 'retry-after': '0.2' }));
      await flow.load([to(server.url)], { patience: '1' });
      const startMs = performance.now();
      const ran = await run();
      failed(ran, 'FENERGO_RATE_LIMITED');
      String(ran.error?.message).should.match(/429/);
      (performance.now() - startMs).should.be.within(750, 2500);
      factsOf(ran.msg).attempts.should.be.within(3, 7);
    });
  });

  describe('with every turn taken', () => {
    let server: OwnServer;
    let release: () => void;

    /** A server that keeps every call until it is released. */
    beforeEach(async () => {
      const kept: (() => void)[] = [];
      let released = false;
      server = await serve((arrived, response) => {
        if (released) echo(arrived, response);
        else kept.push(() => echo(arrived, response));
      });
      release = () => {
        released = true;
        for (const answer of kept.splice(0)) answer();
      };
    });
    const fill = () => until(() => calls(server).length === AT_A_TIME);
    const ids = () => calls(server).map(({ url }) => url.split('/').at(-1));

    it('a node that goes before others overtakes all that wait, and messages keep their order otherwise', async () => {
      await flow.load(
        [to(server.url, { plan: 'sdlc' })],
        { id: 'bulk' },
        { id: 'person', priority: 'first' },
        { id: 'clerk', priority: 'normal' },
      );
      const send = (from: string, count: number) =>
        Array.from({ length: count }, (_, at) => run({ params: { id: `${from}${at}` } }, from));
      const runs = [...send('bulk', 30)];
      await fill();
      runs.push(...send('clerk', 3), ...send('person', 2));
      await flowTurns();
      release();
      for (const ran of await Promise.all(runs)) succeeded(ran);
      const numbered = (from: string, first: number, count: number) =>
        Array.from({ length: count }, (_, at) => `${from}${first + at}`);
      // Calls that set out together may arrive in another order.
      ids()
        .slice(0, 10)
        .sort()
        .should.deepEqual(numbered('bulk', 0, 10).sort());
      ids().slice(10, 20).should.containEql('person0').and.containEql('person1');
      ids().slice(10, 20).should.not.containEql('bulk19');
      ids().slice(-10).should.containEql('clerk2').and.not.containEql('person1');
    });

    it('no more wait than the connection allows; the rest is kept to be sent again', async () => {
      await flow.load([to(server.url, { plan: 'sdlc', queue: '5' })]);
      const early = burst(15);
      await fill();
      const late = await Promise.all(burst(3));
      for (const ran of late) {
        failed(ran, 'FENERGO_QUEUE_FULL');
        factsOf(ran.msg).attempts.should.equal(0);
        ran.msg.should.not.have.property('statusCode');
      }
      const elsewhere = run({ tenantId: OTHER_TENANT });
      await until(() => calls(server).length === AT_A_TIME + 1);
      release();
      for (const ran of await Promise.all([...early, elsewhere])) succeeded(ran);
      for (const { msg } of late) {
        const again = await flow.run(msg);
        succeeded(again);
        factsOf(again.msg).should.not.have.property('error');
      }
    });

    it('a call whose message is cancelled ends, and the turn goes to the next', async () => {
      await flow.load([to(server.url, { plan: 'sdlc' })]);
      const others = burst(AT_A_TIME);
      await fill();
      const waiting = new AbortController();
      const cancelled = run({ fenergo: { cancel: waiting.signal } });
      const next = run({ params: { id: 'next' } });
      await flowTurns();
      waiting.abort();
      const ran = await cancelled;
      failed(ran, 'FENERGO_ABORTED');
      String(ran.error?.message).should.match(/cancelled: the signal that came with it was aborted/);
      factsOf(ran.msg).attempts.should.equal(0);
      (ran.msg.fenergo as object).should.not.have.property('cancel');
      getEventListeners(waiting.signal, 'abort').length.should.equal(0);
      release();
      for (const other of await Promise.all([...others, next])) succeeded(other);
      calls(server).length.should.equal(AT_A_TIME + 1);
      const again = await flow.run(ran.msg);
      succeeded(again);
    });

    it('a closed node or connection answers all that waits, and that is all', async () => {
      for (const closed of ['request', 'connection']) {
        await flow.load([to(server.url, { plan: 'sdlc' })]);
        const before = calls(server).length;
        const runs = burst(60);
        await until(() => calls(server).length === before + AT_A_TIME);
        const startMs = performance.now();
        await flow.node(closed).close(false);
        for (const ran of await Promise.all(runs)) failed(ran, 'FENERGO_ABORTED');
        (performance.now() - startMs).should.be.below(2000);
        calls(server).length.should.equal(before + AT_A_TIME);
      }
    });
  });

  describe('msg.fenergo.cancel', () => {
    it('ends a call in flight, with its connection', async () => {
      const server = await serve(() => {});
      await flow.load([to(server.url)]);
      const controller = new AbortController();
      const running = run({ fenergo: { cancel: controller.signal } });
      await until(() => calls(server).length === 1);
      controller.abort(new Error('a reason of its own'));
      const ran = await running;
      failed(ran, 'FENERGO_ABORTED');
      factsOf(ran.msg).attempts.should.equal(1);
      while ((await server.connections()) > 1) await new Promise((resolve) => setTimeout(resolve, 5));
    });

    it('ends a call that waits for its next try', async () => {
      const server = await serve((_, response) => response.writeHead(503, { 'retry-after': '30' }).end());
      await flow.load([to(server.url)]);
      const controller = new AbortController();
      const running = run({ fenergo: { cancel: controller.signal } });
      await until(() => calls(server).length === 1);
      await flowTurns();
      controller.abort();
      failed(await running, 'FENERGO_ABORTED');
    });

    it('ends a call that waits for its token', async () => {
      const server = await startServer(echo, () => {});
      servers.push(server);
      await flow.load([to(server.url)]);
      const controller = new AbortController();
      const running = run({ fenergo: { cancel: controller.signal } });
      await until(() => server.arrived.length === 1);
      controller.abort();
      failed(await running, 'FENERGO_ABORTED');
    });

    it('that was aborted before lets nothing leave', async () => {
      const server = await serve(echo);
      await flow.load([to(server.url)]);
      failed(await run({ fenergo: { cancel: AbortSignal.abort() } }), 'FENERGO_ABORTED');
      calls(server).length.should.equal(0);
    });

    it('stays on the message for the next node, and no listener on it', async () => {
      const server = await serve(({ url }, response) => {
        sendJson(response, { data: 1 }, url.endsWith('nobody') ? 404 : 200);
      });
      await flow.load([to(server.url)]);
      const { signal } = new AbortController();
      const ran = await run({ fenergo: { cancel: signal, other: 'gone' } });
      succeeded(ran);
      ran.msg.should.have.propertyByPath('fenergo', 'cancel').equal(signal);
      ran.msg.should.not.have.propertyByPath('fenergo', 'other');
      const missing = await run({ fenergo: { cancel: signal }, params: { id: 'nobody' } });
      missing.msg.should.have.propertyByPath('fenergo', 'cancel').equal(signal);
      getEventListeners(signal, 'abort').length.should.equal(0);
    });

    it('may be one for many messages', async () => {
      const warnings: string[] = [];
      const listen = ({ name }: Error) => warnings.push(name);
      process.on('warning', listen);
      const server = await serve(() => {});
      await flow.load([to(server.url, { plan: 'sdlc' })]);
      const controller = new AbortController();
      const runs = burst(40, { fenergo: { cancel: controller.signal } });
      await until(() => calls(server).length === AT_A_TIME);
      controller.abort();
      for (const ran of await Promise.all(runs)) failed(ran, 'FENERGO_ABORTED');
      getEventListeners(controller.signal, 'abort').length.should.equal(0);
      await flowTurns();
      process.off('warning', listen);
      // The test's own taps on the nodes are many.
      warnings.filter((name) => name !== 'MaxListenersExceededWarning').should.be.empty();
    });

    const never = new EventTarget();
    for (const [what, fenergo] of [
      ['nothing', undefined],
      ['null', null],
      ['text', 'cancel'],
      ['true', { cancel: true }],
      ['an object that says that it is aborted', { cancel: { aborted: true, addEventListener: 1 } }],
      ['what only inherits from a signal', { cancel: Object.create(AbortSignal.prototype) }],
      ['an EventTarget', { cancel: never }],
      ['a controller', { cancel: new AbortController() }],
    ] as const) {
      it(`is ignored when it is ${what}`, async () => {
        const server = await serve(echo);
        await flow.load([to(server.url)]);
        const ran = await run({ fenergo });
        succeeded(ran);
        (ran.msg.fenergo as object).should.not.have.property('cancel');
      });
    }
  });

  describe('a platform that gives nothing but failures', () => {
    it('is left alone: calls fail at once, until it answers again', async () => {
      let dead = true;
      const server = await serve((arrived, response) => {
        if (dead) response.writeHead(500).end();
        else echo(arrived, response);
      });
      await flow.load([to(server.url)]);
      // Twenty in a row, and for a second at least.
      let sent = 0;
      let refused = await run();
      for (; refused.error?.code === 'FENERGO_SERVER'; sent += 1) refused = await run();
      failed(refused, 'FENERGO_UNAVAILABLE');
      factsOf(refused.msg).attempts.should.equal(0);
      sent.should.be.aboveOrEqual(20);
      calls(server).length.should.equal(sent);
      dead = false;
      const startMs = performance.now();
      let ran = refused;
      while (ran.error) ran = await run();
      (performance.now() - startMs).should.be.within(100, 5000);
      for (const after of await Promise.all(burst(10))) succeeded(after);
    });

    it('is called all the same when the connection says so', async () => {
      const server = await serve((_, response) => response.writeHead(500).end());
      await flow.load([to(server.url, { circuit: false })]);
      for (let call = 0; call < 25; call += 1) failed(await run(), 'FENERGO_SERVER');
      calls(server).length.should.equal(25);
    });
  });
});

/** Lets messages that were handed over come as far as they can. */
async function flowTurns(): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, 50));
}
