import type { Node, NodeAPI } from 'node-red';
import { sharedServices } from '../shared/services.js';
import { type EventsDef, withDefaults } from './definition.js';
import { EventsReader } from './events-reader.js';

export default function (RED: NodeAPI): void {
  const services = sharedServices(RED);

  function EventsNode(this: Node, def: EventsDef) {
    RED.nodes.createNode(this, def);
    const reader = new EventsReader({ ...services, RED, node: this, properties: withDefaults(def) });
    // The nodes that its messages go to may not be there yet.
    const stopWaiting = services.flowStart.wait(() => void reader.start());
    this.on('close', (removed: boolean, done: () => void) => {
      stopWaiting();
      const closing = reader.close().finally(done);
      if (removed) void closing.finally(() => services.kept.forget(this));
    });
  }
  RED.nodes.registerType('fenergo-events', EventsNode);
}
