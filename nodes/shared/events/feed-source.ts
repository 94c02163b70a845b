import { randomUUID } from 'node:crypto';
import type { NodeAPI } from 'node-red';
import type { CancelSignal } from '../../../lib/cancel.js';
import { FenergoError } from '../../../lib/errors.js';
import type { FeedSource } from '../../../lib/events/feed-poller.js';
import { type Batch, notificationOf } from '../../../lib/events/notification.js';
import type { Call, CallResult } from '../../../lib/http/call.js';
import { parseManualPath } from '../../../lib/http/path.js';
import { DEFAULT_RETRY } from '../../../lib/http/retry.js';
import { scopeFor } from '../../../lib/scopes.js';
import { connectionOf } from '../connection.js';

const SERVICE = 'eventnotifications';
const TIMEOUT_MS = 60_000;

/** A feed of a tenant, read through a connection that is looked up for each call: a deploy may have changed it. */
export class ConnectionFeed implements FeedSource {
  readonly #RED: NodeAPI;
  readonly #connectionId: string;
  readonly #tenantId: string;
  readonly #feed: string;

  constructor(RED: NodeAPI, connectionId: string, tenantId: string, feed: string) {
    this.#RED = RED;
    this.#connectionId = connectionId;
    this.#tenantId = tenantId;
    this.#feed = feed;
  }

  async next(signal: CancelSignal): Promise<Batch | undefined> {
    const path = `/${SERVICE}/v2/${encodeURIComponent(this.#feed)}/next`;
    const { payload } = await this.#call(
      { label: `Feed '${this.#feed}'`, method: 'GET', service: SERVICE, path },
      signal,
    );
    return batchOf(payload);
  }

  async complete(batchId: string, signal: CancelSignal): Promise<boolean> {
    const feed = encodeURIComponent(this.#feed);
    const path = `/${SERVICE}/v2/${feed}/${encodeURIComponent(batchId)}/complete`;
    const label = `Completing a batch of feed '${this.#feed}'`;
    try {
      // To complete a batch twice does no harm.
      const retry = { ...DEFAULT_RETRY, repeatable: true };
      // Nothing is made of what it says: that it takes the call is enough.
      await this.#call({ label, method: 'POST', service: SERVICE, path, retry, result: 'buffer' }, signal);
      return true;
    } catch (error) {
      const { code } = error as { code?: string };
      if (code && GONE.has(code)) return false;
      throw error;
    }
  }

  /**
   * Reads what a notification is about.
   *
   * @param relativeUrl service first, as notifications name it
   */
  async resource(relativeUrl: string, signal: CancelSignal): Promise<unknown> {
    const { service, path, query } = parseManualPath(relativeUrl);
    const { payload } = await this.#call(
      {
        label: `GET /${service}${path}`.slice(0, 200),
        method: 'GET',
        service,
        path: `/${encodeURIComponent(service)}${path}${query && `?${query}`}`,
        result: 'data',
      },
      signal,
    );
    return payload;
  }

  async #call(
    call: Pick<Call, 'label' | 'method' | 'service' | 'path'> & Partial<Call>,
    signal: CancelSignal,
  ): Promise<CallResult> {
    const client = await connectionOf(this.#RED, this.#connectionId).client();
    return client.call(
      {
        tenantId: this.#tenantId,
        correlationId: randomUUID(),
        result: 'envelope',
        timeoutMs: TIMEOUT_MS,
        scope: scopeFor(call.service, call.method),
        ...call,
      },
      { signal },
    );
  }
}

/** The platform does not know the batch any more. Other refusals may be of calls that it never takes: people are told. */
const GONE: ReadonlySet<string> = new Set(['FENERGO_NOT_FOUND', 'FENERGO_GONE']);

/** A batch as the platform sent it; what cannot be read of it is an error, so that it is not completed unread. */
function batchOf(payload: unknown): Batch | undefined {
  if (payload === null || payload === undefined) return undefined;
  const { batchId, notifications, moreAvailable } = payload as Record<string, unknown>;
  if (typeof batchId !== 'string' || batchId === '' || !Array.isArray(notifications)) {
    throw new FenergoError('FENERGO_RESPONSE', 'The feed gave something that is no batch of notifications');
  }
  return {
    batchId,
    notifications: notifications.map((value, index) => notificationOf(value, `${batchId}#${index}`)),
    moreAvailable: moreAvailable === true,
  };
}
