import { type ContractDocument, isObject, resolved } from './document.js';
import type { Notes } from './notes.js';
import { type ParamRule, paramsOfPath } from './operation.js';
import type { SchemaReader } from './schemas.js';
import { isEnvelopeSchema, skeletonOf } from './skeleton.js';
import type { StoredOperation } from './stored.js';

/** These the node sets itself, or the connection needs for its own. */
const OWN_HEADERS = new Set([
  'accept',
  'accept-encoding',
  'authorization',
  'connection',
  'content-length',
  'content-type',
  'host',
  'x-correlation-id',
  'x-tenant-id',
]);

/** What is needed to read an operation. */
export interface Reading {
  document: ContractDocument;
  schemas: SchemaReader;
  notes: Notes;
}

/** An operation as the contract has it. */
export interface Written {
  /** What people know it by. */
  shown: string;
  /** The path item that it is in. */
  item: Record<string, unknown>;
  operation: Record<string, unknown>;
}

/** The parameters of the path item and the operation, which wins. */
function paramsOf(
  { document, notes }: Reading,
  item: Record<string, unknown>,
  operation: Record<string, unknown>,
): Record<string, unknown>[] {
  const lists = [item.parameters, operation.parameters].filter(Array.isArray).flat();
  const params = new Map<string, Record<string, unknown>>();
  for (const value of lists) {
    const param = resolved(document, value);
    if (isObject(param) && typeof param.name === 'string') params.set(`${param.in} ${param.name}`, param);
    else notes.add(`A parameter was left out: ${leadsNowhere(value)}`);
  }
  return [...params.values()];
}

/**
 * All that is said of an operation but what it is called.
 *
 * @param path as it is going to be called
 */
export function describe(
  reading: Reading,
  { shown, item, operation }: Written,
  path: string,
): Partial<StoredOperation> {
  const { schemas, notes } = reading;
  const params = paramsOf(reading, item, operation);
  for (const param of params) if (param.in === 'cookie') notes.cookie(String(param.name));
  const inPath = paramsOfPath(path);
  const rules = params.flatMap((param): ParamRule[] => {
    const { name, in: place, required } = param as { name: string; in: unknown; required: unknown };
    const fits =
      (place === 'path' && inPath.includes(name)) ||
      place === 'query' ||
      (place === 'header' &&
        !OWN_HEADERS.has(name.toLowerCase()) &&
        /^[!#$%&'*+.^_`|~0-9a-z-]+$/i.test(name));
    if (!fits || !name) return [];
    return [
      {
        name,
        in: place,
        required: required === true || place === 'path',
        schema: param.schema === undefined ? true : schemas.read(param.schema),
      },
    ];
  });
  const named = (place: string) => rules.filter((rule) => rule.in === place).map(({ name }) => name);
  const described: Partial<StoredOperation> = {
    ...sunsetOf(operation),
    ...bodyOf(reading, operation, shown),
  };
  if (named('query').length > 0) described.query = named('query');
  if (named('header').length > 0) described.headers = named('header');
  if (rules.length > 0) described.paramRules = rules;
  return described;
}

/** The vendor writes the day into the description: "…will be terminated on 2026-02-01". */
function sunsetOf({ deprecated, description }: Record<string, unknown>): Partial<StoredOperation> {
  if (deprecated !== true) return {};
  const [, day] = /terminated on (\d{4}-\d\d-\d\d)\b/.exec(String(description ?? '')) ?? [];
  return day && !Number.isNaN(Date.parse(day)) ? { deprecated, sunset: day } : { deprecated };
}

function bodyOf(
  { document, schemas, notes }: Reading,
  operation: Record<string, unknown>,
  shown: string,
): Partial<StoredOperation> {
  if (operation.requestBody === undefined) return {};
  const body = resolved(document, operation.requestBody);
  if (!isObject(body)) {
    notes.add(`The shape of a body is not known: ${leadsNowhere(operation.requestBody)}`);
    return { body: null };
  }
  const media = jsonMedia(document, body.content);
  if (!media) {
    const types = isObject(body.content) ? Object.keys(body.content) : [];
    if (types.length > 0)
      notes.add(
        `The body of ${shown} is no JSON but ${types.join(', ').slice(0, 120)}: no form of it is offered`,
      );
    return { body: null };
  }
  const skeleton = skeletonOf(document, media);
  if (media.schema === undefined) return { body: skeleton };
  const bodyRule = { required: body.required === true, schema: schemas.read(media.schema) };
  return { body: skeleton, wrapsData: isEnvelopeSchema(document, media.schema), bodyRule };
}

export function leadsNowhere(value: unknown): string {
  const ref = isObject(value) ? String(value.$ref ?? '').slice(0, 120) : '';
  return ref ? `'${ref}' leads nowhere in the contract` : 'it is not described';
}

function jsonMedia(document: ContractDocument, content: unknown): Record<string, unknown> | undefined {
  if (!isObject(content)) return undefined;
  const types = Object.keys(content).filter((type) => /^[a-z]+\/([\w.*+-]*\+)?json\b/i.test(type));
  const media = resolved(
    document,
    content[types.find((type) => /^application\/json/i.test(type)) ?? types[0] ?? ''],
  );
  return isObject(media) ? media : undefined;
}
