import type { Node, NodeAPI } from 'node-red';
import type { TokenState } from '../../lib/auth/token-cache.js';
import { FenergoError } from '../../lib/errors.js';
import type { CircuitState } from '../../lib/http/circuit.js';
import type { FenergoClient } from '../../lib/http/client.js';

/** What may be shown of a connection's token; `incomplete`: the configuration is not enough to ask for one. */
export type ConnectionToken = TokenState | { state: 'incomplete'; reason: string };

/** What may be shown of a connection: nothing secret, and not the client id either. */
export interface ConnectionFacts {
  region: string;
  tenantId: string;
  scope: string;
  token: ConnectionToken;
  /** Of its API host. */
  circuit: CircuitState;
  /** Calls that wait for their turn, over all its tenants. */
  waiting: number;
}

/** Where the APIs of a connection are, for as long as they are needed. */
export interface ApiPlace {
  /** Base of the APIs, without a slash at its end. */
  apiUrl: string;
  /** To be called once, when they are no longer needed. */
  release(): void;
}

/** What a connection (config node) offers to the nodes that use it. */
export interface Connection {
  /** For error messages. */
  readonly label: string;
  /** The tenant of calls that name none; may be empty. */
  readonly tenantId: string;
  /** How this Node-RED is reached from outside, for the webhooks of nodes that do not say so themselves; may be empty. */
  readonly publicUrl: string;
  /** @throws FENERGO_CONFIG with all that is missing or wrong */
  client(): Promise<FenergoClient>;
  /** What may be shown of it now. Starts nothing: no sandbox, no client, no token request. */
  facts(): ConnectionFacts;
  /**
   * For what is public there and needs no token, as contracts are. Starts the sandbox if that is the region.
   *
   * @throws FENERGO_CONFIG when the configuration gives no URL
   */
  acquireApi(): Promise<ApiPlace>;
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
