import { inspect } from 'node:util';
import should from 'should';
import type { Credential } from '../../lib/auth/credential.js';
import { CREDENTIAL, Endpoint, refused, SECRET, settle } from './harness.js';

describe('TokenCache', () => {
  let endpoint: Endpoint;

  beforeEach(() => {
    endpoint = new Endpoint();
  });

  describe('one request at a time', () => {
    it('serves a hundred concurrent callers with one request', async () => {
      const callers = Array.from({ length: 100 }, () => endpoint.cache.get(CREDENTIAL));
      await settle();
      endpoint.requests.should.have.length(1);
      endpoint.last.answer();
      new Set(await Promise.all(callers)).should.deepEqual(new Set(['token-1']));
    });

    it('rejects all that waited when it fails, and does not keep the failure', async () => {
      const callers = Array.from({ length: 10 }, () => endpoint.cache.get(CREDENTIAL));
      await settle();
      endpoint.last.fail(refused());
      for (const outcome of await Promise.allSettled(callers)) outcome.status.should.equal('rejected');
      const later = endpoint.cache.get(CREDENTIAL);
      endpoint.clock.advance(1000);
      await settle();
      endpoint.last.answer();
      (await later).should.equal('token-2');
    });

    it('holds the next try back, growing from 1 s to 60 s', async () => {
      for (const heldMs of [0, 1000, 2000, 4000, 8000, 16_000, 32_000, 60_000, 60_000]) {
        const before = endpoint.requests.length;
        const caller = endpoint.cache.get(CREDENTIAL);
        caller.catch(() => {});
        await settle();
        if (heldMs > 0) {
          endpoint.clock.advance(heldMs - 1);
          await settle();
          endpoint.requests.should.have.length(before, `${heldMs - 1} ms is too early`);
          endpoint.clock.advance(1);
          await settle();
        }
        endpoint.requests.should.have.length(before + 1, `after ${heldMs} ms`);
        endpoint.last.fail(refused());
        await caller.should.be.rejected();
      }
    });

    for (const [words, retryAfterMs, heldMs] of [
      ['as long as Retry-After says', 7000, 7000],
      ['60 s without Retry-After', undefined, 60_000],
    ] as const) {
      it(`after a 429 holds the next try back ${words}`, async () => {
        const first = endpoint.cache.get(CREDENTIAL);
        await settle();
        endpoint.last.fail(refused('FENERGO_RATE_LIMITED', retryAfterMs));
        await first.should.be.rejected();
        const second = endpoint.cache.get(CREDENTIAL);
        endpoint.clock.advance(heldMs - 1);
        await settle();
        endpoint.requests.should.have.length(1);
        endpoint.clock.advance(1);
        await settle();
        endpoint.requests.should.have.length(2);
        endpoint.last.answer();
        await second;
      });
    }

    it('starts to count anew after a success', async () => {
      for (let i = 0; i < 3; i += 1) {
        const caller = endpoint.cache.get(CREDENTIAL);
        endpoint.clock.advance(60_000);
        await settle();
        endpoint.last.fail(refused());
        await caller.should.be.rejected();
      }
      endpoint.clock.advance(60_000);
      await endpoint.primed({ lifeSeconds: 10 });
      endpoint.clock.advance(10_000);
      const failing = endpoint.cache.get(CREDENTIAL);
      await settle();
      endpoint.last.fail(refused());
      await failing.should.be.rejected();
      const before = endpoint.requests.length;
      const next = endpoint.cache.get(CREDENTIAL);
      endpoint.clock.advance(1000);
      await settle();
      endpoint.requests.should.have.length(before + 1);
      endpoint.last.answer();
      await next;
    });

    it('lets one caller leave without disturbing the others', async () => {
      const leaver = new AbortController();
      const leaving = endpoint.cache.get(CREDENTIAL, leaver.signal);
      const staying = endpoint.cache.get(CREDENTIAL, new AbortController().signal);
      await settle();
      leaver.abort(new Error('gone'));
      await leaving.should.be.rejectedWith('gone');
      endpoint.last.signal.aborted.should.be.false();
      endpoint.last.answer();
      (await staying).should.equal('token-1');
    });

    it('calls the request off when the last caller leaves, and the next one starts another', async () => {
      const leaver = new AbortController();
      const leaving = endpoint.cache.get(CREDENTIAL, leaver.signal);
      await settle();
      leaver.abort(new Error('gone'));
      await leaving.should.be.rejectedWith('gone');
      endpoint.last.signal.aborted.should.be.true();
      (await endpoint.primed()).should.equal('token-2');
    });

    it('lets a caller leave while the next try is held back', async () => {
      const first = endpoint.cache.get(CREDENTIAL);
      await settle();
      endpoint.last.fail(refused());
      await first.should.be.rejected();
      const leaver = new AbortController();
      const waiting = endpoint.cache.get(CREDENTIAL, leaver.signal);
      leaver.abort(new Error('gone'));
      await waiting.should.be.rejectedWith('gone');
      await settle();
      endpoint.clock.pending.should.equal(0);
    });
  });

  describe('the life of a token', () => {
    it('is reused to the millisecond before its renewal window', async () => {
      await endpoint.primed();
      endpoint.clock.advance(840_000 - 1);
      (await endpoint.cache.get(CREDENTIAL)).should.equal('token-1');
      endpoint.requests.should.have.length(1);
    });

    it('is renewed in the background in the last minute, once, and no call waits', async () => {
      await endpoint.primed();
      endpoint.clock.advance(840_000);
      for (let i = 0; i < 50; i += 1) (await endpoint.cache.get(CREDENTIAL)).should.equal('token-1');
      endpoint.requests.should.have.length(2);
      endpoint.last.answer();
      await settle();
      (await endpoint.cache.get(CREDENTIAL)).should.equal('token-2');
    });

    it('is renewed in the last tenth when that is shorter', async () => {
      await endpoint.primed({ lifeSeconds: 100 });
      endpoint.clock.advance(90_000 - 1);
      await endpoint.cache.get(CREDENTIAL);
      endpoint.requests.should.have.length(1);
      endpoint.clock.advance(1);
      await endpoint.cache.get(CREDENTIAL);
      await settle();
      endpoint.requests.should.have.length(2);
    });

    it('serves to its last millisecond, and past the end callers wait', async () => {
      await endpoint.primed();
      endpoint.clock.advance(900_000 - 1);
      (await endpoint.cache.get(CREDENTIAL)).should.equal('token-1');
      endpoint.clock.advance(1);
      let arrived = false;
      const late = endpoint.cache.get(CREDENTIAL).then((token) => {
        arrived = true;
        return token;
      });
      await settle();
      arrived.should.be.false();
      endpoint.last.answer();
      (await late).should.equal('token-2');
    });

    it('counts from when the request was sent, not from when the answer came', async () => {
      const slow = endpoint.cache.get(CREDENTIAL);
      await settle();
      endpoint.clock.advance(20_000);
      endpoint.last.answer();
      await slow;
      endpoint.clock.advance(880_000);
      const late = endpoint.cache.get(CREDENTIAL);
      await settle();
      endpoint.requests.should.have.length(2);
      endpoint.last.answer();
      (await late).should.equal('token-2');
    });

    it('goes on to its end when the renewal fails, with the next try held back', async () => {
      await endpoint.primed();
      endpoint.clock.advance(845_000);
      await endpoint.cache.get(CREDENTIAL);
      await settle();
      endpoint.last.fail(refused());
      await settle();
      (await endpoint.cache.get(CREDENTIAL)).should.equal('token-1');
      endpoint.requests.should.have.length(2);
      endpoint.clock.advance(1000);
      (await endpoint.cache.get(CREDENTIAL)).should.equal('token-1');
      await settle();
      endpoint.requests.should.have.length(3);
    });
  });

  describe('a token that the API refuses', () => {
    it('costs one renewal, however many calls fail at once', async () => {
      const token = await endpoint.primed();
      for (let i = 0; i < 100; i += 1) endpoint.cache.reject(CREDENTIAL, token);
      const callers = Array.from({ length: 100 }, () => endpoint.cache.get(CREDENTIAL));
      await settle();
      endpoint.requests.should.have.length(2);
      endpoint.last.answer();
      new Set(await Promise.all(callers)).should.deepEqual(new Set(['token-2']));
      endpoint.cache.reject(CREDENTIAL, token);
      (await endpoint.cache.get(CREDENTIAL)).should.equal('token-2');
      endpoint.requests.should.have.length(2);
    });

    it('holds the next request back when fresh tokens are refused again and again', async () => {
      endpoint.immediate = true;
      endpoint.cache.reject(CREDENTIAL, await endpoint.cache.get(CREDENTIAL));
      endpoint.cache.reject(CREDENTIAL, await endpoint.cache.get(CREDENTIAL));
      const held = endpoint.cache.get(CREDENTIAL);
      await settle();
      endpoint.requests.should.have.length(2);
      endpoint.clock.advance(1000);
      (await held).should.equal('token-3');
    });
  });

  describe('the limit of the endpoint', () => {
    it('lets 100 requests a minute leave for a host, whatever the credentials; other hosts are not affected', async () => {
      endpoint.immediate = true;
      const client = (n: number): Credential => ({ ...CREDENTIAL, clientId: `client-${n}` });
      for (let n = 0; n < 60; n += 1) await endpoint.cache.get(client(n));
      endpoint.clock.advance(10_000);
      for (let n = 60; n < 100; n += 1) await endpoint.cache.get(client(n));
      const over = endpoint.cache.get(client(100));
      await settle();
      endpoint.requests.should.have.length(100);
      await endpoint.cache
        .probe(client(101), new AbortController().signal)
        .should.be.rejectedWith({ code: 'FENERGO_RATE_LIMITED' });
      await endpoint.cache.get({ ...CREDENTIAL, tokenUrl: 'https://other.example.test/connect/token' });
      endpoint.requests.should.have.length(101);
      endpoint.clock.advance(50_000 - 1);
      await settle();
      endpoint.requests.should.have.length(101);
      endpoint.clock.advance(1);
      await over;
      endpoint.requests.should.have.length(102);
    });

    it('counts tests of a connection, which leave the cache alone', async () => {
      endpoint.immediate = true;
      const signal = new AbortController().signal;
      const answer = await endpoint.cache.probe(CREDENTIAL, signal);
      answer.should.deepEqual({ scope: 'fenx.all', lifeSeconds: 900 });
      endpoint.cache.state(CREDENTIAL).should.deepEqual({ state: 'none' });
      for (let n = 1; n < 100; n += 1) await endpoint.cache.probe(CREDENTIAL, signal);
      await endpoint.cache.probe(CREDENTIAL, signal).should.be.rejectedWith(/try again in 60 s/);
    });
  });

  describe('credentials', () => {
    for (const [part, other] of [
      ['client id', { clientId: 'client-b' }],
      ['secret', { clientSecret: 'another' }],
      ['scope', { scope: 'fenx.entitydata.read' }],
      ['token URL', { tokenUrl: 'https://identity.example.test/other/token' }],
    ] as const) {
      it(`never share a token when the ${part} differs`, async () => {
        endpoint.immediate = true;
        const mine = await endpoint.cache.get(CREDENTIAL);
        const theirs = await endpoint.cache.get({ ...CREDENTIAL, ...other });
        theirs.should.not.equal(mine);
        (await endpoint.cache.get({ ...CREDENTIAL })).should.equal(mine);
      });
    }

    it('share a token when they are the same but for blanks in the scope', async () => {
      endpoint.immediate = true;
      const one = await endpoint.cache.get({ ...CREDENTIAL, scope: 'fenx.a  fenx.b' });
      (await endpoint.cache.get({ ...CREDENTIAL, scope: ' fenx.a fenx.b ' })).should.equal(one);
    });

    it('are forgotten when nobody asked for a day', async () => {
      endpoint.immediate = true;
      await endpoint.cache.get(CREDENTIAL);
      endpoint.clock.advance(25 * 3600 * 1000);
      await endpoint.cache.get({ ...CREDENTIAL, clientId: 'newcomer' });
      endpoint.cache.state(CREDENTIAL).should.deepEqual({ state: 'none' });
    });
  });

  describe('what it shows', () => {
    it('is the state of the token, never the token or the secret', async () => {
      endpoint.cache.state(CREDENTIAL).should.deepEqual({ state: 'none' });
      const waiting = endpoint.cache.get(CREDENTIAL);
      await settle();
      endpoint.cache.state(CREDENTIAL).should.deepEqual({ state: 'requesting' });
      endpoint.last.answer({ accessToken: 'p1anted-token' });
      await waiting;
      endpoint.cache
        .state(CREDENTIAL)
        .should.deepEqual({ state: 'valid', scope: 'fenx.all', secondsLeft: 900 });
      endpoint.cache.reject(CREDENTIAL, 'p1anted-token');
      const failing = endpoint.cache.get(CREDENTIAL);
      await settle();
      endpoint.last.fail(refused());
      const error = await failing.then(
        () => undefined,
        (reason) => reason,
      );
      endpoint.cache.state(CREDENTIAL).should.have.property('state', 'held-back');
      const seen = [endpoint.cache, error, endpoint.log, endpoint.cache.state(CREDENTIAL)]
        .map((value) => inspect(value, { depth: Infinity, showHidden: true }))
        .join('\n');
      endpoint.log.length.should.be.above(2);
      seen.should.not.containEql('p1anted');
      should(seen.includes(encodeURIComponent(SECRET))).be.false();
    });
  });
});
