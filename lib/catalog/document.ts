import { ContractError } from './contract-error.js';

/** The vendor's largest contracts have a few megabytes; what is larger is no contract, and would take long to read. */
export const MAX_CONTRACT_BYTES = 20 * 1024 * 1024;

/** An OpenAPI document, of which nothing is known yet but that it is an object. */
export type ContractDocument = Record<string, unknown>;

/**
 * Reads the text of an OpenAPI contract: JSON or YAML.
 *
 * @throws ContractError with the reason when it is too large, no JSON or YAML, or no OpenAPI 3
 */
export function parseDocument(bytes: Buffer): ContractDocument {
  if (bytes.length > MAX_CONTRACT_BYTES) throw tooLarge(bytes.length);
  const text = textOf(bytes);
  if (!text.trim()) throw new ContractError('It is empty');
  const document = /^\s*[{[]/.test(text) ? parseJson(text) : parseYaml(text);
  if (!isObject(document)) throw new ContractError('It is no OpenAPI contract');
  if (document.swagger !== undefined) {
    throw new ContractError(
      `It is Swagger ${String(document.swagger)}: only OpenAPI 3.0 and 3.1 can be read`,
    );
  }
  // Unquoted in YAML, 3.0 is the number 3.
  if (!/^3(\.|$)/.test(String(document.openapi ?? ''))) {
    throw new ContractError("It is no OpenAPI 3 contract: it does not say 'openapi: 3…'");
  }
  return document;
}

/** UTF-8, or what the byte order mark says: Windows PowerShell writes UTF-16 with `>`. */
function textOf(bytes: Buffer): string {
  const mark = bytes.subarray(0, 2).toString('hex');
  const encoding = mark === 'fffe' ? 'utf-16le' : mark === 'feff' ? 'utf-16be' : 'utf-8';
  // It leaves out the mark.
  return new TextDecoder(encoding).decode(bytes);
}

/** For who knows the size before the bytes. */
export function tooLarge(bytes: number): ContractError {
  const megabytes = (size: number) => Math.round(size / 1024 / 1024);
  return new ContractError(
    `It has ${megabytes(bytes)} MB; a contract may have ${megabytes(MAX_CONTRACT_BYTES)} MB`,
  );
}

/** Whether a value is a JSON object. */
export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/**
 * Where a `$ref` leads within its document, through further `$ref`s.
 *
 * @param ref for example `#/components/schemas/Entity`
 * @returns undefined when it leads nowhere, in a circle, or out of the document: nothing is ever fetched
 */
export function resolveRef(document: ContractDocument, ref: string): unknown {
  const seen = new Set<string>();
  let next: unknown = { $ref: ref };
  while (isObject(next) && typeof next.$ref === 'string') {
    if (seen.has(next.$ref)) return undefined;
    seen.add(next.$ref);
    next = follow(document, next.$ref);
  }
  return next;
}

/** The value itself, or what it refers to. */
export function resolved(document: ContractDocument, value: unknown): unknown {
  return isObject(value) && typeof value.$ref === 'string' ? resolveRef(document, value.$ref) : value;
}

/** RFC 6901, in the form of a URI fragment. */
function follow(document: ContractDocument, ref: string): unknown {
  if (!ref.startsWith('#/')) return undefined;
  let at: unknown = document;
  for (const part of ref.slice(2).split('/')) {
    const name = decoded(part).replaceAll('~1', '/').replaceAll('~0', '~');
    if (typeof at !== 'object' || at === null || !Object.hasOwn(at, name)) return undefined;
    at = (at as Record<string, unknown>)[name];
  }
  return at;
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

/** Nobody writes more than this in YAML with braces; to look for it in a large file that is broken takes long. */
const MOST_BRACED_YAML = 1_000_000;

/** JSON, or YAML that begins like it. */
function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    const braced = text.length > MOST_BRACED_YAML ? undefined : tried(() => parseYaml(text));
    if (isObject(braced)) return braced;
    throw new ContractError(`It is no JSON: ${firstLine(error)}`);
  }
}

function tried(parse: () => unknown): unknown {
  try {
    return parse();
  } catch {
    return undefined;
  }
}

function parseYaml(text: string): unknown {
  // Loaded here: 26 ms that nobody else should pay for.
  const { parse } = require('yaml') as typeof import('yaml');
  let parsed: unknown;
  try {
    // Aliases can make a small file endless. As in JSON, a name that stands twice is no error: looking for it is slow.
    parsed = parse(text, { merge: true, maxAliasCount: 10_000, uniqueKeys: false, logLevel: 'error' });
  } catch (error) {
    throw new ContractError(`It is no YAML that can be read: ${firstLine(error)}`);
  }
  return asTree(parsed);
}

/** Anchors make circles, and one thing in many places: what is read on is a plain tree, as from JSON. */
function asTree(parsed: unknown): unknown {
  let text: string | undefined;
  try {
    text = JSON.stringify(parsed);
  } catch {
    throw new ContractError('It refers to itself by a YAML anchor, so that it has no end');
  }
  if (text !== undefined && text.length > MAX_CONTRACT_BYTES) throw tooLarge(text.length);
  return text === undefined ? undefined : JSON.parse(text);
}

function firstLine(error: unknown): string {
  return (error as Error).message.split('\n')[0]?.slice(0, 200) ?? '';
}
