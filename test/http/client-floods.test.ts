import { Agent as HttpAgent } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import type { Socket } from 'node:net';
import { gzipSync } from 'node:zlib';
import should from 'should';
import { exchange } from '../../lib/transport.js';
import { BrokenServer } from '../support/broken-server.js';
import { ManualClock } from '../support/manual-clock.js';
import { Connection, errorOf, settled, until, watch } from './harness.js';

const HEAD = 'HTTP/1.1 200 OK\r\n';
const CHUNKED = `${HEAD}Transfer-Encoding: chunked\r\n\r\n`;

describe('FenergoClient, against answers', () => {
  let broken: BrokenServer;
  let connection: Connection;
  let open: number;

  before(async () => {
    broken = await BrokenServer.start(() => {});
  });

  beforeEach(() => {
    broken.requests.length = 0;
    open = 0;
    connection = new Connection(broken.url);
  });

  afterEach(async () => {
    connection.client.close();
    await until(() => open === 0);
  });

  after(() => broken.close());

  function answering(answer: (socket: Socket) => void): void {
    broken.breakage = (socket) => {
      open += 1;
      socket.on('close', () => {
        open -= 1;
      });
      answer(socket);
    };
  }

  describe('without an end', () => {
    /** Bytes that the server got rid of. */
    let writtenBytes: number;

    function flood(begin: string, more: string): void {
      answering((socket) => {
        socket.on('close', () => {
          writtenBytes = socket.bytesWritten;
        });
        const pour = () => {
          while (!socket.destroyed && socket.write(more));
        };
        socket.on('drain', pour);
        socket.write(begin);
        pour();
      });
    }

    for (const [what, begin, more, reason] of [
      ['a status line', 'HTTP/1.1 200 ', 'y'.repeat(10_000), 'its headers are larger than 16 KB'],
      ['headers', HEAD, 'x: y\r\n'.repeat(1000), 'its headers are larger than 16 KB'],
      ["a header's name", HEAD, 'y'.repeat(10_000), 'its headers are larger than 16 KB'],
      ["a header's value", `${HEAD}x: `, 'y'.repeat(10_000), 'its headers are larger than 16 KB'],
      [
        'headers behind the body',
        `${CHUNKED}1\r\n1\r\n0\r\n`,
        'x: y\r\n'.repeat(1000),
        'its headers are larger than 16 KB',
      ],
      ['what describes a chunk', `${CHUNKED}1;`, 'y'.repeat(10_000), 'HPE_CHUNK_EXTENSIONS_OVERFLOW'],
      [
        'provisional answers (100)',
        '',
        'HTTP/1.1 100 Continue\r\n\r\n'.repeat(100),
        'it announces its answer again and again',
      ],
      [
        'provisional answers (103)',
        '',
        'HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n'.repeat(100),
        'it announces its answer again and again',
      ],
    ] as const) {
      it(`is given up: ${what}`, async () => {
        flood(begin, more);
        const error = await errorOf(connection.command());
        error.code.should.equal('FENERGO_RESPONSE');
        error.message.should.containEql(`could not be read (${reason}`);
        error.message.should.match(/may have been carried out/);
        broken.requests.should.have.length(1);
        await until(() => open === 0);
        // What the system takes on the way of a connection, which is no more than that.
        writtenBytes.should.be.below(20_000_000);
        connection.clock.pending.should.equal(0);
      });
    }

    it('is given up: a body', async () => {
      flood(CHUNKED, `ffff\r\n${'x'.repeat(0xffff)}\r\n`);
      const small = new Connection(broken.url, { maxAnswerBytes: 100_000 });
      (await errorOf(small.command())).message.should.match(/larger than 0\.1 MB/);
      await until(() => open === 0);
      small.client.close();
    });
  });

  it('with 100 provisional ones before them are read', async () => {
    answering((socket) => {
      socket.write('HTTP/1.1 102 Processing\r\n\r\n'.repeat(100));
      socket.write(`${HEAD}Content-Length: 10\r\n\r\n{"data":1}`);
    });
    should((await connection.call()).payload).equal(1);
  });

  describe('that stop halfway', () => {
    /** What has begun to come, and is now being watched. */
    const begun = () => until(() => connection.clock.pending === 2);
    const halves: [string, (socket: Socket) => void][] = [
      ['behind its headers', (socket) => socket.write(`${HEAD}Content-Length: 10\r\n\r\n`)],
      ['in its body', (socket) => socket.write(`${HEAD}Content-Length: 10\r\n\r\n{"da`)],
      ['before its last chunk', (socket) => socket.write(`${CHUNKED}a\r\n{"data":1}\r\n`)],
      [
        'in its packed body',
        (socket) => {
          socket.write(`${HEAD}Content-Encoding: gzip\r\nContent-Length: 99\r\n\r\n`);
          socket.write(gzipSync('{"data":1}').subarray(0, 15));
        },
      ],
    ];

    for (const [where, half] of halves) {
      it(`are given up after 30 s without a byte: ${where}`, async () => {
        answering(half);
        const failing = errorOf(connection.command());
        const state = watch(failing);
        await begun();
        await connection.pass(29_999);
        state.over.should.be.false();
        connection.clock.advance(1);
        const error = await failing;
        error.code.should.equal('FENERGO_TIMEOUT');
        error.message.should.match(
          /^CreateDraft: the answer of 127\.0\.0\.1:\d+ stopped halfway: nothing came for 30 s; the command may have been carried out/,
        );
        broken.requests.should.have.length(1);
        connection.clock.pending.should.equal(0);
        await until(() => open === 0);
      });
    }

    it('are asked for again where that is safe', async () => {
      answering((socket) => {
        if (broken.requests.length < 3) socket.write(`${HEAD}Content-Length: 10\r\n\r\n{"da`);
        else socket.write(`${HEAD}Content-Length: 10\r\n\r\n{"data":1}`);
      });
      const call = connection.call();
      for (const count of [1, 2]) {
        await until(() => broken.requests.length === count);
        await begun();
        connection.clock.advance(30_000);
      }
      const { payload, facts } = await call;
      should(payload).equal(1);
      facts.attempts.should.equal(3);
    });

    it('are waited for as long as something comes now and then, also when nothing can be unpacked yet', async () => {
      const bytes = gzipSync('{"data":1}');
      let server: Socket | undefined;
      answering((socket) => {
        server = socket.setNoDelay(true);
        socket.write(`${HEAD}Content-Encoding: gzip\r\nContent-Length: ${bytes.length}\r\n\r\n`);
      });
      const clock = new ManualClock();
      const agent = { http: new HttpAgent({ keepAlive: true }), https: new HttpsAgent() };
      const answer = exchange({ method: 'GET', url: broken.url, headers: {}, maxBytes: 1000, clock, agent });
      const state = watch(answer);
      await until(() => clock.pending === 1);
      const [client] = Object.values(agent.http.sockets).flat();
      for (const byte of bytes) {
        state.over.should.be.false();
        const readBefore = client?.bytesRead;
        server?.write(Buffer.of(byte));
        await until(() => client?.bytesRead !== readBefore);
        clock.advance(29_999);
      }
      (await answer).body.toString().should.equal('{"data":1}');
      clock.pending.should.equal(0);
      agent.http.destroy();
    });

    it('are bounded by the timeout of the call however slowly they drip', async () => {
      let server: Socket | undefined;
      answering((socket) => {
        server = socket.setNoDelay(true);
        socket.write(`${HEAD}Content-Length: 1000\r\n\r\n`);
      });
      const failing = errorOf(connection.command({ timeoutMs: 60_000 }));
      const state = watch(failing);
      await begun();
      for (let second = 0; second < 60; second += 1) {
        state.over.should.be.false(`at ${second} s`);
        server?.write('x');
        await settled();
        connection.clock.advance(1000);
      }
      const error = await failing;
      error.code.should.equal('FENERGO_TIMEOUT');
      error.message.should.match(/no answer within 60 s/);
    });

    it('are not yet that while they are announced only: the call’s timeout counts', async () => {
      let server: Socket | undefined;
      answering((socket) => {
        server = socket;
        socket.write('HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n');
      });
      const call = connection.command();
      await until(() => server !== undefined);
      await connection.pass(299_999);
      server?.write(`${HEAD}Content-Length: 10\r\n\r\n{"data":1}`);
      should((await call).payload).equal(1);
    });

    it('leave nothing behind on a connection that is kept', async () => {
      answering((socket) => socket.write(`${HEAD}Content-Length: 10\r\n\r\n{"data":1}`));
      const agent = { http: new HttpAgent({ keepAlive: true }), https: new HttpsAgent() };
      const listeners = new Set<number>();
      for (let count = 0; count < 5; count += 1) {
        await exchange({ method: 'GET', url: broken.url, headers: {}, maxBytes: 1000, agent });
        await until(() => Object.values(agent.http.freeSockets).flat().length === 1);
        const [socket] = Object.values(agent.http.freeSockets).flat();
        listeners.add(socket?.listenerCount('data') ?? -1);
      }
      listeners.size.should.equal(1);
      agent.http.destroy();
    });
  });
});
