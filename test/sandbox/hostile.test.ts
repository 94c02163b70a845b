import { Agent, request } from 'node:http';
import { connect } from 'node:net';
import should from 'should';
import { startSandbox } from '../../lib/sandbox/sandbox.js';
import { ENTITY, Harness, operations, TENANT } from './harness.js';

const PATH = `/entitydataquery/api/v2/entity/${ENTITY}`;

describe('sandbox under hostile input', () => {
  let harness: Harness;
  before(async () => {
    harness = await Harness.start();
  });
  beforeEach(() => harness.reset());
  after(() => harness.close());

  /** Sends bytes as they are, and gives what comes back until the connection ends. */
  function raw(text: string): Promise<string> {
    return new Promise((resolve) => {
      let received = '';
      const socket = connect(Number(new URL(harness.sandbox.url).port), '127.0.0.1');
      socket.on('data', (chunk) => {
        received += chunk.toString('latin1');
      });
      socket.on('error', () => {});
      socket.on('close', () => resolve(received));
      socket.end(text, 'latin1');
    });
  }

  const alive = async () => (await harness.get(PATH)).status.should.equal(200);
  const head = () =>
    `Host: x\r\nConnection: close\r\nAuthorization: Bearer ${harness.token}\r\nX-Tenant-Id: ${TENANT}\r\n`;

  it('answers 400 with an envelope for bad percent-encoding', async () => {
    for (const bad of ['%', '%zz', '%e4%zz', '%C0%AF']) {
      const answer = await raw(`GET /entitydataquery/api/entity/${bad} HTTP/1.1\r\n${head()}\r\n`);
      answer.should.startWith('HTTP/1.1 400');
      answer.should.containEql('"errorCode":"BAD_REQUEST"');
    }
    await alive();
  });

  it('answers 404 for paths that are none', async () => {
    for (const path of [
      '//',
      '*',
      'http://elsewhere/x',
      '/../../etc/passwd',
      '/%2e%2e/',
      '/?',
      '/constructor',
    ]) {
      const answer = await raw(`GET ${path} HTTP/1.1\r\n${head()}\r\n`);
      answer.should.startWith('HTTP/1.1 404', path);
    }
    await alive();
  });

  it('takes any query', async () => {
    const answer = await raw(`GET ${PATH}?%zz=%&&==&a[b]=%00 HTTP/1.1\r\n${head()}\r\n`);
    answer.should.startWith('HTTP/1.1 200');
  });

  it('survives what is no HTTP, and floods of headers', async () => {
    (await raw('hello\r\n\r\n')).should.startWith('HTTP/1.1 400');
    (await raw(`GET / HTTP/1.1\r\nHost: x\r\nX: ${'y'.repeat(100_000)}\r\n\r\n`)).should.startWith(
      'HTTP/1.1 431',
    );
    const many = Array.from({ length: 1500 }, (_, index) => `h${index}: 1\r\n`).join('');
    await raw(`GET ${PATH} HTTP/1.1\r\n${head()}${many}\r\n`);
    await raw('POST /connect/token HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n');
    await raw('CONNECT example.org:443 HTTP/1.1\r\nHost: x\r\n\r\n');
    await raw(`GET ${PATH} HTTP/1.1\r\n${head()}Connection: Upgrade\r\nUpgrade: websocket\r\n\r\n`);
    await alive();
  });

  it('survives clients that go away in the middle', async () => {
    for (const path of ['/connect/token', '/entitydatacommand/api/v2/entity', '/sandbox/faults']) {
      const method = path === '/sandbox/faults' ? 'PUT' : 'POST';
      await raw(`${method} ${path} HTTP/1.1\r\n${head()}Content-Length: 1000\r\n\r\n{"data":`);
    }
    await alive();
  });

  it('survives strange header values', async () => {
    const odd = `${head()}X-Correlation-Id: \xe9\xff \t%0d%0a\r\nAccept-Encoding: ;;,gzip;q=x,\r\n`;
    (await raw(`GET ${PATH} HTTP/1.1\r\n${odd}\r\n`)).should.startWith('HTTP/1.1 200');
    const twice = `${head()}X-Tenant-Id: ${TENANT}\r\n`;
    (await raw(`GET ${PATH} HTTP/1.1\r\n${twice}\r\n`)).should.startWith('HTTP/1.1 400');
    await alive();
  });

  it('survives JSON that is deep or large, and answers with an envelope', async () => {
    const deep = `${'['.repeat(200_000)}${']'.repeat(200_000)}`;
    const property = `{"data":{"type":"Trust","properties":{"a":{"type":"Single","value":${deep}}}}}`;
    const { status, json } = await harness.call('POST', '/entitydatacommand/api/v2/entity/full', {
      body: property,
    });
    status.should.equal(500);
    json.messages[0].errorCode.should.equal('INTERNAL_SERVER_ERROR');
    harness.sandbox.stats.statusCodes.should.deepEqual({ 200: 1, 500: 1 });
    await harness.reset();
    await alive();
  });

  it('keeps connections alive', async () => {
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    const ports = new Set<number | undefined>();
    for (let count = 0; count < 5; count++) {
      await new Promise<void>((resolve, reject) => {
        const outgoing = request(`${harness.sandbox.url}/nowhere`, { agent }, (incoming) => {
          ports.add(incoming.socket.localPort);
          incoming.resume().on('end', resolve);
        });
        outgoing.on('error', reject).end();
      });
    }
    agent.destroy();
    ports.size.should.equal(1);
  });
});

