import type { Node, NodeAPI } from 'node-red';
import type { Clock } from '../../lib/clock.js';
import { FenergoError } from '../../lib/errors.js';
import type { PollerState } from '../../lib/events/feed-poller.js';
import { Pacer } from '../shared/pacer.js';
import type { Doing } from './feed-failures.js';

/** What failed, and is tried again after `againInMs`. */
interface Failing {
  doing: Doing;
  error: unknown;
  againInMs: number;
}

/** The status under an events node: when it polled last and what that brought, what waits to be acknowledged, what failed. */
export class FeedStatus {
  readonly #node: Node;
  readonly #translate: NodeAPI['_'];
  /** What the last poll brought. */
  #asked: { atMs: number; received: number } | undefined;
  #failing: Failing | undefined;
  /** What cannot go on by itself. */
  #broken: { error: unknown } | undefined;
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
    if (state.state === 'failed') this.#failing = state;
    // A poll takes a moment: what the last one brought stays to be read.
    else if (state.state !== 'polling') {
      this.#asked = state;
      // That a batch has come does not tell whether it can be completed this time.
      if (state.state === 'waiting' || this.#failing?.doing !== 'complete') this.#failing = undefined;
    }
    this.#pacer.changed();
  }

  /** So many messages wait to be acknowledged. */
  open(count: number): void {
    this.#open = count;
    this.#pacer.changed();
  }

  /** Something failed, and is tried again. */
  failing(failing: Failing): void {
    this.#failing = failing;
    this.#pacer.changed();
  }

  /** The node cannot work as it is set up, or the flow does not take what is sent on. */
  failed(error: unknown): void {
    this.#broken = { error };
    this.#pacer.changed();
  }

  /** A batch was completed. */
  completed(): void {
    if (this.#failing?.doing !== 'complete') return;
    this.#failing = undefined;
    this.#pacer.changed();
  }

  /** Messages were sent on. */
  sent(): void {
    this.#broken = undefined;
    if (this.#failing?.doing === 'fetch') this.#failing = undefined;
    this.#pacer.changed();
  }

  /** Clears the status, for good. */
  close(): void {
    this.#pacer.close();
    this.#node.status({});
  }

  #show(): void {
    if (this.#open > 0) this.#showOpen();
    else if (this.#failing) this.#showFailing(this.#failing);
    else if (this.#broken) {
      this.#set(
        'red',
        'ring',
        this.#translate('status.failed', { reason: this.#reason(this.#broken.error) }),
      );
    } else if (this.#asked) {
      const { atMs, received } = this.#asked;
      const key = received > 0 ? 'status.received' : 'status.nothing';
      this.#set('green', 'dot', this.#translate(key, { count: received, time: timeOf(atMs) }));
    } else this.#set('blue', 'dot', this.#translate('status.polling'));
  }

  #showOpen(): void {
    // What waits was brought by a poll.
    const time = timeOf(this.#asked?.atMs ?? 0);
    this.#set('yellow', 'ring', this.#translate('status.toAcknowledge', { count: this.#open, time }));
  }

  #showFailing({ error, againInMs }: Failing): void {
    const reason = this.#reason(error);
    const seconds = Math.max(1, Math.round(againInMs / 1000));
    this.#set('red', 'ring', this.#translate('status.failedAgain', { reason, seconds }));
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
