import type { Node, NodeAPI } from 'node-red';
import type { ConnectionNode } from '../shared/connection.js';
import { sharedServices } from '../shared/services.js';
import { ApiConnection } from './api-connection.js';
import { type ConfigDef, type Credentials, settingsOf } from './definition.js';
import { registerOverviewRoute } from './overview-routes.js';
import { registerTestRoute } from './test-route.js';
import { registerUpdateRoutes } from './update-routes.js';

export default function (RED: NodeAPI): void {
  const services = sharedServices(RED);
  registerTestRoute(RED, services);
  registerOverviewRoute(RED, services);
  registerUpdateRoutes(RED, services);

  function ConfigNode(this: Node<Credentials>, def: ConfigDef) {
    RED.nodes.createNode(this, def);
    const connection = new ApiConnection(settingsOf(def, this.credentials), services);
    const node = this as Node as ConnectionNode;
    node.connection = connection;
    services.connections.add(node);
    this.on('close', (done: () => void) => {
      services.connections.delete(node);
      void connection.close().finally(done);
    });
  }
  RED.nodes.registerType<Node<Credentials>, ConfigDef, object, Credentials>('fenergo-config', ConfigNode, {
    credentials: { clientId: { type: 'text' }, clientSecret: { type: 'password' } },
  });
}
