import should from 'should';
import { Api, Connection, callOf, errorOf, settled, until } from './harness.js';

describe('FenergoClient, redirects', () => {
  let api: Api;
  let other: Api;
  let connection: Connection;

  before(async () => {
    api = await Api.start();
    other = await Api.start();
  });

  beforeEach(() => {
    connection = new Connection(api.url);
    other.replies({ body: { data: 'stolen' } });
  });

  afterEach(() => connection.client.close());

  after(async () => {
    await api.close();
    await other.close();
  });

  const to = (location: string, status = 302) => ({ status, headers: { location } });

  for (const status of [301, 302, 303, 307, 308]) {
    it(`${status} to the same host is followed for a GET`, async () => {
      api.replies(to('/moved/here?x=1', status), { body: { data: 'found' } });
      should((await connection.call()).payload).equal('found');
      should(api.seen[1]).have.properties({ method: 'GET', url: '/moved/here?x=1' });
      should(api.seen[1]?.headers).have.properties({ authorization: 'Bearer token-1' });
    });

    for (const method of ['POST', 'PUT', 'PATCH', 'DELETE']) {
      it(`${status} is not followed for a ${method}`, async () => {
        api.replies(to('/moved', status), { body: { data: 'found' } });
        const error = await errorOf(connection.call({ method, body: '{}' }));
        error.code.should.equal('FENERGO_RESPONSE');
        error.message.should.match(
          /redirect \(30\d\) that is not followed, so that the token stays with its host/,
        );
        api.seen.should.have.length(1);
      });
    }
  }

  it('are followed for a HEAD', async () => {
    api.replies(to('/moved'), {});
    should((await connection.call({ method: 'HEAD' })).statusCode).equal(200);
    should(api.seen[1]).have.properties({ method: 'HEAD', url: '/moved' });
  });

  it('relative and absolute targets on the same host are both followed', async () => {
    api.replies(to('../other'), to(`${api.url}/third`), { body: { data: 3 } });
    should((await connection.call()).payload).equal(3);
    api.seen
      .map(({ url }) => url)
      .should.deepEqual(['/entitydataquery/api/v2/entity/7', '/entitydataquery/api/v2/other', '/third']);
  });

  const targets = (): [string, string][] => {
    const { port } = new URL(other.url);
    const own = new URL(api.url);
    return [
      ['another port', `${other.url}/x`],
      ['another host', `http://localhost:${port}/x`],
      ['another name of the same host', `http://localhost:${own.port}/x`],
      ['another scheme', `https://${own.host}/x`],
      ['no scheme', `//127.0.0.1:${port}/x`],
      ['backslashes', `\\\\127.0.0.1:${port}\\x`],
      ['a user name that looks like the host', `http://${own.host}@127.0.0.1:${port}/x`],
      ['a scheme that is no HTTP', 'file:///etc/passwd'],
      ['nonsense', 'http://[/'],
      ['nothing', ''],
    ];
  };
  for (const n of Array.from({ length: 10 }, (_, index) => index)) {
    it(`to elsewhere are refused, and nothing is sent there (${n + 1})`, async () => {
      const [what, location] = targets()[n] as [string, string];
      api.replies(to(location), { body: { data: 'same host' } });
      const error = await errorOf(connection.call());
      error.code.should.equal('FENERGO_RESPONSE', what);
      error.message.should.match(/redirect \(302\)/);
      other.seen.should.be.empty();
      api.seen.should.have.length(1);
    });
  }

  it('over a second host do not come back with the token', async () => {
    api.replies(to('/one'), to(`${other.url}/two`));
    await errorOf(connection.call());
    other.seen.should.be.empty();
    api.seen.should.have.length(2);
  });

  it('in a circle end', async () => {
    api.replies(to('/round'));
    (await errorOf(connection.call())).code.should.equal('FENERGO_RESPONSE');
    api.seen.should.have.length(6);
  });

  it('without a target are no success', async () => {
    api.replies({ status: 304 });
    const error = await errorOf(connection.call());
    error.should.have.properties({ code: 'FENERGO_RESPONSE' });
    should(error.facts.statusCode).equal(304);
  });

  it('has a turn of its own for each request', async () => {
    connection.client.close();
    connection = new Connection(api.url, { limits: { perSecond: 1, concurrent: 1 } });
    api.replies(to('/moved'), to('/again'), { body: { data: 'found' } });
    const startMs = connection.clock.nowMs();
    const found = connection.client.call(callOf({}));
    await until(() => api.seen.length === 1);
    await settled();
    await connection.pass(1001);
    api.seen.should.have.length(1);
    await connection.pass(1);
    await until(() => api.seen.length === 2);
    await settled();
    await connection.pass(1002);
    should((await found).payload).equal('found');
    (connection.clock.nowMs() - startMs).should.equal(2004);
  });
});
