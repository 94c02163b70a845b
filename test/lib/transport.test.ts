import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { inspect } from 'node:util';
import should from 'should';
import { type Exchange, exchange, type TransportError } from '../../lib/transport.js';
import { Api } from '../http/harness.js';
import { BrokenServer, closedPort } from '../support/broken-server.js';

describe('exchange', () => {
  let api: Api;

  before(async () => {
    api = await Api.start();
  });

  after(() => api.close());

  const request = (other: Partial<Exchange> = {}): Exchange => ({
    method: 'GET',
    url: `${api.url}/x`,
    headers: { authorization: 'Bearer p1anted' },
    maxBytes: 1000,
    ...other,
  });

  async function failure(other: Partial<Exchange> = {}): Promise<TransportError> {
    const error = await exchange(request(other)).then(
      () => undefined,
      (reason: TransportError) => reason,
    );
    if (!error) throw new Error('it did not fail');
    inspect(error, { depth: Infinity, showHidden: true }).should.not.containEql('p1anted');
    return error;
  }

  it('loads got when it is first needed, so that a start of Node-RED does not pay for it', async () => {
    const script = `
      const loaded = () => Object.keys(require.cache).some((file) => /node_modules.got.dist/.test(file));
      const { exchange } = require('./lib/transport.ts');
      const before = loaded();
      exchange({ method: 'GET', url: 'http://127.0.0.1:${await closedPort()}/', headers: {}, maxBytes: 1 })
        .catch(({ kind }) => console.log(before, loaded(), kind));
    `;
    const cwd = join(__dirname, '../..');
    const output = execFileSync(process.execPath, ['--require', 'tsx/cjs', '--eval', script], { cwd });
    output.toString().should.equal('false true unreachable\n');
  });

  it('gives whatever answer comes, whole', async () => {
    for (const status of [200, 204, 301, 404, 500]) {
      api.replies({ status, headers: { 'x-own': 'yes' }, body: status === 204 ? undefined : 'words' });
      const answer = await exchange(request());
      answer.statusCode.should.equal(status);
      answer.headers.should.have.property('x-own', 'yes');
      answer.body.toString().should.equal(status === 204 ? '' : 'words');
      api.seen.should.have.length(1);
    }
  });

  it('sends the path as it was written', async () => {
    for (const path of ['/a%2Fb', '/a%zz', '/%', '/a//b', "/a'(b)*", '/a?b=c%20d&e=%']) {
      api.replies({});
      await exchange(request({ url: api.url + path }));
      should(api.seen[0]?.url).equal(path);
    }
  });

  it('sends nothing when the signal has fired', async () => {
    api.replies({});
    (await failure({ signal: AbortSignal.abort() })).kind.should.equal('aborted');
    api.seen.should.be.empty();
  });

  it('ends when the signal fires', async () => {
    api.replies({ silent: true });
    const controller = new AbortController();
    const asked = api.asked();
    const failing = failure({ signal: controller.signal });
    await asked;
    controller.abort();
    (await failing).should.have.properties({ kind: 'aborted', code: 'ABORT_ERR' });
  });

  it('says that nothing was sent where no connection was made', async () => {
    const url = `http://127.0.0.1:${await closedPort()}/`;
    (await failure({ url })).should.have.properties({ kind: 'unreachable', code: 'ECONNREFUSED' });
    (await failure({ url: 'http://host.invalid/' })).kind.should.equal('unreachable');
  });

  it('says that the connection broke after something was sent', async () => {
    api.replies({ reset: true });
    (await failure()).should.have.properties({ kind: 'broken', code: 'ECONNRESET' });
    api.replies({ body: 'half', cut: true });
    (await failure()).kind.should.equal('broken');
  });

  it('says that an answer is no HTTP, or wrongly packed', async () => {
    const broken = await BrokenServer.start((socket) => socket.end('nonsense\r\n\r\n'));
    (await failure({ url: broken.url })).kind.should.equal('garbled');
    await broken.close();
    for (const encoding of ['gzip', 'br', 'deflate']) {
      api.replies({ headers: { 'content-encoding': encoding }, body: 'plain words' });
      (await failure()).kind.should.equal('garbled', encoding);
    }
  });

  it('says that an answer is too large, whatever length it declares', async () => {
    api.replies({ body: 'x'.repeat(1001) });
    (await failure()).should.have.properties({ kind: 'too-large', code: 'ERR_BODY_TOO_LARGE' });
    api.answer = () => (response) => {
      response.write('x'.repeat(600));
      response.end('x'.repeat(600));
    };
    (await failure()).kind.should.equal('too-large');
    api.replies({ body: 'x'.repeat(1000) });
    (await exchange(request())).body.length.should.equal(1000);
  });
});
