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
  /** The codes that were told, by what failed. */
  readonly #told = new Map<Doing, Set<string>>();

  constructor(node: Node, translate: NodeAPI['_'], feed: string) {
    this.#node = node;
    this.#translate = translate;
    this.#feed = feed;
  }

  /** Something failed; as the node's error, unless that was told. */
  failed(doing: Doing, error: unknown): void {
    const { code = 'UNEXPECTED', message } = error as { code?: string; message?: string };
    const told = this.#told.get(doing) ?? new Set();
    this.#told.set(doing, told);
    if (told.has(code)) return;
    told.add(code);
    const { statusCode, messages = [] } = error instanceof FenergoError ? error.facts : {};
    this.#node.error(
      error as Error,
      {
        payload: message,
        fenergo: { feed: this.#feed, messages, error: { code, statusCode, messages } },
      } as unknown as FlowMessage,
    );
  }

  /** This has worked: it is told when it had failed, and nothing else still does. */
  worked(...doings: Doing[]): void {
    const mended = doings.filter((doing) => this.#told.delete(doing));
    if (mended.length === 0 || this.#told.size > 0) return;
    this.#node.log(this.#translate('events.recovered', { feed: this.#feed }));
  }
}
