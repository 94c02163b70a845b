import { randomUUID } from 'node:crypto';
import type { Node, NodeAPI } from 'node-red';
import { FenergoError } from '../../lib/errors.js';
import type { PollerState } from '../../lib/events/feed-poller.js';
import { type Emission, FlowConsumer } from '../../lib/events/flow-consumer.js';
import { batchMessageOf, messagesOf } from '../shared/events/event-message.js';
import { ConnectionFeed } from '../shared/events/feed-source.js';
import { SeenStore } from '../shared/events/seen-store.js';
import { tenantOf } from '../shared/events/tenant.js';
import type { FlowMessage } from '../shared/input.js';
import { isSpan, numberIn } from '../shared/number-property.js';
import type { Services } from '../shared/services.js';
import type { EventsProperties } from './definition.js';
import { FeedStatus } from './feed-status.js';

export interface EventsParts extends Pick<Services, 'acks' | 'clock' | 'feeds' | 'kept'> {
  RED: NodeAPI;
  node: Node;
  properties: EventsProperties;
}

/** Reads a feed into a flow for as long as its node runs. */
export class EventsReader {
  readonly #parts: EventsParts;
  readonly #status: FeedStatus;
  readonly #seen: SeenStore;
  #consumer: FlowConsumer | undefined;
  #leave: (() => void) | undefined;
  #closed = false;
  /** What was told of the failures that go on. */
  #failure: string | undefined;

  constructor(parts: EventsParts) {
    this.#parts = parts;
    this.#status = new FeedStatus(parts.node, parts.RED._, parts.clock);
    this.#seen = new SeenStore(parts.node, parts.clock, parts.kept);
  }

  /** Starts to read. What is wrong with the properties is reported as the node's error. */
  async start(): Promise<void> {
    try {
      await this.#start();
    } catch (error) {
      if (this.#closed) return;
      this.#status.failed(error);
      this.#report(error);
    }
  }

  /** Stops to read. What is not acknowledged comes again. */
  async close(): Promise<void> {
    this.#closed = true;
    this.#consumer?.close();
    this.#leave?.();
    this.#status.close();
    await this.#seen.close();
  }

  async #start(): Promise<void> {
    const { RED, node, properties, acks, clock, feeds } = this.#parts;
    const { connection, feed, eventTypes, acknowledge, duplicates } = properties;
    const intervalMs =
      numberIn('Interval', properties.interval, isAbove0, 'a number of seconds above 0') * 1000;
    const ackTimeoutMs = acknowledge === 'manual' ? this.#ackTimeoutMs() : 0;
    const tenantId = await tenantOf(RED, node, properties);
    const seen = await this.#seen.load();
    if (this.#closed) return;
    const source = new ConnectionFeed(RED, connection, tenantId, feed);
    this.#consumer = new FlowConsumer({
      ...{ eventTypes, duplicates, seen, intervalMs, acknowledge, ackTimeoutMs, clock, desk: acks },
      fetch: properties.fetch
        ? ({ notification }, signal) => source.resource(notification.relativeUrl ?? '', signal)
        : undefined,
      random: Math.random,
      newId: randomUUID,
      emit: (emission) => this.#emit(emission, tenantId),
      onSettled: () => this.#seen.changed(),
      onState: (state) => this.#polled(state),
      onOpen: (open) => this.#status.open(open),
      onTimeout: (open) =>
        node.warn(RED._('events.notAcknowledged', { count: open, seconds: ackTimeoutMs / 1000 })),
      onFetchFailure: (error, againInMs) =>
        this.#polled({ state: 'failed', doing: 'next', error, failures: 1, againInMs }),
    });
    const key = JSON.stringify([connection, tenantId.toLowerCase(), feed.toLowerCase()]);
    const { others, leave } = feeds.join(key, this.#consumer, source);
    this.#leave = leave;
    if (others > 0) node.warn(RED._('events.shared', { feed }));
  }

  #ackTimeoutMs(): number {
    const { ackTimeout } = this.#parts.properties;
    return numberIn('Acknowledge within', ackTimeout, isAbove0, 'a number of seconds above 0') * 1000;
  }

  #emit({ deliveryId, batchId, items }: Emission, tenantId: string): void {
    const { node, properties } = this.#parts;
    const origin = { feed: properties.feed, deliveryId, batchId, tenantId };
    if (properties.emit === 'batch') node.send(batchMessageOf(items, origin));
    else for (const msg of messagesOf(items, origin)) node.send(msg);
  }

  #polled(state: PollerState): void {
    this.#status.polled(state);
    if (state.state === 'failed') this.#report(state.error);
    else if (this.#failure !== undefined && state.state !== 'polling') {
      this.#failure = undefined;
      this.#parts.node.log(this.#parts.RED._('events.recovered', { feed: this.#parts.properties.feed }));
    }
  }

  /** Failures go on for as long as what causes them: each kind is told once, until things work again. */
  #report(error: unknown): void {
    const { code = 'UNEXPECTED', message } = error as { code?: string; message?: string };
    if (this.#failure === code) return;
    this.#failure = code;
    const { node, properties } = this.#parts;
    const facts = error instanceof FenergoError ? error.facts : {};
    const { statusCode, messages = [] } = facts;
    node.error(
      error as Error,
      {
        payload: message,
        fenergo: { feed: properties.feed, messages, error: { code, statusCode, messages } },
      } as unknown as FlowMessage,
    );
  }
}

function isAbove0(value: number): boolean {
  return isSpan(value) && value > 0;
}
