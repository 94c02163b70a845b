import { types } from 'node:util';
import { FenergoError } from '../errors.js';

/** Values by name; undefined, null and "" count as not given. */
export type ParamValues = Record<string, unknown>;

/** Whether a value counts as given. */
export function isGiven(value: unknown): boolean {
  return value !== undefined && value !== null && value !== '';
}

/**
 * Puts values into a path template, each percent-encoded so that it stays one segment.
 *
 * @param template for example `/api/v2/entity/{id}`
 * @param values by parameter name
 * @returns for example `/api/v2/entity/a%2Fb`
 * @throws FENERGO_INPUT when a parameter is missing or its value cannot be a segment
 */
export function buildPath(template: string, values: ParamValues): string {
  const path = template.replace(/\{([^{}]+)\}/g, (_, name: string) =>
    encodeSegment(name, ownValue(values, name)),
  );
  // `%2{id}` and a harmless `e` make a dot together.
  if (hasDotSegment(path)) throw input(`Path '${shown(template)}' becomes one with a '.' or '..' segment`);
  return path;
}

function hasDotSegment(path: string): boolean {
  return path.split('/').some((segment) => /^(\.|%2e){1,2}$/i.test(segment));
}

function ownValue(values: ParamValues, name: string): unknown {
  return Object.hasOwn(values, name) ? values[name] : undefined;
}

function encodeSegment(name: string, value: unknown): string {
  if (!isGiven(value)) {
    throw input(`Path parameter '${name}' is missing: set it on the node or in msg.params.${name}`);
  }
  const text = paramText(value);
  if (text === undefined) {
    throw input(`Path parameter '${name}' is ${kindOf(value)}: it has to be text or a number`);
  }
  // The dots are the only characters that change the path though they need no encoding.
  if (text === '.' || text === '..') {
    throw input(`Path parameter '${name}' is '${text}', which would lead to another path`);
  }
  try {
    return encodeURIComponent(text);
  } catch {
    throw input(`Path parameter '${name}' holds half of a Unicode character`);
  }
}

/**
 * A query string, without `?`. A list gives its name once for each item; what is not given is left out.
 *
 * @throws FENERGO_INPUT when a value is an object or a function
 */
export function buildQuery(values: ParamValues): string {
  const parts: string[] = [];
  for (const [name, value] of Object.entries(values)) {
    const items = Array.isArray(value) ? value : [value];
    for (const item of items) {
      if (!isGiven(item)) continue;
      const text = paramText(item);
      if (text === undefined) {
        throw input(
          `Query parameter '${name}' is ${kindOf(item)}: it has to be text, a number or a list of them`,
        );
      }
      // Lone halves of a Unicode character become U+FFFD, where encodeURIComponent would throw.
      parts.push(`${encodeURIComponent(name.toWellFormed())}=${encodeURIComponent(text.toWellFormed())}`);
    }
  }
  return parts.join('&');
}

function paramText(value: unknown): string | undefined {
  switch (typeof value) {
    case 'string':
      return value;
    case 'number':
    case 'boolean':
    case 'bigint':
      return String(value);
    default:
      // Not instanceof: a Date made in a function node comes from another realm.
      return types.isDate(value) && !Number.isNaN(value.getTime()) ? value.toISOString() : undefined;
  }
}

function kindOf(value: unknown): string {
  if (Array.isArray(value)) return 'a list';
  return typeof value === 'object' ? 'an object' : `a ${typeof value}`;
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const UNSAFE_IN_PATH = /[\x00-\x20\x7f\\#]/;

/** A path as a person wrote it. */
export interface ManualPath {
  service: string;
  /** The path behind the service, with its parameters. */
  path: string;
  /** What the person wrote behind `?`. */
  query: string;
}

/**
 * Reads a path that a person wrote, service first: `/entitydataquery/api/v2/entity/{id}?x=1`.
 *
 * @throws FENERGO_INPUT when it is empty, an absolute URL, or could lead to another host or service
 */
export function parseManualPath(text: string): ManualPath {
  const written = text.trim();
  const example = 'write it service first, as in /entitydataquery/api/v2/entity/{id}';
  if (!written) throw input(`Path is empty: ${example}`);
  if (/^[a-z][a-z0-9+.-]*:/i.test(written) || written.startsWith('//')) {
    throw input(
      `Path '${shown(written)}' is an absolute URL, which would send the token elsewhere: ${example}`,
    );
  }
  if (!written.isWellFormed()) throw input(`Path '${shown(written)}' holds half of a Unicode character`);
  const [path = '', ...query] = (written.startsWith('/') ? written : `/${written}`).split('?');
  // Blanks and such may stand in the braces of a parameter's name only.
  if (UNSAFE_IN_PATH.test(path.replace(/\{[^{}]*\}/g, '')) || UNSAFE_IN_PATH.test(query.join('?'))) {
    throw input(
      `Path '${shown(written)}' holds a blank, a backslash, a '#' or a control character: encode it`,
    );
  }
  const segments = path.split('/').slice(1);
  if (hasDotSegment(path)) {
    throw input(`Path '${shown(written)}' holds a '.' or '..' segment`);
  }
  const [service = '', ...rest] = segments;
  if (!service || service.includes('{'))
    throw input(`Path '${shown(written)}' does not start with a service: ${example}`);
  return { service, path: `/${rest.join('/')}`, query: query.join('?') };
}

function shown(text: string): string {
  const beginning = text.slice(0, 80).toWellFormed();
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is taken out
  return beginning.replace(/[\x00-\x1f\x7f]/g, '·');
}

/**
 * A header value, checked: text without line breaks or other control characters.
 *
 * @throws FENERGO_INPUT
 */
export function headerValue(name: string, value: unknown): string {
  const text = paramText(value);
  if (text === undefined) throw input(`Header '${name}' is ${kindOf(value)}: it has to be text or a number`);
  if (!/^[\t\x20-\x7e]*$/.test(text)) {
    throw input(`Header '${name}' holds a line break, a control character or a character beyond ASCII`);
  }
  return text;
}

/**
 * A header name, checked (RFC 9110, 5.6.2), in small letters.
 *
 * @throws FENERGO_INPUT
 */
export function headerName(name: string): string {
  const lower = name.toLowerCase();
  // On its way it would be taken for the prototype of the headers, and lost.
  if (!/^[!#$%&'*+.^_`|~0-9a-z-]+$/.test(lower) || lower === '__proto__') {
    throw input(`Header name '${shown(name)}' is not allowed`);
  }
  return lower;
}

function input(message: string): FenergoError {
  return new FenergoError('FENERGO_INPUT', message);
}
