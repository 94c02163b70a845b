import type { Node, NodeAPI } from 'node-red';
import { editorIdOf } from '../shared/editor-id.js';
import { sharedServices } from '../shared/services.js';
import { registerWebhookRoutes } from './admin-routes.js';
import { secretsOf, type WebhookCredentials, type WebhookDef, withDefaults } from './definition.js';
import { Doors } from './doors.js';
import { WebhookDoor } from './webhook-door.js';

export default function (RED: NodeAPI): void {
  const services = sharedServices(RED);
  // Early: before the nodes of flows hang up routes of their own.
  services.paths.listen(RED);
  const doors = new Doors();
  registerWebhookRoutes(RED, doors);

  function WebhookNode(this: Node<WebhookCredentials>, def: WebhookDef) {
    RED.nodes.createNode(this, def);
    const door = new WebhookDoor({
      ...services,
      RED,
      node: this,
      properties: withDefaults(def),
      secrets: secretsOf(this.credentials),
    });
    const takeOut = doors.add(editorIdOf(this), door);
    door.open();
    // The nodes that its messages go to may not be there yet.
    const stopWaiting = services.flowStart.wait(() => void door.start());
    this.on('close', (removed: boolean, done: () => void) => {
      stopWaiting();
      takeOut();
      void door.close(removed).finally(done);
    });
  }
  RED.nodes.registerType<Node<WebhookCredentials>, WebhookDef, object, WebhookCredentials>(
    'fenergo-webhook',
    WebhookNode,
    { credentials: { secret: { type: 'password' }, previousSecret: { type: 'password' } } },
  );
}
