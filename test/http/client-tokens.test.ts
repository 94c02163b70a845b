import { inspect } from 'node:util';
import should from 'should';
import type { Credential } from '../../lib/auth/credential.js';
import { TokenCache } from '../../lib/auth/token-cache.js';
import { Catalog } from '../../lib/catalog/catalog.js';
import { FenergoClient } from '../../lib/http/client.js';
import { type Sandbox, startSandbox } from '../../lib/sandbox/sandbox.js';
import { closedPort } from '../support/broken-server.js';
import { ManualClock } from '../support/manual-clock.js';
import { Api, callOf, commandOf, errorOf, trafficOf, until } from './harness.js';

const SECRET = 'p1anted-Secret/+=&';
const operations = new Catalog().all();

/** A client with the real token cache behind it. */
class Authorised {
  readonly clock: ManualClock;
  readonly cache: TokenCache;
  readonly client: FenergoClient;
  readonly log: string[] = [];

  constructor(apiUrl: string, tokenUrl: string, clock = new ManualClock(), clientId = 'client-a') {
    const scope = 'fenx.all';
    const credential: Credential = { tokenUrl, clientId, clientSecret: SECRET, scope };
    this.clock = clock;
    this.cache = new TokenCache({ clock, log: (line) => this.log.push(line) });
    this.client = new FenergoClient({
      apiUrl,
      tokens: {
        get: (signal) => this.cache.get(credential, signal),
        reject: (token) => this.cache.reject(credential, token),
      },
      scope,
      traffic: trafficOf(clock, { concurrent: 20 }),
      userAgent: 'test/1',
      clock,
      random: () => 0.5,
    });
  }
}

