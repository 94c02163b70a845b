import should from 'should';
import { DEFAULT_RETRY } from '../../lib/http/retry.js';
import { Api, Connection, type ConnectionOptions, errorOf, type Reply, settled, until } from './harness.js';

const OK: Reply = { body: { data: 'ok' } };
const BUSY: Reply = { status: 503 };

describe('FenergoClient, the terms of a call', () => {
  let api: Api;
  let connection: Connection;

  beforeEach(async () => {
    api = await Api.start();
    connection = new Connection(api.url);
  });

  afterEach(async () => {
    connection.client.close();
    connection.clock.pending.should.equal(0);
    await api.close();
  });

  const connect = (options: ConnectionOptions) => {
    connection = new Connection(api.url, options);
    return connection;
  };
  const ids = () => api.seen.map(({ headers }) => headers['x-correlation-id']);

  for (const maxTries of [1, 2, 6]) {
    it(`tries ${maxTries} times where it is told so`, async () => {
      api.replies(BUSY);
      const error = await errorOf(connection.call({ retry: { ...DEFAULT_RETRY, maxTries } }));
      error.code.should.equal('FENERGO_SERVER');
      should(error.facts.call?.attempts).equal(maxTries);
      api.seen.should.have.length(maxTries);
    });
  }

  it('is sent again after 429 though it may be tried once only', async () => {
    api.replies({ status: 429 }, { status: 429 }, OK);
    const { facts } = await connection.command({ retry: { ...DEFAULT_RETRY, maxTries: 1 } });
    facts.attempts.should.equal(3);
  });

  it('is tried once more with a fresh token though it may be tried once only', async () => {
    api.replies({ status: 401 }, OK);
    (await connection.command({ retry: { ...DEFAULT_RETRY, maxTries: 1 } })).facts.attempts.should.equal(2);
    api.replies({ status: 401 }, BUSY, OK);
    (await connection.call({ retry: { ...DEFAULT_RETRY, maxTries: 2 } })).facts.attempts.should.equal(3);
    api.replies({ status: 401 }, BUSY, OK);
    await errorOf(connection.call({ retry: { ...DEFAULT_RETRY, maxTries: 1 } }));
    api.seen.should.have.length(2);
  });

  it('says when it waits, and when that is over', async () => {
    connect({ limits: { perSecond: 1 } });
    const heard: string[] = [];
    const hooks = {
      onWait: (ms: number) => {
        heard.push(`${ms}`);
        setImmediate(() => connection.clock.advance(ms));
      },
      onWaitOver: () => void heard.push('over'),
    };
    api.replies(OK);
    await connection.call({}, hooks);
    heard.splice(0).should.deepEqual(['over']);
    api.replies(BUSY, OK);
    await connection.call({}, hooks);
    // For its turn, after its failure, and for the rest of the second.
    heard.splice(0).should.deepEqual(['1002', 'over', '250', 'over', '752', 'over']);
    await connection.call();
    const controller = new AbortController();
    const ended = errorOf(
      connection.call(
        {},
        { ...hooks, onWait: () => setImmediate(() => controller.abort()), signal: controller.signal },
      ),
    );
    (await ended).code.should.equal('FENERGO_ABORTED');
    heard.should.deepEqual(['over']);
  });

  it('is not lost to what those throw who hear that it waits', async () => {
    connect({ limits: { perSecond: 1 } });
    let told = 0;
    const fail = () => {
      told += 1;
      throw new Error('planted');
    };
    const hooks = {
      onWait: (ms: number) => {
        setImmediate(() => connection.clock.advance(ms));
        fail();
      },
      onWaitOver: fail,
    };
    api.replies(BUSY, OK);
    const { facts } = await connection.call({}, hooks);
    facts.attempts.should.equal(2);
    told.should.equal(5);
    // The turn was given back.
    (await Promise.all([connection.call({}, hooks), connection.call({}, hooks)])).should.have.length(2);
  });

  it('pauses no longer than it is told', async () => {
    api.replies(BUSY);
    const retry = { ...DEFAULT_RETRY, maxTries: 5, longestPauseMs: 600 };
    await errorOf(connection.call({ retry }));
    connection.pausesMs.should.deepEqual([250, 300, 300, 300]);
    api.replies({ ...BUSY, headers: { 'retry-after': '1' } });
    await errorOf(connection.call({ retry }));
    api.seen.should.have.length(1);
    api.replies({ ...BUSY, headers: { 'retry-after': '0.6' } }, OK);
    (await connection.call({ retry })).facts.attempts.should.equal(2);
  });

  it('is repeated like a read when it is said to be repeatable', async () => {
    const retry = { ...DEFAULT_RETRY, repeatable: true };
    for (const reply of [BUSY, { status: 502 }, { status: 504 }, { reset: true }, { body: '{', cut: true }]) {
      api.replies(reply, OK);
      (await connection.command({ retry })).facts.attempts.should.equal(2);
    }
    for (const reply of [{ status: 500 }, { status: 409 }]) {
      api.replies(reply, OK);
      should((await errorOf(connection.command({ retry }))).facts.call?.attempts).equal(1);
    }
  });

  it('goes before others when it is urgent', async () => {
    connect({ limits: { concurrent: 1 } });
    api.replies(OK);
    const send = (correlationId: string, urgent?: boolean) => connection.call({ correlationId, urgent });
    await Promise.all([send('a'), send('b'), send('c'), send('person', true), send('other person', true)]);
    ids().should.deepEqual(['a', 'person', 'other person', 'b', 'c']);
  });

  it('is refused when too many wait, and says so', async () => {
    connect({ limits: { concurrent: 1 }, maxWaiting: 2 });
    api.replies(OK);
    const [first, second, third, fourth, fifth] = Array.from({ length: 5 }, () => connection.command());
    for (const refused of [fourth, fifth]) {
      const error = await errorOf(refused as Promise<unknown>);
      error.code.should.equal('FENERGO_QUEUE_FULL');
      error.message.should.startWith('CreateDraft: 2 calls are waiting for their turn already');
      should(error.facts.call?.attempts).equal(0);
    }
    await Promise.all([first, second, third]);
    api.seen.should.have.length(3);
    (await connection.command()).statusCode.should.equal(200);
  });

  it('is not refused by a full queue when it is only tried again', async () => {
    connect({ limits: { concurrent: 1 }, maxWaiting: 1 });
    api.answer = (_, nth) => [BUSY, { status: 429 }, { status: 401 }][nth - 1] ?? OK;
    const first = connection.call({ correlationId: 'first' });
    await until(() => api.seen.length === 1);
    const second = connection.call({ correlationId: 'second' });
    (await first).facts.attempts.should.be.above(1);
    await second;
  });

  it('keeps its place when it is tried again', async () => {
    connect({ limits: { perSecond: 1 } });
    api.answer = (_, nth) => (nth === 1 ? BUSY : OK);
    const send = (correlationId: string) => connection.call({ correlationId }, { onWait: () => {} });
    const calls = Promise.all(['a', 'b', 'c', 'd'].map(send));
    await until(() => api.seen.length === 1 && connection.clock.nextInMs === 250);
    await connection.pass(5000);
    await calls;
    ids().should.deepEqual(['a', 'a', 'b', 'c', 'd']);
  });

  it('waits for a turn before each try, and holds none while it pauses', async () => {
    connect({ limits: { concurrent: 1 } });
    api.answer = ({ headers }) => (headers['x-correlation-id'] === 'busy' ? BUSY : OK);
    const busy = errorOf(connection.call({ correlationId: 'busy' }, { onWait: () => {} }));
    await until(() => connection.clock.pending > 0 && api.seen.length === 1);
    await settled();
    await connection.call({ correlationId: 'other' });
    await until(async () => {
      connection.clock.advance(connection.clock.nextInMs ?? 0);
      await settled();
      return connection.clock.pending === 0;
    });
    should((await busy).facts.call?.attempts).equal(4);
    ids().should.deepEqual(['busy', 'other', 'busy', 'busy', 'busy']);
  });

  describe('ended by its signal', () => {
    it('while it waits for its turn: it is never sent, and the next has the turn', async () => {
      connect({ limits: { concurrent: 1 } });
      api.replies({ silent: true }, OK);
      const controller = new AbortController();
      const holder = new AbortController();
      const first = errorOf(connection.call({ correlationId: 'first' }, { signal: holder.signal }));
      const ended = errorOf(connection.call({ correlationId: 'ended' }, { signal: controller.signal }));
      const last = connection.call({ correlationId: 'last' });
      await until(() => api.seen.length === 1);
      controller.abort();
      const error = await ended;
      error.code.should.equal('FENERGO_ABORTED');
      error.message.should.equal('The call was cancelled: the signal that came with it was aborted');
      should(error.facts.call).have.properties({ attempts: 0, durationMs: 0 });
      holder.abort();
      await first;
      await last;
      ids().should.deepEqual(['first', 'last']);
    });

    it('while it waits for a window: no timer is left', async () => {
      connect({ limits: { perSecond: 1 } });
      api.replies(OK);
      await connection.call();
      const controller = new AbortController();
      const ended = errorOf(connection.call({}, { signal: controller.signal, onWait: () => {} }));
      await until(() => connection.clock.pending === 1);
      controller.abort();
      (await ended).code.should.equal('FENERGO_ABORTED');
      connection.clock.pending.should.equal(0);
    });

    it('while it waits after a 429, and while it pauses after a failure: no timer is left', async () => {
      for (const [reply, timers] of [
        [{ status: 429 }, 2],
        [BUSY, 2],
      ] as const) {
        connect({});
        api.replies(reply);
        const controller = new AbortController();
        const ended = errorOf(connection.call({}, { signal: controller.signal, onWait: () => {} }));
        await until(() => api.seen.length === 1 && connection.clock.pending === timers);
        await settled();
        controller.abort();
        const error = await ended;
        error.code.should.equal('FENERGO_ABORTED');
        should(error.facts.call?.attempts).equal(1);
        connection.clock.pending.should.equal(0);
      }
    });

    it('together with a thousand others of the same signal, without a warning', async () => {
      const warnings: Error[] = [];
      const onWarning = (warning: Error) => void warnings.push(warning);
      process.on('warning', onWarning);
      api.replies({ silent: true });
      const controller = new AbortController();
      const { signal } = controller;
      const calls = Array.from({ length: 1000 }, () => errorOf(connection.call({}, { signal })));
      await until(() => api.seen.length === 10);
      controller.abort();
      for (const error of await Promise.all(calls)) error.code.should.equal('FENERGO_ABORTED');
      await settled();
      process.off('warning', onWarning);
      warnings.should.be.empty();
      api.seen.should.have.length(10);
    });

    it('in the very moment in which its turn comes: it is not sent, and the turn goes on', async () => {
      connect({ limits: { perSecond: 1 } });
      api.replies(OK);
      await connection.call();
      const controller = new AbortController();
      const ended = errorOf(connection.call({}, { signal: controller.signal, onWait: () => {} }));
      const next = connection.call({ correlationId: 'next' }, { onWait: () => {} });
      await until(() => connection.clock.pending === 1);
      connection.clock.advance(1002);
      controller.abort();
      const error = await ended;
      error.code.should.equal('FENERGO_ABORTED');
      should(error.facts.call?.attempts).equal(0);
      await next;
      api.seen.should.have.length(2);
    });
  });
});
