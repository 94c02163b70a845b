import { types } from 'node:util';
import type { Ajv2020, ValidateFunction } from 'ajv/dist/2020.js';
import type { Operation, OperationRules, ParamRule, Schema } from './operation.js';
import { errorsOf, expected, Wording } from './wording.js';

/** The values of a call, as they are going to be sent. */
export interface CheckedValues {
  /** Parsed; undefined when there is none, or it is no JSON. */
  body: unknown;
  /** Whether a body goes with the call that is not looked into: bytes of another kind. */
  opaqueBody?: boolean;
  path: Record<string, unknown>;
  query: Record<string, unknown>;
  header: Record<string, unknown>;
}

/** Who is wrong may be wrong in many places; so many are named. */
const MOST_VIOLATIONS = 5;

/**
 * Checks calls by the schemas of their contracts; each is compiled at its first use. One is enough for a process: what it
 * has compiled goes when the catalog forgets the contract.
 */
export class RuleChecker {
  readonly #compiled = new WeakMap<OperationRules, Compiled>();
  /** A compiler keeps what it has compiled, so that each contract has one of its own. */
  readonly #compilers = new WeakMap<object, Ajv2020>();

  /**
   * What is wrong with a call, in words: the property and what was expected of it. Nothing when the operation's schemas
   * are not known.
   */
  violations({ rules }: Operation, values: CheckedValues): string[] {
    if (!rules) return [];
    let compiled = this.#compiled.get(rules);
    if (!compiled) {
      compiled = new Compiled(rules, this.#compilerOf(rules.defs));
      this.#compiled.set(rules, compiled);
    }
    const found = compiled.violations(values);
    const more = found.length - MOST_VIOLATIONS;
    return more > 0 ? [...found.slice(0, MOST_VIOLATIONS), `and ${more} more`] : found;
  }

  #compilerOf(defs: object): Ajv2020 {
    let compiler = this.#compilers.get(defs);
    if (!compiler) {
      compiler = newCompiler();
      this.#compilers.set(defs, compiler);
    }
    return compiler;
  }
}

class Compiled {
  readonly #rules: OperationRules;
  readonly #body: ValidateFunction | undefined;
  readonly #params: ReadonlyMap<string, ValidateFunction | undefined>;
  readonly #words: Wording;

  constructor(rules: OperationRules, compiler: Ajv2020) {
    this.#rules = rules;
    const { body, params, defs } = rules;
    const compiled = (schema: Schema) => compile(compiler, schema, defs);
    this.#words = new Wording(compiled);
    this.#body = body && compiled(body.schema);
    this.#params = new Map(params.map((param) => [`${param.in} ${param.name}`, compiled(param.schema)]));
  }

  violations(values: CheckedValues): string[] {
    return [...this.#paramViolations(values), ...this.#bodyViolations(values)];
  }

  #paramViolations(values: CheckedValues): string[] {
    return this.#rules.params.flatMap(({ name, in: place, required }) => {
      const value = paramValue(values, place, name);
      // A missing path parameter is an error of its own, checked or not.
      if (isMissing(value))
        return required && place !== 'path' ? [`${place} parameter ${name} is missing`] : [];
      const validate = this.#params.get(`${place} ${name}`);
      if (!validate || fits(validate, value)) return [];
      return errorsOf(validate)
        .slice(0, 1)
        .map((error) => `${place} parameter ${name} ${expected(error)}`);
    });
  }

  #bodyViolations({ body, opaqueBody }: CheckedValues): string[] {
    if (opaqueBody) return [];
    if (body === undefined) return this.#rules.body?.required ? ['the body is missing'] : [];
    if (!this.#body) return [];
    try {
      if (this.#body(body)) return [];
      return this.#words.of(errorsOf(this.#body));
    } catch (error) {
      // The validator goes down with the body, which may be deeper than the stack.
      if (error instanceof RangeError) return ['the body is nested too deeply'];
      throw error;
    }
  }
}

function newCompiler(): Ajv2020 {
  // Loaded at the first use: it takes 40 ms.
  const { Ajv2020: Compiler } = require('ajv/dist/2020.js') as typeof import('ajv/dist/2020.js');
  // Contracts are written for other validators: what this one does not know is no reason to refuse a call.
  return new Compiler({
    allErrors: true,
    strict: false,
    validateSchema: false,
    logger: false,
    // What is wrong with each of several choices is looked for again, see Wording.
    verbose: true,
    formats: FORMATS,
    // 1.13 is a multiple of 0.01.
    multipleOfPrecision: 6,
  });
}

const isDate = (text: string) => /^\d{4}-\d\d-\d\d/.test(text) && !Number.isNaN(Date.parse(text));

/** The formats that the vendor's contracts use and that have one meaning (RFC 4122, RFC 3339). */
const FORMATS = {
  uuid: /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i,
  date: (text: string) => isDate(text) && text.length === 10,
  // The platform takes days without a time, too.
  'date-time': isDate,
};

/** @returns undefined for a schema that the validator cannot take: then nothing is checked by it */
function compile(
  compiler: Ajv2020,
  schema: Schema,
  defs: Record<string, Schema>,
): ValidateFunction | undefined {
  if (typeof schema === 'boolean') return undefined;
  try {
    return compiler.compile({ ...schema, $defs: defs });
  } catch {
    return undefined;
  }
}

/** The value of a parameter; names of headers are the same in small and in capital letters. */
function paramValue(values: CheckedValues, place: ParamRule['in'], name: string): unknown {
  const key = place === 'header' ? name.toLowerCase() : name;
  return Object.hasOwn(values[place], key) ? values[place][key] : undefined;
}

function isMissing(value: unknown): boolean {
  return value === undefined || value === null || value === '';
}

/** Whether a parameter is right as it came or as it is meant; leaves the errors of the latter. */
function fits(validate: ValidateFunction, value: unknown): boolean {
  const meant = asMeant(value);
  const listed = typeof value === 'string' ? value.split(',').map(fromText) : [meant];
  return [value, [value], listed, String(value), meant].some((candidate) => validate(candidate));
}

/** Parameters are text on the wire: `"7"` is a number where one is asked for, and 7 and true are text. */
function asMeant(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(fromText);
  return types.isDate(value) ? value.toJSON() : fromText(value);
}

function fromText(value: unknown): unknown {
  if (typeof value !== 'string') return value;
  if (value === 'true' || value === 'false') return value === 'true';
  return value.trim() !== '' && !Number.isNaN(Number(value)) ? Number(value) : value;
}
