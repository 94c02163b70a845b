import type { Node, NodeAPI } from 'node-red';
import { FenergoError } from '../../lib/errors.js';
import type { FlowMessage } from '../shared/input.js';

/** What a node was doing when it failed: to start, to ask, to read resources, to send on, to complete. */
export type Doing = 'start' | 'next' | 'fetch' | 'send' | 'complete';

/**
 * Tells people and Catch nodes of what keeps a node from reading its feed. Failures go on for as long as what causes
 * them: each kind is told once, until what failed works again.
 */
export class FeedFailures {
  readonly #node: Node;
  readonly #translate: NodeAPI['_'];
  readonly #feed: string;
  #last: { code: string; doing: Doing } | undefined;

  constructor(node: Node, translate: NodeAPI['_'], feed: string) {
    this.#node = node;
    this.#translate = translate;
    this.#feed = feed;
  }

  /** Something failed; as the node's error, unless that was told. */
  failed(doing: Doing, error: unknown): void {
    const { code = 'UNEXPECTED', message } = error as { code?: string; message?: string };
    const isTold = this.#last?.code === code;
    this.#last = { code, doing };
    if (isTold) return;
    const { statusCode, messages = [] } = error instanceof FenergoError ? error.facts : {};
    this.#node.error(
      error as Error,
      {
        payload: message,
        fenergo: { feed: this.#feed, messages, error: { code, statusCode, messages } },
      } as unknown as FlowMessage,
    );
  }

  /** This has worked: it is told when it had failed. */
  worked(...doings: Doing[]): void {
    if (!this.#last || !doings.includes(this.#last.doing)) return;
    this.#last = undefined;
    this.#node.log(this.#translate('events.recovered', { feed: this.#feed }));
  }
}
