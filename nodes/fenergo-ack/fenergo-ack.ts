import type { Node, NodeAPI, NodeDef } from 'node-red';
import { onInput } from '../shared/input.js';
import { sharedServices } from '../shared/services.js';
import { ActivityStatus } from '../shared/status.js';
import { AckHandler } from './ack-handler.js';

interface AckDef extends NodeDef {
  /** What is acknowledged: what the message carries, or the whole batch that it came with. */
  acknowledge?: 'message' | 'batch';
}

export default function (RED: NodeAPI): void {
  const { acks, clock } = sharedServices(RED);

  function AckNode(this: Node, def: AckDef) {
    RED.nodes.createNode(this, def);
    const status = new ActivityStatus(this, RED._, clock);
    onInput(this, status, new AckHandler(RED, this, acks, def.acknowledge === 'batch'));
    this.on('close', () => status.close());
  }
  RED.nodes.registerType('fenergo-ack', AckNode);
}
