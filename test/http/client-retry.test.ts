import should from 'should';
import { BrokenServer, closedPort } from '../support/broken-server.js';
import { ManualClock } from '../support/manual-clock.js';
import { Api, Connection, errorOf, type Reply } from './harness.js';

const OK: Reply = { body: { data: 'ok' } };

describe('FenergoClient, further tries', () => {
  let api: Api;
  let connection: Connection;

  before(async () => {
    api = await Api.start();
  });

  beforeEach(() => {
    connection = new Connection(api.url);
  });

  afterEach(() => connection.client.close());

  after(() => api.close());

  const MAY_HAVE_HAPPENED: [string, Reply][] = [
    ['500', { status: 500 }],
    ['502', { status: 502 }],
    ['503', { status: 503 }],
    ['503 with Retry-After', { status: 503, headers: { 'retry-after': '1' } }],
    ['504', { status: 504 }],
    ['a reset', { reset: true }],
    ['an answer cut short', { body: '{"data":', cut: true }],
    ['an answer that is not JSON', { body: '<html>' }],
  ];
  for (const [what, reply] of MAY_HAVE_HAPPENED) {
    for (const method of ['POST', 'PUT', 'PATCH', 'DELETE']) {
      it(`never repeat a ${method} command after ${what}`, async () => {
        api.replies(reply, OK);
        const body = method === 'DELETE' ? undefined : '{}';
        const error = await errorOf(connection.command({ method, body }));
        api.seen.should.have.length(1);
        should(error.facts.call?.attempts).equal(1);
      });
    }
  }

  for (const [what, reply] of MAY_HAVE_HAPPENED.slice(5, 7)) {
    it(`say that a command may have been carried out after ${what}`, async () => {
      api.replies(reply);
      const error = await errorOf(connection.command());
      error.code.should.equal('FENERGO_NETWORK');
      error.message.should.match(
        /broke .*; the command may have been carried out, so look before you send it/,
      );
    });
  }

  for (const [what, reply] of MAY_HAVE_HAPPENED.filter(([name]) => !/500|JSON/.test(name))) {
    for (const [kind, call] of [
      ['GET', {}],
      ['GET of a command service', { service: 'entitydatacommand' }],
      ['POST of a query service', { method: 'POST', body: '{}' }],
    ] as const) {
      it(`repeat a ${kind} after ${what}, up to the fourth try`, async () => {
        api.replies(reply, reply, reply, OK);
        const { payload, facts } = await connection.call(call);
        should(payload).equal('ok');
        facts.attempts.should.equal(4);
        api.replies(reply);
        await errorOf(connection.call(call));
        api.seen.should.have.length(4);
      });
    }
  }

  it('repeat a HEAD', async () => {
    api.replies({ status: 503 }, { reset: true }, OK);
    (await connection.call({ method: 'HEAD' })).facts.attempts.should.equal(3);
  });

  it('pause longer each time, with jitter', async () => {
    api.replies({ status: 503 });
    await errorOf(connection.call());
    connection.pausesMs.should.deepEqual([250, 500, 1000]);
  });

  it('repeat whatever was refused with 429, commands too, as late as Retry-After says', async () => {
    api.replies(
      { status: 429, headers: { 'retry-after': '7' } },
      { status: 429, headers: { 'retry-after': '60' } },
      OK,
    );
    (await connection.command()).facts.attempts.should.equal(3);
    connection.pausesMs.should.deepEqual([7000, 60_000]);
  });

  it('wait for the date that Retry-After gives', async () => {
    const at = new Date(new ManualClock().dateMs() + 5000).toUTCString();
    api.replies({ status: 429, headers: { 'retry-after': at } }, OK);
    await connection.command();
    connection.pausesMs.should.deepEqual([5000]);
  });

  it('do not send again one millisecond before the time', async () => {
    api.replies({ status: 429, headers: { 'retry-after': '7' } }, OK);
    const waiting = new Promise((resolve) => {
      const answered = connection.call({}, { onWait: (ms) => resolve([ms, answered]) });
    });
    const [ms] = (await waiting) as [number];
    ms.should.equal(7000);
    connection.clock.advance(6999);
    await new Promise((resolve) => setImmediate(resolve));
    api.seen.should.have.length(1);
    const again = api.asked();
    connection.clock.advance(1);
    await again;
    api.seen.should.have.length(2);
  });

  it('give up when a busy platform asks for more than a minute', async () => {
    api.replies({ status: 503, headers: { 'retry-after': '61' } });
    (await errorOf(connection.call())).code.should.equal('FENERGO_SERVER');
    api.seen.should.have.length(1);
    connection.pausesMs.should.be.empty();
  });

  for (const [what, value] of [
    ['a word', 'soon'],
    ['a negative number', '-5'],
    ['words and a number', 'in 7'],
  ] as const) {
    it(`take the usual pause when Retry-After is ${what}`, async () => {
      api.replies({ status: 429, headers: { 'retry-after': value } }, OK);
      await connection.call();
      connection.pausesMs.should.deepEqual([750]);
      api.replies({ status: 503, headers: { 'retry-after': value } }, OK);
      await connection.call();
      connection.pausesMs.should.deepEqual([750, 250]);
    });
  }

  it('wait for the end of the day window when nothing is left of it, or give up when that is far', async () => {
    const resetIn = (ms: number, remaining = '0') => ({
      status: 429,
      headers: {
        'x-rate-limit-remaining': remaining,
        'x-rate-limit-reset': new Date(connection.clock.dateMs() + ms).toISOString(),
      },
    });
    api.replies(resetIn(30_000), OK);
    await connection.command();
    connection.pausesMs.should.deepEqual([30_000]);
    api.replies(resetIn(3_600_000), OK);
    (await errorOf(connection.command())).code.should.equal('FENERGO_RATE_LIMITED');
    api.seen.should.have.length(1);
    connection.pausesMs.should.deepEqual([30_000]);
  });

  it('send a command again that met a closed port, once it is open', async () => {
    const port = await closedPort();
    const late = new Connection(`http://127.0.0.1:${port}`);
    let opened: Api | undefined;
    const { facts } = await late.command(
      {},
      {
        onWait: async (ms) => {
          if (!opened) {
            opened = await Api.start(port);
            opened.replies(OK);
          }
          setImmediate(() => late.clock.advance(ms));
        },
      },
    );
    facts.attempts.should.equal(2);
    should(opened?.seen.length).equal(1);
    late.client.close();
    await opened?.close();
  });

  it('do not repeat a command on a kept connection that the server closes under it', async () => {
    const broken = await BrokenServer.start((socket) => {
      socket.write('HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n{"data":1}');
    });
    const kept = new Connection(broken.url);
    await kept.command();
    broken.breakage = (socket) => socket.destroy();
    (await errorOf(kept.command())).code.should.equal('FENERGO_NETWORK');
    broken.requests.should.have.length(2);
    kept.client.close();
    await broken.close();
  });

  it('tell how long they wait, and nothing when they do not', async () => {
    api.replies(OK);
    await connection.call();
    connection.pausesMs.should.be.empty();
  });
});
