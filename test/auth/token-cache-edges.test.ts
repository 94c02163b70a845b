import should from 'should';
import { type Credential, credentialKey, normalScope } from '../../lib/auth/credential.js';
import { TokenCache } from '../../lib/auth/token-cache.js';
import { TokenRequestError } from '../../lib/auth/token-endpoint.js';
import { Api, errorOf, until } from '../http/harness.js';
import { ManualClock } from '../support/manual-clock.js';
import { CREDENTIAL, Endpoint, refused, settle } from './harness.js';

const client = (n: number | string): Credential => ({ ...CREDENTIAL, clientId: `client-${n}` });

/** A clock whose date can be set, as an administrator or a time server does. */
class Settable extends ManualClock {
  shiftMs = 0;

  override dateMs(): number {
    return super.dateMs() + this.shiftMs;
  }
}

describe('TokenCache at its edges', () => {
  let endpoint: Endpoint;

  beforeEach(() => {
    endpoint = new Endpoint();
  });

  /** Advances so that a request has to leave exactly then. */
  async function leavesAfter(ms: number): Promise<void> {
    const before = endpoint.requests.length;
    endpoint.clock.advance(ms - 1);
    await settle();
    endpoint.requests.should.have.length(before, `${ms - 1} ms is too early`);
    endpoint.clock.advance(1);
    await settle();
    endpoint.requests.should.have.length(before + 1, `${ms} ms is the time`);
  }

  describe('the renewal window', () => {
    for (const [lifeSeconds, renewAtMs] of [
      [900, 840_000],
      [3600, 3_540_000],
      [601, 541_000],
      [600, 540_000],
      [599, 539_100],
      [100, 90_000],
      [60, 54_000],
      [1, 900],
      [0.5, 450],
    ] as const) {
      it(`of a life of ${lifeSeconds} s begins at ${renewAtMs} ms`, async () => {
        await endpoint.primed({ lifeSeconds });
        endpoint.clock.advance(renewAtMs - 1);
        await endpoint.cache.get(CREDENTIAL);
        await settle();
        endpoint.requests.should.have.length(1);
        endpoint.clock.advance(1);
        (await endpoint.cache.get(CREDENTIAL)).should.equal('token-1');
        await settle();
        endpoint.requests.should.have.length(2);
      });
    }

    it('starts nothing as long as nobody asks', async () => {
      await endpoint.primed();
      endpoint.clock.advance(10_000_000);
      await settle();
      endpoint.requests.should.have.length(1);
      endpoint.clock.pending.should.equal(0);
    });

    it('hands a renewal that takes too long over to those who wait at the end: no second request', async () => {
      await endpoint.primed();
      endpoint.clock.advance(899_000);
      await endpoint.cache.get(CREDENTIAL);
      await settle();
      endpoint.clock.advance(1000);
      const late = Array.from({ length: 20 }, () => endpoint.cache.get(CREDENTIAL));
      await settle();
      endpoint.requests.should.have.length(2);
      endpoint.last.answer();
      new Set(await Promise.all(late)).should.deepEqual(new Set(['token-2']));
    });

    it('is not called off by a caller who joins and leaves', async () => {
      await endpoint.primed();
      endpoint.clock.advance(899_000);
      await endpoint.cache.get(CREDENTIAL);
      endpoint.clock.advance(1000);
      const leaver = new AbortController();
      const leaving = endpoint.cache.get(CREDENTIAL, leaver.signal);
      await settle();
      leaver.abort(new Error('gone'));
      await leaving.should.be.rejectedWith('gone');
      endpoint.last.signal.aborted.should.be.false();
      endpoint.last.answer();
      await settle();
      (await endpoint.cache.get(CREDENTIAL)).should.equal('token-2');
    });

    it('is tried ever more slowly when it fails, and the token serves to its last millisecond', async () => {
      await endpoint.primed();
      endpoint.clock.advance(840_000);
      for (const heldMs of [1000, 2000, 4000, 8000, 16_000]) {
        await endpoint.cache.get(CREDENTIAL);
        await settle();
        const { length } = endpoint.requests;
        endpoint.last.fail(refused());
        await settle();
        endpoint.clock.advance(heldMs - 1);
        (await endpoint.cache.get(CREDENTIAL)).should.equal('token-1');
        await settle();
        endpoint.requests.should.have.length(length);
        // Nothing is planned either: the next one who asks after that starts it.
        endpoint.clock.pending.should.equal(0);
        endpoint.clock.advance(1);
      }
      endpoint.cache.state(CREDENTIAL).should.have.property('state', 'valid');
    });

    it('does not wait for a renewal that is held back, but past the end callers do', async () => {
      await endpoint.primed();
      endpoint.clock.advance(899_500);
      await endpoint.cache.get(CREDENTIAL);
      await settle();
      endpoint.last.fail(refused());
      await settle();
      endpoint.clock.advance(500);
      const late = endpoint.cache.get(CREDENTIAL);
      await settle();
      endpoint.requests.should.have.length(2);
      await leavesAfter(500);
      endpoint.last.answer();
      (await late).should.equal('token-3');
    });
  });

  it('is not impressed by a change of the date', async () => {
    const clock = new Settable();
    endpoint = new Endpoint(clock);
    await endpoint.primed();
    for (const shiftMs of [-1e12, 1e12]) {
      clock.shiftMs = shiftMs;
      (await endpoint.cache.get(CREDENTIAL)).should.equal('token-1');
    }
    endpoint.requests.should.have.length(1);
  });

  it('does not use a token whose life was over when it came, beyond those who waited', async () => {
    const waiting = endpoint.cache.get(CREDENTIAL);
    await settle();
    endpoint.clock.advance(20_000);
    endpoint.last.answer({ lifeSeconds: 20 });
    (await waiting).should.equal('token-1');
    const next = endpoint.cache.get(CREDENTIAL);
    await settle();
    endpoint.requests.should.have.length(2);
    endpoint.last.answer();
    (await next).should.equal('token-2');
  });

  describe('a caller who leaves', () => {
    it('before it begins causes no request', async () => {
      await endpoint.cache
        .get(CREDENTIAL, AbortSignal.abort(new Error('gone')))
        .should.be.rejectedWith('gone');
      await settle();
      endpoint.requests.should.be.empty();
      endpoint.clock.pending.should.equal(0);
    });

    it('while held back leaves the others their turn', async () => {
      const first = endpoint.cache.get(CREDENTIAL);
      await settle();
      endpoint.last.fail(refused());
      await first.should.be.rejected();
      const leaver = new AbortController();
      const leaving = endpoint.cache.get(CREDENTIAL, leaver.signal);
      const staying = endpoint.cache.get(CREDENTIAL);
      leaver.abort(new Error('gone'));
      await leaving.should.be.rejectedWith('gone');
      await leavesAfter(1000);
      endpoint.last.answer();
      (await staying).should.equal('token-2');
    });

    it('does not shorten the hold-back for the next one', async () => {
      const first = endpoint.cache.get(CREDENTIAL);
      await settle();
      endpoint.last.fail(refused());
      await first.should.be.rejected();
      const leaver = new AbortController();
      const leaving = endpoint.cache.get(CREDENTIAL, leaver.signal);
      endpoint.clock.advance(400);
      leaver.abort(new Error('gone'));
      await leaving.should.be.rejected();
      const next = endpoint.cache.get(CREDENTIAL);
      await settle();
      await leavesAfter(600);
      endpoint.last.answer();
      await next;
    });

    it('is no failure: the next request is not held back', async () => {
      const leaver = new AbortController();
      const leaving = endpoint.cache.get(CREDENTIAL, leaver.signal);
      await settle();
      leaver.abort(new Error('gone'));
      await leaving.should.be.rejected();
      endpoint.last.fail(new Error('aborted'));
      await settle();
      endpoint.cache.state(CREDENTIAL).should.deepEqual({ state: 'none' });
    });

    it('while the limit of the endpoint is reached takes no place', async () => {
      endpoint.immediate = true;
      for (let n = 0; n < 100; n += 1) await endpoint.cache.get(client(n));
      const leaver = new AbortController();
      const leaving = endpoint.cache.get(client('over'), leaver.signal);
      await settle();
      leaver.abort(new Error('gone'));
      await leaving.should.be.rejectedWith('gone');
      await settle();
      endpoint.clock.pending.should.equal(0);
    });
  });

  describe('fresh tokens that the API refuses', () => {
    it('are asked for after 0, 1, 2, 4 … 60 s', async () => {
      for (const heldMs of [0, 0, 1000, 2000, 4000, 8000, 16_000, 32_000, 60_000, 60_000]) {
        const next = endpoint.cache.get(CREDENTIAL);
        await settle();
        if (heldMs) await leavesAfter(heldMs);
        endpoint.last.answer();
        endpoint.cache.reject(CREDENTIAL, await next);
      }
      endpoint.cache.state(CREDENTIAL).should.have.properties({ state: 'held-back', secondsLeft: 60 });
    });

    it('are not held against the credential once one has lived its life', async () => {
      endpoint.immediate = true;
      for (let i = 0; i < 2; i += 1) {
        endpoint.cache.reject(CREDENTIAL, await endpoint.cache.get(CREDENTIAL));
      }
      endpoint.clock.advance(1000);
      await endpoint.cache.get(CREDENTIAL);
      endpoint.clock.advance(900_000);
      endpoint.cache.reject(CREDENTIAL, await endpoint.cache.get(CREDENTIAL));
      const { length } = endpoint.requests;
      await endpoint.cache.get(CREDENTIAL);
      endpoint.requests.should.have.length(length + 1);
    });
  });

  describe('a refusal', () => {
    it('of a token that was replaced, that is unknown, or of an unknown credential does nothing', async () => {
      await endpoint.primed();
      endpoint.cache.reject(CREDENTIAL, 'token-0');
      endpoint.cache.reject(CREDENTIAL, '');
      endpoint.cache.reject(client('new'), 'token-1');
      (await endpoint.cache.get(CREDENTIAL)).should.equal('token-1');
      endpoint.requests.should.have.length(1);
    });

    it('during the renewal in the background waits for that one', async () => {
      const token = await endpoint.primed();
      endpoint.clock.advance(850_000);
      await endpoint.cache.get(CREDENTIAL);
      await settle();
      endpoint.cache.reject(CREDENTIAL, token);
      const callers = Array.from({ length: 10 }, () => endpoint.cache.get(CREDENTIAL));
      await settle();
      endpoint.requests.should.have.length(2);
      endpoint.last.answer();
      new Set(await Promise.all(callers)).should.deepEqual(new Set(['token-2']));
    });

    it('of one credential leaves the others their tokens', async () => {
      endpoint.immediate = true;
      const [mine, theirs] = [await endpoint.cache.get(client(1)), await endpoint.cache.get(client(2))];
      endpoint.cache.reject(client(2), mine);
      (await endpoint.cache.get(client(2))).should.equal(theirs);
      endpoint.cache.reject(client(1), mine);
      (await endpoint.cache.get(client(2))).should.equal(theirs);
    });
  });

  it('never lets more than 100 requests leave in any minute, whatever is asked', async () => {
    endpoint.immediate = true;
    const sentAtMs: number[] = [];
    const cache = new TokenCache({
      clock: endpoint.clock,
      request: async () => {
        sentAtMs.push(endpoint.clock.nowMs());
        return { accessToken: 'x', scope: '', lifeSeconds: 5 };
      },
    });
    const waiting: Promise<unknown>[] = [];
    for (let step = 0; step < 200; step += 1) {
      for (let n = 0; n < 7; n += 1) waiting.push(cache.get(client((step * 3 + n) % 40)));
      await settle();
      endpoint.clock.advance(1000);
      await settle();
    }
    for (let i = 0; i < 10; i += 1) {
      endpoint.clock.advance(60_000);
      await settle();
    }
    await Promise.all(waiting);
    sentAtMs.length.should.be.above(300);
    for (let i = 100; i < sentAtMs.length; i += 1) {
      ((sentAtMs[i] ?? 0) - (sentAtMs[i - 100] ?? 0)).should.be.aboveOrEqual(60_000);
    }
  });

  it('counts by host and port, not by path', async () => {
    endpoint.immediate = true;
    const at = (tokenUrl: string, n: number): Credential => ({ ...client(n), tokenUrl });
    for (let n = 0; n < 100; n += 1) await endpoint.cache.get(at(`https://id.example.test/${n}`, n));
    const held = endpoint.cache.get(at('https://ID.example.test/other', 200));
    await settle();
    endpoint.requests.should.have.length(100);
    await endpoint.cache.get(at('https://id.example.test:8443/', 201));
    endpoint.clock.advance(60_000);
    await held;
  });

  describe('a test of a connection', () => {
    it('passes the error on, and holds nothing back', async () => {
      const probing = endpoint.cache.probe(CREDENTIAL, new AbortController().signal);
      await settle();
      endpoint.last.fail(refused());
      await probing.should.be.rejectedWith({ code: 'FENERGO_AUTH' });
      endpoint.cache.state(CREDENTIAL).should.deepEqual({ state: 'none' });
      (await endpoint.primed()).should.equal('token-2');
    });

    it('never gives the token away', async () => {
      endpoint.immediate = true;
      const answer = await endpoint.cache.probe(CREDENTIAL, new AbortController().signal);
      JSON.stringify(answer).should.not.containEql('token-1');
    });
  });

  describe('credentials side by side', () => {
    it('get each their own token, in whatever order the answers come', async () => {
      const callers = Array.from({ length: 20 }, (_, n) => endpoint.cache.get(client(n)));
      await settle();
      for (const request of [...endpoint.requests].reverse()) {
        request.answer({ accessToken: `of-${request.credential.clientId}` });
      }
      (await Promise.all(callers)).should.deepEqual(Array.from({ length: 20 }, (_, n) => `of-client-${n}`));
    });

    it('do not suffer from the failure of another', async () => {
      const bad = endpoint.cache.get(client('bad'));
      await settle();
      endpoint.last.fail(refused());
      await bad.should.be.rejected();
      const good = endpoint.cache.get(client('good'));
      await settle();
      endpoint.last.answer();
      (await good).should.equal('token-2');
    });

    it('have keys that cannot be made alike by odd names', () => {
      const odd = [
        client(1),
        { ...CREDENTIAL, clientId: 'a","b' },
        { ...CREDENTIAL, clientId: 'a', scope: 'b' },
        { ...CREDENTIAL, clientId: 'a b', scope: '' },
        { ...CREDENTIAL, clientSecret: '' },
      ];
      new Set(odd.map(credentialKey)).size.should.equal(odd.length);
      credentialKey(CREDENTIAL).should.not.containEql('p1anted');
    });

    it('share a key whatever blanks their scope holds', () => {
      const key = credentialKey({ ...CREDENTIAL, scope: 'a b' });
      for (const scope of [' a b', 'a  b ', 'a\tb', 'a\r\nb']) {
        credentialKey({ ...CREDENTIAL, scope }).should.equal(key);
      }
      credentialKey({ ...CREDENTIAL, scope: 'ab' }).should.not.equal(key);
      normalScope('\n a  b ').should.equal('a b');
    });
  });

  it('passes on nothing of a foreign error', async () => {
    const waiting = endpoint.cache.get(CREDENTIAL);
    await settle();
    endpoint.last.fail(Object.assign(new Error('p1anted'), { request: 'p1anted' }));
    const error = await errorOf(waiting);
    error.should.have.properties({ code: 'FENERGO_AUTH', message: 'The token request failed' });
    should(error.cause).be.undefined();
    endpoint.log.join().should.not.containEql('p1anted');
  });

  describe('with a real endpoint', () => {
    let api: Api;
    let clock: ManualClock;
    let cache: TokenCache;
    let credential: Credential;

    beforeEach(async () => {
      api = await Api.start();
      clock = new ManualClock();
      cache = new TokenCache({ clock });
      credential = { ...CREDENTIAL, tokenUrl: `${api.url}/connect/token` };
    });

    afterEach(() => api.close());

    for (const [what, header, heldMs] of [
      ['as many seconds as Retry-After says', '7', 7000],
      ['until the date in Retry-After', 'Thu, 01 Jan 2026 00:00:09 GMT', 9000],
      ['60 s without Retry-After', undefined, 60_000],
      ['60 s after a nonsensical Retry-After', '-5', 60_000],
      ['60 s after a Retry-After in words', 'in 7', 60_000],
    ] as const) {
      it(`after 429 waits ${what}`, async () => {
        api.replies(
          { status: 429, headers: header ? { 'retry-after': header } : {} },
          { body: { access_token: 'abc', expires_in: 900 } },
        );
        (await errorOf(cache.get(credential))).code.should.equal('FENERGO_RATE_LIMITED');
        const next = cache.get(credential);
        await until(() => clock.pending === 1);
        should(clock.nextInMs).equal(heldMs);
        clock.advance(heldMs - 1);
        await new Promise((resolve) => setImmediate(resolve));
        api.seen.should.have.length(1);
        clock.advance(1);
        (await next).should.equal('abc');
      });
    }

    for (const life of [undefined, null, -1, 0, 'abc', '', 'NaN', [900], true]) {
      it(`counts a life of ${JSON.stringify(life)} as 60 s`, async () => {
        api.replies({ body: { access_token: 'abc', expires_in: life } });
        await cache.get(credential);
        cache.state(credential).should.have.properties({ state: 'valid', secondsLeft: 60 });
        clock.advance(59_999);
        await cache.get(credential);
        cache.state(credential).should.have.property('state', 'valid');
        clock.advance(1);
        cache.state(credential).should.not.have.property('state', 'valid');
      });
    }

    it('takes a life that is written as text', async () => {
      api.replies({ body: { access_token: 'abc', expires_in: '900' } });
      await cache.get(credential);
      cache.state(credential).should.have.property('secondsLeft', 900);
    });

    it('leaves no timer behind', async () => {
      api.replies({ body: { access_token: 'abc' } });
      await cache.get(credential);
      clock.pending.should.equal(0);
    });
  });

  it('makes errors that say whether asking again may help', () => {
    const error = new TokenRequestError('FENERGO_SERVER', 'down', { transient: true, statusCode: 503 });
    error.should.have.properties({ transient: true, code: 'FENERGO_SERVER' });
    should(error.facts.statusCode).equal(503);
  });
});
