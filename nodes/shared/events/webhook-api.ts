import { randomUUID } from 'node:crypto';
import type { NodeAPI } from 'node-red';
import type { CancelSignal } from '../../../lib/cancel.js';
import { FenergoError } from '../../../lib/errors.js';
import type {
  WebhookApi,
  WebhookAttempt,
  WebhookConfig,
  WebhookView,
} from '../../../lib/events/webhook-registration.js';
import type { Call } from '../../../lib/http/call.js';
import { DEFAULT_RETRY } from '../../../lib/http/retry.js';
import { scopeFor } from '../../../lib/scopes.js';
import { connectionOf } from '../connection.js';

const SERVICE = 'webhooks';
const BASE = `/${SERVICE}/v1/webhooks`;
const TIMEOUT_MS = 60_000;
/** The platform answers when its notification was taken: by a flow that handles it, perhaps. */
const TEST_TIMEOUT_MS = 180_000;

/** To set a webhook once more to what it is does no harm. */
const REPEATABLE = { ...DEFAULT_RETRY, repeatable: true };

/** The webhooks of a tenant, by a connection that is looked up for each call: a deploy may have changed it. */
export class ConnectionWebhooks implements WebhookApi {
  readonly #RED: NodeAPI;
  readonly #connectionId: string;
  readonly #tenantId: string;

  constructor(RED: NodeAPI, connectionId: string, tenantId: string) {
    this.#RED = RED;
    this.#connectionId = connectionId;
    this.#tenantId = tenantId;
  }

  async list(signal: CancelSignal): Promise<WebhookView[]> {
    const answer = await this.#call({ label: 'Listing webhooks', method: 'GET', path: BASE }, signal);
    const { webHooks, webhooks = webHooks } = answer as Record<string, unknown>;
    if (!Array.isArray(webhooks)) throw unreadable('the list of webhooks');
    return webhooks as WebhookView[];
  }

  async add(config: WebhookConfig, signal: CancelSignal): Promise<string> {
    const body = JSON.stringify(config);
    const call = { label: 'Adding a webhook', method: 'POST', path: BASE, body };
    const { webhookId } = (await this.#call(call, signal)) as Record<string, unknown>;
    if (typeof webhookId !== 'string' || webhookId === '') throw unreadable('the id of a new webhook');
    return webhookId;
  }

  async get(id: string, signal: CancelSignal): Promise<WebhookView> {
    const call = { label: 'Reading a webhook', method: 'GET', path: pathOf(id) };
    const { webhook } = (await this.#call(call, signal)) as Record<string, unknown>;
    if (typeof webhook !== 'object' || webhook === null) throw unreadable('a webhook');
    return { ...webhook, id } as WebhookView;
  }

  async update(id: string, config: WebhookConfig, signal: CancelSignal): Promise<void> {
    const body = JSON.stringify(config);
    const call = { label: 'Updating a webhook', method: 'PUT', path: pathOf(id), body, retry: REPEATABLE };
    await this.#call(call, signal);
  }

  async remove(id: string, signal: CancelSignal): Promise<void> {
    const call = { label: 'Removing a webhook', method: 'DELETE', path: pathOf(id) };
    await this.#call(call, signal);
  }

  async test(id: string, signal: CancelSignal): Promise<WebhookAttempt> {
    const call = {
      label: 'Testing a webhook',
      method: 'GET',
      path: `${pathOf(id)}/test`,
      // Each try posts a notification.
      retry: { ...DEFAULT_RETRY, maxTries: 1 },
      timeoutMs: TEST_TIMEOUT_MS,
    };
    const { delivery } = (await this.#call(call, signal)) as Record<string, unknown>;
    return (typeof delivery === 'object' && delivery !== null ? delivery : {}) as WebhookAttempt;
  }

  async #call(
    call: Pick<Call, 'label' | 'method' | 'path'> & Partial<Call>,
    signal: CancelSignal,
  ): Promise<unknown> {
    const client = await connectionOf(this.#RED, this.#connectionId).client();
    const { payload } = await client.call(
      {
        service: SERVICE,
        tenantId: this.#tenantId,
        correlationId: randomUUID(),
        result: 'data',
        timeoutMs: TIMEOUT_MS,
        scope: scopeFor(SERVICE, call.method),
        ...call,
      },
      { signal },
    );
    return payload ?? {};
  }
}

function pathOf(id: string): string {
  return `${BASE}/${encodeURIComponent(id)}`;
}

function unreadable(what: string): FenergoError {
  return new FenergoError('FENERGO_RESPONSE', `The platform gave something that is not ${what}`);
}
