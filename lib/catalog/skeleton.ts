import { type ContractDocument, isObject, resolved } from './document.js';

/** A skeleton is for people: it ends where nobody would read on. */
const MOST_SCHEMAS = 1500;
const MAX_DEPTH = 10;
const MOST_CHARACTERS = 64 * 1024;

const KEPT = ['type', 'example', 'examples', 'default', 'enum', 'const', 'readOnly'];

/**
 * A body to start from.
 *
 * @param media the media type object of a request body
 * @returns the contract's own example, or one made of its schema with empty values; null when neither tells anything
 */
export function skeletonOf(document: ContractDocument, media: Record<string, unknown>): unknown {
  const example = fromText(exampleOf(document, media));
  if (example !== undefined && isShort(example)) return example;
  if (media.schema === undefined) return null;
  // Loaded here: only an import needs it.
  const { sample } = require('openapi-sampler') as typeof import('openapi-sampler');
  try {
    const made = sample(new Expansion(document).of(media.schema) as object, {
      skipReadOnly: true,
      quiet: true,
    });
    return made !== undefined && isShort(made) ? made : null;
  } catch {
    return null;
  }
}

function exampleOf(document: ContractDocument, media: Record<string, unknown>): unknown {
  if (media.example !== undefined) return media.example;
  if (!isObject(media.examples)) return undefined;
  const first = resolved(document, Object.values(media.examples)[0]);
  return isObject(first) ? first.value : undefined;
}

/** Some write their JSON examples as text. */
function fromText(example: unknown): unknown {
  if (typeof example !== 'string' || !/^\s*[{[]/.test(example)) return example;
  try {
    return JSON.parse(example);
  } catch {
    return example;
  }
}

function isShort(value: unknown): boolean {
  return JSON.stringify(value).length <= MOST_CHARACTERS;
}

/**
 * Whether a schema is the platform's envelope: an object whose only property is `data`.
 *
 * @returns undefined when the schema names no properties
 */
export function isEnvelopeSchema(document: ContractDocument, schema: unknown): boolean | undefined {
  const names = new Set<string>();
  const seen = new Set<unknown>();
  const parts = [schema];
  for (
    let part = resolved(document, parts.pop());
    part !== undefined;
    part = resolved(document, parts.pop())
  ) {
    if (!isObject(part) || seen.has(part)) continue;
    seen.add(part);
    if (isObject(part.properties)) for (const name of Object.keys(part.properties)) names.add(name);
    parts.push(...[part.allOf, part.oneOf, part.anyOf].filter(Array.isArray).flat());
  }
  return names.size === 0 ? undefined : names.size === 1 && names.has('data');
}

/** A task of the expansion: what a schema refers to is put into `into`. */
interface Task {
  schema: unknown;
  into: Record<string, unknown>;
  depth: number;
  above: ReadonlySet<string>;
}

/**
 * A schema without `$ref`s, cut off where it is cyclic, too deep or too wide: breadth first, so that the upper levels are
 * whole. Where it gives no value, an empty one is put in: a made-up id in a skeleton would be sent one day.
 */
class Expansion {
  readonly #document: ContractDocument;
  readonly #tasks: Task[] = [];

  constructor(document: ContractDocument) {
    this.#document = document;
  }

  of(schema: unknown): Record<string, unknown> {
    const root: Record<string, unknown> = {};
    this.#tasks.push({ schema, into: root, depth: 0, above: new Set() });
    for (let done = 0; done < this.#tasks.length; done += 1) {
      this.#expand(this.#tasks[done] as Task);
    }
    return root;
  }

  #expand({ schema, into, depth, above }: Task): void {
    const ref = isObject(schema) && typeof schema.$ref === 'string' ? schema.$ref : undefined;
    const target = resolved(this.#document, schema);
    if (!isObject(target) || (ref !== undefined && above.has(ref)) || depth > MAX_DEPTH) return;
    const below = ref === undefined ? above : new Set([...above, ref]);
    const child = (part: unknown): Record<string, unknown> => {
      const place: Record<string, unknown> = {};
      const task = { schema: part, into: place, depth: depth + 1, above: below };
      if (this.#tasks.length < MOST_SCHEMAS) this.#tasks.push(task);
      return place;
    };
    for (const name of KEPT) if (target[name] !== undefined) into[name] = target[name];
    if (Array.isArray(target.type)) into.type = target.type.find((type) => type !== 'null');
    if (isObject(target.properties)) {
      into.type ??= 'object';
      const left = Math.max(0, MOST_SCHEMAS - this.#tasks.length);
      const names = Object.entries(target.properties).filter(([name]) => name !== '__proto__');
      const properties = names.slice(0, left);
      into.properties = Object.fromEntries(properties.map(([name, part]) => [name, child(part)]));
    }
    if (Array.isArray(target.allOf)) into.allOf = target.allOf.map(child);
    const choice = [target.oneOf, target.anyOf].find((list) => Array.isArray(list) && list.length > 0);
    // A list of one choice is the same for the sampler, whatever it was called.
    if (Array.isArray(choice))
      into.allOf = [...((into.allOf as unknown[]) ?? []), child(firstChoice(choice))];
    if (isObject(target.items) && !isAbove(target.items, below)) into.items = child(target.items);
    putEmptyValue(into);
  }
}

/** An array of what is being described goes on for ever: it stays empty. */
function isAbove(items: Record<string, unknown>, above: ReadonlySet<string>): boolean {
  return typeof items.$ref === 'string' && above.has(items.$ref);
}

function firstChoice(choices: unknown[]): unknown {
  return choices.find((choice) => !isObject(choice) || choice.type !== 'null') ?? choices[0];
}

const GIVEN = ['example', 'examples', 'default', 'enum', 'const'];
const EMPTY: Record<string, unknown> = { string: '', number: 0, integer: 0, boolean: false };

function putEmptyValue(schema: Record<string, unknown>): void {
  const empty = EMPTY[String(schema.type)];
  if (empty !== undefined && GIVEN.every((name) => schema[name] === undefined)) schema.example = empty;
  if (schema.type === 'array' && schema.items === undefined && schema.example === undefined)
    schema.example = [];
}
