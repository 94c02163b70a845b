import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { pipeline } from 'node:stream/promises';
import { brotliCompressSync, constants, createBrotliCompress, deflateSync, gzipSync } from 'node:zlib';
import should from 'should';
import { BrokenServer } from '../support/broken-server.js';
import { Api, Connection, errorOf, until } from './harness.js';

const BIG = Buffer.alloc(20_000_000, 'x');

describe('FenergoClient, bodies', () => {
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

  describe('of a request', () => {
    it('arrive whole when they are large, again with a further try, and again with a fresh token', async () => {
      const body = JSON.stringify({ data: 'é😀'.repeat(400_000) });
      api.replies({ status: 401 }, { status: 429, headers: { 'retry-after': '1' } }, { body: { data: 1 } });
      await connection.command({ body });
      api.seen.should.have.length(3);
      for (const seen of api.seen) {
        (seen.body === body).should.be.true();
        should(seen.headers['content-length']).equal(String(Buffer.byteLength(body)));
        seen.headers.should.not.have.property('transfer-encoding');
      }
    });

    it('arrive as the bytes that they are', async () => {
      const server = await BrokenServer.start((socket) => {
        socket.write('HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n{"data":1}');
      });
      const toServer = new Connection(server.url);
      const body = Buffer.from(Array.from({ length: 256 }, (_, byte) => byte));
      await toServer.command({ body });
      const [sent = ''] = server.requests;
      Buffer.from(sent.slice(sent.indexOf('\r\n\r\n') + 4), 'latin1').should.deepEqual(body);
      toServer.client.close();
      await server.close();
    });

    it('are none, not even a length, for a GET', async () => {
      api.replies({ body: { data: 1 } });
      await connection.call();
      api.seen[0]?.headers.should.not.have.properties(['content-length', 'transfer-encoding']);
    });

    it('are of the length 0 for a POST without one', async () => {
      api.replies({ body: { data: 1 } });
      await connection.command({ body: undefined });
      should(api.seen[0]?.body).equal('');
      api.seen[0]?.headers.should.not.have.property('content-type');
    });

    describe('that nobody takes', () => {
      const sockets = new Set<Socket>();
      const server = createServer({ pauseOnConnect: true }, (socket) => {
        sockets.add(socket);
        socket.on('error', () => {});
        socket.on('close', () => sockets.delete(socket));
      });
      let stuck: Connection;

      before(async () => {
        server.listen(0, '127.0.0.1');
        await once(server, 'listening');
      });

      beforeEach(() => {
        stuck = new Connection(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
      });

      afterEach(() => {
        stuck.client.close();
        for (const socket of sockets) socket.destroy();
      });

      after(() => {
        server.close();
      });

      for (const [what, code, end] of [
        ['the timeout', 'FENERGO_TIMEOUT', () => stuck.clock.advance(300_000)],
        ['the client', 'FENERGO_ABORTED', () => stuck.client.close()],
      ] as const) {
        it(`end with ${what}`, async () => {
          const failing = errorOf(stuck.command({ body: BIG }));
          await until(() => sockets.size === 1);
          end();
          const error = await failing;
          error.code.should.equal(code);
          should(error.facts.call?.attempts).equal(1);
          stuck.clock.pending.should.equal(0);
        });
      }
    });

    it('that are refused before they are whole are not sent again', async () => {
      let connections = 0;
      const server = createServer((socket) => {
        connections += 1;
        socket.on('error', () => {});
        socket.once('data', () => {
          socket.end('HTTP/1.1 413 Too Large\r\nContent-Length: 0\r\nConnection: close\r\n\r\n');
          socket.destroySoon();
        });
      });
      server.listen(0, '127.0.0.1');
      await once(server, 'listening');
      const refused = new Connection(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
      const error = await errorOf(refused.command({ body: BIG }));
      // Whether the answer or the end of the connection comes first is up to the network.
      ['FENERGO_RESPONSE', 'FENERGO_NETWORK'].should.containEql(error.code);
      connections.should.equal(1);
      refused.client.close();
      server.close();
      await once(server, 'close');
    });
  });

  describe('of an answer', () => {
    const packed = gzipSync('{"data":1}');
    const gzip = { 'content-encoding': 'gzip' };

    for (const [what, call, reply] of [
      ['a HEAD', { method: 'HEAD' }, { headers: gzip }],
      ['204', {}, { status: 204, headers: gzip }],
      ['an empty 200', { method: 'POST', service: 'entitydatacommand' }, { headers: gzip }],
    ] as const) {
      it(`may claim to be packed though there is none: ${what}`, async () => {
        api.replies(reply);
        should((await connection.call(call)).payload).be.null();
      });
    }

    it('may be packed in several parts', async () => {
      const body = Buffer.concat([gzipSync('{"da'), gzipSync('ta":'), gzipSync('1}')]);
      api.replies({ headers: gzip, body });
      should((await connection.call()).payload).equal(1);
    });

    for (const [encoding, body] of [
      ['GZIP', packed],
      ['identity', '{"data":1}'],
      ['br', brotliCompressSync('{"data":1}')],
      ['deflate', deflateSync('{"data":1}')],
    ] as const) {
      it(`are read when they are encoded as ${encoding}`, async () => {
        api.replies({ headers: { 'content-encoding': encoding }, body });
        should((await connection.call()).payload).equal(1);
      });
    }

    for (const encoding of ['x-gzip', 'gzip, gzip', 'compress', 'x-unknown']) {
      for (const result of ['data', 'text', 'buffer'] as const) {
        it(`are refused when they are encoded as ${encoding}, and to become ${result}`, async () => {
          api.replies({ headers: { 'content-encoding': encoding }, body: packed });
          const error = await errorOf(connection.command({ result }));
          error.code.should.equal('FENERGO_RESPONSE');
          error.message.should.match(new RegExp(`is encoded as '${encoding}', .*may have been carried out`));
          api.seen.should.have.length(1);
        });
      }
    }

    for (const method of ['GET', 'POST']) {
      it(`that are packed and lack their end cannot be read, and are asked for once: ${method}`, async () => {
        api.replies({ headers: gzip, body: packed.subarray(0, -9) });
        const error = await errorOf(method === 'GET' ? connection.call() : connection.command());
        error.code.should.equal('FENERGO_RESPONSE');
        error.message.should.match(/could not be read \(Z_BUF_ERROR\)/);
        /may have been carried out/.test(error.message).should.equal(method === 'POST');
        api.seen.should.have.length(1);
      });
    }

    it('that are packed and break off are broken: commands are sent once, reads again', async () => {
      api.replies({ headers: gzip, body: packed.subarray(0, -9), cut: true });
      (await errorOf(connection.command())).code.should.equal('FENERGO_NETWORK');
      api.seen.should.have.length(1);
      (await errorOf(connection.call())).code.should.equal('FENERGO_NETWORK');
      api.seen.should.have.length(5);
    });

    for (const status of [200, 302, 400, 401, 429, 500, 503]) {
      it(`that unpack to 100 MB are given up, whatever the status: ${status}`, async () => {
        api.replies({ status, headers: gzip, body: bomb() });
        const error = await errorOf(connection.command());
        error.code.should.equal('FENERGO_RESPONSE');
        error.message.should.match(/larger than 50 MB: .* raise the answer limit of the connection/);
        api.seen.should.have.length(1);
      });
    }

    for (const [encoding, pack] of [
      ['gzip', gzipSync],
      ['br', brotliCompressSync],
      ['deflate', deflateSync],
    ] as const) {
      it(`are counted as they unpack, to the byte: ${encoding}`, async () => {
        const limited = new Connection(api.url, { maxAnswerBytes: 1_500_000 });
        const headers = { 'content-encoding': encoding };
        api.replies({ headers, body: pack(Buffer.alloc(1_500_000, 'x')) });
        should((await limited.call({ result: 'text' })).payload).have.length(1_500_000);
        api.replies({ headers, body: pack(Buffer.alloc(1_500_001, 'x')) });
        (await errorOf(limited.call())).message.should.match(/larger than 1\.5 MB/);
        limited.client.close();
      });
    }

    it('that would unpack to a gigabyte take no more memory than the limit', async () => {
      const limited = new Connection(api.url, { maxAnswerBytes: 1_000_000 });
      const body = await gigabyte();
      body.length.should.be.below(10_000);
      api.replies({ headers: { 'content-encoding': 'br' }, body });
      const beforeBytes = process.memoryUsage().rss;
      let mostBytes = 0;
      const measuring = setInterval(() => {
        mostBytes = Math.max(mostBytes, process.memoryUsage().rss - beforeBytes);
      }, 1);
      (await errorOf(limited.call())).message.should.match(/larger than 1 MB/);
      clearInterval(measuring);
      mostBytes.should.be.below(100_000_000);
      limited.client.close();
    });

    it('that are packed twice are unpacked once, as they say', async () => {
      api.replies({ headers: gzip, body: gzipSync(packed) });
      ((await connection.call({ result: 'buffer' })).payload as Buffer).should.deepEqual(packed);
    });

    it('that are no UTF-8 come through as bytes', async () => {
      const body = Buffer.from([0xff, 0xfe, 0x00, 0xc3, 0x28]);
      api.replies({ body });
      ((await connection.call({ result: 'buffer' })).payload as Buffer).should.deepEqual(body);
    });

    it('of a refusal lose the token that they repeat, and nothing else', async () => {
      api.replies({ status: 400, body: { messages: [{ message: 'é Bearer token-1 😀' }] } });
      (await errorOf(connection.call())).message.should.endWith(': é Bearer *** 😀');
    });
  });
});

let made: Buffer | undefined;

function bomb(): Buffer {
  made ??= gzipSync(Buffer.alloc(100_000_000), { level: 1 });
  return made;
}

/** A thousand million zeros, packed. */
async function gigabyte(): Promise<Buffer> {
  const packing = createBrotliCompress({
    params: { [constants.BROTLI_PARAM_QUALITY]: 3, [constants.BROTLI_PARAM_LGWIN]: 24 },
  });
  const chunks: Buffer[] = [];
  packing.on('data', (chunk) => chunks.push(chunk));
  const million = Buffer.alloc(1_000_000);
  await pipeline(Array(1000).fill(million), packing);
  return Buffer.concat(chunks);
}