describe('sandbox start and close', () => {
  it('listens on the loopback interface and tells its addresses', async () => {
    const sandbox = await startSandbox({ operations });
    try {
      sandbox.url.should.match(/^http:\/\/127\.0\.0\.1:\d+$/);
      sandbox.tokenUrl.should.equal(`${sandbox.url}/connect/token`);
      sandbox.apiUrl.should.equal(sandbox.url);
      sandbox.tenants.should.have.length(2);
    } finally {
      await sandbox.close();
    }
  });

  it('refuses options that make no sense, and a port that is taken', async () => {
    await startSandbox({ operations, plan: 'huge' as never }).should.be.rejectedWith(/plan 'huge'/);
    await startSandbox({ operations, consistencyMs: -1 }).should.be.rejectedWith(/consistencyMs/);
    await startSandbox({ operations, tokenSeconds: 0 }).should.be.rejectedWith(/tokenSeconds/);
    const sandbox = await startSandbox({ operations });
    try {
      const port = Number(new URL(sandbox.url).port);
      await startSandbox({ operations, port }).should.be.rejectedWith({ code: 'EADDRINUSE' });
    } finally {
      await sandbox.close();
    }
  });

  it('closes at once with connections open and calls held, and may be closed twice', async () => {
    const harness = await Harness.start();
    harness.sandbox.setFaults([{ delayMs: 1_000_000 }]);
    const held = harness.get(PATH).catch((error: Error) => error);
    while (harness.clock.pending === 0) await new Promise((resolve) => setImmediate(resolve));
    await harness.close();
    should(await held).be.an.Error();
    await harness.close();
    await fetch(harness.sandbox.url).should.be.rejected();
  });

  it('makes the same ids of the same randomness', async () => {
    const ids = [];
    for (let round = 0; round < 2; round++) {
      let state = 7;
      const random = () => {
        state = (state * 16_807) % 2_147_483_647;
        return state / 2_147_483_647;
      };
      const harness = await Harness.start({ random });
      const { json } = await harness.send('POST', '/entitydatacommand/api/entity', {
        type: 'Trust',
        properties: {},
      });
      ids.push([harness.token, json.data.id]);
      await harness.close();
    }
    should(ids[0]).deepEqual(ids[1]);
    should(ids[0]?.[1]).match(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-8[0-9a-f]{3}-[0-9a-f]{12}$/);
  });
});
