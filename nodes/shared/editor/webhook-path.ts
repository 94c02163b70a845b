import { normalPath } from '../../../lib/events/webhook-path.js';
import { isEnv } from './env.js';

/** A webhook node as far as paths go. */
export interface PathNode {
  id: string;
  type: string;
  path: string;
  name?: string;
  /** Switched off. */
  d?: boolean;
  /** The tab or subflow that it is in. */
  z?: string;
}

const RANDOM_BYTES = 16;

/** A path that nobody guesses, and no other node has. */
export function randomPath(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(RANDOM_BYTES));
  return `/fenergo/${[...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join('')}`;
}

/** Another node of the same type that answers at this path. */
export function holderOf(path: string, node: { id: string; type: string }): PathNode | undefined {
  const normal = normalPath(path);
  if (normal === undefined || isEnv(path)) return undefined;
  const others = RED.nodes.filterNodes({ type: node.type }) as unknown as PathNode[];
  return others.find(
    (other) =>
      other.id !== node.id &&
      !isOff(other) &&
      !isEnv(other.path ?? '') &&
      normalPath(other.path ?? '') === normal,
  );
}

/** Whether it does not run when all is deployed: it, or its tab, is switched off. */
function isOff({ d, z = '' }: PathNode): boolean {
  // A subflow is no tab, and cannot be switched off.
  return Boolean(d) || RED.nodes.workspace(z)?.disabled === true;
}

/** Why a path cannot be used, as the last part of a key of the locale files; undefined when it can. */
export function pathProblem(path: string): 'empty' | 'form' | undefined {
  if (!path) return 'empty';
  return isEnv(path) || normalPath(path) !== undefined ? undefined : 'form';
}

/**
 * Where a webhook is found, for people to read and copy: what comes from the environment stands in it as it is.
 *
 * @param base how Node-RED is reached from outside
 */
export function shownUrl(base: string, path: string): string {
  const root = String((RED.settings as { httpNodeRoot?: unknown }).httpNodeRoot ?? '/');
  const segments = `${root}/${path}`.split('/').filter(Boolean);
  return `${base.replace(/\/+$/, '')}/${segments.map(encoded).join('/')}`;
}

function encoded(segment: string): string {
  if (isEnv(segment)) return segment;
  try {
    return encodeURI(decodeURIComponent(segment));
  } catch {
    return segment;
  }
}
