import { once } from 'node:events';
import { Agent as HttpAgent } from 'node:http';
import { createServer as createHttpsServer, Agent as HttpsAgent, type ServerOptions } from 'node:https';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import should from 'should';
import { tlsAdvice, tlsCode, tlsFailure } from '../../lib/tls.js';
import { exchange, type TransportError } from '../../lib/transport.js';
import { selfSigned } from '../http/self-signed.js';

const DAY = 24 * 3600 * 1000;
const own = selfSigned('localhost', new Date(Date.now() - DAY));

describe('exchange over TLS', () => {
  let agent: { http: HttpAgent; https: HttpsAgent };
  const closing: (() => Promise<void>)[] = [];

  beforeEach(() => {
    agent = { http: new HttpAgent(), https: new HttpsAgent({ ca: own.cert, keepAlive: true }) };
  });

  afterEach(async () => {
    agent.https.destroy();
    for (const close of closing.splice(0)) await close();
  });

  async function listening(server: Server): Promise<number> {
    const sockets = new Set<Socket>();
    server.on('connection', (socket) => {
      sockets.add(socket);
      socket.on('error', () => {});
    });
    server.on('tlsClientError', () => {});
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    closing.push(async () => {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    });
    return (server.address() as AddressInfo).port;
  }

  let requests: number;

  function tlsServer(options: ServerOptions = {}): Promise<number> {
    requests = 0;
    return listening(
      createHttpsServer({ ...own, ...options }, (_, response) => {
        requests += 1;
        response.end('words');
      }) as unknown as Server,
    );
  }

  /** A server that answers the client's greeting with these bytes. */
  function saying(bytes: Buffer | string): Promise<number> {
    return listening(createServer((socket) => socket.once('data', () => socket.end(bytes))));
  }

  const ask = (port: number, host = 'localhost') =>
    exchange({
      method: 'POST',
      url: `https://${host}:${port}/`,
      headers: {},
      body: '{}',
      maxBytes: 1000,
      agent,
    });

  async function failure(port: number, host?: string): Promise<TransportError> {
    const error = await ask(port, host).then(
      () => undefined,
      (reason: TransportError) => reason,
    );
    if (!error) throw new Error('it did not fail');
    return error;
  }

  const alert = (number: number) => Buffer.from([0x15, 3, 3, 0, 2, 2, number]);

  it('is an exchange like any other where the certificate is trusted', async () => {
    const port = await tlsServer();
    (await ask(port)).body.toString().should.equal('words');
  });

  it('refuses a certificate for another name', async () => {
    const { kind, code } = await failure(await tlsServer(), '127.0.0.1');
    kind.should.equal('untrusted');
    code.should.equal('ERR_TLS_CERT_ALTNAME_INVALID');
    tlsAdvice(code).should.match(/another host name/);
    requests.should.equal(0);
  });

  for (const [what, port, code, advice] of [
    ['no TLS but HTTP', () => saying('HTTP/1.1 400 Bad Request\r\n\r\n'), /WRONG_VERSION_NUMBER$/, /no TLS/],
    ['no TLS but mail', () => saying('220 mail.example.com\r\n'), /WRONG_VERSION_NUMBER$/, /no TLS/],
    [
      'TLS 1.1 only',
      () => tlsServer({ minVersion: 'TLSv1', maxVersion: 'TLSv1.1', ciphers: 'DEFAULT@SECLEVEL=0' }),
      /ALERT_PROTOCOL_VERSION$/,
      /no TLS version in common/,
    ],
    [
      'ciphers of its own',
      () => tlsServer({ maxVersion: 'TLSv1.2', ciphers: 'ECDHE-RSA-AES128-SHA256' }),
      /HANDSHAKE_FAILURE$/,
      /no cipher in common/,
    ],
    [
      'TLS 1.2 with a client certificate',
      () => tlsServer({ requestCert: true, rejectUnauthorized: true, maxVersion: 'TLSv1.2' }),
      /HANDSHAKE_FAILURE$/,
      /client certificate/,
    ],
    ['another host name', () => saying(alert(112)), /UNRECOGNIZED_NAME$/, /does not know this host name/],
    ['an error of its own', () => saying(alert(80)), /INTERNAL_ERROR$/, /^$/],
  ] as const) {
    it(`tells of a server that speaks ${what}, and has sent it nothing`, async () => {
      const error = await failure(await port());
      error.kind.should.equal('handshake');
      error.code.should.startWith('ERR_SSL_').and.match(code);
      tlsAdvice(error.code).should.match(advice);
      requests.should.equal(0);
    });
  }

  for (const before of [0, 1]) {
    it(`says that the connection broke when TLS fails after the request was sent, ${before} requests before`, async () => {
      let disturb = () => {};
      let asked = 0;
      const there = await listening(
        createHttpsServer(own, (_, response) => {
          asked += 1;
          if (asked > before) disturb();
          else response.end();
        }) as unknown as Server,
      );
      // What stands between puts bytes into the connection that are no part of it.
      const between = createServer((socket) => {
        const onward = connect(there, '127.0.0.1');
        onward.on('error', () => {});
        socket.pipe(onward).pipe(socket);
        disturb = () => socket.write(Buffer.concat([Buffer.of(0x17, 3, 3, 0, 40), Buffer.alloc(40, 7)]));
      });
      const port = await listening(between);
      for (let count = 0; count < before; count += 1) await ask(port);
      const { kind, code } = await failure(port);
      kind.should.equal('broken');
      code.should.match(/^ERR_SSL_/);
    });
  }
});

