import type { OperationDetails } from './catalog.js';
import { isEnv } from './env.js';

/** What is sent around a body: see the property `wrap` of a request. */
export type Wrap = 'auto' | 'never';

/** Whether the node puts a body of this operation into the envelope. */
export function wraps(operation: OperationDetails | undefined, wrap: Wrap): boolean {
  return wrap === 'auto' && operation?.wrapsData === true;
}

/** Whether a value is put into the envelope: it is an object or a list, and in none yet. */
function isWrappable(value: unknown): boolean {
  return typeof value === 'object' && value !== null && !Object.hasOwn(value, 'data');
}

/**
 * The body to start from, as JSON text: what stands inside the envelope where the node puts it there. An inner part that
 * has `data` itself, or is no object, keeps its envelope: the node would send it without.
 *
 * @returns undefined when the operation has no body, or its shape is not known
 */
export function skeletonText(operation: OperationDetails | undefined, wrap: Wrap): string | undefined {
  const body = operation?.body;
  if (body === undefined || body === null) return undefined;
  // The contract's own example may show the inner part already.
  const inner = typeof body === 'object' && Object.hasOwn(body, 'data') && (body as { data: unknown }).data;
  return JSON.stringify(wraps(operation, wrap) && isWrappable(inner) ? inner : body, null, 2);
}

/** Whether two JSON texts say the same; text that is no JSON says nothing. */
export function sameJson(a: string, b: string): boolean {
  try {
    return JSON.stringify(JSON.parse(a)) === JSON.stringify(JSON.parse(b));
  } catch {
    return false;
  }
}

const LONGEST = 400;

/** What a body of JSON text will be sent as, in one line, empty for none; an error message when it is no JSON. */
export function sentJson(text: string, wrapped: boolean): { text: string } | { problem: string } {
  if (!text.trim()) return { text: '' };
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    return { problem: (error as Error).message };
  }
  const sent = JSON.stringify(wrapped && isWrappable(value) ? { data: value } : value);
  return { text: sent.length > LONGEST ? `${sent.slice(0, LONGEST)}…` : sent };
}

/**
 * What a body that the node itself holds will be sent as: JSON of the code editor, or text, which has to be JSON too.
 *
 * @param type of the field
 * @returns as `sentJson`; undefined where only a message or the environment tells
 */
export function sentBody(
  type: string,
  text: string,
  wrapped: boolean,
): ReturnType<typeof sentJson> | undefined {
  if ((type !== 'json' && type !== 'str') || isEnv(text)) return undefined;
  // Blank text is sent as it stands, and is no JSON.
  if (type === 'str' && text !== '' && !text.trim()) return { problem: `'${text}'` };
  return sentJson(text, wrapped);
}

/** Whether a body of JSON text lacks the envelope that its operation takes, and is not put into it. */
export function lacksEnvelope(text: string, operation: OperationDetails | undefined, wrap: Wrap): boolean {
  if (wrap === 'auto' || operation?.wrapsData !== true) return false;
  try {
    const value: unknown = JSON.parse(text);
    return typeof value !== 'object' || value === null || !Object.hasOwn(value, 'data');
  } catch {
    return false;
  }
}
