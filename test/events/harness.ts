import type { CancelSignal } from '../../lib/cancel.js';
import type { FeedConsumer, FeedSource, PollerState } from '../../lib/events/feed-poller.js';
import type { Batch, Notification } from '../../lib/events/notification.js';
import type { ManualClock } from '../support/manual-clock.js';

/** Lets everything that is ready to run do so; no time passes. */
export async function settle(): Promise<void> {
  for (let i = 0; i < 40; i += 1) await Promise.resolve();
}

/** Moves the clock from timer to timer, so that what follows from one is seen at its moment. */
export async function pass(clock: ManualClock, ms: number): Promise<void> {
  await settle();
  for (let left = ms; left > 0; ) {
    const step = Math.max(1, Math.min(clock.nextInMs ?? left, left));
    clock.advance(step);
    left -= step;
    await settle();
  }
}

export function notification(id: string, more: Partial<Notification> = {}): Notification {
  return {
    id,
    eventType: 'entitydata:dataPublished',
    relativeUrl: `entitydataquery/api/entity/${id}`,
    ...more,
  };
}

export function batch(batchId: string, ids: readonly string[], moreAvailable = false): Batch {
  return { batchId, notifications: ids.map((id) => notification(id)), moreAvailable };
}

/** A signal's listeners are counted from now on. */
export function countListeners(signal: CancelSignal): Set<() => void> {
  const listeners = new Set<() => void>();
  const add = signal.addEventListener.bind(signal);
  const remove = signal.removeEventListener.bind(signal);
  signal.addEventListener = (type, listener, options) => {
    listeners.add(listener);
    add(type, listener, options);
    // Who was told is not told again.
    add(type, () => listeners.delete(listener));
  };
  signal.removeEventListener = (type, listener) => {
    listeners.delete(listener);
    remove(type, listener);
  };
  return listeners;
}

type Answer<T> = T | Error;

/** A feed whose answers are given beforehand or by hand, as the platform would; a call that is aborted is rejected. */
export class Feed implements FeedSource {
  /** Every call, and when it was made. */
  readonly calls: string[] = [];
  readonly nexts: Answer<Batch | undefined>[] = [];
  readonly completes: Answer<boolean>[] = [];
  /** Calls are answered by hand. */
  byHand = false;
  answer: (value: Answer<Batch | boolean | undefined>) => void = () => {};
  readonly signals: CancelSignal[] = [];
  readonly #clock: ManualClock;
  readonly #startMs: number;

  constructor(clock: ManualClock) {
    this.#clock = clock;
    this.#startMs = clock.nowMs();
  }

  next(signal: CancelSignal): Promise<Batch | undefined> {
    return this.#call('next', this.nexts, undefined, signal);
  }

  complete(batchId: string, signal: CancelSignal): Promise<boolean> {
    return this.#call(`complete ${batchId}`, this.completes, true, signal);
  }

  #call<T>(name: string, answers: Answer<T>[], usual: T, signal: CancelSignal): Promise<T> {
    this.calls.push(`${this.#clock.nowMs() - this.#startMs} ${name}`);
    this.signals.push(signal);
    return new Promise((resolve, reject) => {
      const onAbort = () => reject(signal.reason);
      const answer = (value: Answer<T>) => {
        signal.removeEventListener('abort', onAbort);
        if (value instanceof Error) reject(value);
        else resolve(value);
      };
      signal.addEventListener('abort', onAbort);
      if (this.byHand) this.answer = answer as typeof this.answer;
      else answer(answers.length > 0 ? (answers.shift() as Answer<T>) : usual);
    });
  }
}

/** A consumer that is done with everything at once, or when told. */
export class Consumer implements FeedConsumer {
  intervalMs: number;
  readonly got: string[] = [];
  readonly done: string[] = [];
  readonly states: PollerState[] = [];
  timesForgotten = 0;
  byHand = false;
  finish: (handled: boolean) => void = () => {};

  constructor(intervalMs = 30_000) {
    this.intervalMs = intervalMs;
  }

  deliver({ batchId }: Batch): Promise<boolean> {
    this.got.push(batchId);
    if (!this.byHand) return Promise.resolve(true);
    return new Promise((resolve) => {
      this.finish = resolve;
    });
  }

  completed({ batchId }: Batch): void {
    this.done.push(batchId);
  }

  forgotten(): void {
    this.timesForgotten += 1;
  }

  onState(state: PollerState): void {
    this.states.push(state);
  }
}