describe('TLS codes', () => {
  it('are taken out of the words of EPROTO', () => {
    const words =
      'write EPROTO 80:error:0A00010B:SSL routines:ssl3_get_record:wrong version number:../x.c:350:\n';
    tlsCode({ code: 'EPROTO', message: words }).should.equal('ERR_SSL_WRONG_VERSION_NUMBER');
    const newer = 'write EPROTO 40:error:0A000410:SSL routines:x:ssl/tls alert handshake failure:../y.c:9:';
    tlsCode({ code: 'EPROTO', message: newer }).should.equal('ERR_SSL_SSL_TLS_ALERT_HANDSHAKE_FAILURE');
    tlsCode({ code: 'EPROTO' }).should.equal('ERR_SSL_UNKNOWN');
    tlsCode({ code: 'ECONNRESET', message: words }).should.equal('ECONNRESET');
  });

  for (const [code, before, after] of [
    ['CERT_HAS_EXPIRED', 'untrusted', undefined],
    ['SELF_SIGNED_CERT_IN_CHAIN', 'untrusted', undefined],
    ['UNABLE_TO_GET_ISSUER_CERT_LOCALLY', 'untrusted', undefined],
    ['INVALID_PURPOSE', 'untrusted', undefined],
    ['HOSTNAME_MISMATCH', 'untrusted', undefined],
    ['ERR_TLS_CERT_ALTNAME_INVALID', 'untrusted', undefined],
    ['ERR_SSL_WRONG_VERSION_NUMBER', 'handshake', undefined],
    ['ERR_SSL_DECRYPTION_FAILED_OR_BAD_RECORD_MAC', 'handshake', undefined],
    ['ERR_TLS_DH_PARAM_SIZE', 'handshake', undefined],
    // A server that speaks TLS 1.3 asks for the client's certificate when the client has begun to send.
    ['ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED', 'handshake', 'handshake'],
    ['ERR_SSL_SSLV3_ALERT_BAD_CERTIFICATE', 'handshake', 'handshake'],
    ['ERR_SSL_TLSV1_ALERT_UNKNOWN_CA', 'handshake', 'handshake'],
    ['ECONNRESET', undefined, undefined],
    ['ENOTFOUND', undefined, undefined],
    ['ERR_UNKNOWN', undefined, undefined],
  ] as const) {
    it(`${code} is ${before ?? 'none'} before the two agreed, ${after ?? 'none'} after`, () => {
      should(tlsFailure(code, false)).equal(before);
      should(tlsFailure(code, true)).equal(after);
    });
  }
});
