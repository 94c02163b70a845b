import type { Node, NodeAPI } from 'node-red';
import type { CancelTimer, Clock } from '../../lib/clock.js';
import { FenergoError } from '../../lib/errors.js';

/** Statuses travel to every open editor: no more than ten a second of one node. */
const PAUSE_MS = 100;

/**
 * The status under a node that handles messages side by side: how many are under way, else how the last one ended.
 * Keys are translated by the editor, or here where they hold a number.
 */
export class ActivityStatus {
  readonly #node: Node;
  readonly #translate: NodeAPI['_'];
  readonly #clock: Clock;
  #underWay = 0;
  #waitingUntilMs = 0;
  #outcome: 'ok' | { failed: string } | undefined;
  #cancelPause: CancelTimer | undefined;
  #cancelWait: CancelTimer | undefined;
  #stale = false;
  #closed = false;

  constructor(node: Node, translate: NodeAPI['_'], clock: Clock) {
    this.#node = node;
    this.#translate = translate;
    this.#clock = clock;
  }

  /** A message has come. */
  begin(): void {
    this.#underWay += 1;
    this.#changed();
  }

  /** A call waits before its next try. */
  waiting(waitMs: number): void {
    this.#waitingUntilMs = Math.max(this.#waitingUntilMs, this.#clock.nowMs() + waitMs);
    this.#changed();
    this.#cancelWait?.();
    this.#cancelWait = this.#clock.setTimer(this.#waitingUntilMs - this.#clock.nowMs(), () => {
      this.#waitingUntilMs = 0;
      this.#changed();
    });
  }

  /** A message is done with. */
  end(error?: unknown): void {
    this.#underWay -= 1;
    this.#outcome = error === undefined ? 'ok' : { failed: this.#reason(error) };
    this.#changed();
  }

  /** Clears the status, for good. */
  close(): void {
    this.#closed = true;
    this.#cancelPause?.();
    this.#cancelWait?.();
    this.#node.status({});
  }

  #reason(error: unknown): string {
    if (error instanceof FenergoError) return this.#translate(`status.reason.${error.code}`);
    return String(error).slice(0, 32);
  }

  #changed(): void {
    if (this.#closed) return;
    if (this.#cancelPause) {
      this.#stale = true;
      return;
    }
    this.#show();
    this.#stale = false;
    this.#cancelPause = this.#clock.setTimer(PAUSE_MS, () => {
      this.#cancelPause = undefined;
      if (this.#stale) this.#changed();
    });
  }

  #show(): void {
    const waitMs = this.#waitingUntilMs - this.#clock.nowMs();
    if (this.#underWay > 0 && waitMs > 0) {
      const seconds = Math.ceil(waitMs / 1000);
      this.#node.status({
        fill: 'yellow',
        shape: 'ring',
        text: this.#translate('status.waiting', { seconds }),
      });
    } else if (this.#underWay > 0) {
      const many = this.#underWay > 1;
      const text = many
        ? this.#translate('status.requestingMany', { count: this.#underWay })
        : 'status.requesting';
      this.#node.status({ fill: 'blue', shape: 'dot', text });
    } else if (this.#outcome === 'ok') {
      this.#node.status({ fill: 'green', shape: 'dot', text: 'status.ok' });
    } else if (this.#outcome) {
      const text = this.#translate('status.failed', { reason: this.#outcome.failed });
      this.#node.status({ fill: 'red', shape: 'ring', text });
    }
  }
}
