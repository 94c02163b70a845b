import type { CancelTimer, Clock } from '../clock.js';
import { MAX_KEPT_EVENTS, type RaisedEvent } from './event-log.js';
import { type PostOutcome, post } from './webhook-post.js';

/** What a webhook is set to. */
export interface WebhookConfig {
  readonly name: string | null;
  readonly url: string;
  readonly secret: string;
  readonly enabled: boolean;
  /** Types of events; `*` stands for all. */
  readonly eventTypes: readonly string[];
  readonly emailAddresses: readonly string[];
  readonly type: 'Single' | 'Batch';
  readonly batchSize: number | null;
}

export type WebhookStatus = 'Enabled' | 'UserDisabled' | 'SystemDisabled' | 'Retrying';

/** A delivery that the receiver has taken. */
export interface WebhookDelivery {
  tenantId: string;
  webhookId: string;
  /** Ids of its notifications. */
  ids: string[];
}

export interface WebhookSettings {
  /** How often a delivery is tried again before the webhook is disabled. */
  retries: number;
  /** The pause before the first of these; each further one is twice as long. */
  retryMs: number;
  timeoutMs: number;
  onDelivered?: (delivery: WebhookDelivery) => void;
}

/** One try, as the contract shows it. */
export interface DeliveryAttempt extends PostOutcome {
  when: string;
  /** Of the first notification. */
  notificationId: string | null;
}

/** What a line needs of its tenant. */
export interface LineHost {
  readonly tenantId: string;
  readonly clock: Clock;
  now(): string;
}

/** The contract shows this many tries. */
const MAX_SHOWN_ATTEMPTS = 20;

const MAX_BATCH_SIZE = 100;

/**
 * What waits for one webhook, delivered one after another and in order. While the platform has it disabled, everything
 * is kept and goes out when it is enabled again; while its owner has, nothing is added.
 */
export class WebhookLine {
  readonly #host: LineHost;
  readonly #id: string;
  readonly #settings: WebhookSettings;
  readonly #closing = new AbortController();
  readonly #attempts: DeliveryAttempt[] = [];
  readonly #waiting: RaisedEvent[] = [];
  #config: WebhookConfig;
  #status: WebhookStatus;
  #delivered = 0;
  #failures = 0;
  #repeats = 0;
  /** How many of those that wait went into the last delivery, if it is to be sent again: as it was. */
  #groupSize: number | undefined;
  #busy = false;
  #cancelRetry: CancelTimer | undefined;

  constructor(host: LineHost, id: string, settings: WebhookSettings, config: WebhookConfig) {
    this.#host = host;
    this.#id = id;
    this.#settings = settings;
    this.#config = config;
    this.#status = config.enabled ? 'Enabled' : 'UserDisabled';
  }

  get config(): WebhookConfig {
    return this.#config;
  }

  get status(): WebhookStatus {
    return this.#status;
  }

  /** Notifications that are not delivered yet. */
  get waiting(): number {
    return this.#waiting.length;
  }

  /** Notifications that were delivered, repeated ones each time. */
  get delivered(): number {
    return this.#delivered;
  }

  /** The last tries, the newest first. */
  get attempts(): readonly DeliveryAttempt[] {
    return this.#attempts;
  }

  /** Sets it anew. Enabling ends a pause: what waits is tried at once, as if nothing had failed. */
  configure(config: WebhookConfig): void {
    this.#config = config;
    this.#status = config.enabled ? 'Enabled' : 'UserDisabled';
    this.#failures = 0;
    this.#groupSize = undefined;
    this.#cancelRetry?.();
    this.#cancelRetry = undefined;
    this.#wake();
  }

  /** Takes in those events that the webhook wants. */
  add(events: readonly RaisedEvent[]): void {
    if (this.#status === 'UserDisabled') return;
    const { eventTypes } = this.#config;
    const all = eventTypes.includes('*');
    for (const event of events) {
      if (this.#waiting.length >= MAX_KEPT_EVENTS) return;
      if (all || eventTypes.includes(event.eventType)) this.#waiting.push(event);
    }
    this.#wake();
  }

  /** Sends each of the next `count` deliveries a second time, as if the answer had been lost. */
  repeat(count: number): void {
    this.#repeats += count;
  }

  /** Posts something outside the line. */
  post(notification: RaisedEvent): Promise<PostOutcome> {
    return this.#post([notification]);
  }

  /** Breaks off what is under way; nothing is delivered any more. */
  close(): void {
    this.#closing.abort();
    this.#cancelRetry?.();
    this.#waiting.length = 0;
  }

  /** A turn later, so that all that one call raises can go in one batch. */
  #wake(): void {
    if (this.#busy || this.#cancelRetry || this.#waiting.length === 0 || !isOn(this.#status)) return;
    this.#busy = true;
    queueMicrotask(() => void this.#deliver());
  }

  async #deliver(): Promise<void> {
    const { type, batchSize } = this.#config;
    this.#groupSize ??= type === 'Batch' ? (batchSize ?? MAX_BATCH_SIZE) : 1;
    const group = this.#waiting.slice(0, this.#groupSize);
    this.#groupSize = group.length;
    const outcome = group.length > 0 && isOn(this.#status) ? await this.#post(group) : undefined;
    this.#busy = false;
    if (this.#closing.signal.aborted) return;
    if (group.length === 0) this.#groupSize = undefined;
    if (outcome) this.#settle(group, outcome);
    this.#wake();
  }

  #settle(group: readonly RaisedEvent[], outcome: PostOutcome): void {
    const ids = group.map(({ id }) => id);
    this.#attempts.unshift({ when: this.#host.now(), notificationId: ids[0] ?? null, ...outcome });
    this.#attempts.splice(MAX_SHOWN_ATTEMPTS);
    if (outcome.status !== 'Successful') {
      this.#fail();
      return;
    }
    this.#failures = 0;
    if (this.#status === 'Retrying') this.#status = 'Enabled';
    this.#delivered += ids.length;
    if (this.#repeats > 0) {
      this.#repeats--;
    } else {
      this.#waiting.splice(0, ids.length);
      this.#groupSize = undefined;
    }
    this.#settings.onDelivered?.({ tenantId: this.#host.tenantId, webhookId: this.#id, ids });
  }

  #fail(): void {
    if (!isOn(this.#status)) return;
    const { retries, retryMs } = this.#settings;
    if (this.#failures >= retries) {
      this.#status = 'SystemDisabled';
      return;
    }
    this.#status = 'Retrying';
    this.#cancelRetry = this.#host.clock.setTimer(retryMs * 2 ** this.#failures, () => {
      this.#cancelRetry = undefined;
      this.#wake();
    });
    this.#failures++;
  }

  #post(group: readonly RaisedEvent[]): Promise<PostOutcome> {
    const { url, secret, type } = this.#config;
    const { timeoutMs } = this.#settings;
    const content = type === 'Batch' ? group : group[0];
    return post({ url, secret, content, timeoutMs, clock: this.#host.clock, signal: this.#closing.signal });
  }
}

/** Whether deliveries go out in this state. */
export function isOn(status: WebhookStatus): boolean {
  return status === 'Enabled' || status === 'Retrying';
}
