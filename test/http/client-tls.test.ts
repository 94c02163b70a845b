import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer as createHttpsServer, type Server } from 'node:https';
import { type AddressInfo, createServer, type Server as NetServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import should from 'should';
import { CallGroup } from '../../lib/http/call-group.js';
import { Api, Connection, errorOf, until } from './harness.js';
import { selfSigned } from './self-signed.js';

const DAY = 24 * 3600 * 1000;

describe('FenergoClient over TLS', () => {
  for (const [what, from] of [
    ['signed by itself', new Date(Date.now() - DAY)],
    ['signed by itself and past its end', new Date('2001-01-01')],
  ] as const) {
    describe(`with a certificate that is ${what}`, () => {
      let server: Server;
      let connection: Connection;
      let requests = 0;

      before(async () => {
        server = createHttpsServer(selfSigned('localhost', from), (_, response) => {
          requests += 1;
          response.end('{"data":1}');
        });
        server.listen(0, '127.0.0.1');
        await once(server, 'listening');
      });

      beforeEach(() => {
        requests = 0;
        connection = new Connection(`https://localhost:${(server.address() as AddressInfo).port}`);
      });

      afterEach(() => connection.client.close());

      after(async () => {
        server.closeAllConnections();
        server.close();
        await once(server, 'close');
      });

      for (const [kind, failing] of [
        ['a read', () => connection.call()],
        ['a command', () => connection.command()],
      ] as const) {
        it(`refuses it for ${kind}, says so, and has sent nothing`, async () => {
          const error = await errorOf(failing());
          error.code.should.equal('FENERGO_NETWORK');
          error.message.should.match(
            /: the certificate of localhost:\d+ is not trusted \((DEPTH_ZERO_SELF_SIGNED_CERT\): if its authority is your own, .*NODE_EXTRA_CA_CERTS|CERT_HAS_EXPIRED\): it has expired)/,
          );
          error.message.should.not.containEql('carried out');
          should(error.facts.call?.attempts).equal(1);
          requests.should.equal(0);
          connection.pausesMs.should.be.empty();
          connection.clock.pending.should.equal(0);
        });
      }
    });
  }

  it('goes over one kept connection with a certificate that is trusted, and closes it at last', async function () {
    this.timeout(30_000);
    const folder = mkdtempSync(join(tmpdir(), 'fenergo-tls-'));
    const { key, cert } = selfSigned('localhost', new Date(Date.now() - DAY));
    const [certFile, keyFile] = [join(folder, 'cert.pem'), join(folder, 'key.pem')];
    writeFileSync(certFile, cert);
    writeFileSync(keyFile, key, { mode: 0o600 });
    try {
      const { stdout } = await promisify(execFile)(
        process.execPath,
        ['--require', 'tsx/cjs', join(__dirname, 'tls-child.ts'), certFile, keyFile],
        { env: { ...process.env, NODE_EXTRA_CA_CERTS: certFile }, timeout: 25_000 },
      );
      JSON.parse(stdout).should.deepEqual({
        payloads: ['Bearer ***', 'Bearer ***', 'Bearer ***'],
        opened: 1,
        idle: 1,
        left: 0,
        atOnce: true,
      });
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });

  it('says of a server that speaks no TLS that it does not, and sends it nothing', async () => {
    const api = await Api.start();
    api.replies({ body: { data: 1 } });
    const connection = new Connection(api.url.replace('http:', 'https:'));
    for (const failing of [() => connection.command(), () => connection.call()]) {
      const error = await errorOf(failing());
      error.code.should.equal('FENERGO_NETWORK');
      error.message.should.match(
        /: no TLS connection to 127\.0\.0\.1:\d+ \(ERR_SSL_WRONG_VERSION_NUMBER\): what answers there speaks no TLS: check the port/,
      );
      error.message.should.not.containEql('carried out');
      should(error.facts.call?.attempts).equal(1);
    }
    api.seen.should.be.empty();
    connection.client.close();
    await api.close();
  });

  describe('with a server that does not say a word', () => {
    let server: NetServer;
    let connection: Connection;
    const sockets = new Set<Socket>();
    const heard: Buffer[] = [];

    before(async () => {
      server = createServer((socket) => {
        sockets.add(socket);
        socket.on('data', (chunk) => heard.push(chunk));
        socket.on('error', () => {});
        socket.on('close', () => sockets.delete(socket));
      });
      server.listen(0, '127.0.0.1');
      await once(server, 'listening');
    });

    beforeEach(() => {
      heard.length = 0;
      connection = new Connection(`https://127.0.0.1:${(server.address() as AddressInfo).port}`);
    });

    afterEach(() => connection.client.close());

    after(async () => {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    });

    for (const [what, code, end] of [
      ['its timeout', 'FENERGO_TIMEOUT', () => connection.clock.advance(300_000)],
      ['its client', 'FENERGO_ABORTED', () => connection.client.close()],
      ['its group', 'FENERGO_ABORTED', (group: CallGroup) => group.close()],
    ] as const) {
      it(`ends in the midst of the handshake with ${what}, its connection, too`, async () => {
        const group = new CallGroup();
        const failing = errorOf(connection.command({}, { group }));
        await until(() => heard.length > 0);
        end(group);
        (await failing).code.should.equal(code);
        await until(() => sockets.size === 0);
        connection.clock.pending.should.equal(0);
        Buffer.concat(heard).toString('latin1').should.not.containEql('token-1');
      });
    }
  });

  it('is not reached when the connection is reset in the midst of the handshake: nothing was sent, so anything is repeated', async () => {
    let connections = 0;
    const server = createServer((socket) => {
      connections += 1;
      socket.on('error', () => {});
      socket.once('data', () => socket.resetAndDestroy());
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const connection = new Connection(`https://127.0.0.1:${(server.address() as AddressInfo).port}`);
    for (const failing of [() => connection.command(), () => connection.call()]) {
      connections = 0;
      const error = await errorOf(failing());
      error.code.should.equal('FENERGO_NETWORK');
      error.message.should.match(/cannot be reached \(ECONNRESET\)/);
      connections.should.equal(4);
    }
    connection.client.close();
    server.close();
    await once(server, 'close');
  });
});
