import type { Node, NodeMessage } from 'node-red';
import type { ActivityStatus } from './status.js';

/** A message on its way through a node: every property may be there. */
export type FlowMessage = NodeMessage & Record<string, unknown>;

/** What a node does with a message. */
export interface InputHandler {
  /** Does the work and puts its outcome on the message. What it throws is the failure. */
  handle(msg: FlowMessage): Promise<void>;
  /** Puts what is known of a failure on the message, its payload untouched, so that it can be sent again. */
  fail(msg: FlowMessage, error: unknown): void;
}

/**
 * The one wrapper around every input: messages are handled side by side, each is sent on or fails, and `done` is
 * called exactly once. After a failure nothing is sent on; a Catch node gets the message.
 */
export function onInput(node: Node, status: ActivityStatus, handler: InputHandler): void {
  node.on('input', (message, send, done) => {
    void settle(message as FlowMessage, send, done);
  });

  async function settle(
    msg: FlowMessage,
    send: (msg: NodeMessage) => void,
    done: (error?: Error) => void,
  ): Promise<void> {
    status.begin();
    try {
      await handler.handle(msg);
      send(msg);
    } catch (error) {
      note(msg, error);
      status.end(error);
      done(error as Error);
      return;
    }
    status.end();
    done();
  }

  function note(msg: FlowMessage, error: unknown): void {
    try {
      handler.fail(msg, error);
    } catch {
      // A frozen message takes no facts; its failure is reported all the same.
    }
  }
}
