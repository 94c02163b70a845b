import type { Node, NodeAPI } from 'node-red';
import type { CancelTimer, Clock } from '../../lib/clock.js';
import { FenergoError } from '../../lib/errors.js';
import type { WebhookJournal } from '../../lib/events/webhook-journal.js';
import { WEBHOOK_LIMIT } from '../../lib/events/webhook-registration.js';

/** Statuses travel to every open editor: no more than ten a second of one node. */
const PAUSE_MS = 100;

/** The status under a webhook node: what came last, what was refused, what waits to be handled, what is wrong. */
export class WebhookStatus {
  readonly #node: Node;
  readonly #translate: NodeAPI['_'];
  readonly #clock: Clock;
  readonly #journal: WebhookJournal;
  /** Why nothing is taken at all. */
  #failure: string | undefined;
  /** Why the webhook is not known to be right in Fenergo. */
  #unregistered: string | undefined;
  #open = 0;
  #shown = '';
  #cancelPause: CancelTimer | undefined;
  #closed = false;

  constructor(node: Node, translate: NodeAPI['_'], clock: Clock, journal: WebhookJournal) {
    this.#node = node;
    this.#translate = translate;
    this.#clock = clock;
    this.#journal = journal;
  }

  /** Nothing is taken, because of this; undefined: it is over. */
  failed(error: unknown): void {
    this.#failure = error === undefined ? undefined : this.#reason(error);
    this.changed();
  }

  /** The webhook could not be seen to in Fenergo, because of this; undefined: it is over. */
  unregistered(error: unknown): void {
    this.#unregistered = error === undefined ? undefined : this.#reason(error);
    this.changed();
  }

  /** So many messages wait to be handled. */
  open(count: number): void {
    this.#open = count;
    this.changed();
  }

  /** Something came. */
  changed(): void {
    if (this.#closed || this.#cancelPause) return;
    this.#show();
    this.#cancelPause = this.#clock.setTimer(PAUSE_MS, () => {
      this.#cancelPause = undefined;
      this.#show();
    });
  }

  /** Clears the status, for good. */
  close(): void {
    this.#closed = true;
    this.#cancelPause?.();
    this.#node.status({});
  }

  #show(): void {
    if (this.#failure !== undefined) {
      const reason = this.#failure;
      this.#set('red', 'ring', this.#translate('status.failed', { reason }) + this.#refused());
    } else if (this.#unregistered !== undefined) {
      const reason = this.#unregistered;
      this.#set('red', 'ring', this.#translate('status.unregistered', { reason }) + this.#refused());
    } else if (this.#open > 0) {
      const text = this.#translate('status.toAcknowledge', { count: this.#open });
      this.#set('yellow', 'ring', text + this.#refused());
    } else {
      const { lastTaken } = this.#journal;
      const text = lastTaken
        ? this.#translate('status.received', { count: lastTaken.count, time: timeOf(lastTaken.atMs) })
        : this.#translate('status.ready');
      this.#set('green', 'dot', text + this.#refused());
    }
  }

  /** `, refused: 401 × 2, 413 × 1`, if anything was. */
  #refused(): string {
    const counts = [...this.#journal.refused].sort(([one], [other]) => one - other);
    if (counts.length === 0) return '';
    const list = counts.map(([status, count]) => `${status} × ${count}`).join(', ');
    return this.#translate('status.refused', { list });
  }

  /** Every change travels to every editor that is open. */
  #set(fill: 'red' | 'yellow' | 'green', shape: 'dot' | 'ring', text: string): void {
    const shown = `${fill} ${text}`;
    if (this.#closed || shown === this.#shown) return;
    this.#shown = shown;
    this.#node.status({ fill, shape, text });
  }

  #reason(error: unknown): string {
    const { messages = [] } = error instanceof FenergoError ? error.facts : {};
    if (messages[0]?.errorCode === WEBHOOK_LIMIT) return this.#translate('status.limit');
    if (error instanceof FenergoError) return this.#translate(`status.reason.${error.code}`);
    return String(error).slice(0, 32);
  }
}

/** The time of the day where Node-RED runs, to the second. */
function timeOf(dateMs: number): string {
  return new Date(dateMs).toTimeString().slice(0, 8);
}
