import type { Node, NodeAPI } from 'node-red';
import type { ConnectionNode } from '../shared/connection.js';
import { sharedServices } from '../shared/services.js';
import { ApiConnection } from './api-connection.js';
import { type ConfigDef, type Credentials, settingsOf } from './definition.js';
import { registerTestRoute } from './test-route.js';

export default function (RED: NodeAPI): void {
  const services = sharedServices(RED);
  registerTestRoute(RED, services);

  function ConfigNode(this: Node<Credentials>, def: ConfigDef) {
    RED.nodes.createNode(this, def);
    const connection = new ApiConnection(settingsOf(def, this.credentials), services);
    (this as Node as ConnectionNode).connection = connection;
    this.on('close', (done: () => void) => {
      void connection.close().finally(done);
    });
  }
  RED.nodes.registerType<Node<Credentials>, ConfigDef, object, Credentials>('fenergo-config', ConfigNode, {
    credentials: { clientId: { type: 'text' }, clientSecret: { type: 'password' } },
  });
}
