import { Canceller, type CancelSignal } from '../cancel.js';
import { type Clock, wait } from '../clock.js';
import type { Batch } from './notification.js';
import { pauseAfterMs } from './pause.js';

/** A feed of the platform. */
export interface FeedSource {
  /** @returns undefined when there is nothing */
  next(signal: CancelSignal): Promise<Batch | undefined>;
  /**
   * Tells the platform that a batch is done with.
   *
   * @returns false when the platform does not know the batch any more: it will come again, or has done so
   * @throws an error with a `code`
   */
  complete(batchId: string, signal: CancelSignal): Promise<boolean>;
}

/** What a poller does at the moment, for people to see. */
export type PollerState =
  | { state: 'polling' }
  /** It has asked, at `atMs` since 1970, and got so many notifications; it asks again later. */
  | { state: 'waiting'; atMs: number; received: number }
  /** A batch is on its way through the flow. */
  | { state: 'delivering'; atMs: number; received: number }
  /** It tries again after `againInMs`. */
  | { state: 'failed'; doing: 'next' | 'complete'; error: unknown; failures: number; againInMs: number };

/** Somebody who gets the batches of a feed. */
export interface FeedConsumer {
  /** How long to wait when there was nothing more. */
  intervalMs: number;
  /**
   * Takes a batch. Never rejects.
   *
   * @returns whether it is done with it; false: it is to come again
   */
  deliver(batch: Batch): Promise<boolean>;
  /** The platform will not send this batch again. */
  completed(batch: Batch): void;
  /** What was handled has come again, since the platform had forgotten its batch, and has forgotten that one, too. */
  forgotten(): void;
  onState(state: PollerState): void;
}

export interface FeedPollerOptions {
  clock: Clock;
  random: () => number;
  source: FeedSource;
}

/**
 * Failures with which the platform has answered. Nobody promises that it does not mean a batch whose time is over: after
 * some tries the feed is asked what there is, or it would stand still for ever. Where there is no answer, there is no
 * other to be had by asking for something else.
 */
const REFUSALS = new Set([
  'FENERGO_VALIDATION',
  'FENERGO_CONFLICT',
  'FENERGO_FORBIDDEN',
  'FENERGO_UNAUTHORIZED',
  'FENERGO_SERVER',
  'FENERGO_RESPONSE',
]);
const TRIES = 3;

/**
 * Asks a feed for its notifications, one batch after the other, and completes a batch when all who get it are done with
 * it. There is one poller for a feed: the platform knows one consumer only.
 *
 * Nothing is completed too early: a batch that somebody did not handle, or that was in the flow when the poller was
 * stopped, comes again.
 */
export class FeedPoller {
  readonly #options: FeedPollerOptions;
  readonly #consumers = new Set<FeedConsumer>();
  #running: Canceller | undefined;
  #state: PollerState = { state: 'polling' };
  /** Ends the wait for the next poll. */
  #wake: (() => void) | undefined;
  /** The platform refuses to complete batches, so many times in a row now. */
  #refused: { error: unknown; failures: number } | undefined;
  /** What was handled last without the platform knowing of its batch any more. */
  #forgotten: { ids: ReadonlySet<string>; told: boolean } | undefined;

  constructor(options: FeedPollerOptions) {
    this.#options = options;
  }

  get consumers(): number {
    return this.#consumers.size;
  }

