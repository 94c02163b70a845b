import { randomUUID } from 'node:crypto';
import type { Node, NodeAPI } from 'node-red';
import { Canceller } from '../../lib/cancel.js';
import { wait } from '../../lib/clock.js';
import type { PollerState } from '../../lib/events/feed-poller.js';
import { type Emission, FlowConsumer, type FlowConsumerOptions } from '../../lib/events/flow-consumer.js';
import { pauseAfterMs } from '../../lib/events/pause.js';
import { batchMessageOf, messagesOf } from '../shared/events/event-message.js';
import { ConnectionFeed } from '../shared/events/feed-source.js';
import { SeenStore } from '../shared/events/seen-store.js';
import { tenantOf } from '../shared/events/tenant.js';
import type { FlowMessage } from '../shared/input.js';
import { isSpan, numberIn } from '../shared/number-property.js';
import type { Services } from '../shared/services.js';
import type { EventsProperties } from './definition.js';
import { FeedFailures } from './feed-failures.js';
import { FeedStatus } from './feed-status.js';

export interface EventsParts extends Pick<Services, 'acks' | 'clock' | 'feeds' | 'kept'> {
  RED: NodeAPI;
  node: Node;
  properties: EventsProperties;
}

/** Tenants of these types may be another one by and by: a flow sets them. */
const CHANGING_TYPES = new Set(['flow', 'global', 'jsonata']);

/** Reads a feed into a flow for as long as its node runs. */
export class EventsReader {
  readonly #parts: EventsParts;
  readonly #status: FeedStatus;
  readonly #failures: FeedFailures;
  readonly #seen: SeenStore;
  readonly #closing = new Canceller();
  #consumer: FlowConsumer | undefined;
  #leave: (() => void) | undefined;

  constructor(parts: EventsParts) {
    const { RED, node, properties, clock, kept } = parts;
    this.#parts = parts;
    this.#status = new FeedStatus(node, RED._, clock);
    this.#failures = new FeedFailures(node, RED._, properties.feed);
    this.#seen = new SeenStore(node, clock, kept);
  }

  /** Starts to read. What is wrong with the properties is reported as the node's error. */
  async start(): Promise<void> {
    try {
      await this.#start();
    } catch (error) {
      if (this.#closing.aborted) return;
      this.#status.failed(error);
      this.#failures.failed('start', error);
    }
  }

  /** Stops to read. What is not acknowledged comes again. */
  async close(): Promise<void> {
    this.#closing.abort(new Error('The node was closed'));
    this.#consumer?.close();
    this.#leave?.();
    this.#status.close();
    await this.#seen.close();
  }

  async #start(): Promise<void> {
    const { RED, node, properties, feeds } = this.#parts;
    const { connection, feed, acknowledge } = properties;
    const intervalMs =
      numberIn('Interval', properties.interval, isAbove0, 'a number of seconds above 0') * 1000;
    const ackTimeoutMs = acknowledge === 'manual' ? this.#ackTimeoutMs() : 0;
    const tenantId = await this.#tenant();
    const seen = await this.#seen.load();
    if (this.#closing.aborted) return;
    const source = new ConnectionFeed(RED, connection, tenantId, feed);
    this.#consumer = new FlowConsumer({
      ...{ ...this.#told(ackTimeoutMs), seen, intervalMs, ackTimeoutMs },
      fetch: properties.fetch
        ? ({ notification }, signal) => source.resource(notification.relativeUrl ?? '', signal)
        : undefined,
      emit: (emission, sent) => this.#emit(emission, tenantId, sent),
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

  /** The tenant; one that a flow sets may not be there yet when the node starts. */
  async #tenant(): Promise<string> {
    const { RED, node, properties, clock } = this.#parts;
    for (let failures = 1; ; failures += 1) {
      try {
        const tenantId = await tenantOf(RED, node, properties);
        this.#failures.worked('start');
        return tenantId;
      } catch (error) {
        const { code } = error as { code?: string };
        if (code !== 'FENERGO_INPUT' || !CHANGING_TYPES.has(properties.tenantType)) throw error;
        if (this.#closing.aborted) throw error;
        const againInMs = pauseAfterMs(failures, Math.random());
        this.#status.failing({ doing: 'start', error, againInMs });
        this.#failures.failed('start', error);
        await wait(clock, againInMs, this.#closing);
      }
    }
  }

  /** What a consumer is told once for all, and to whom it tells what happens. */
  #told(ackTimeoutMs: number): Omit<FlowConsumerOptions, 'seen' | 'intervalMs' | 'ackTimeoutMs' | 'emit'> {
    const { RED, node, properties, acks, clock } = this.#parts;
    const { eventTypes, duplicates, acknowledge, feed } = properties;
    const seconds = ackTimeoutMs / 1000;
    return {
      ...{ eventTypes, duplicates, acknowledge, clock, desk: acks, random: Math.random, newId: randomUUID },
      onSettled: () => this.#seen.changed(),
      onState: (state) => this.#polled(state),
      onOpen: (open) => this.#status.open(open),
      onTimeout: (count) => node.warn(RED._('events.notAcknowledged', { count, seconds })),
      onCompleted: () => {
        this.#status.completed();
        this.#failures.worked('complete');
      },
      onForgotten: () => node.warn(RED._('events.forgotten', { feed })),
      onFetchFailure: (error, againInMs) => {
        this.#status.failing({ doing: 'fetch', error, againInMs });
        this.#failures.failed('fetch', error);
      },
      onEmitFailure: (error) => {
        this.#status.failed(error);
        this.#failures.failed('send', error);
      },
    };
  }

  #emit({ deliveryId, batchId, items }: Emission, tenantId: string, sent: (id: string) => void): void {
    const { node, properties } = this.#parts;
    const origin = { feed: properties.feed, deliveryId, batchId, tenantId };
    if (properties.emit === 'batch') node.send(batchMessageOf(items, origin));
    else {
      const messages = messagesOf(items, origin);
      for (const [index, { notification }] of items.entries()) {
        node.send(messages[index] as FlowMessage);
        sent(notification.id);
      }
    }
    this.#status.sent();
    this.#failures.worked('fetch', 'send');
  }

  #polled(state: PollerState): void {
    this.#status.polled(state);
    if (state.state === 'failed') this.#failures.failed(state.doing, state.error);
    else if (state.state === 'delivering') this.#failures.worked('next');
    else if (state.state === 'waiting') this.#failures.worked('next', 'complete');
  }
}

function isAbove0(value: number): boolean {
  return isSpan(value) && value > 0;
}
