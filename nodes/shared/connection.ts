import type { Node, NodeAPI } from 'node-red';
import { FenergoError } from '../../lib/errors.js';
import type { FenergoClient } from '../../lib/http/client.js';

/** What a connection (config node) offers to the nodes that use it. */
export interface Connection {
  /** For error messages. */
  readonly label: string;
  /** The tenant of calls that name none; may be empty. */
  readonly tenantId: string;
  /** @throws FENERGO_CONFIG with all that is missing or wrong */
  client(): Promise<FenergoClient>;
}

/** A running `fenergo-config` node. */
export interface ConnectionNode extends Node {
  connection: Connection;
}

/**
 * The connection that a node points at.
 *
 * @throws FENERGO_CONFIG when none is chosen, or it is missing or disabled
 */
export function connectionOf(RED: NodeAPI, id: string | undefined): Connection {
  if (!id) {
    throw new FenergoError(
      'FENERGO_CONFIG',
      'Connection is empty: open the node and choose or add a connection',
    );
  }
  const node = RED.nodes.getNode(id) as ConnectionNode | null;
  if (!node?.connection) {
    throw new FenergoError(
      'FENERGO_CONFIG',
      'The connection of this node is missing or disabled: open the node and choose another',
    );
  }
  return node.connection;
}
