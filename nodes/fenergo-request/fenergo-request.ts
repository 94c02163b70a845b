import type { Node, NodeAPI, NodeDef } from 'node-red';

export interface RequestDef extends NodeDef {
  connection?: string;
}

export default function (RED: NodeAPI): void {
  function RequestNode(this: Node, config: RequestDef) {
    RED.nodes.createNode(this, config);
  }
  RED.nodes.registerType('fenergo-request', RequestNode);
}
