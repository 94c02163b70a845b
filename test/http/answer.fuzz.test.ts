import fc from 'fast-check';
import should from 'should';
import { FenergoError } from '../../lib/errors.js';
import type { PlatformMessage } from '../../lib/facts.js';
import {
  askedPauseMs,
  dataOf,
  envelopeMessages,
  isEnvelope,
  messagesOf,
  messageText,
  parseJson,
  rateLimitOf,
} from '../../lib/http/answer.js';
import { failureOf } from '../../lib/http/failures.js';
import { anyBytes, FUZZ, FUZZ_SLOWLY, hostileText, jsonObject, jsonText } from '../support/fuzz.js';
import { Api, Connection, callOf } from './harness.js';

const DAY_MS = 24 * 3600 * 1000;
const NOW = Date.UTC(2026, 0, 1);

/** Where the dialects of the platform's services hold their words. */
const WORDS = ['message', 'messages', 'errorMessage', 'propertyName', 'errorCode', 'type', 'title'];
const any = jsonText('data', ...WORDS);
const text = fc.oneof(
  hostileText,
  fc.nat({ max: 3000 }).map((length) => 'x'.repeat(length)),
);
const leaf = fc.oneof(
  text.map((word) => JSON.stringify(word)),
  any,
);
const listOf = (item: fc.Arbitrary<string>) =>
  fc.oneof(
    fc.array(item, { maxLength: 3 }).map((items) => `[${items}]`),
    any,
  );
const said = jsonObject(Object.fromEntries(WORDS.map((word) => [word, leaf])));
/** The dialects, all at once, each of the usual kind or of any; or any JSON. */
const json = fc.oneof(
  jsonObject({
    data: listOf(said),
    messages: listOf(fc.oneof(said, leaf)),
    detail: fc.oneof(leaf, listOf(jsonObject({ loc: listOf(leaf), msg: leaf, type: leaf }))),
    errors: jsonObject({ legalName: listOf(leaf), type: leaf }),
    title: leaf,
    message: leaf,
  }),
  any,
);
const body = fc.oneof(
  json.map((text) => Buffer.from(text)),
  anyBytes,
);

function shouldBeMessages(messages: PlatformMessage[], text: string): void {
  for (const { message, ...rest } of messages) {
    message.should.be.a.String().and.not.equal('');
    for (const word of Object.values(rest)) if (word !== undefined) should(word).be.a.String();
  }
  // None is made out of nothing.
  messages.length.should.be.belowOrEqual(text.length / 2);
}

describe('the envelope, of any JSON', () => {
  it('gives its data or the whole, and messages that are text', () => {
    fc.assert(
      fc.property(json, (text) => {
        const parsed = parseJson(Buffer.from(text));
        const owned = Object(parsed) as Record<string, unknown>;
        const data = dataOf(parsed);
        should(data === (isEnvelope(parsed) ? owned.data : parsed)).be.true();
        if (isEnvelope(parsed)) Object.keys(owned).should.containEql('data');
        shouldBeMessages(envelopeMessages(parsed), text);
        const refusals = messagesOf(parsed);
        shouldBeMessages(refusals, text);
        messageText(refusals).should.match(/^[^\p{Cc}\p{Zl}\p{Zp}]{0,1000}$/u);
        should(Reflect.ownKeys({})).be.empty();
        should(({} as { data?: unknown }).data).be.undefined();
      }),
      FUZZ,
    );
  });

  it('is read though it goes deeper than a recursion can follow', () => {
    const list = `${'['.repeat(20_000)}${']'.repeat(20_000)}`;
    for (const name of ['data', 'messages', 'errors', 'detail']) {
      shouldBeMessages(messagesOf(JSON.parse(`{"${name}":${list}}`)), list);
    }
    messagesOf(JSON.parse(`{"detail":[{"loc":[${list},"a",1],"msg":"m"}]}`)).should.containDeep([
      { message: 'm', propertyName: 'a.1' },
    ]);
  });

  it('never tells the attempted value', () => {
    fc.assert(
      fc.property(
        fc.array(fc.dictionary(fc.constantFrom(...WORDS), hostileText)),
        hostileText,
        (items, word) => {
          const data = items.map((item) => ({ ...item, attemptedValue: `client-data-${word}` }));
          JSON.stringify(messagesOf({ data, messages: [] })).should.not.containEql('client-data');
        },
      ),
      FUZZ,
    );
  });
});

