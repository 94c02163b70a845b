import type { Node, NodeAPI } from 'node-red';
import type { AckDesk } from '../../lib/events/ack-desk.js';
import type { FlowMessage, InputHandler } from '../shared/input.js';

/** Acknowledges what messages carry, and warns where that has no effect. The messages go on in any case. */
export class AckHandler implements InputHandler {
  readonly #RED: NodeAPI;
  readonly #node: Node;
  readonly #acks: AckDesk;
  readonly #whole: boolean;

  constructor(RED: NodeAPI, node: Node, acks: AckDesk, whole: boolean) {
    this.#RED = RED;
    this.#node = node;
    this.#acks = acks;
    this.#whole = whole;
  }

  async handle(msg: FlowMessage): Promise<void> {
    const outcome = this.#acks.acknowledge(msg, this.#whole);
    if (outcome.kind === 'acknowledged' || outcome.kind === 'partial') return;
    const key = outcome.kind === 'late' ? `ack.late-${outcome.end}` : `ack.${outcome.kind}`;
    this.#node.warn(this.#RED._(key));
  }

  fail(): void {
    // Nothing of it can fail.
  }
}
