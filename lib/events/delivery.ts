import type { CancelTimer, Clock } from '../clock.js';

/** How a delivery ended: all was acknowledged, or it took too long, or nobody waits for it any more. */
export type DeliveryEnd = 'acknowledged' | 'timed-out' | 'stopped';

export interface DeliveryOptions {
  /** Unique in the process. */
  id: string;
  /** Of the batch that it brings; the same as of an earlier delivery when the batch came again. */
  batchId: string;
  /** Of each message that was sent on, in their order: one that is there twice has to be acknowledged twice. */
  notificationIds: readonly string[];
  timeoutMs: number;
  clock: Clock;
  /** Told of each notification that is acknowledged, also after the end. */
  onAcknowledged?: (notificationId: string) => void;
  /** Told once when it has ended. */
  onEnd?: (end: DeliveryEnd) => void;
}

/** Notifications that were sent on, and wait to be acknowledged by the flow. */
export class Delivery {
  readonly id: string;
  readonly batchId: string;
  /** By notification: how many of its messages are not acknowledged yet. */
  readonly #left = new Map<string, number>();
  readonly #options: DeliveryOptions;
  #open = 0;
  #end: DeliveryEnd | undefined;
  #cancelTimeout: CancelTimer | undefined;

  constructor(options: DeliveryOptions) {
    this.id = options.id;
    this.batchId = options.batchId;
    this.#options = options;
    for (const id of options.notificationIds) {
      this.#left.set(id, (this.#left.get(id) ?? 0) + 1);
      this.#open += 1;
    }
    if (this.#open === 0) this.#finish('acknowledged');
    else this.#cancelTimeout = options.clock.setTimer(options.timeoutMs, () => this.#finish('timed-out'));
  }

  /** How many messages are not acknowledged yet. */
  get open(): number {
    return this.#open;
  }

  /** How it ended; undefined while it is open. */
  get end(): DeliveryEnd | undefined {
    return this.#end;
  }

  has(notificationId: string): boolean {
    return this.#left.has(notificationId);
  }

  /** The notifications that it brought. */
  get notificationIds(): string[] {
    return [...this.#left.keys()];
  }

  /** Takes one message of a notification for acknowledged. @returns false when all of them were already */
  acknowledge(notificationId: string): boolean {
    const left = this.#left.get(notificationId) ?? 0;
    if (left === 0) return false;
    this.#left.set(notificationId, left - 1);
    this.#open -= 1;
    if (left === 1) this.#options.onAcknowledged?.(notificationId);
    if (this.#open === 0) this.#finish('acknowledged');
    return true;
  }

  /** Nobody waits for it any more. */
  stop(): void {
    this.#finish('stopped');
  }

  #finish(end: DeliveryEnd): void {
    if (this.#end) return;
    this.#end = end;
    this.#cancelTimeout?.();
    this.#options.onEnd?.(end);
  }
}
