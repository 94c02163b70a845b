import { type ContractDocument, isObject, resolved, resolveRef } from './document.js';
import type { Schema } from './operation.js';

/** Schemas are nested a few levels deep; what goes deeper may hold anything. */
const MAX_DEPTH = 60;

const TYPES = ['object', 'array', 'string', 'number', 'integer', 'boolean', 'null'];
const NUMBERS = [
  'minimum',
  'maximum',
  'multipleOf',
  'minLength',
  'maxLength',
  'minItems',
  'maxItems',
  'minProperties',
  'maxProperties',
];
const LISTS = ['allOf', 'anyOf', 'prefixItems'];

/**
 * Turns the schemas of a contract, OpenAPI 3.0 or 3.1, into JSON Schema 2020-12 with nothing in it but what values are
 * checked by. What they refer to is gathered in `defs`. What cannot be understood allows everything: a check must not
 * refuse what the platform might take.
 */
export class SchemaReader {
  readonly defs: Record<string, Schema> = {};
  readonly #document: ContractDocument;
  readonly #note: (note: string) => void;
  readonly #nameOfRef = new Map<string, string>();
  readonly #toRead: { name: string; target: unknown; open: boolean }[] = [];

  /** @param note told of references that lead nowhere */
  constructor(document: ContractDocument, note: (note: string) => void) {
    this.#document = document;
    this.#note = note;
  }

  read(schema: unknown): Schema {
    const read = this.#read(schema, 0, false);
    for (let next = this.#toRead.pop(); next; next = this.#toRead.pop()) {
      this.defs[next.name] = this.#read(next.target, 0, next.open);
    }
    return read;
  }

  /** @param open whether it is one of several parts: then it must not forbid what the others allow */
  #read(schema: unknown, depth: number, open: boolean): Schema {
    if (typeof schema === 'boolean') return schema;
    if (!isObject(schema) || depth > MAX_DEPTH) return true;
    const read: Record<string, unknown> = {
      ...this.#reference(schema, open),
      ...plain(schema),
      ...this.#parts(schema, depth, open),
    };
    return schema.nullable === true ? orNull(read) : read;
  }

  #reference({ $ref: ref }: Record<string, unknown>, open: boolean): Record<string, unknown> {
    if (typeof ref !== 'string') return {};
    const key = open ? `${ref} open` : ref;
    const known = this.#nameOfRef.get(key);
    if (known) return { $ref: `#/$defs/${known}` };
    const target = resolveRef(this.#document, ref);
    if (target === undefined) {
      this.#note(`'${ref.slice(0, 120)}' leads nowhere in the contract`);
      return {};
    }
    const name = this.#freeName(open ? `${ref}.part` : ref);
    this.#nameOfRef.set(key, name);
    this.defs[name] = true;
    // In a queue, not in depth: schemas refer to each other in circles and long chains.
    this.#toRead.push({ name, target, open });
    return { $ref: `#/$defs/${name}` };
  }

  #freeName(ref: string): string {
    const last = ref.split('/').at(-1);
    const base = last?.replace(/[^A-Za-z0-9_.-]/g, '_') || 'schema';
    let name = base;
    for (let count = 2; Object.hasOwn(this.defs, name) || name === '__proto__'; count += 1) {
      name = `${base}_${count}`;
    }
    return name;
  }

  #parts(schema: Record<string, unknown>, depth: number, open: boolean): Record<string, unknown> {
    const below = (value: unknown) => this.#read(value, depth + 1, false);
    const parts: Record<string, unknown> = {};
    if (isObject(schema.properties)) {
      const properties = Object.entries(schema.properties).filter(([name]) => name !== '__proto__');
      parts.properties = Object.fromEntries(properties.map(([name, value]) => [name, below(value)]));
    }
    const severalParts = isComposed(schema);
    for (const name of LISTS) {
      const list = schema[name];
      if (!Array.isArray(list) || list.length === 0) continue;
      parts[name] = list.map((value) =>
        this.#read(value, depth + 1, name !== 'prefixItems' && (open || severalParts)),
      );
    }
    // Contracts mean one of them by it; more than one may fit, for discriminators are not looked at.
    if (Array.isArray(schema.oneOf) && schema.oneOf.length > 0) {
      const choices = {
        anyOf: schema.oneOf.map((value) => this.#read(value, depth + 1, open || severalParts)),
      };
      if (parts.anyOf === undefined) Object.assign(parts, choices);
      else parts.allOf = [...((parts.allOf as Schema[]) ?? []), choices];
    }
    const required = this.#required(schema);
    if (required.length > 0) parts.required = required;
    if (Array.isArray(schema.items)) parts.prefixItems = schema.items.map(below);
    else if (schema.items !== undefined) parts.items = below(schema.items);
    // Beside other parts, or patterns that are not read, it would forbid what they allow.
    if (
      schema.additionalProperties !== undefined &&
      !open &&
      !severalParts &&
      schema.patternProperties === undefined
    ) {
      parts.additionalProperties = below(schema.additionalProperties);
    }
    return parts;
  }

  /** In a request, what only answers hold is not required. */
  #required({ required, properties }: Record<string, unknown>): string[] {
    if (!Array.isArray(required)) return [];
    const names = required.filter((name): name is string => typeof name === 'string');
    return [...new Set(names)].filter((name) => {
      const property = isObject(properties) && Object.hasOwn(properties, name) ? properties[name] : undefined;
      const target = resolved(this.#document, property);
      return ![property, target].some((schema) => isObject(schema) && schema.readOnly === true);
    });
  }
}

