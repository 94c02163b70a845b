import type { ErrorObject, ValidateFunction } from 'ajv/dist/2020.js';
import type { Schema } from './operation.js';

/** Of choices, and of what is wrong with each, so many are told. */
const MOST_CHOICES = 4;
const MOST_LACKS = 3;

/** Puts into words what a validator found. */
export class Wording {
  readonly #compile: (schema: Schema) => ValidateFunction | undefined;
  readonly #choices = new WeakMap<object, ValidateFunction | undefined>();

  /** @param compile makes a validator of a part of the schema */
  constructor(compile: (schema: Schema) => ValidateFunction | undefined) {
    this.#compile = compile;
  }

  /** What is wrong, each thing once. */
  of(errors: readonly ErrorObject[]): string[] {
    return [...new Set(this.#words(errors))];
  }

  /**
   * The validator lists what is wrong with every choice as if all were needed, and behind it that none fits: this is
   * looked at first, and takes with it what belongs to it.
   */
  #words(errors: readonly ErrorObject[]): string[] {
    const said: string[] = [];
    const left = [...errors];
    for (let error = left.pop(); error; error = left.pop()) {
      if (error.keyword !== 'anyOf' && error.keyword !== 'oneOf') said.unshift(inWords(error));
      else said.unshift(...this.#choice(error, left));
    }
    return said;
  }

  #choice(error: ErrorObject, left: ErrorObject[]): string[] {
    const choices = (error.schema as Schema[]).filter((schema) => !isNull(schema));
    const lacks = (error.schema as Schema[]).map((schema) => this.#errorsOf(schema, error));
    for (const lack of lacks.flat()) takeOut(left, lack);
    if (error.params.passingSchemas) return [`${placeOf(error)} fits more than one of its choices`];
    const told = lacks
      .filter((_, nth) => !isNull((error.schema as Schema[])[nth] as Schema))
      .map((lack) => this.of(lack));
    // What may be null is no choice that anybody has to be told of.
    if (choices.length === 1) return told[0] ?? [];
    const alternatives = told.slice(0, MOST_CHOICES).map((lack) => lack.slice(0, MOST_LACKS).join(' and '));
    const more = told.length > MOST_CHOICES ? ', or …' : '';
    return [`${placeOf(error)} has to fit one of: ${[...new Set(alternatives)].join(', or ')}${more}`];
  }

  #errorsOf(schema: Schema, { data, instancePath }: ErrorObject): ErrorObject[] {
    if (typeof schema === 'boolean') return [];
    if (!this.#choices.has(schema)) this.#choices.set(schema, this.#compile(schema));
    const validate = this.#choices.get(schema);
    if (!validate || validate(data)) return [];
    return errorsOf(validate).map((error) => ({
      ...error,
      instancePath: instancePath + error.instancePath,
    }));
  }
}

/** What a validator found; it forgets it, since it has the client's data in it. */
export function errorsOf(validate: ValidateFunction): ErrorObject[] {
  const errors = validate.errors ?? [];
  validate.errors = null;
  return errors;
}

function isNull(schema: Schema): boolean {
  return typeof schema === 'object' && schema.type === 'null';
}

function takeOut(errors: ErrorObject[], { instancePath, keyword, params }: ErrorObject): void {
  const same = errors.findLastIndex(
    (other) =>
      other.instancePath === instancePath &&
      other.keyword === keyword &&
      JSON.stringify(other.params) === JSON.stringify(params),
  );
  if (same >= 0) errors.splice(same, 1);
}

function placeOf({ instancePath }: ErrorObject): string {
  return namesOf(instancePath) || 'the body';
}

function namesOf(instancePath: string): string {
  return instancePath.slice(1).split('/').map(unescaped).filter(Boolean).join('.');
}

function inWords(error: ErrorObject): string {
  const { keyword, params, instancePath } = error;
  const at = namesOf(instancePath);
  if (keyword === 'required') return `${join(at, params.missingProperty)} is missing`;
  if (keyword === 'additionalProperties') return `${join(at, params.additionalProperty)} is not known here`;
  return `${at || 'the body'} ${expected(error)}`;
}

function join(at: string, name: string): string {
  return at ? `${at}.${name}` : name;
}

function unescaped(part: string): string {
  return part.replaceAll('~1', '/').replaceAll('~0', '~');
}

/** What was expected of a value. Never the value itself: it may be client data. */
export function expected({ keyword, params, message }: ErrorObject): string {
  switch (keyword) {
    case 'type':
      return `has to be ${[params.type].flat().join(' or ')}`;
    case 'enum':
      return `has to be one of ${list(params.allowedValues)}`;
    case 'const':
      return `has to be ${JSON.stringify(params.allowedValue)}`;
    case 'format':
      return `has to be a ${params.format}`;
    default:
      return `${message ?? 'does not fit'}`.replace(/\bmust\b/, 'has to').replace('has to NOT', 'must not');
  }
}

function list(values: unknown[]): string {
  const shown = values.slice(0, 10).map((value) => JSON.stringify(value));
  return shown.join(', ') + (values.length > shown.length ? ', …' : '');
}
