import type { Node, NodeAPI } from 'node-red';
import type { Clock } from '../../lib/clock.js';
import { FenergoError } from '../../lib/errors.js';
import type { PollerState } from '../../lib/events/feed-poller.js';
import { Pacer } from '../shared/pacer.js';

/** The status under an events node: when it polled last and what that brought, what waits to be acknowledged, what failed. */
export class FeedStatus {
  readonly #node: Node;
  readonly #translate: NodeAPI['_'];
  #state: PollerState | undefined;
  #open = 0;
  #shown = '';
  readonly #pacer: Pacer;

  constructor(node: Node, translate: NodeAPI['_'], clock: Clock) {
    this.#node = node;
    this.#translate = translate;
    this.#pacer = new Pacer(clock, () => this.#show());
  }

  /** The poller does something else now. */
  polled(state: PollerState): void {
    // A poll takes a moment: what the last one brought stays to be read.
    if (state.state === 'polling' && this.#state) return;
    this.#state = state;
    this.#pacer.changed();
  }

  /** So many messages wait to be acknowledged. */
  open(count: number): void {
    this.#open = count;
    this.#pacer.changed();
  }

  /** The node cannot work as it is set up, or the flow cannot go on. */
  failed(error: unknown): void {
    this.#set('red', 'ring', this.#translate('status.failed', { reason: this.#reason(error) }));
  }

  /** Clears the status, for good. */
  close(): void {
    this.#pacer.close();
    this.#node.status({});
  }

  #show(): void {
    const state = this.#state;
    if (this.#open > 0) {
      this.#set('yellow', 'ring', this.#translate('status.toAcknowledge', { count: this.#open }));
    } else if (!state || state.state === 'polling') {
      this.#set('blue', 'dot', this.#translate('status.polling'));
    } else if (state.state === 'failed') {
      const { error, againInMs } = state;
      const reason = this.#reason(error);
      const seconds = Math.max(1, Math.round(againInMs / 1000));
      this.#set('red', 'ring', this.#translate('status.failedAgain', { reason, seconds }));
    } else {
      const { atMs, received } = state;
      const key = received > 0 ? 'status.received' : 'status.nothing';
      this.#set('green', 'dot', this.#translate(key, { count: received, time: timeOf(atMs) }));
    }
  }

  /** Every change travels to every editor that is open. */
  #set(fill: 'red' | 'yellow' | 'green' | 'blue', shape: 'dot' | 'ring', text: string): void {
    const shown = `${fill} ${text}`;
    if (shown === this.#shown) return;
    this.#shown = shown;
    this.#node.status({ fill, shape, text });
  }

  #reason(error: unknown): string {
    if (error instanceof FenergoError) return this.#translate(`status.reason.${error.code}`);
    return String(error).slice(0, 32);
  }
}

/** The time of the day where Node-RED runs, to the second. */
function timeOf(dateMs: number): string {
  return new Date(dateMs).toTimeString().slice(0, 8);
}
