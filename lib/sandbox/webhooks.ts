import type { EventListener, EventLog } from './event-log.js';
import {
  type DeliveryAttempt,
  isOn,
  type LineHost,
  type WebhookConfig,
  WebhookLine,
  type WebhookSettings,
  type WebhookStatus,
} from './webhook-line.js';

/** What one webhook has to do and has done. */
export interface WebhookState {
  tenantId: string;
  webhookId: string;
  name: string | null;
  url: string;
  status: WebhookStatus;
  /** Notifications that are not delivered yet. */
  waiting: number;
  delivered: number;
  /** The last twenty tries, the newest first. */
  attempts: readonly DeliveryAttempt[];
}

/** What webhooks need of their tenant. */
export interface WebhookHost extends LineHost {
  readonly log: EventLog;
  newId(): string;
}

/** The webhooks of a tenant. */
export class Webhooks {
  readonly #host: WebhookHost;
  readonly #settings: WebhookSettings;
  readonly #lines = new Map<string, WebhookLine>();
  #closed = false;

  constructor(host: WebhookHost, settings: WebhookSettings) {
    this.#host = host;
    this.#settings = settings;
  }

  get size(): number {
    return this.#lines.size;
  }

  /** Adds a webhook. @returns its id */
  add(config: WebhookConfig): string {
    const id = this.#host.newId();
    this.#lines.set(id, new WebhookLine(this.#host, id, this.#settings, config));
    this.#listen();
    return id;
  }

  /** Ids of any case are the same id. */
  get(id: string): WebhookLine | undefined {
    return this.#lines.get(id.toLowerCase());
  }

  /** Removes a webhook and what waits for it. @returns whether there was one */
  remove(id: string): boolean {
    this.get(id)?.close();
    const removed = this.#lines.delete(id.toLowerCase());
    this.#listen();
    return removed;
  }

  /** Every webhook as lists show it. */
  list() {
    return [...this.#lines].map(([id, line]) => basicView(id, line));
  }

  get states(): WebhookState[] {
    const { tenantId } = this.#host;
    return [...this.#lines].map(([webhookId, { config, status, waiting, delivered, attempts }]) => {
      const { name, url } = config;
      return { tenantId, webhookId, name, url, status, waiting, delivered, attempts: [...attempts] };
    });
  }

  /** Ends every delivery and every timer. */
  close(): void {
    this.#closed = true;
    for (const line of this.#lines.values()) line.close();
    this.#listen();
  }

  #listen(): void {
    const { log } = this.#host;
    const tell: EventListener = (events) => {
      for (const line of this.#lines.values()) line.add(events);
    };
    log.listen(this.#closed || this.size === 0 ? undefined : tell);
  }
}

/** A webhook as lists show it. The secret is in no view. */
function basicView(id: string, { config, status }: WebhookLine) {
  const { name, url, eventTypes, type, batchSize } = config;
  return { name, url, id, enabled: isOn(status), eventTypes, status, type, batchSize };
}

/** A webhook as it is shown alone. */
export function fullView(id: string, line: WebhookLine) {
  const { attempts, config } = line;
  return { ...basicView(id, line), lastDeliveries: attempts, emailAddresses: config.emailAddresses };
}
