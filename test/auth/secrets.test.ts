import { inspect } from 'node:util';
import should from 'should';
import type { Credential } from '../../lib/auth/credential.js';
import { TokenCache } from '../../lib/auth/token-cache.js';
import type { FenergoError } from '../../lib/errors.js';
import { Api, errorOf, type Reply, until } from '../http/harness.js';
import { BrokenServer, closedPort } from '../support/broken-server.js';
import { ManualClock } from '../support/manual-clock.js';

const CLIENT = 'client-a';
const SECRET = "p1anted Secret/+=&%~!'()*ü€";
const TOKEN = 'p1anted-token.abc_-~+/==';

const FORM_ENCODED = new URLSearchParams({ s: SECRET }).toString().slice(2);
const lowerCase = (text: string) => text.replace(/%../g, (code) => code.toLowerCase());

/** Every form in which the secret could get out. */
const FORMS: Record<string, string> = {
  'as it is': SECRET,
  'URL-encoded': encodeURIComponent(SECRET),
  'URL-encoded in small letters': lowerCase(encodeURIComponent(SECRET)),
  'form-encoded': FORM_ENCODED,
  'form-encoded in small letters': lowerCase(FORM_ENCODED),
  'as basic authentication': Buffer.from(`${CLIENT}:${SECRET}`).toString('base64'),
  'in base64': Buffer.from(SECRET).toString('base64'),
};

/** All that can be seen of some values, by a log, a debug node, a REST answer. */
function seenOf(...values: unknown[]): string {
  return values
    .flatMap((value) => [
      inspect(value, { depth: Infinity, showHidden: true, getters: true }),
      JSON.stringify(value),
      String(value),
      value instanceof Error ? `${value.stack}${seenOf(value.cause)}` : '',
    ])
    .join('\n');
}

function shouldHideAll(seen: string): void {
  seen.should.not.containEql('p1anted');
  seen.should.not.containEql(TOKEN);
  for (const form of Object.values(FORMS)) seen.should.not.containEql(form);
}

