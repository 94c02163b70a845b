import should from 'should';
import { Canceller } from '../../lib/cancel.js';
import { systemClock, wait } from '../../lib/clock.js';
import { ManualClock } from '../support/manual-clock.js';

describe('wait', () => {
  it('ends when the time has passed, not a millisecond before', async () => {
    const clock = new ManualClock();
    let over = false;
    const waiting = wait(clock, 100).then(() => {
      over = true;
    });
    clock.advance(99);
    await Promise.resolve();
    over.should.be.false();
    clock.advance(1);
    await waiting;
  });

  it('rejects with the reason of a signal that fires, and leaves no timer', async () => {
    const clock = new ManualClock();
    const [controller, canceller] = [new AbortController(), new Canceller()];
    for (const [signal, end] of [
      [controller.signal, (reason: Error) => controller.abort(reason)],
      [canceller, (reason: Error) => canceller.abort(reason)],
    ] as const) {
      const reason = new Error('gone');
      const waiting = wait(clock, 100, signal);
      end(reason);
      should(await waiting.catch((error: unknown) => error)).equal(reason);
      clock.pending.should.equal(0);
    }
  });

  it('rejects at once with a signal that has fired, and sets no timer', async () => {
    const clock = new ManualClock();
    await wait(clock, 100, AbortSignal.abort(new Error('gone'))).should.be.rejectedWith('gone');
    clock.pending.should.equal(0);
  });

  it('lets go of the signal when it is over', async () => {
    const clock = new ManualClock();
    const listeners = new Set<() => void>();
    const signal = {
      aborted: false,
      reason: undefined,
      addEventListener: (_: string, listener: () => void) => void listeners.add(listener),
      removeEventListener: (_: string, listener: () => void) => void listeners.delete(listener),
    };
    const waiting = wait(clock, 10, signal);
    listeners.size.should.equal(1);
    clock.advance(10);
    await waiting;
    listeners.size.should.equal(0);
  });
});

describe('systemClock', () => {
  it('tells a monotonic time and the date', () => {
    const before = systemClock.nowMs();
    systemClock.nowMs().should.be.aboveOrEqual(before);
    Math.abs(systemClock.dateMs() - Date.now()).should.be.below(1000);
  });

  it('fires a timer once', async () => {
    let fired = 0;
    await new Promise<void>((resolve) => {
      systemClock.setTimer(-5, () => {
        fired += 1;
        resolve();
      });
    });
    fired.should.equal(1);
  });

  it('does not fire a timer that was cancelled, or is far off: beyond what setTimeout can count', async () => {
    let fired = 0;
    const count = () => {
      fired += 1;
    };
    const cancel = systemClock.setTimer(0, count);
    cancel();
    cancel();
    const cancels = [2 ** 31, 2 ** 40, Number.POSITIVE_INFINITY].map((ms) => systemClock.setTimer(ms, count));
    await new Promise<void>((resolve) => systemClock.setTimer(5, resolve));
    fired.should.equal(0);
    for (const end of cancels) end();
  });
});

describe('Canceller', () => {
  it('tells each listener once, with the first reason', () => {
    const canceller = new Canceller();
    const heard: unknown[] = [];
    const removed = () => heard.push('removed');
    canceller.addEventListener('abort', () => heard.push(canceller.reason));
    canceller.addEventListener('abort', removed);
    canceller.removeEventListener('abort', removed);
    canceller.aborted.should.be.false();
    canceller.abort('one');
    canceller.abort('two');
    canceller.aborted.should.be.true();
    heard.should.deepEqual(['one']);
  });

  it('bears listeners that remove each other', () => {
    const canceller = new Canceller();
    const heard: string[] = [];
    const second = () => heard.push('second');
    canceller.addEventListener('abort', () => canceller.removeEventListener('abort', second));
    canceller.addEventListener('abort', second);
    canceller.addEventListener('abort', () => heard.push('third'));
    canceller.abort('x');
    heard.should.deepEqual(['third']);
  });
});