describe('FenergoClient with the token cache', () => {
  describe('against the sandbox', () => {
    let sandbox: Sandbox;
    let authorised: Authorised;
    const call = () =>
      callOf({
        service: 'entitydataquery',
        path: '/entitydataquery/api/v2/entity/unknown',
        tenantId: sandbox.tenants[0]?.id ?? '',
      });
    const hundred = () =>
      Promise.all(Array.from({ length: 100 }, () => errorOf(authorised.client.call(call()))));

    before(async () => {
      sandbox = await startSandbox({ operations, clock: new ManualClock(), plan: 'none' });
    });

    beforeEach(() => {
      sandbox.reset();
      authorised = new Authorised(sandbox.apiUrl, sandbox.tokenUrl);
    });

    afterEach(() => authorised.client.close());

    after(() => sandbox.close());

    it('a hundred calls at once cost one token', async () => {
      for (const error of await hundred()) error.code.should.equal('FENERGO_NOT_FOUND');
      sandbox.stats.tokenRequests.should.equal(1);
    });

    it('a hundred refused at once cost one renewal, and all get through', async () => {
      await hundred();
      sandbox.revokeTokens();
      const errors = await hundred();
      for (const error of errors) error.code.should.equal('FENERGO_NOT_FOUND');
      errors.some((error) => error.facts.call?.attempts === 2).should.be.true();
      sandbox.stats.tokenRequests.should.equal(2);
    });

    it('one that is refused twice has cost one more token', async () => {
      await errorOf(authorised.client.call(call()));
      sandbox.setFaults([{ match: { path: '/entitydataquery' }, respond: { status: 401 }, times: 'always' }]);
      const error = await errorOf(authorised.client.call(call()));
      error.code.should.equal('FENERGO_UNAUTHORIZED');
      should(error.facts.call?.attempts).equal(2);
      sandbox.stats.tokenRequests.should.equal(2);
    });

    it('calls that are refused again and again ask for tokens ever more slowly', async () => {
      sandbox.setFaults([{ match: { path: '/entitydataquery' }, respond: { status: 401 }, times: 'always' }]);
      await errorOf(authorised.client.call(call()));
      sandbox.stats.tokenRequests.should.equal(2);
      const next = errorOf(authorised.client.call(call()));
      await until(() => authorised.clock.pending > 1);
      should(authorised.clock.nextInMs).equal(1000);
      sandbox.stats.tokenRequests.should.equal(2);
      authorised.clock.advance(1000);
      await until(() => sandbox.stats.tokenRequests === 3);
      await until(() => authorised.clock.nextInMs === 2000);
      authorised.clock.advance(2000);
      (await next).code.should.equal('FENERGO_UNAUTHORIZED');
      sandbox.stats.tokenRequests.should.equal(4);
    });

    it('a refused credential fails at once: it is not tried again', async () => {
      const invalid = new Authorised(sandbox.apiUrl, sandbox.tokenUrl, new ManualClock(), 'invalid');
      const error = await errorOf(invalid.client.call(call()));
      error.code.should.equal('FENERGO_AUTH');
      error.message.should.match(/invalid_client.*check the client id and secret/);
      should(error.facts.call?.attempts).equal(0);
      should(error.facts.statusCode).be.aboveOrEqual(400);
      sandbox.stats.should.have.properties({ tokenRequests: 1, calls: 0 });
      invalid.client.close();
    });
  });

  it('tries again when the token endpoint was out of reach, as late as the cache allows', async () => {
    const port = await closedPort();
    const api = await Api.start();
    api.replies({ body: { data: 'ok' } });
    const authorised = new Authorised(api.url, `http://127.0.0.1:${port}/connect/token`);
    const call = authorised.client.call(commandOf());
    // The first request has failed when the cache holds the next one back.
    await until(() => authorised.clock.nextInMs === 0);
    const identity = await Api.start(port);
    identity.replies({ body: { access_token: 'abc', expires_in: 900 } });
    authorised.clock.advance(0);
    await until(() => authorised.clock.nextInMs === 1000);
    authorised.clock.advance(999);
    await new Promise((resolve) => setImmediate(resolve));
    identity.seen.should.be.empty();
    authorised.clock.advance(1);
    const { payload, facts } = await call;
    should(payload).equal('ok');
    facts.attempts.should.equal(1);
    identity.seen.should.have.length(1);
    should(api.seen[0]?.headers.authorization).equal('Bearer abc');
    authorised.client.close();
    await api.close();
    await identity.close();
  });

  it('gives callers who waited for one failing token request errors of their own', async () => {
    const identity = await Api.start();
    identity.replies({ status: 400, body: { error: 'invalid_scope' } });
    const authorised = new Authorised(identity.url, `${identity.url}/connect/token`);
    const errors = await Promise.all(
      Array.from({ length: 10 }, () => errorOf(authorised.client.call(callOf()))),
    );
    new Set(errors).size.should.equal(10);
    new Set(errors.map((error) => error.facts.call)).size.should.equal(10);
    identity.seen.should.have.length(1);
    for (const error of errors) error.code.should.equal('FENERGO_AUTH');
    authorised.client.close();
    await identity.close();
  });

  it('closing ends calls that wait for a token, and the token request when nobody else waits', async () => {
    const identity = await Api.start();
    identity.replies({ silent: true });
    const authorised = new Authorised(identity.url, `${identity.url}/connect/token`);
    const call = errorOf(authorised.client.call(callOf()));
    await until(() => identity.seen.length === 1);
    authorised.client.close();
    (await call).code.should.equal('FENERGO_ABORTED');
    await until(async () => (await identity.connections()) === 0);
    await until(() => authorised.clock.pending === 0);
    await identity.close();
  });

  it('is not seen through when it is inspected', async () => {
    const api = await Api.start();
    api.answer = ({ url }) =>
      url === '/connect/token' ? { body: { access_token: 'p1anted-token' } } : { body: { data: 1 } };
    const { client, cache } = new Authorised(api.url, `${api.url}/connect/token`);
    const result = await client.call(callOf());
    const seen = inspect([client, cache, result], { depth: Infinity, showHidden: true });
    seen.should.not.containEql('p1anted');
    client.close();
    await api.close();
  });
});