describe('The secret and the token', () => {
  let api: Api;

  before(async () => {
    api = await Api.start();
  });

  after(() => api.close());

  /** A cache whose every sign of life is kept. */
  class Watched {
    readonly clock = new ManualClock();
    readonly log: string[] = [];
    readonly cache = new TokenCache({ clock: this.clock, log: (line) => this.log.push(line) });
    readonly credential: Credential;

    constructor(tokenUrl = `${api.url}/connect/token`) {
      this.credential = { tokenUrl, clientId: CLIENT, clientSecret: SECRET, scope: 'fenx.all' };
    }

    async failure(signal?: AbortSignal): Promise<FenergoError> {
      const error = await errorOf(this.cache.get(this.credential, signal));
      this.shouldHide(error);
      return error;
    }

    shouldHide(...others: FenergoError[]): void {
      const facts = others.map((error) => error.facts);
      shouldHideAll(seenOf(...others, ...facts, this.cache, this.cache.state(this.credential), this.log));
    }
  }

  const ECHO = Object.values(FORMS).join(' ');
  const REPLIES: [string, Reply][] = [
    ...['invalid_client', 'invalid_scope', 'invalid_request', 'unauthorized_client', 'unheard_of'].map(
      (error): [string, Reply] => [error, { status: 400, body: { error, error_description: ECHO } }],
    ),
    ['an error that is the secret', { status: 400, body: { error: SECRET } }],
    ['an error with a link that holds it', { status: 400, body: { error: 'x', error_uri: ECHO } }],
    ['an error beside a token', { status: 200, body: { error: 'x', access_token: TOKEN } }],
    ['an HTML page with 200', { body: `<html>${ECHO}</html>` }],
    ['an HTML page with 400', { status: 400, body: `<html>${ECHO}</html>` }],
    ['an HTML page with 503', { status: 503, body: `<html>${ECHO}</html>` }],
    ['429', { status: 429, body: ECHO }],
    ['a redirect', { status: 302, headers: { location: `/x?${FORM_ENCODED}` }, body: ECHO }],
    ['a list', { body: [ECHO] }],
    ['no token', { body: { echo: ECHO } }],
    ['a token with a line break', { body: { access_token: `${TOKEN}\n` } }],
    ['a token of another kind', { body: { access_token: TOKEN, token_type: 'mac' } }],
    ['an answer cut short', { body: `{"access_token":"${TOKEN}`, cut: true }],
    ['a reset', { reset: true }],
    ['an answer that claims to be packed', { headers: { 'content-encoding': 'gzip' }, body: ECHO }],
    ['2 MB', { body: ECHO.repeat(8000) }],
  ];
  for (const [what, reply] of REPLIES) {
    it(`stay hidden after ${what}`, async () => {
      api.replies(reply);
      const watched = new Watched();
      const error = await watched.failure();
      error.message.should.match(/127\.0\.0\.1/);
      watched.log.should.not.be.empty();
      api.seen.should.have.length(1);
    });
  }

  for (const [what, form] of Object.entries(FORMS)) {
    it(`are taken out of what the server repeats ${what}`, async () => {
      api.replies({
        status: 401,
        body: { error: 'invalid_client', error_description: `got [${form}], sorry` },
      });
      (await new Watched().failure()).message.should.match(/\(got \[\*\*\*\], sorry\)/);
    });
  }

  it('stay hidden when the answer is no HTTP', async () => {
    const broken = await BrokenServer.start((socket, request) => socket.end(request));
    await new Watched(`${broken.url}/connect/token`).failure();
    await broken.close();
  });

  it('stay hidden when nobody listens, the host does not exist, or TLS fails', async () => {
    await new Watched(`http://127.0.0.1:${await closedPort()}/connect/token`).failure();
    await new Watched('http://identity.invalid/connect/token').failure();
    await new Watched(`${api.url.replace('http:', 'https:')}/connect/token`).failure();
  });

  it('stay hidden after a timeout', async () => {
    api.replies({ silent: true });
    const watched = new Watched();
    const failing = watched.failure();
    await until(() => api.seen.length === 1);
    watched.clock.advance(30_000);
    (await failing).code.should.equal('FENERGO_TIMEOUT');
  });

  it('stay hidden while all goes well, and when the API refuses the token', async () => {
    api.replies({ body: { access_token: TOKEN, expires_in: 900, scope: 'fenx.all' } });
    const watched = new Watched();
    should(await watched.cache.get(watched.credential)).equal(TOKEN);
    watched.shouldHide();
    watched.cache.reject(watched.credential, TOKEN);
    watched.shouldHide();
    watched.log.should.have.length(2);
    for (const line of watched.log) line.should.containEql(CLIENT);
  });

  it('stay hidden in the reason that the state gives', async () => {
    api.replies({ status: 400, body: { error: 'invalid_client', error_description: ECHO } });
    const watched = new Watched();
    await watched.failure();
    const state = watched.cache.state(watched.credential) as { state: string; reason: string };
    state.state.should.equal('held-back');
    state.reason.should.match(/invalid_client/);
  });

  it('stay hidden in the answer and the error of a test of the connection', async () => {
    const watched = new Watched();
    const { signal } = new AbortController();
    api.replies({ body: { access_token: TOKEN } });
    shouldHideAll(seenOf(await watched.cache.probe(watched.credential, signal)));
    api.replies({ status: 400, body: { error: 'invalid_client', error_description: ECHO } });
    watched.shouldHide(await errorOf(watched.cache.probe(watched.credential, signal)));
  });

  it('an empty secret does not spoil the words of an error', async () => {
    api.replies({ status: 400, body: { error: 'invalid_client', error_description: 'no secret' } });
    const watched = new Watched();
    const error = await errorOf(watched.cache.get({ ...watched.credential, clientSecret: '' }));
    error.message.should.match(/invalid_client \(no secret\): check the client id/);
  });
});
