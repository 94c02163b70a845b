import { brotliCompressSync, deflateSync, gzipSync } from 'node:zlib';
import should from 'should';
import { BrokenServer } from '../support/broken-server.js';
import { Api, CORRELATION, Connection, errorOf, TENANT, until } from './harness.js';

describe('FenergoClient', () => {
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

  describe('a request', () => {
    it('carries token, tenant, correlation id and user agent', async () => {
      api.replies({ body: { data: 1 } });
      await connection.call();
      const [seen] = api.seen;
      should(seen?.url).equal('/entitydataquery/api/v2/entity/7');
      seen?.headers.should.have.properties({
        authorization: 'Bearer token-1',
        'x-tenant-id': TENANT,
        'x-correlation-id': CORRELATION,
        'user-agent': 'test/1',
        accept: 'application/json',
      });
      seen?.headers.should.not.have.property('content-type');
    });

    it('offers to take compressed answers', async () => {
      api.replies({ body: { data: 1 } });
      await connection.call();
      should(api.seen[0]?.headers['accept-encoding']).match(/gzip.*br/);
    });

    for (const method of ['POST', 'PUT', 'PATCH', 'DELETE']) {
      it(`sends the body of a ${method} as JSON`, async () => {
        api.replies({ body: { data: 1 } });
        await connection.command({ method, body: '{"name":"Zoë"}' });
        should(api.seen[0]?.method).equal(method);
        should(api.seen[0]?.body).equal('{"name":"Zoë"}');
        should(api.seen[0]?.headers['content-type']).equal('application/json');
      });
    }

    it('sends bytes as they are, with the content type that the call names', async () => {
      api.replies({ body: { data: 1 } });
      await connection.command({
        body: Buffer.from('a;b'),
        headers: { 'content-type': 'text/csv', 'x-extra': '1' },
      });
      should(api.seen[0]?.body).equal('a;b');
      api.seen[0]?.headers.should.have.properties({ 'content-type': 'text/csv', 'x-extra': '1' });
    });

    it('lets no header of a call take the place of the token, the tenant or the correlation id', async () => {
      api.replies({ body: { data: 1 } });
      await connection.call({
        headers: { authorization: 'Basic x', 'x-tenant-id': 'other', 'x-correlation-id': 'other' },
      });
      api.seen[0]?.headers.should.have.properties({
        authorization: 'Bearer token-1',
        'x-tenant-id': TENANT,
        'x-correlation-id': CORRELATION,
      });
    });

    it('goes over the connection of the one before', async () => {
      api.replies({ body: { data: 1 } });
      for (let i = 0; i < 5; i += 1) await connection.call();
      (await api.connections()).should.equal(1);
    });

    it('opens no more connections than it may', async () => {
      let open = 0;
      let most = 0;
      api.answer = () => (response) => {
        open += 1;
        most = Math.max(most, open);
        setImmediate(() => {
          open -= 1;
          response.end('{"data":1}');
        });
      };
      const few = new Connection(api.url, { limits: { concurrent: 3 } });
      await Promise.all(Array.from({ length: 30 }, () => few.call()));
      most.should.be.belowOrEqual(3);
      few.client.close();
    });

    it('names its full address', () => {
      connection.client
        .urlOf({ path: '/a/b?c=1' } as Parameters<typeof connection.client.urlOf>[0])
        .should.equal(`${api.url}/a/b?c=1`);
    });
  });

  describe('an answer', () => {
    const envelope = { data: { id: 7 }, messages: [{ message: 'done', type: 'Info' }] };
    const bytes = Buffer.from(JSON.stringify(envelope));

    for (const [encoding, compressed] of [
      ['gzip', gzipSync(bytes)],
      ['br', brotliCompressSync(bytes)],
      ['deflate', deflateSync(bytes)],
    ] as const) {
      it(`is unpacked when it is packed with ${encoding}`, async () => {
        api.replies({ headers: { 'content-encoding': encoding }, body: compressed });
        should((await connection.call()).payload).deepEqual({ id: 7 });
      });

      it(`that claims to be ${encoding} and is not is an answer that cannot be read`, async () => {
        api.replies({ headers: { 'content-encoding': encoding }, body: 'plain text' });
        const error = await errorOf(connection.call());
        error.code.should.equal('FENERGO_RESPONSE');
        error.message.should.match(/could not be read/);
      });
    }

    it('becomes data, envelope, text or bytes', async () => {
      api.replies({ body: envelope });
      should((await connection.call({ result: 'data' })).payload).deepEqual({ id: 7 });
      should((await connection.call({ result: 'envelope' })).payload).deepEqual(envelope);
      should((await connection.call({ result: 'text' })).payload).equal(bytes.toString());
      const { payload } = await connection.call({ result: 'buffer' });
      Buffer.isBuffer(payload).should.be.true();
      bytes.equals(payload as Buffer).should.be.true();
    });

    it('is told of: status, headers, messages, attempts, duration', async () => {
      api.answer = () => {
        connection.clock.advance(1234);
        return { status: 201, headers: { 'x-own': 'yes' }, body: envelope };
      };
      const { statusCode, headers, facts } = await connection.call();
      statusCode.should.equal(201);
      headers.should.have.property('x-own', 'yes');
      facts.should.have.properties({ attempts: 1, durationMs: 1234 });
      facts.messages.should.deepEqual([{ message: 'done', type: 'Info', errorCode: undefined }]);
    });

    it('tells of the daily limit and of an endpoint that is going to go', async () => {
      const reset = '2026-01-02T00:00:00Z';
      const headers = {
        'x-rate-limit-remaining': '41',
        'x-rate-limit-reset': reset,
        deprecation: '@1767225600',
        sunset: 'Thu, 31 Dec 2026 00:00:00 GMT',
      };
      api.replies({ headers, body: envelope });
      (await connection.call()).facts.should.have.properties({
        rateLimit: { remaining: 41, reset },
        deprecation: '@1767225600',
        sunset: 'Thu, 31 Dec 2026 00:00:00 GMT',
      });
    });

    for (const [what, body, payload] of [
      ['a bare object', { batchId: 1, notifications: [] }, { batchId: 1, notifications: [] }],
      ['a bare list', [1, 2], [1, 2]],
      ['an object with data among others', { data: 1, other: 2 }, { data: 1, other: 2 }],
      ['messages alone', { messages: [] }, { messages: [] }],
      ['data alone', { data: [3] }, [3]],
      ['data null', { data: null, messages: [] }, null],
      ['the JSON null', 'null', null],
      ['the JSON false', 'false', false],
      ['a JSON text', '"yes"', 'yes'],
      ['JSON with a byte order mark', '\ufeff{"data":5}', 5],
      ['JSON with blanks around', ' \r\n{"data":5}\n ', 5],
    ] as const) {
      it(`gives the right data for ${what}`, async () => {
        api.replies({ body });
        should((await connection.call()).payload).deepEqual(payload);
      });
    }

    for (const [what, call, reply] of [
      ['204 for a read', {}, { status: 204 }],
      ['202 for a command', { method: 'POST', service: 'entitydatacommand', body: '{}' }, { status: 202 }],
      ['200 for a command', { method: 'PUT', service: 'entitydatacommand', body: '{}' }, { status: 200 }],
      ['blanks for a command', { method: 'POST', service: 'webhooks' }, { body: ' \n' }],
    ] as const) {
      it(`that is empty is null: ${what}`, async () => {
        api.replies(reply);
        const { payload, statusCode } = await connection.call(call);
        should(payload).be.null();
        statusCode.should.equal(('status' in reply && reply.status) || 200);
      });
    }

    for (const [what, call] of [
      ['GET', {}],
      ['POST of a query service', { method: 'POST', body: '{}' }],
      ['GET of a command service', { service: 'entitydatacommand' }],
    ] as const) {
      it(`that is empty though a ${what} asked for something cannot be read`, async () => {
        api.replies({ status: 200 });
        const error = await errorOf(connection.call(call));
        error.code.should.equal('FENERGO_RESPONSE');
        error.message.should.match(/^GetEntityById: the answer is empty/);
        should(error.facts.statusCode).equal(200);
      });
    }

    it('to HEAD has headers and no payload, whatever was asked for', async () => {
      for (const result of ['data', 'envelope', 'text', 'buffer'] as const) {
        api.replies({ headers: { 'x-own': 'yes' } });
        const { payload, headers } = await connection.call({ method: 'HEAD', result });
        should(payload).be.null();
        headers.should.have.property('x-own', 'yes');
      }
    });

    it('that is empty is empty text and an empty buffer where those are asked for', async () => {
      api.replies({ status: 200 });
      should((await connection.call({ result: 'text' })).payload).equal('');
      should(((await connection.call({ result: 'buffer' })).payload as Buffer).length).equal(0);
    });

    it('that is not JSON cannot be read, and the error shows its beginning', async () => {
      api.replies({ headers: { 'content-type': 'text/html' }, body: `<html>${'x'.repeat(5000)}` });
      const error = await errorOf(connection.call());
      error.code.should.equal('FENERGO_RESPONSE');
      error.message.should.match(/is not JSON \(text\/html\)$/);
      String(error.facts.body).should.startWith('<html>').and.have.length(2000);
    });

    it('of a command that cannot be read says that it may have been carried out', async () => {
      api.replies({ body: 'oops' });
      (await errorOf(connection.command())).message.should.match(
        /is not JSON \(no content type\); the command may have been carried out, so look before/,
      );
    });

    for (const [what, chunk] of [
      ['as it is', Buffer.alloc(1_000_000, ' ')],
      ['packed, which makes it small on the wire', undefined],
    ] as const) {
      it(`of 100 MB is given up after 50 MB: ${what}`, async function () {
        this.timeout(20_000);
        let sent = 0;
        let closed = false;
        const bomb = chunk ? undefined : gzipSync(Buffer.alloc(100_000_000), { level: 1 });
        api.answer = () => (response) => {
          response.on('close', () => {
            closed = true;
          });
          if (bomb) {
            response.writeHead(200, { 'content-encoding': 'gzip' });
            response.end(bomb);
            return;
          }
          const more = () => {
            while (!closed && sent < 100_000_000) {
              sent += 1_000_000;
              if (!response.write(chunk)) return void response.once('drain', more);
            }
            response.end();
          };
          more();
        };
        const error = await errorOf(connection.call());
        error.code.should.equal('FENERGO_RESPONSE');
        error.message.should.match(/larger than 50 MB: ask for less, page, or raise the answer limit/);
        await until(() => closed);
        sent.should.be.below(100_000_000);
      });
    }

    it('of just the greatest length is read, and of one byte more is not', async () => {
      const small = new Connection(api.url, { maxAnswerBytes: 1_000_000 });
      api.replies({ body: Buffer.alloc(1_000_000, 'x') });
      ((await small.call({ result: 'buffer' })).payload as Buffer).length.should.equal(1_000_000);
      api.replies({ body: Buffer.alloc(1_000_001, 'x') });
      (await errorOf(small.call({ result: 'buffer' }))).message.should.match(/larger than 1 MB/);
      small.client.close();
    });
  });

  describe('an answer that is no HTTP', () => {
    let broken: BrokenServer;
    let toBroken: Connection;

    before(async () => {
      broken = await BrokenServer.start(() => {});
    });

    beforeEach(() => {
      broken.requests.length = 0;
      toBroken = new Connection(broken.url);
    });

    afterEach(() => toBroken.client.close());

    after(() => broken.close());

    for (const [what, bytes] of [
      ['noise', '\u0000\u0001garbage\r\n\r\n'],
      ['another protocol', 'SSH-2.0-OpenSSH_9.6\r\n'],
      ['two lengths', 'HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab'],
      ['a length that is no number', 'HTTP/1.1 200 OK\r\nContent-Length: many\r\n\r\nab'],
      ['a chunk without length', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n'],
    ] as const) {
      it(`cannot be read, and is not asked for again: ${what}`, async () => {
        broken.breakage = (socket) => socket.end(bytes);
        const error = await errorOf(toBroken.call());
        error.code.should.equal('FENERGO_RESPONSE');
        error.message.should.match(/could not be read \(HPE_/);
        broken.requests.should.have.length(1);
      });
    }

    for (const [what, bytes] of [
      ['nothing', ''],
      ['half a head', 'HTTP/1.1 200 OK\r\nContent-'],
      ['half a body', 'HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{"data":'],
      ['a chunk too few', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n{"dat'],
    ] as const) {
      it(`breaks the call when it ends early: ${what}`, async () => {
        broken.breakage = (socket) => socket.end(bytes);
        const error = await errorOf(toBroken.call());
        error.code.should.equal('FENERGO_NETWORK');
        error.message.should.match(/the connection to 127\.0\.0\.1:\d+ broke/);
        broken.requests.should.have.length(4);
      });
    }
  });
});
