import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import should from 'should';
import type { Canceller } from '../../lib/cancel.js';
import { CallGroup } from '../../lib/http/call-group.js';
import { DEFAULT_RETRY } from '../../lib/http/retry.js';
import type { TokenSource } from '../../lib/http/token-source.js';
import { Api, Connection, callOf, errorOf, until } from './harness.js';

describe('FenergoClient, ends from outside', () => {
  let api: Api;
  let connection: Connection;

  beforeEach(async () => {
    api = await Api.start();
    api.replies({ silent: true });
    connection = new Connection(api.url);
  });

  afterEach(async () => {
    connection.client.close();
    await api.close();
  });

  it('a call ends at its timeout, to the millisecond, and lets go of its connection', async () => {
    const asked = api.asked();
    let over = false;
    const failing = errorOf(
      connection.call({ timeoutMs: 120_000 }).finally(() => {
        over = true;
      }),
    );
    await asked;
    connection.clock.advance(119_999);
    await new Promise((resolve) => setImmediate(resolve));
    over.should.be.false();
    connection.clock.advance(1);
    const error = await failing;
    error.code.should.equal('FENERGO_TIMEOUT');
    error.message.should.equal('GetEntityById: no answer within 120 s');
    should(error.facts.call).have.properties({ attempts: 1, durationMs: 120_000 });
    await until(async () => (await api.connections()) === 0);
    connection.clock.pending.should.equal(0);
  });

  describe('a timeout of a command', () => {
    const CARRIED_OUT =
      'CreateDraft: no answer within 1 s; the command may have been carried out, so look before you send it again';
    const timeoutMs = 1000;

    it('says that it may have been carried out, once it was sent', async () => {
      const asked = api.asked();
      const failing = errorOf(connection.command({ timeoutMs }));
      await asked;
      connection.clock.advance(timeoutMs);
      (await failing).message.should.equal(CARRIED_OUT);
    });

    it('says so, too, when the answer has begun', async () => {
      api.answer = () => (response) => void response.writeHead(200, { 'content-length': '9' }).write('{');
      const asked = api.asked();
      const failing = errorOf(connection.command({ timeoutMs }));
      await asked;
      connection.clock.advance(timeoutMs);
      (await failing).message.should.equal(CARRIED_OUT);
    });

    for (const [what, tokensGiven] of [
      ['nothing was sent', 0],
      ['what was sent was refused', 1],
    ] as const) {
      it(`says nothing of it where ${what}`, async () => {
        let given = 0;
        const tokens: TokenSource = {
          get: (signal) => {
            given += 1;
            if (given <= tokensGiven) return Promise.resolve('token');
            return new Promise((_, reject) => signal.addEventListener('abort', () => reject(new Error())));
          },
          reject: () => {},
        };
        api.replies({ status: 401 });
        const waiting = new Connection(api.url, { tokens });
        const failing = errorOf(waiting.command({ timeoutMs }));
        await until(() => given > tokensGiven);
        waiting.clock.advance(timeoutMs);
        (await failing).message.should.equal('CreateDraft: no answer within 1 s');
        api.seen.should.have.length(tokensGiven);
        waiting.client.close();
      });
    }
  });

  it('a timeout also ends an answer that does not come to its end', async () => {
    api.answer = () => (response) => {
      response.writeHead(200, { 'content-length': '100' });
      response.write('{"data":');
    };
    const asked = api.asked();
    const failing = errorOf(connection.call({ timeoutMs: 1000 }));
    await asked;
    connection.clock.advance(1000);
    (await failing).code.should.equal('FENERGO_TIMEOUT');
    await until(async () => (await api.connections()) === 0);
  });

  it('a timeout ends the pause before a further try', async () => {
    api.replies({ status: 503, headers: { 'retry-after': '50' } });
    const error = await errorOf(
      connection.call(
        { timeoutMs: 10_000 },
        { onWait: () => setImmediate(() => connection.clock.advance(10_000)) },
      ),
    );
    error.code.should.equal('FENERGO_TIMEOUT');
    api.seen.should.have.length(1);
    connection.clock.pending.should.equal(0);
  });

  it('a timeout ends the wait for a token', async () => {
    const tokens = {
      get: (signal: { addEventListener(type: 'abort', listener: () => void): void }) =>
        new Promise<string>((_, reject) => signal.addEventListener('abort', () => reject(new Error('left')))),
      reject: () => {},
    };
    const waiting = new Connection(api.url, { tokens });
    const failing = errorOf(waiting.call({ timeoutMs: 1000 }));
    await until(() => waiting.clock.pending > 0);
    waiting.clock.advance(1000);
    const error = await failing;
    error.code.should.equal('FENERGO_TIMEOUT');
    should(error.facts.call?.attempts).equal(0);
    waiting.client.close();
  });

  it('closing ends every call with an error of its own, and leaves neither connections nor timers', async () => {
    const calls = Array.from({ length: 30 }, () => errorOf(connection.call()));
    await until(() => api.seen.length === 10);
    connection.client.close();
    const errors = await Promise.all(calls);
    for (const error of errors) error.code.should.equal('FENERGO_ABORTED');
    new Set(errors).size.should.equal(30);
    new Set(errors.map((error) => error.facts.call)).size.should.equal(30);
    await until(async () => (await api.connections()) === 0);
    connection.clock.pending.should.equal(0);
    api.seen.should.have.length(10);
  });

  it('closing tells of a command that it may have been carried out, once it has left', async () => {
    const words = /The call was cancelled: .*; the command may have been carried out/;
    const sent = errorOf(connection.command());
    const read = errorOf(connection.call());
    await until(() => api.seen.length === 2);
    const waiting = Array.from({ length: 20 }, () => errorOf(connection.command()));
    await until(() => api.seen.length === 10);
    connection.client.close();
    (await sent).message.should.match(words);
    should((await sent).facts.call?.attempts).equal(1);
    (await read).message.should.not.match(words);
    const told = (await Promise.all(waiting)).filter(({ message }) => words.test(message));
    told.should.have.length(8, 'those that had their turn');
  });

  it('closing says nothing of that where the command has not left: its body is not through', async () => {
    const deaf = createServer().listen(0, '127.0.0.1');
    await once(deaf, 'listening');
    const sockets: Socket[] = [];
    deaf.on('connection', (socket) => sockets.push(socket.pause()));
    const { port } = deaf.address() as AddressInfo;
    const other = new Connection(`http://127.0.0.1:${port}`);
    const failing = errorOf(other.command({ body: JSON.stringify({ data: 'x'.repeat(30_000_000) }) }));
    await until(() => sockets.length === 1);
    other.client.close();
    const error = await failing;
    error.message.should.equal('The call was cancelled: its node was closed or redeployed');
    should(error.facts.call?.attempts).equal(1);
    for (const socket of sockets) socket.destroy();
    await new Promise((resolve) => deaf.close(resolve));
  });

  for (const [what, reply] of [
    ['an answer of 503', { status: 503, headers: { 'retry-after': '50' } }],
    ['a connection that broke', { reset: true }],
  ] as const) {
    it(`a command that may be repeated is told to may have been carried out after ${what}`, async () => {
      const words = /; the command may have been carried out, so look before you send it again$/;
      const retry = { ...DEFAULT_RETRY, repeatable: true };
      api.replies(reply, reply);
      const closed = await errorOf(
        connection.command({ retry }, { onWait: () => setImmediate(() => connection.client.close()) }),
      );
      closed.code.should.equal('FENERGO_ABORTED');
      closed.message.should.match(words);
      const other = new Connection(api.url);
      const late = await errorOf(
        other.command(
          { retry, timeoutMs: 200 },
          { onWait: () => setImmediate(() => other.clock.advance(200)) },
        ),
      );
      late.code.should.equal('FENERGO_TIMEOUT');
      late.message.should.match(words);
      other.client.close();
    });
  }

  it('closing lets go of idle connections, too', async () => {
    api.replies({ body: { data: 1 } });
    await connection.call();
    (await api.connections()).should.equal(1);
    connection.client.close();
    await until(async () => (await api.connections()) === 0);
  });

  for (const [what, status] of [
    ['before a further try', 503],
    ['for its turn', 429],
  ] as const) {
    it(`closing ends a call that waits ${what}`, async () => {
      api.replies({ status, headers: { 'retry-after': '50' } });
      const error = await errorOf(
        connection.call({}, { onWait: () => setImmediate(() => connection.client.close()) }),
      );
      error.code.should.equal('FENERGO_ABORTED');
      connection.clock.pending.should.equal(0);
    });
  }

  it('a closed client refuses calls, and may be closed again', async () => {
    connection.client.close();
    connection.client.close();
    (await errorOf(connection.call())).code.should.equal('FENERGO_ABORTED');
    api.seen.should.be.empty();
    connection.clock.pending.should.equal(0);
  });

  it('a group ends its own calls only, and refuses later ones', async () => {
    const [mine, theirs] = [new CallGroup(), new CallGroup()];
    const ended = errorOf(connection.call({}, { group: mine }));
    const going = errorOf(connection.call({}, { group: theirs }));
    await until(() => api.seen.length === 2);
    mine.close();
    (await ended).code.should.equal('FENERGO_ABORTED');
    (await errorOf(connection.call({}, { group: mine }))).code.should.equal('FENERGO_ABORTED');
    api.seen.should.have.length(2);
    connection.client.close();
    (await going).code.should.equal('FENERGO_ABORTED');
    connection.clock.pending.should.equal(0);
  });

  it('a signal ends its call', async () => {
    const controller = new AbortController();
    const ended = errorOf(connection.client.call(callOf(), { signal: controller.signal }));
    await until(() => api.seen.length === 1);
    controller.abort();
    (await ended).code.should.equal('FENERGO_ABORTED');
    await until(async () => (await api.connections()) === 0);
  });

  it('a signal that has fired before lets nothing be sent', async () => {
    (await errorOf(connection.call({}, { signal: AbortSignal.abort() }))).code.should.equal(
      'FENERGO_ABORTED',
    );
    api.seen.should.be.empty();
    connection.clock.pending.should.equal(0);
  });

  it('a call that is over takes no notice of its signal any more', async () => {
    api.replies({ body: { data: 1 } });
    const controller = new AbortController();
    should((await connection.call({}, { signal: controller.signal })).payload).equal(1);
    controller.abort();
    should((await connection.call()).payload).equal(1);
  });

  describe('a call that is over', () => {
    /** A group that lets a test see the canceller of each call. */
    class Open extends CallGroup {
      readonly cancellers: Canceller[] = [];
      inside = 0;

      override enter(canceller: Canceller): () => void {
        this.cancellers.push(canceller);
        const leave = super.enter(canceller);
        this.inside += 1;
        return () => {
          this.inside -= 1;
          leave();
        };
      }
    }

    it('has left its group and its client', async () => {
      const group = new Open();
      api.replies({ body: { data: 1 } }, { status: 404 });
      await connection.call({}, { group });
      await errorOf(connection.call({}, { group }));
      group.inside.should.equal(0);
      group.close();
      connection.client.close();
      group.cancellers.map(({ aborted }) => aborted).should.deepEqual([false, false]);
    });

    it('has left its client also when its group refused it', async () => {
      const group = new Open();
      group.close();
      await errorOf(connection.call({}, { group }));
      connection.client.close();
      group.cancellers.map(({ aborted }) => aborted).should.deepEqual([false]);
    });

    it('does not listen to its signal any more', async () => {
      const listeners = new Set<() => void>();
      const signal = {
        aborted: false,
        reason: undefined,
        addEventListener: (_: string, listener: () => void) => void listeners.add(listener),
        removeEventListener: (_: string, listener: () => void) => void listeners.delete(listener),
      };
      api.replies({ body: { data: 1 } });
      await connection.call({}, { signal });
      listeners.size.should.equal(0);
    });
  });
});
