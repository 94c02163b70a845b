import type { Node } from 'node-red';
import { editorIdOf } from './editor-id.js';

const MOST_NODES = 1000;

/**
 * What nodes keep beyond a deploy. Their contexts are the place for it; but where no `contextStorage` is set up, Node-RED
 * empties a node's context whenever it closes the node (`Node.close`, 4.1 and 5.0).
 */
export class Kept {
  readonly #byNode = new Map<string, Map<string, unknown>>();

  get(node: Node, key: string): unknown {
    return this.#byNode.get(nameOf(node))?.get(key);
  }

  set(node: Node, key: string, value: unknown): void {
    const name = nameOf(node);
    const things = this.#byNode.get(name) ?? new Map<string, unknown>();
    this.#byNode.delete(name);
    this.#byNode.set(name, things.set(key, value));
    const [oldest = ''] = this.#byNode.keys();
    if (this.#byNode.size > MOST_NODES) this.#byNode.delete(oldest);
  }

  /** The node is gone for good. */
  forget(node: Node): void {
    this.#byNode.delete(nameOf(node));
  }
}

/** As contexts are named. */
function nameOf(node: Node): string {
  return `${editorIdOf(node)}:${node.z}`;
}
