import type { Node } from 'node-red';

/** The id by which the editor knows a node: in an instance of a subflow it is that of the node in the subflow. */
export function editorIdOf(node: Node): string {
  return (node as Node & { _alias?: string })._alias ?? node.id;
}
