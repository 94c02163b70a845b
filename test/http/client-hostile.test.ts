import type { Socket } from 'node:net';
import { inspect } from 'node:util';
import should from 'should';
import { secretForms } from '../../lib/secret-forms.js';
import { BrokenServer } from '../support/broken-server.js';
import { Api, Connection, errorOf, until } from './harness.js';

const OK = 'HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n{"data":1}';

describe('FenergoClient, against a platform that means harm', () => {
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

  describe('a redirect', () => {
    for (const user of ['me:pw@', 'me@', ':pw@']) {
      it(`with the user name ${user} is not followed: it would take the place of the token`, async () => {
        const { host } = new URL(api.url);
        api.replies({ status: 302, headers: { location: `http://${user}${host}/y` } }, { body: { data: 1 } });
        (await errorOf(connection.call())).code.should.equal('FENERGO_RESPONSE');
        api.seen.should.have.length(1);
      });
    }

    it('with a fragment is followed without it', async () => {
      api.replies({ status: 302, headers: { location: '/y?a=1#part' } }, { body: { data: 1 } });
      await connection.call();
      should(api.seen[1]?.url).equal('/y?a=1');
    });

    it('with a line break put in by the platform sends no header of its making', async () => {
      api.replies({ status: 302, headers: { location: '/y%0d%0ax-evil:%201' } }, { body: { data: 1 } });
      await connection.call();
      should(api.seen[1]?.url).equal('/y%0d%0ax-evil:%201');
      api.seen[1]?.headers.should.not.have.property('x-evil');
    });

    it('that ends in a refusal tells of the refusal', async () => {
      api.replies({ status: 301, headers: { location: '/y' } }, { status: 404 });
      (await errorOf(connection.call())).code.should.equal('FENERGO_NOT_FOUND');
    });

    it('that ends in 401 is begun again with a fresh token', async () => {
      api.replies(
        { status: 301, headers: { location: '/y' } },
        { status: 401 },
        { status: 301, headers: { location: '/y' } },
        { body: { data: 'ok' } },
      );
      should((await connection.call()).payload).equal('ok');
      api.seen
        .map(({ url, headers }) => `${url} ${headers.authorization}`)
        .should.deepEqual([
          '/entitydataquery/api/v2/entity/7 Bearer token-1',
          '/y Bearer token-1',
          '/entitydataquery/api/v2/entity/7 Bearer token-2',
          '/y Bearer token-2',
        ]);
    });
  });

  it('is given none of its cookies back', async () => {
    api.replies({ headers: { 'set-cookie': 'a=1; Path=/' }, body: { data: 1 } });
    await connection.call();
    await connection.call();
    api.seen[1]?.headers.should.not.have.property('cookie');
  });

  it('cannot put the token into the error of an answer that is no JSON', async () => {
    api.replies({ body: '<html>authorization: Bearer token-1</html>' });
    const error = await errorOf(connection.call());
    error.code.should.equal('FENERGO_RESPONSE');
    should(error.facts.body).equal('<html>authorization: Bearer ***</html>');
    inspect(error.facts).should.not.containEql('token-1');
  });

  describe('that repeats the token', () => {
    const TOKEN = 'p1anted-token/+==~';
    const everywhere = (value: unknown) => inspect(value, { depth: Infinity, showHidden: true });
    const repeated = secretForms(TOKEN).join(' ');
    const headers = {
      'x-echo': `Bearer ${TOKEN}`,
      'x-forms': repeated,
      'set-cookie': `a=${encodeURIComponent(TOKEN)}`,
      'x-rate-limit-remaining': '5',
      'x-rate-limit-reset': TOKEN,
      deprecation: `@1 ${TOKEN}`,
      sunset: repeated,
    };
    const clean = (value: unknown) => {
      const text = everywhere(value);
      for (const form of secretForms(TOKEN)) text.should.not.containEql(form);
    };
    let trusting: Connection;

    beforeEach(() => {
      trusting = new Connection(api.url, { tokens: { get: async () => TOKEN, reject: () => {} } });
    });

    afterEach(() => trusting.client.close());

    it('has it in no header and no fact of a success', async () => {
      api.replies({ headers, body: { data: 1 } });
      const result = await trusting.call();
      clean(result);
      result.headers.should.have.properties({ 'x-echo': 'Bearer ***', 'set-cookie': ['a=***'] });
      should(result.facts.rateLimit).deepEqual({ remaining: 5 });
      should(result.facts.deprecation).equal('@1 ***');
      result.headers.should.have.property('content-type', 'application/json');
    });

    it('has it in no header and no fact of a failure', async () => {
      for (const status of [400, 401, 404, 500]) {
        api.replies({ status, headers, body: { message: TOKEN } });
        const error = await errorOf(trusting.command());
        clean([error, error.facts]);
        should(error.facts.call?.deprecation).equal('@1 ***');
      }
    });

    it('has it in no name of a header', async () => {
      const hex = 'ABCDEF0123456789ABCDEF';
      const other = new Connection(api.url, { tokens: { get: async () => hex, reject: () => {} } });
      api.replies({ headers: { [`x-${hex}`]: '1' }, body: { data: 1 } });
      everywhere((await other.call()).headers)
        .toUpperCase()
        .should.not.containEql(hex);
      other.client.close();
    });

    for (const result of ['data', 'envelope', 'text'] as const) {
      it(`has it in no payload: ${result}`, async () => {
        const data = { [TOKEN]: `é ${TOKEN} 😀`, list: secretForms(TOKEN) };
        api.replies({ body: { data, messages: [{ message: `Bearer ${TOKEN}` }] } });
        const { payload, facts } = await trusting.call({ result });
        clean([payload, facts]);
        JSON.stringify(payload).should.containEql('é *** 😀');
      });
    }

    it('has it in no payload of bytes either, of which all others stay', async () => {
      const bytes = (word: string) =>
        Buffer.concat([Buffer.of(0xff, 0, 0xc3), Buffer.from(word), Buffer.of(0xfe)]);
      api.replies({ body: bytes(TOKEN) });
      const { payload } = await trusting.call({ result: 'buffer' });
      should(payload).deepEqual(bytes('***'));
    });

    it('does not change data that hold a mock-up’s token by chance', async () => {
      const other = new Connection(api.url, { tokens: { get: async () => 'test', reject: () => {} } });
      api.replies({ body: { data: 'the latest test' } });
      should((await other.call()).payload).equal('the latest test');
      other.client.close();
    });
  });

  it('cannot put lines of its own into a log', async () => {
    const messages = [{ message: 'one\r\n2026-01-01 [error] two\u001b[31m\u0000\u2028three\ttail' }];
    api.replies({ status: 400, body: { messages } });
    const error = await errorOf(connection.call());
    // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what must not be there
    error.message.should.not.match(/[\x00-\x1f\x7f-\x9f\u2028\u2029]/);
    error.message.should.match(/one .*\[error\] two.*three tail$/);
    should(error.facts.messages?.[0]?.message).equal(messages[0]?.message);
  });

  it('cannot change the prototype of anything', async () => {
    api.replies({ body: '{"data":{"__proto__":{"polluted":1}},"messages":[{"__proto__":{"message":"x"}}]}' });
    const { payload, facts } = await connection.call();
    should(({} as Record<string, unknown>).polluted).be.undefined();
    should((payload as Record<string, unknown>).polluted).be.undefined();
    facts.messages.should.deepEqual([]);
  });

  it('may nest as deep as it likes', async () => {
    const deep = `${'['.repeat(50_000)}${']'.repeat(50_000)}`;
    api.replies({ body: `{"data":${deep}}` });
    Array.isArray((await connection.call()).payload).should.be.true();
    api.replies({ status: 400, body: `{"messages":${deep}}` });
    (await errorOf(connection.call())).code.should.equal('FENERGO_VALIDATION');
  });

  describe('an error that is none of ours', () => {
    it('is passed on by its message and code only', async () => {
      const foreign = Object.assign(new Error('odd'), {
        code: 'E_ODD',
        options: { headers: { authorization: 'p1anted' } },
      });
      const tokens = { get: () => Promise.reject(foreign), reject: () => {} };
      const failing = new Connection(api.url, { tokens });
      const error = await errorOf(failing.call());
      error.code.should.equal('FENERGO_NETWORK');
      should(error.cause).have.properties({ message: 'odd', code: 'E_ODD' });
      inspect(error, { depth: Infinity, showHidden: true }).should.not.containEql('p1anted');
      failing.client.close();
    });
  });

  describe('bytes', () => {
    let broken: BrokenServer;
    let toBroken: Connection;
    const answering = (...answers: string[]) => {
      broken.breakage = (socket: Socket) =>
        socket.write(answers[Math.min(broken.requests.length, answers.length) - 1] ?? '');
    };

    before(async () => {
      broken = await BrokenServer.start(() => {});
    });

    beforeEach(() => {
      broken.requests.length = 0;
      toBroken = new Connection(broken.url);
    });

    afterEach(() => toBroken.client.close());

    after(() => broken.close());

    for (const [what, before] of [
      ['100 Continue', 'HTTP/1.1 100 Continue\r\n\r\n'],
      ['103 Early Hints', 'HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n'],
      ['several of these', 'HTTP/1.1 102 Processing\r\n\r\n'.repeat(5)],
    ] as const) {
      it(`of a provisional answer are passed over: ${what}`, async () => {
        answering(before + OK);
        const { payload, statusCode } = await toBroken.call();
        should(payload).equal(1);
        statusCode.should.equal(200);
      });
    }

    it('of an answer that changes the protocol end the call at its timeout, and its connection', async () => {
      let closed = false;
      broken.breakage = (socket) => {
        socket.on('close', () => {
          closed = true;
        });
        socket.write('HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: Upgrade\r\n\r\n');
      };
      const failing = errorOf(toBroken.command({ timeoutMs: 1000 }));
      await until(() => broken.requests.length === 1);
      toBroken.clock.advance(1000);
      (await failing).code.should.equal('FENERGO_TIMEOUT');
      await until(() => closed);
      broken.requests.should.have.length(1);
      toBroken.clock.pending.should.equal(0);
    });

    it('behind an answer are never taken for the answer of the next call', async () => {
      answering(
        `${OK}HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n{"data":2}`,
        'HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n{"data":3}',
      );
      should((await toBroken.call()).payload).equal(1);
      should((await toBroken.call()).payload).equal(3);
      broken.requests.should.have.length(2);
    });

    for (const status of ['099', '000', '199']) {
      it(`with the status ${status} are no success`, async () => {
        broken.breakage = (socket) =>
          socket.end(`HTTP/1.1 ${status} Odd\r\nContent-Length: 10\r\nConnection: close\r\n\r\n{"data":1}`);
        (await errorOf(toBroken.command())).code.should.equal('FENERGO_RESPONSE');
        broken.requests.should.have.length(1);
      });
    }

    for (const status of ['600', '999']) {
      it(`with the status ${status} are a failure of the platform`, async () => {
        answering(`HTTP/1.1 ${status} Odd\r\nContent-Length: 0\r\n\r\n`);
        (await errorOf(toBroken.call())).code.should.equal('FENERGO_SERVER');
        broken.requests.should.have.length(1);
      });
    }

    it('of HTTP/1.0, which end with the connection, are an answer', async () => {
      broken.breakage = (socket) => socket.end('HTTP/1.0 200 OK\r\n\r\n{"data":1}');
      should((await toBroken.call()).payload).equal(1);
    });

    it('one by one are an answer', async () => {
      const answer = Buffer.from(
        'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n"\xc3\r\n2\r\n\xa9"\r\n0\r\n\r\n',
        'latin1',
      );
      broken.breakage = async (socket) => {
        socket.setNoDelay(true);
        for (const byte of answer) {
          socket.write(Buffer.of(byte));
          await new Promise((resolve) => setImmediate(resolve));
        }
      };
      should((await toBroken.call()).payload).equal('é');
    });

    it('that come before the question do no harm', async () => {
      broken.breakage = (socket) => {
        socket.write(OK);
        socket.write(OK);
        socket.end();
      };
      should((await toBroken.call()).payload).equal(1);
      should((await toBroken.call()).payload).equal(1);
      broken.requests.should.have.length(2);
    });
  });
});
