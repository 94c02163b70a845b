import should from 'should';
import type { FenergoError } from '../../lib/errors.js';
import type { Call } from '../../lib/http/call.js';
import { Circuit } from '../../lib/http/circuit.js';
import { DEFAULT_RETRY } from '../../lib/http/retry.js';
import type { TokenSource } from '../../lib/http/token-source.js';
import { HOUR_MS } from '../../lib/plans.js';
import {
  Api,
  Connection,
  type ConnectionOptions,
  callOf,
  commandOf,
  errorOf,
  type Reply,
  settled,
  until,
} from './harness.js';

const BROKEN: Reply = { status: 500 };
const OK: Reply = { body: { data: 'ok' } };

describe('FenergoClient with a circuit', () => {
  let api: Api;
  let log: string[];
  const open: Connection[] = [];

  before(async () => {
    api = await Api.start();
  });

  beforeEach(() => {
    log = [];
  });

  afterEach(() => {
    for (const { client } of open.splice(0)) client.close();
  });

  after(() => api.close());

  function connect(options: ConnectionOptions = {}): Connection {
    const circuit: ConnectionOptions['circuit'] = (clock) =>
      new Circuit({ clock, host: 'api.example.com', shortestRowMs: 0, log: (line) => log.push(line) });
    const connection = new Connection(api.url, { circuit, ...options });
    open.push(connection);
    return connection;
  }

  async function failing(connection: Connection, count: number): Promise<void> {
    for (let i = 0; i < count; i += 1) {
      (await errorOf(connection.command())).code.should.not.equal('FENERGO_UNAVAILABLE');
    }
  }

  it('sends nothing after 20 failures, probes after a second, and recovers', async () => {
    const connection = connect();
    api.replies(BROKEN);
    await failing(connection, 20);
    const error = await errorOf(connection.command());
    error.code.should.equal('FENERGO_UNAVAILABLE');
    error.message.should.match(
      /^CreateDraft: api\.example\.com gave nothing but failures 20 times in a row, the last one 500, so/,
    );
    should(error.facts.call).have.properties({ attempts: 0, durationMs: 0 });
    connection.clock.advance(999);
    (await errorOf(connection.call())).code.should.equal('FENERGO_UNAVAILABLE');
    api.seen.should.have.length(20);

    connection.clock.advance(1);
    await failing(connection, 1);
    api.seen.should.have.length(21);
    connection.clock.advance(1999);
    (await errorOf(connection.command())).code.should.equal('FENERGO_UNAVAILABLE');
    connection.clock.advance(1);
    api.replies(OK);
    const calls = await Promise.allSettled(Array.from({ length: 10 }, () => connection.command()));
    calls
      .map(({ status }) => status)
      .filter((status) => status === 'fulfilled')
      .length.should.equal(1);
    api.seen.should.have.length(1);
    should((await connection.command()).payload).equal('ok');
    log.should.have.length(2);
    connection.clock.pending.should.equal(0);
  });

  it('answers all who wait for their turn when it opens', async () => {
    const connection = connect({ limits: { concurrent: 1 } });
    api.replies(BROKEN);
    const errors = await Promise.all(Array.from({ length: 500 }, () => errorOf(connection.command())));
    const codes = errors.map(({ code }) => code);
    codes.slice(0, 20).should.matchEach('FENERGO_SERVER');
    codes.slice(20).should.matchEach('FENERGO_UNAVAILABLE');
    new Set(errors).size.should.equal(500);
    api.seen.should.have.length(20);
  });

  it('takes no turns for what it does not send', async () => {
    const connection = connect({ limits: { perSecond: 22 } });
    api.replies(BROKEN);
    await failing(connection, 20);
    for (let i = 0; i < 100; i += 1) await errorOf(connection.command());
    connection.clock.advance(1000);
    api.replies(OK);
    await connection.command();
    await connection.command();
    connection.pausesMs.should.be.empty();
  });

  it('does not let calls queue that it would refuse', async () => {
    const connection = connect({ limits: { perSecond: 20 } });
    api.replies(BROKEN);
    const errors = await Promise.all(
      Array.from({ length: 30 }, () => errorOf(connection.command({}, { onWait: () => {} }))).slice(0, 20),
    );
    errors.should.have.length(20);
    // Ten wait for the next second; who comes now is told at once.
    (await errorOf(connection.command({}, { onWait: () => {} }))).code.should.equal('FENERGO_UNAVAILABLE');
    api.seen.should.have.length(20);
  });

  for (const [what, reply, last] of [
    ['500', BROKEN, '500'],
    ['503 with Retry-After', { status: 503, headers: { 'retry-after': '1' } }, '503'],
    ['a reset', { reset: true }, 'ECONNRESET'],
    ['an answer cut short', { body: '{"data":', cut: true }, 'ECONNRESET'],
    ['a garbled answer', { headers: { 'content-encoding': 'gzip' }, body: 'no gzip' }, 'Z_DATA_ERROR'],
  ] as [string, Reply, string][]) {
    it(`counts ${what} as a failure, and names the last one`, async () => {
      const connection = connect();
      api.replies(reply);
      await failing(connection, 20);
      const error = await errorOf(connection.call());
      error.code.should.equal('FENERGO_UNAVAILABLE');
      error.message.should
        .startWith('GetEntityById: api.example.com ')
        .and.containEql(`, the last one ${last}, so`);
    });
  }

  for (const [what, reply] of [
    ['401', { status: 401 }],
    ['403', { status: 403 }],
    ['404', { status: 404 }],
    ['422', { status: 422 }],
    ['what is no JSON', { body: '<html>' }],
    ['a redirect', { status: 302, headers: { location: '/elsewhere' } }],
    ['success', OK],
  ] as [string, Reply][]) {
    it(`counts ${what} as an answer`, async () => {
      const connection = connect();
      for (let round = 0; round < 2; round += 1) {
        api.replies(BROKEN);
        await failing(connection, 19);
        api.replies(reply);
        await connection.command().catch(() => {});
      }
      log.should.be.empty();
    });
  }

  it('counts too large an answer as an answer', async () => {
    const connection = connect({ maxAnswerBytes: 100 });
    api.replies({ body: 'x'.repeat(1000) });
    for (let i = 0; i < 30; i += 1) await errorOf(connection.command());
    log.should.be.empty();
  });

  it('counts 429 as an answer', async () => {
    const connection = connect();
    api.replies(BROKEN);
    await failing(connection, 19);
    api.replies({ status: 429 }, BROKEN);
    await failing(connection, 1);
    log.should.be.empty();
  });

  it('counts each try', async () => {
    const connection = connect();
    api.replies({ status: 503 });
    for (let i = 0; i < 5; i += 1) (await errorOf(connection.call())).code.should.equal('FENERGO_SERVER');
    api.seen.should.have.length(20);
    (await errorOf(connection.call())).code.should.equal('FENERGO_UNAVAILABLE');
  });

  /** A read that pauses after its first try, when the circuit has opened meanwhile. */
  async function pausing(connection: Connection, call: Partial<Call> = {}): Promise<Promise<unknown>[]> {
    api.replies({ status: 503 });
    const paused = connection.client.call(callOf(call), {}).catch((error) => error);
    await until(() => connection.clock.pending > 0 && api.seen.length === 1);
    await settled();
    await failing(connection, 19);
    connection.clock.advance(250);
    await settled();
    api.seen.should.have.length(20);
    return [paused];
  }

  it('has a call that may be tried again wait until the host may be tried, and go on', async () => {
    const connection = connect();
    const [paused] = await pausing(connection);
    api.replies(OK);
    connection.clock.advance(749);
    await settled();
    api.seen.should.have.length(0);
    connection.clock.advance(1);
    should(await paused).have.property('payload', 'ok');
  });

  it('lets a call that may be tried again wait no longer than its longest pause', async () => {
    const connection = connect();
    const retry = { ...DEFAULT_RETRY, longestPauseMs: 500 };
    const [paused] = await pausing(connection, { retry });
    should(await paused).have.property('code', 'FENERGO_UNAVAILABLE');
    should(((await paused) as FenergoError).facts.call?.attempts).equal(1);
  });

  it('answers those who wait for a window of hours, and takes nobody for a probe who would', async () => {
    const domains = { entitydatacommand: [{ max: 20, lengthMs: HOUR_MS }] };
    const { client, clock } = connect({ limits: { concurrent: 100, domains } });
    const command = () => errorOf(client.call(commandOf({})));
    api.replies(BROKEN);
    const codes = (await Promise.all(Array.from({ length: 30 }, command))).map(({ code }) => code);
    codes.filter((code) => code === 'FENERGO_UNAVAILABLE').should.have.length(10);
    clock.advance(1000);
    (await command()).code.should.equal('FENERGO_UNAVAILABLE');
    api.replies(OK);
    should((await client.call(callOf({}))).payload).equal('ok');
  });

  it('does not open for a connection that breaks under many calls at once', async () => {
    const { client, clock } = connect({
      limits: { concurrent: 100 },
      circuit: (clock) => new Circuit({ clock, host: 'api.example.com' }),
    });
    api.replies(...Array.from({ length: 50 }, () => ({ reset: true as const })), OK);
    const calls = Array.from({ length: 50 }, () => client.call(callOf({})));
    await until(() => api.seen.length === 50);
    // Their timeouts, and the pauses before their second tries.
    await until(() => clock.pending === 100);
    clock.advance(250);
    for (const { payload } of await Promise.all(calls)) should(payload).equal('ok');
  });

  it('counts calls whose time is over when they were sent, and nothing that was ended from outside', async () => {
    const connection = connect({ limits: { concurrent: 100 } });
    api.replies({ silent: true });
    const timed = Array.from({ length: 19 }, () => errorOf(connection.command({ timeoutMs: 1000 })));
    const controller = new AbortController();
    const ended = Array.from({ length: 30 }, () =>
      errorOf(connection.command({}, { signal: controller.signal })),
    );
    await until(() => api.seen.length === 49);
    connection.clock.advance(1000);
    for (const error of await Promise.all(timed)) error.code.should.equal('FENERGO_TIMEOUT');
    controller.abort();
    for (const error of await Promise.all(ended)) error.code.should.equal('FENERGO_ABORTED');
    log.should.be.empty();
    api.replies(BROKEN);
    await failing(connection, 1);
    log.should.have.length(1);
  });

  it('names a timeout where that was the last failure', async () => {
    const connection = connect({ limits: { concurrent: 100 } });
    api.replies({ silent: true });
    const calls = Array.from({ length: 20 }, () => errorOf(connection.command({ timeoutMs: 1000 })));
    await until(() => api.seen.length === 20);
    connection.clock.advance(1000);
    await Promise.all(calls);
    const { message } = await errorOf(connection.command());
    message.should.containEql('20 times in a row, the last one a timeout, so nothing is sent to it');
  });

  it('does not count calls whose time was over before they had a token', async () => {
    const tokens: TokenSource = {
      get: (signal) =>
        new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason))),
      reject: () => {},
    };
    const connection = connect({ tokens, limits: { concurrent: 100 } });
    const calls = Array.from({ length: 30 }, () => errorOf(connection.command({ timeoutMs: 1000 })));
    await until(() => connection.clock.pending === 30);
    connection.clock.advance(1000);
    for (const error of await Promise.all(calls)) error.code.should.equal('FENERGO_TIMEOUT');
    log.should.be.empty();
  });

  it('does not count calls that had no token', async () => {
    const tokens = {
      get: () => Promise.reject(new Error('no token')),
      reject: () => {},
    };
    const connection = connect({ tokens });
    for (let i = 0; i < 30; i += 1) await errorOf(connection.command());
    log.should.be.empty();
  });

  it('lets the next one probe when a probe is ended from outside', async () => {
    const connection = connect();
    api.replies(BROKEN);
    await failing(connection, 20);
    connection.clock.advance(1000);
    api.replies({ silent: true }, OK);
    const controller = new AbortController();
    const probe = errorOf(connection.command({}, { signal: controller.signal }));
    await until(() => api.seen.length === 1);
    (await errorOf(connection.command())).message.should.endWith('trying whether it answers again');
    controller.abort();
    await probe;
    should((await connection.command()).payload).equal('ok');
  });

  it('is not there when it is switched off', async () => {
    const connection = connect({ circuit: undefined });
    api.replies(BROKEN);
    await failing(connection, 60);
    api.seen.should.have.length(60);
  });
});