/** Whether what it describes is put together of several parts. One part with nothing beside it is the whole. */
function isComposed(schema: Record<string, unknown>): boolean {
  const lists = ['allOf', 'anyOf', 'oneOf'].map((name) => schema[name]).filter(Array.isArray);
  const beside = schema.properties !== undefined || schema.$ref !== undefined;
  return (
    lists.some((list) => list.length > 0 && (beside || lists.length > 1)) ||
    (Array.isArray(schema.allOf) && schema.allOf.length > 1)
  );
}

/** The keywords that hold values, not schemas, as far as they make sense. */
function plain(schema: Record<string, unknown>): Record<string, unknown> {
  const kept: Record<string, unknown> = {};
  const types = [schema.type].flat().filter((type) => TYPES.includes(String(type)));
  if (types.length > 0) kept.type = types.length === 1 ? types[0] : [...new Set(types)];
  for (const name of NUMBERS) if (typeof schema[name] === 'number') kept[name] = schema[name];
  for (const [name, bound] of [
    ['exclusiveMinimum', 'minimum'],
    ['exclusiveMaximum', 'maximum'],
  ] as const) {
    if (typeof schema[name] === 'number') kept[name] = schema[name];
    // OpenAPI 3.0: the bound itself is excluded.
    if (schema[name] === true && kept[bound] !== undefined) {
      kept[name] = kept[bound];
      delete kept[bound];
    }
  }
  if (Array.isArray(schema.enum) && schema.enum.length > 0) kept.enum = schema.enum;
  if (Object.hasOwn(schema, 'const')) kept.const = schema.const;
  if (schema.uniqueItems === true) kept.uniqueItems = true;
  if (typeof schema.format === 'string') kept.format = schema.format;
  if (typeof schema.pattern === 'string' && isPattern(schema.pattern)) kept.pattern = schema.pattern;
  return kept;
}

const COMPOSED = ['$ref', 'allOf', 'anyOf'];

function orNull(schema: Record<string, unknown>): Schema {
  const { type, enum: values } = schema;
  if (Object.keys(schema).length === 0) return schema;
  if (type === undefined || COMPOSED.some((name) => schema[name] !== undefined)) {
    return { anyOf: [schema, { type: 'null' }] };
  }
  return {
    ...schema,
    type: [...new Set([type, 'null'].flat())],
    ...(Array.isArray(values) ? { enum: [...new Set([...values, null])] } : {}),
  };
}

/** Contracts are written for other engines: a pattern that this one does not know is left out. */
function isPattern(pattern: string): boolean {
  try {
    new RegExp(pattern, 'u');
    return true;
  } catch {
    return false;
  }
}
