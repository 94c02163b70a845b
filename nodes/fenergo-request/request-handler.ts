import type { Node, NodeAPI } from 'node-red';
import type { CallGroup } from '../../lib/http/call-group.js';
import { cancelSignalOf } from '../shared/cancel-signal.js';
import { connectionOf } from '../shared/connection.js';
import type { FlowMessage, InputHandler } from '../shared/input.js';
import { noteFailure, noteSuccess } from '../shared/outcome.js';
import type { RecentRequests } from '../shared/recent-requests.js';
import type { ActivityStatus } from '../shared/status.js';
import type { BuiltCall, CallBuilder } from './call-builder.js';

export interface RequestParts {
  RED: NodeAPI;
  node: Node;
  connectionId: string;
  builder: CallBuilder;
  status: ActivityStatus;
  calls: CallGroup;
  recent: RecentRequests;
}

/** Calls the API for each message. All that belongs to a message lives in its own call of `handle`. */
export class RequestHandler implements InputHandler {
  readonly #parts: RequestParts;
  /** The call of a message that is under way, to tell of it when it fails. */
  readonly #built = new WeakMap<FlowMessage, BuiltCall & { url: string }>();

  constructor(parts: RequestParts) {
    this.#parts = parts;
  }

  async handle(msg: FlowMessage): Promise<void> {
    const { RED, node, connectionId, builder, status, calls, recent } = this.#parts;
    // A message may come by again, and fail before there is a call.
    this.#built.delete(msg);
    const connection = connectionOf(RED, connectionId);
    const client = await connection.client();
    const built = await builder.build(msg, connection);
    const { operation, call } = built;
    const url = client.urlOf(call);
    this.#built.set(msg, { ...built, url });
    const result = await client.call(call, {
      group: calls,
      signal: cancelSignalOf(msg),
      onWait: (waitMs, leftMs) => status.waiting(call, waitMs, leftMs),
      onWaitOver: () => status.waitOver(call),
    });
    noteSuccess(msg, operation, call, url, result);
    recent.succeeded(node, built, result);
  }

  fail(msg: FlowMessage, error: unknown): void {
    const { node, recent } = this.#parts;
    const built = this.#built.get(msg);
    recent.failed(node, built, error);
    noteFailure(msg, error, built);
  }
}
