import type { Node, NodeAPI } from 'node-red';
import { CallGroup } from '../../lib/http/call-group.js';
import { registerCatalogRoutes } from '../shared/catalog-routes.js';
import { onInput } from '../shared/input.js';
import { sharedServices } from '../shared/services.js';
import { ActivityStatus } from '../shared/status.js';
import { CallBuilder } from './call-builder.js';
import { type RequestDef, withDefaults } from './definition.js';
import { RequestHandler } from './request-handler.js';

export default function (RED: NodeAPI): void {
  const { catalog, checker, clock, recent } = sharedServices(RED);
  registerCatalogRoutes(RED, catalog);

  function RequestNode(this: Node, def: RequestDef) {
    RED.nodes.createNode(this, def);
    const properties = withDefaults(def);
    const status = new ActivityStatus(this, RED._, clock);
    const calls = new CallGroup();
    const builder = new CallBuilder(RED, this, properties, { catalog, checker });
    const { connection: connectionId } = properties;
    const handler = new RequestHandler({ RED, node: this, connectionId, builder, status, calls, recent });
    onInput(this, status, handler);
    this.on('close', () => {
      calls.close();
      status.close();
    });
  }
  RED.nodes.registerType('fenergo-request', RequestNode);
}
