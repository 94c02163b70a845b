import should from 'should';
import { Canceller, type CancelSignal } from '../../lib/cancel.js';
import { systemClock } from '../../lib/clock.js';
import { exchange } from '../../lib/transport.js';
import { Api, Connection, trafficOf } from '../http/harness.js';

/** A signal that counts who listens. */
function counting(): { signal: CancelSignal; listeners: Set<() => void> } {
  const listeners = new Set<() => void>();
  const signal: CancelSignal = {
    aborted: false,
    reason: undefined,
    addEventListener: (_, listener) => void listeners.add(listener),
    removeEventListener: (_, listener) => void listeners.delete(listener),
  };
  return { signal, listeners };
}

describe('letting go', () => {
  let api: Api;

  before(async () => {
    api = await Api.start();
  });

  after(() => api.close());

  it('an exchange that is over does not listen to its signal, whatever came of it', async () => {
    const { signal, listeners } = counting();
    for (const reply of [{ body: 'ok' }, { status: 500 }, { reset: true }, { body: 'x'.repeat(200) }]) {
      api.replies(reply);
      const request = { method: 'GET', url: api.url, headers: {}, maxBytes: 100, signal };
      const going = exchange(request).catch(() => {});
      listeners.size.should.equal(1);
      await going;
      listeners.size.should.equal(0);
    }
  });

  it('who has had a turn does not listen to its signal', async () => {
    const turns = trafficOf(systemClock, { concurrent: 1 }).limiterOf('');
    const { signal, listeners } = counting();
    const request = { domain: '', urgent: false, maxWaiting: 1, label: 'Call', signal };
    const turn = await turns.enter(request);
    listeners.size.should.equal(0);
    const waiting = turns.enter(request);
    listeners.size.should.equal(1);
    turn.leave();
    await waiting;
    listeners.size.should.equal(0);
  });

  it('a timer of the system clock does not keep the process alive', () => {
    const timers = () => process.getActiveResourcesInfo().filter((kind) => kind === 'Timeout').length;
    const before = timers();
    const cancel = systemClock.setTimer(60_000, () => {});
    timers().should.equal(before);
    cancel();
  });

  it('a call keeps what an earlier try told of the daily limit', async () => {
    const reset = '2026-01-02T00:00:00Z';
    api.replies(
      {
        status: 503,
        headers: { 'x-rate-limit-remaining': '5', 'x-rate-limit-reset': reset, sunset: 'soon' },
      },
      { body: { data: 1 } },
    );
    const connection = new Connection(api.url);
    const { facts } = await connection.call();
    should(facts).have.properties({ attempts: 2, rateLimit: { remaining: 5, reset }, sunset: 'soon' });
    connection.client.close();
  });

  it('a canceller that has fired has forgotten its listeners', () => {
    const canceller = new Canceller();
    let heard = 0;
    canceller.addEventListener('abort', () => {
      heard += 1;
    });
    canceller.abort('one');
    canceller.abort('two');
    heard.should.equal(1);
  });
});