  /** Gives the next batches to somebody, too. */
  add(consumer: FeedConsumer): void {
    this.#consumers.add(consumer);
    if (this.#running) {
      consumer.onState(this.#state);
      // Who joins need not wait as long as the others wish to.
      this.#wake?.();
      return;
    }
    this.#running = new Canceller();
    this.#refused = undefined;
    this.#forgotten = undefined;
    void this.#run(this.#running);
  }

  /** Gives somebody no more batches. When nobody is left, it stops. */
  remove(consumer: FeedConsumer): void {
    this.#consumers.delete(consumer);
    if (this.#consumers.size > 0) return;
    this.#running?.abort(new Error('The poller was stopped'));
    this.#running = undefined;
  }

  async #run(signal: Canceller): Promise<void> {
    let last: string | undefined;
    for (let failures = 0; !signal.aborted; ) {
      let batch: Batch | undefined;
      try {
        this.#tell({ state: 'polling' });
        batch = await this.#options.source.next(signal);
      } catch (error) {
        failures += 1;
        await this.#pauseAfter('next', error, failures, signal);
        continue;
      }
      failures = 0;
      if (signal.aborted) return;
      // A batch that is completed and comes all the same would have us ask without a pause.
      const again = batch?.batchId === last;
      const more = batch ? await this.#handle(batch, signal) : false;
      last = more ? batch?.batchId : undefined;
      if (signal.aborted || (more && !again)) continue;
      this.#tell(this.#refused ? this.#stillRefused(this.#refused) : this.#asked('waiting', batch));
      await this.#untilNext(signal);
    }
  }

  /** @returns whether to ask for the next batch at once */
  async #handle(batch: Batch, signal: Canceller): Promise<boolean> {
    const consumers = [...this.#consumers];
    this.#tell(this.#asked('delivering', batch));
    const handled = await Promise.all(consumers.map((consumer) => consumer.deliver(batch)));
    if (signal.aborted || !handled.every(Boolean)) return false;
    // What the platform does not know any more may be had again at once, as often as we ask.
    if (!(await this.#complete(batch.batchId, signal))) {
      if (!signal.aborted && !this.#refused) this.#forget(batch, consumers);
      return false;
    }
    this.#forgotten = undefined;
    for (const consumer of consumers) consumer.completed(batch);
    // A batch with nothing in it that promises more would have us ask without a pause.
    return batch.moreAvailable && batch.notifications.length > 0;
  }

  /**
   * @returns whether the platform knows now; false: it has forgotten the batch, or refuses to complete it, or the poller
   * was stopped
   */
  async #complete(batchId: string, signal: Canceller): Promise<boolean> {
    for (let failures = (this.#refused?.failures ?? 0) + 1; !signal.aborted; failures += 1) {
      try {
        const isKnown = await this.#options.source.complete(batchId, signal);
        this.#refused = undefined;
        return isKnown;
      } catch (error) {
        await this.#pauseAfter('complete', error, failures, signal);
        if (failures < TRIES || !isRefusal(error)) continue;
        this.#refused = { error, failures };
        return false;
      }
    }
    return false;
  }

  /** A batch may take too long now and then, and is completed when it comes again: that is not worth a word. */
  #forget({ notifications }: Batch, consumers: readonly FeedConsumer[]): void {
    const { ids: before, told = false } = this.#forgotten ?? {};
    const again = notifications.some(({ id }) => before?.has(id));
    this.#forgotten = { ids: new Set(notifications.map(({ id }) => id)), told: told || again };
    if (again && !told) for (const consumer of consumers) consumer.forgotten();
  }

  async #pauseAfter(
    doing: 'next' | 'complete',
    error: unknown,
    failures: number,
    signal: Canceller,
  ): Promise<void> {
    if (signal.aborted) return;
    const pauseMs = pauseAfterMs(failures, this.#options.random());
    this.#tell({ state: 'failed', doing, error, failures, againInMs: pauseMs });
    await this.#pause(pauseMs, signal);
  }

  /** Waits as long as the consumers wish, or until one joins. */
  async #untilNext(signal: Canceller): Promise<void> {
    if (signal.aborted) return;
    const nap = new Canceller();
    const wake = () => nap.abort(undefined);
    signal.addEventListener('abort', wake);
    this.#wake = wake;
    await this.#pause(this.#intervalMs, nap);
    signal.removeEventListener('abort', wake);
    if (this.#wake === wake) this.#wake = undefined;
  }

  async #pause(pauseMs: number, signal: Canceller): Promise<void> {
    try {
      await wait(this.#options.clock, pauseMs, signal);
    } catch {
      // It was stopped, which the caller sees; or woken.
    }
  }

  get #intervalMs(): number {
    return Math.min(...[...this.#consumers].map(({ intervalMs }) => intervalMs));
  }

  #asked(state: 'waiting' | 'delivering', batch: Batch | undefined): PollerState {
    const received = batch?.notifications.length ?? 0;
    return { state, atMs: this.#options.clock.dateMs(), received };
  }

  #stillRefused(refused: { error: unknown; failures: number }): PollerState {
    return { state: 'failed', doing: 'complete', ...refused, againInMs: this.#intervalMs };
  }

  #tell(state: PollerState): void {
    this.#state = state;
    for (const consumer of this.#consumers) consumer.onState(state);
  }
}

function isRefusal(error: unknown): boolean {
  return REFUSALS.has((error as { code?: string }).code ?? '');
}
