import { inspect } from 'node:util';
import fc from 'fast-check';
import should from 'should';
import type { Credential } from '../../lib/auth/credential.js';
import { type IssuedToken, requestToken, TokenRequestError } from '../../lib/auth/token-endpoint.js';
import { Api } from '../http/harness.js';
import { anyBytes, FUZZ_SLOWLY, hostileText, INHERITED, jsonObject, jsonText } from '../support/fuzz.js';
import { ManualClock } from '../support/manual-clock.js';

const CODES = /^FENERGO_(AUTH|RATE_LIMITED|SERVER)$/;
const TOKEN = 'p1anted-token.abc_-~+/==';

/** Long enough not to be part of the package's own words. */
const secret = hostileText.map((text) => `p1anted ${text} secret`);
/** What a server may make of the secret when it repeats it. */
const echo = fc.constantFrom<(text: string) => string>(
  (text) => text,
  encodeURIComponent,
  (text) => new URLSearchParams({ s: text }).toString().slice(2),
  (text) => Buffer.from(text).toString('base64'),
  (text) => JSON.stringify(text).slice(1, -1),
  (text) => text.replaceAll(' ', '\u00a0'),
  () => TOKEN,
);

/** Most of what is accepted, each of the usual kind or of any. */
const accepted = {
  access_token: fc.oneof(
    fc.constant(JSON.stringify(TOKEN)),
    hostileText.map((text) => JSON.stringify(text)),
  ),
  expires_in: fc.oneof(
    fc.oneof(fc.double(), fc.double().map(String)).map((life) => JSON.stringify(life)),
    fc.constantFrom('900', '"900"', '1e308', '"1e308"', '1e400', '5e-324', '-1', '"-0"', '0', '"0x10"'),
    jsonText('expires_in'),
  ),
  scope: fc.oneof(
    hostileText.map((text) => JSON.stringify(text)),
    fc.constant('" "'),
    jsonText('scope'),
  ),
};
/** The rest, which may spoil it. */
const spoiling = {
  token_type: fc.oneof(fc.constantFrom('"Bearer"', '"bearer"', '"mac"'), jsonText('token_type')),
  error: fc.oneof(
    fc.constantFrom('invalid_client', ...INHERITED).map((error) => JSON.stringify(error)),
    jsonText('error'),
  ),
  error_description: jsonText('toString', 'valueOf'),
};

describe('requestToken, of any answer', () => {
  let api: Api;

  before(async () => {
    api = await Api.start();
  });

  after(() => api.close());

  const credentialOf = (clientSecret: string): Credential => ({
    tokenUrl: `${api.url}/connect/token`,
    clientId: 'client-a',
    clientSecret,
    scope: 'fenx.all',
  });

  /** A token that can be used, or an error that gives nothing away. */
  async function shouldBeSound(
    status: number,
    body: string | Buffer,
    clientSecret: string,
    echoed: string[] = [],
  ) {
    api.answer = () => ({ status, body });
    let token: IssuedToken;
    try {
      token = await requestToken(credentialOf(clientSecret), undefined, new ManualClock());
    } catch (error) {
      should(error).be.instanceof(TokenRequestError);
      const { code, message } = error as TokenRequestError;
      code.should.match(CODES);
      message.should.match(/^[\x20-\x7e]{1,600}$/).and.not.match(/native code|\[object/);
      const seen = `${inspect(error, { depth: Infinity, showHidden: true })}\n${message}`;
      for (const hidden of ['p1anted', ...echoed]) seen.should.not.containEql(hidden);
      return;
    }
    status.should.equal(200);
    token.accessToken.should.match(/^[\x21-\x7e]+$/);
    token.scope.should.match(/^\S+( \S+)*$/);
    const lifeMs = token.lifeSeconds * 1000;
    Number.isFinite(lifeMs).should.be.true(`${token.lifeSeconds} s`);
    lifeMs.should.be.above(0);
  }

  const status = fc.oneof(fc.constantFrom(200, 400, 401, 429, 503), fc.integer({ min: 200, max: 599 }));

  it('is sound for any token', async () => {
    await fc.assert(
      fc.asyncProperty(jsonObject(accepted), secret, (body, clientSecret) =>
        shouldBeSound(200, body, clientSecret),
      ),
      FUZZ_SLOWLY,
    );
  });

  it('is sound for any JSON', async () => {
    await fc.assert(
      fc.asyncProperty(status, jsonObject({ ...accepted, ...spoiling }), secret, (...given) =>
        shouldBeSound(...given),
      ),
      FUZZ_SLOWLY,
    );
  });

  it('is sound for any bytes', async () => {
    const body = fc.oneof(anyBytes, jsonText('access_token', 'error'));
    await fc.assert(
      fc.asyncProperty(status, body, secret, (...given) => shouldBeSound(...given)),
      FUZZ_SLOWLY,
    );
  });

  it('does not repeat the secret or the token, however the server does', async () => {
    await fc.assert(
      fc.asyncProperty(
        secret,
        echo,
        hostileText,
        fc.boolean(),
        async (clientSecret, encode, word, described) => {
          const echoed = encode(clientSecret);
          const said = `${word}${echoed}${word}`;
          const error = described ? { error: 'invalid_client', error_description: said } : { error: said };
          await shouldBeSound(400, JSON.stringify({ ...error, access_token: TOKEN }), clientSecret, [echoed]);
        },
      ),
      FUZZ_SLOWLY,
    );
  });
});
