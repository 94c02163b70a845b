import { Canceller, type CancelSignal } from '../cancel.js';
import type { Clock } from '../clock.js';
import type { AckDesk } from './ack-desk.js';
import { Delivery } from './delivery.js';
import type { FeedConsumer, PollerState } from './feed-poller.js';
import { type IntakeOptions, type Item, takeIn } from './intake.js';
import type { Batch } from './notification.js';
import { type ItemWithResource, withResources } from './resources.js';

/** When a batch counts as handled: once it was sent on, or when the flow has acknowledged all of it. */
export type Acknowledge = 'auto' | 'manual';

/** What is sent on of a batch. */
export interface Emission {
  /** What the messages name when they are acknowledged. */
  deliveryId: string;
  batchId: string;
  items: readonly ItemWithResource[];
}

export interface FlowConsumerOptions extends IntakeOptions {
  intervalMs: number;
  acknowledge: Acknowledge;
  ackTimeoutMs: number;
  clock: Clock;
  random: () => number;
  desk: AckDesk;
  newId: () => string;
  /**
   * Sends the messages on. Where they go out one by one it tells of each that has, so that it is not sent again should
   * a later one fail.
   *
   * @throws when something cannot be sent: the batch comes again
   */
  emit: (emission: Emission, sent: (notificationId: string) => void) => void;
  /** Reads the resource of a notification, where that is wished. */
  fetch?: (item: Item, signal: CancelSignal) => Promise<unknown>;
  /** More ids are settled: to be kept for a later run. */
  onSettled: () => void;
  onState: (state: PollerState) => void;
  /** So many messages wait to be acknowledged. */
  onOpen?: (open: number) => void;
  /** A batch could not be sent on, and will be asked for again. */
  onEmitFailure?: (error: unknown) => void;
  /** A batch was not acknowledged in time, and will be asked for again. */
  onTimeout?: (open: number) => void;
  /** A batch was completed. */
  onCompleted?: () => void;
  /** What was handled comes again and again: see `FeedConsumer`. */
  onForgotten?: () => void;
  /** Resources cannot be read, since the platform cannot be reached; tried again after so long. */
  onFetchFailure?: (error: unknown, againInMs: number) => void;
}

/** Takes the batches of a feed into a flow. */
export class FlowConsumer implements FeedConsumer {
  readonly #options: FlowConsumerOptions;
  readonly #closing = new Canceller();
  #delivery: Delivery | undefined;

  constructor(options: FlowConsumerOptions) {
    this.#options = options;
  }

  get intervalMs(): number {
    return this.#options.intervalMs;
  }

  async deliver(batch: Batch): Promise<boolean> {
    try {
      const items = await this.#itemsOf(batch);
      if (this.#closing.aborted) return false;
      if (items.length === 0) return true;
      const { newId, acknowledge } = this.#options;
      const emission = { deliveryId: newId(), batchId: batch.batchId, items };
      if (acknowledge === 'manual') return await this.#untilAcknowledged(emission);
      return this.#emit(emission, 'handled');
    } catch (error) {
      if (!this.#closing.aborted) this.#options.onEmitFailure?.(error);
      return false;
    }
  }

  completed({ notifications }: Batch): void {
    const { seen, onSettled } = this.#options;
    for (const { id } of notifications) if (seen.stageOf(id) === 'handled') seen.note(id, 'settled');
    // A later run keeps its own ids in the same place.
    if (this.#closing.aborted) return;
    onSettled();
    this.#options.onCompleted?.();
  }

  forgotten(): void {
    if (!this.#closing.aborted) this.#options.onForgotten?.();
  }

  onState(state: PollerState): void {
    this.#options.onState(state);
  }

  /** Takes no more, and gives back what is not acknowledged: it comes again. */
  close(): void {
    this.#closing.abort(new Error('The node was closed'));
    this.#delivery?.stop();
  }

  async #itemsOf({ notifications }: Batch): Promise<ItemWithResource[]> {
    const items = takeIn(notifications, this.#options);
    const { fetch, clock, random, onFetchFailure } = this.#options;
    if (!fetch) return items;
    return withResources(items, { clock, random, signal: this.#closing, fetch, onFailure: onFetchFailure });
  }

  #untilAcknowledged(emission: Emission): Promise<boolean> {
    const { clock, desk, ackTimeoutMs, duplicates, seen, onSettled, onOpen, onTimeout } = this.#options;
    return new Promise((resolve) => {
      const delivery = new Delivery({
        id: emission.deliveryId,
        batchId: emission.batchId,
        notificationIds: emission.items.map(({ notification }) => notification.id),
        timeoutMs: ackTimeoutMs,
        clock,
        onAcknowledged: (id) => {
          seen.note(id, 'settled');
          // A later run keeps its own ids in the same place.
          if (!this.#closing.aborted) onSettled();
          if (!delivery.end) onOpen?.(delivery.open);
          // It comes too late, maybe while the same batch is on its way once more: that need not be handled again.
          else if (duplicates === 'drop') this.#delivery?.acknowledge(id);
        },
        onEnd: (end) => {
          this.#delivery = undefined;
          desk.ended(delivery);
          onOpen?.(0);
          if (end === 'timed-out') onTimeout?.(delivery.open);
          resolve(end === 'acknowledged');
        },
      });
      this.#delivery = delivery;
      desk.open(delivery);
      onOpen?.(delivery.open);
      // Nobody can acknowledge what was not sent.
      if (!this.#emit(emission, 'sent')) delivery.stop();
    });
  }

  /**
   * @param stage how far what is sent has got
   * @returns whether all of it was sent
   */
  #emit(emission: Emission, stage: 'sent' | 'handled'): boolean {
    const { seen, emit, onEmitFailure } = this.#options;
    const sent = (id: string) => seen.note(id, stage);
    for (const { notification } of emission.items) seen.note(notification.id, 'sent');
    try {
      emit(emission, sent);
    } catch (error) {
      if (!this.#closing.aborted) onEmitFailure?.(error);
      return false;
    }
    for (const { notification } of emission.items) sent(notification.id);
    return true;
  }
}
