import { FenergoError } from '../errors.js';

/**
 * The bytes of a request body.
 *
 * @param value an object or a list, which is sent as JSON; JSON text or a Buffer, sent as it is
 * @returns the body, or undefined when there is none
 * @throws FENERGO_INPUT when it cannot be sent as JSON, with the reason
 */
export function serialiseBody(value: unknown): string | Buffer | undefined {
  if (value === undefined || value === null || value === '') return undefined;
  if (Buffer.isBuffer(value)) return value;
  if (typeof value === 'string') return checkedJson(value);
  if (typeof value !== 'object') {
    throw new FenergoError(
      'FENERGO_INPUT',
      `The body is a ${typeof value}: it has to be an object, a list or JSON text`,
    );
  }
  try {
    return JSON.stringify(value);
  } catch (error) {
    throw new FenergoError('FENERGO_INPUT', `The body cannot be sent as JSON: ${whyNot(error)}`);
  }
}

/**
 * Puts a body into the platform's envelope `{ "data": … }`, unless it is in one, or is no JSON object or list.
 *
 * @param value as it came: an object, a list, JSON text, or something that stays as it is
 */
export function wrapData(value: unknown): unknown {
  if (typeof value === 'string') {
    let parsed: unknown;
    try {
      parsed = JSON.parse(value);
    } catch {
      return value;
    }
    return isWrappable(parsed) ? `{"data":${value}}` : value;
  }
  return isWrappable(value) ? { data: value } : value;
}

function isWrappable(value: unknown): boolean {
  return (
    typeof value === 'object' && value !== null && !Buffer.isBuffer(value) && !Object.hasOwn(value, 'data')
  );
}

function checkedJson(text: string): string {
  try {
    JSON.parse(text);
    return text;
  } catch {
    throw new FenergoError(
      'FENERGO_INPUT',
      'The body is text that is not JSON: send an object, a list or JSON text',
    );
  }
}

/**
 * The engine's own words name the property of a cycle over several lines; the first says enough. A `toJSON` may throw
 * anything, also an error of another realm or an object that cannot be made text of.
 */
function whyNot(error: unknown): string {
  const said = typeof error === 'object' ? (error as { message?: unknown } | null)?.message : error;
  const message = typeof said === 'string' ? said : '';
  if (/circular/i.test(message)) return 'it refers to itself';
  if (/BigInt/i.test(message)) return 'it holds a BigInt';
  return message.split(/[\r\n\u2028\u2029]/)[0] || 'it cannot be serialised';
}