describe('a refusal, of any status and bytes', () => {
  it('is an error with a code, in one line, that holds what came', () => {
    fc.assert(
      fc.property(fc.integer({ min: 300, max: 999 }), body, (statusCode, bytes) => {
        const error = failureOf(callOf(), { statusCode, headers: {}, body: bytes }, 'fenx.all');
        error.should.be.instanceof(FenergoError);
        error.code.should.match(/^FENERGO_(?!NETWORK|INPUT|CONFIG)/);
        error.message.should.match(/^GetEntityById: [^\p{Cc}]{1,1200}$/u);
        should(error.facts.statusCode).equal(statusCode);
        if (typeof error.facts.body === 'string')
          error.facts.body.length.should.be.belowOrEqual(bytes.length);
      }),
      FUZZ,
    );
  });
});

describe('FenergoClient, of any answer', () => {
  const TOKEN = 'p1anted-token.abc_-~+/==';
  let api: Api;
  let connection: Connection;

  before(async () => {
    api = await Api.start();
    const tokens = { get: async () => TOKEN, reject() {} };
    connection = new Connection(api.url, { tokens });
  });

  after(async () => {
    connection.client.close();
    await api.close();
  });

  it('gives a payload or a FenergoError that names neither token nor a fault of its own', async () => {
    // 429 waits for its turn again, for ten minutes: that is another test's subject.
    const status = fc.oneof(
      fc.constantFrom(200, 202, 204, 400, 401, 422),
      fc.integer({ min: 200, max: 599 }),
    );
    const echo = fc.tuple(hostileText, fc.constantFrom('message', 'detail', 'title')).map(([word, name]) => ({
      [name]: `${word}Bearer ${TOKEN}${word}${TOKEN}`,
    }));
    await fc.assert(
      fc.asyncProperty(
        status.filter((one) => one !== 429),
        fc.oneof(body, echo),
        async (code, sent) => {
          api.answer = () => ({ status: code, body: sent });
          try {
            const { payload, statusCode } = await connection.command({ result: 'data' });
            should(payload).not.be.undefined();
            JSON.stringify(payload).should.not.containEql('p1anted');
            statusCode.should.equal(code).and.be.within(200, 299);
          } catch (error) {
            should(error).be.instanceof(FenergoError);
            const { code: name, message, facts } = error as FenergoError;
            name.should.match(/^FENERGO_(?!NETWORK|INPUT|CONFIG)/);
            `${message}${JSON.stringify(facts)}`.should.not.containEql('p1anted');
            should(facts.statusCode).equal(code);
          }
        },
      ),
      FUZZ_SLOWLY,
    );
  });
});

describe('the headers of the limits, of anything', () => {
  const word = fc.oneof(
    fc.nat().map(String),
    fc.bigInt({ min: 0n }).map(String),
    fc.date({ noInvalidDate: true }).map((date) => date.toISOString()),
    hostileText,
    fc.stringMatching(/^[-+ .e\dx]*$/),
    fc.nat({ max: 500 }).map((length) => '9'.repeat(length)),
  );
  const header = fc.oneof(word, fc.array(word, { maxLength: 2 }), fc.constant(undefined));
  const headers = fc.record({
    'x-rate-limit-remaining': header,
    'x-rate-limit-reset': header,
    'retry-after': header,
  }) as fc.Arbitrary<Record<string, string>>;

  it('give a whole number that is left, and the end as it came', () => {
    fc.assert(
      fc.property(headers, (given) => {
        const { remaining = 0, reset = 'T' } = rateLimitOf(given) ?? {};
        Number.isSafeInteger(remaining).should.be.true(`${remaining}`);
        remaining.should.be.aboveOrEqual(0);
        reset.should.be.a.String().and.not.equal('');
      }),
      FUZZ,
    );
  });

  it('give back the number that was sent', () => {
    fc.assert(
      fc.property(fc.nat({ max: 1e9 }), fc.constantFrom('', ' '), (remaining, blank) => {
        should(rateLimitOf({ 'x-rate-limit-remaining': `${blank}${remaining}${blank}` })).deepEqual({
          remaining,
        });
      }),
      FUZZ,
    );
  });

  it('ask for a pause of a day at most, or for none', () => {
    fc.assert(
      fc.property(headers, fc.constantFrom(429, 503, 400), (given, statusCode) => {
        const pauseMs = askedPauseMs({ statusCode, headers: given, body: Buffer.alloc(0) }, NOW) ?? 0;
        pauseMs.should.be.within(0, DAY_MS);
      }),
      FUZZ,
    );
  });
});
