import should from 'should';
import { Api, Connection, errorOf, type Reply, settled, until, watch } from './harness.js';

const OK: Reply = { body: { data: 'ok' } };
const refused = (seconds?: number): Reply => ({
  status: 429,
  headers: seconds === undefined ? {} : { 'retry-after': String(seconds) },
  body: { data: null, messages: [{ message: 'slow down', type: 'Error' }] },
});

describe('FenergoClient, refused with 429', () => {
  let api: Api;
  let connection: Connection;
  /** Moves the clock by hand. */
  const still = { onWait: () => {} };

  beforeEach(async () => {
    api = await Api.start();
    connection = new Connection(api.url);
  });

  afterEach(async () => {
    connection.client.close();
    connection.clock.pending.should.equal(0);
    await api.close();
  });

  it('waits ten minutes in all, to the millisecond, unless told otherwise', async () => {
    api.replies(refused(45));
    const call = errorOf(connection.call({ timeoutMs: 1e9 }, still));
    const state = watch(call);
    await until(() => connection.clock.pending === 2);
    // At 45, 90 … 585 s it is refused again.
    await connection.pass(599_999);
    state.over.should.be.false();
    api.seen.should.have.length(14);
    await connection.pass(1);
    const error = await call;
    error.code.should.equal('FENERGO_RATE_LIMITED');
    error.message.should.equal(
      'GetEntityById: too many requests (429), also after 600 s of waiting: slow down',
    );
    should(error.facts.statusCode).equal(429);
    should(error.facts.messages?.[0]).have.properties({ message: 'slow down', type: 'Error' });
    should(error.facts.body).deepEqual(refused().body);
    should(error.facts.call).have.properties({ attempts: 14, durationMs: 600_000 });
  });

  it('waits as long as it is told, and succeeds one millisecond before', async () => {
    api.replies(refused(9.999), OK);
    const call = connection.command({ patienceMs: 10_000 }, still);
    await until(() => connection.clock.pending === 2);
    await connection.pass(9999);
    should((await call).payload).equal('ok');
  });

  it('says what the last refusal said', async () => {
    api.replies(refused(1), { ...refused(1), body: { messages: [{ message: 'at last' }] } });
    const error = await errorOf(connection.call({ patienceMs: 1500 }));
    error.message.should.endWith('also after 1.5 s of waiting: at last');
  });

  it('does not wait when it is asked to wait for as long as it may, or longer', async () => {
    for (const seconds of [10, 11, 86_400]) {
      connection = new Connection(api.url);
      api.replies(refused(seconds));
      const error = await errorOf(connection.command({ patienceMs: 10_000 }, still));
      error.code.should.equal('FENERGO_RATE_LIMITED');
      error.message.should.equal('CreateDraft: too many requests (429): slow down');
      should(error.facts.call?.attempts).equal(1);
      connection.clock.pending.should.equal(0);
      connection.client.close();
    }
  });

  it('does not wait at all without patience', async () => {
    api.replies(refused());
    const error = await errorOf(connection.call({ patienceMs: 0 }, still));
    error.message.should.equal('GetEntityById: too many requests (429): slow down');
    api.seen.should.have.length(1);
  });

  it('is not ended while it is under way, but waits no more when it is refused again', async () => {
    api.replies(refused(1), { silent: true });
    let answer: ((reply: Reply) => void) | undefined;
    api.answer = (_, nth) =>
      nth === 1
        ? refused(1)
        : (response) => {
            answer = ({ status = 200, body }) => {
              response.writeHead(status, { 'content-type': 'application/json' });
              response.end(JSON.stringify(body));
            };
          };
    for (const reply of [OK, refused()]) {
      api.seen.length = 0;
      connection = new Connection(api.url);
      const call = connection.call({ patienceMs: 10_000, timeoutMs: 60_000 }, still);
      const state = watch(call);
      await until(() => connection.clock.pending === 2);
      connection.clock.advance(1000);
      await until(() => api.seen.length === 2 && answer !== undefined);
      connection.clock.advance(20_000);
      await settled();
      state.over.should.be.false();
      answer?.(reply);
      answer = undefined;
      if (reply === OK) should((await call).payload).equal('ok');
      else {
        const error = await errorOf(call);
        error.message.should.endWith('also after 10 s of waiting: slow down');
        should(error.facts.call?.attempts).equal(2);
      }
      connection.clock.pending.should.equal(0);
      connection.client.close();
    }
  });

  it('does not queue again after a pause in which its patience ended', async () => {
    api.replies(refused(1), { status: 503, headers: { 'retry-after': '20' } });
    const call = errorOf(connection.call({ patienceMs: 10_000 }, still));
    await until(() => connection.clock.pending === 2);
    await connection.pass(1000);
    await until(() => connection.clock.nextInMs === 9000);
    await connection.pass(20_000);
    (await call).message.should.endWith('also after 10 s of waiting: slow down');
    api.seen.should.have.length(2);
  });

  it('needs no patience to wait for its first turn', async () => {
    api.replies(OK);
    connection = new Connection(api.url, { limits: { perSecond: 1 } });
    const calls = [1, 2, 3].map(() => connection.call({ patienceMs: 500, timeoutMs: 500 }, still));
    for (const call of calls) {
      (await call).facts.should.have.properties({ attempts: 1, durationMs: 0 });
      connection.clock.advance(connection.clock.nextInMs ?? 0);
    }
    api.seen.should.have.length(3);
  });

  it('uses up none of its tries and none of its time while it waits', async () => {
    api.replies(...Array.from({ length: 8 }, () => refused(50)), { status: 503 }, OK);
    const retry = { maxTries: 2, longestPauseMs: 60_000, repeatable: false };
    const { facts } = await connection.call({ retry, timeoutMs: 1000 });
    facts.attempts.should.equal(10);
    facts.durationMs.should.equal(400_250);
    connection.pausesMs.should.deepEqual([...Array.from({ length: 8 }, () => 50_000), 250]);
  });

  it('has one time for all its turns, to the millisecond', async () => {
    const open: (() => void)[] = [];
    api.answer = (_, nth) => (response) =>
      open.push(() => {
        response.writeHead(nth < 3 ? 429 : 200, { 'retry-after': '5' });
        response.end();
      });
    const call = errorOf(connection.call({ timeoutMs: 1000 }, still));
    const state = watch(call);
    for (const nth of [1, 2]) {
      await until(() => open.length === nth);
      connection.clock.advance(300);
      open[nth - 1]?.();
      await until(() => connection.clock.nextInMs === 5000);
      connection.clock.advance(5000);
    }
    await until(() => open.length === 3);
    connection.clock.advance(399);
    await settled();
    state.over.should.be.false();
    connection.clock.advance(1);
    const error = await call;
    error.code.should.equal('FENERGO_TIMEOUT');
    should(error.facts.call).have.properties({ attempts: 3, durationMs: 11_000 });
  });

  it('goes before those that came later', async () => {
    connection = new Connection(api.url, { limits: { concurrent: 1 } });
    api.replies(refused(1), refused(1), OK);
    const ids = ['first', 'second', 'third'];
    await Promise.all(ids.map((correlationId) => connection.command({ correlationId })));
    api.seen
      .map(({ headers }) => headers['x-correlation-id'])
      .should.deepEqual(['first', 'first', 'first', 'second', 'third']);
  });

  it('waits also when a success has told that little is left of the day', async () => {
    const reset = new Date(connection.clock.dateMs() + 60_000).toISOString();
    const left = { 'x-rate-limit-remaining': '5', 'x-rate-limit-reset': reset };
    api.replies({ ...OK, headers: left });
    await connection.call();
    await connection.call();
    await connection.call({ service: 'other', path: '/other/api' });
    connection.pausesMs.should.deepEqual([10_000]);
  });

  it('slows down others, too, who have not been refused', async () => {
    api.replies(refused(), OK);
    await connection.call();
    connection = new Connection(api.url, { limits: { perSecond: 4 } });
    api.replies(refused(), OK);
    await connection.call();
    const calls = Array.from({ length: 4 }, () => connection.call());
    await Promise.all(calls);
    connection.pausesMs.length.should.be.above(1);
  });
});
