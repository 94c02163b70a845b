import type { Node, NodeAPI, NodeDef } from 'node-red';

/** The saved properties of a connection; design fixes their names. */
export interface ConfigDef extends NodeDef {
  region?: string;
  identityUrl?: string;
  apiUrl?: string;
  tenantId?: string;
  scope?: string;
  plan?: 'production' | 'sdlc' | 'none';
}

export default function (RED: NodeAPI): void {
  function ConfigNode(this: Node, config: ConfigDef) {
    RED.nodes.createNode(this, config);
  }
  RED.nodes.registerType('fenergo-config', ConfigNode, {
    credentials: { clientId: { type: 'text' }, clientSecret: { type: 'password' } },
  });
}
