import type { Node, NodeAPI } from 'node-red';
import type { CancelTimer, Clock } from '../../lib/clock.js';
import { FenergoError } from '../../lib/errors.js';
import { Pacer } from './pacer.js';

/** What is left of a wait is shown anew so often. */
const TICK_MS = 1000;

interface Wait {
  /** When it will be over, about. */
  untilMs: number;
  /** Estimates anew what is left; absent where the first word stands. */
  leftMs?: () => number;
}

/**
 * The status under a node that handles messages side by side: how many wait and for how long, else how many are under
 * way, else how the last one ended. Keys are translated by the editor, or here where they hold a number.
 */
export class ActivityStatus {
  readonly #node: Node;
  readonly #translate: NodeAPI['_'];
  readonly #clock: Clock;
  #underWay = 0;
  readonly #waits = new Map<object, Wait>();
  #outcome: 'ok' | { failed: string } | undefined;
  readonly #pacer: Pacer;
  #cancelTick: CancelTimer | undefined;

  constructor(node: Node, translate: NodeAPI['_'], clock: Clock) {
    this.#node = node;
    this.#translate = translate;
    this.#clock = clock;
    this.#pacer = new Pacer(clock, () => this.#show());
  }

  /** A message has come. */
  begin(): void {
    this.#underWay += 1;
    this.#pacer.changed();
  }

  /** A call waits for its turn or before its next try: about so long. `leftMs` estimates anew what is left of it. */
  waiting(call: object, waitMs: number, leftMs?: () => number): void {
    this.#waits.set(call, { untilMs: this.#clock.nowMs() + waitMs, leftMs });
    this.#pacer.changed();
  }

  /** A call no longer waits, if it did. */
  waitOver(call: object): void {
    if (this.#waits.delete(call)) this.#pacer.changed();
  }

  /** A message is done with. */
  end(error?: unknown): void {
    this.#underWay -= 1;
    this.#outcome = error === undefined ? 'ok' : { failed: this.#reason(error) };
    this.#pacer.changed();
  }

  /** Clears the status, for good. */
  close(): void {
    this.#pacer.close();
    this.#cancelTick?.();
    this.#node.status({});
  }

  #reason(error: unknown): string {
    if (error instanceof FenergoError) return this.#translate(`status.reason.${error.code}`);
    return String(error).slice(0, 32);
  }

  /** How long the last one will wait, about. */
  #secondsLeft(): number {
    const nowMs = this.#clock.nowMs();
    let last: Wait | undefined;
    for (const wait of this.#waits.values()) if (!last || wait.untilMs >= last.untilMs) last = wait;
    if (last?.leftMs) last.untilMs = nowMs + last.leftMs();
    return Math.max(1, Math.ceil(((last?.untilMs ?? 0) - nowMs) / 1000));
  }

  #show(): void {
    this.#cancelTick?.();
    if (this.#waits.size > 0) {
      this.#cancelTick = this.#clock.setTimer(TICK_MS, () => this.#pacer.changed());
      const text = this.#translate('status.waiting', {
        count: this.#waits.size,
        seconds: this.#secondsLeft(),
      });
      this.#node.status({ fill: 'yellow', shape: 'ring', text });
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
