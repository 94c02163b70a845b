import { isDeepStrictEqual } from 'node:util';
import { missing, type Problem, wrong } from './answer.js';
import { isObject } from './json.js';
import type { Entity, Properties, Property } from './world.js';

/** What a request sets: null removes the property. */
export type Changes = Readonly<Record<string, Property | null>>;

/** Kinds of property that the public contracts and guides show. */
const PROPERTY_TYPES = ['Single', 'Multi', 'Collection', 'Custom'];

/** Without these an entity of the type is not created. Individual policies may want more. */
const REQUIRED: Readonly<Record<string, readonly string[]>> = {
  Company: ['legalEntityName'],
  Individual: ['firstName', 'lastName'],
};

/** What is wrong with the form of the properties of a request. */
export function propertyProblems(value: unknown, path: string): Problem[] {
  if (value === undefined || value === null) return [];
  if (!isObject(value)) return [wrong(path, `'${path}' must be an object.`, value)];
  return Object.entries(value)
    .filter(([, item]) => item !== null && !isProperty(item))
    .map(([name, item]) => {
      const example = '{ "type": "Single", "value": … }';
      return wrong(`${path}.${name}`, `'${path}.${name}' must have the form ${example}.`, item);
    });
}

/** The properties that an entity of a type must have and that are not there. */
export function requiredProblems(type: unknown, properties: unknown, path: string): Problem[] {
  const values = isObject(properties) ? properties : {};
  return (REQUIRED[String(type)] ?? [])
    .filter((name) => !textOf(values[name]).trim())
    .map((name) => missing(`${path}.${name}`, isObject(values[name]) ? values[name].value : undefined));
}

/** The properties of a request whose form has been checked. */
export function changesOf(value: unknown): Changes {
  return isObject(value) ? (value as Changes) : {};
}

/** Properties with changes applied. */
export function merge(properties: Properties, changes: Changes): Properties {
  const merged = new Map(Object.entries(properties));
  for (const [name, value] of Object.entries(changes)) {
    if (value === null) merged.delete(name);
    else merged.set(name, value);
  }
  return Object.fromEntries(merged);
}

/** Names of changed properties that were changed elsewhere too since `base`, to another value. */
export function conflictsOf(base: Properties, current: Properties, changes: Changes): string[] {
  return Object.keys(changes).filter(
    (name) =>
      !isDeepStrictEqual(current[name], base[name]) &&
      !isDeepStrictEqual(current[name], changes[name] ?? undefined),
  );
}

/** The name under which an entity is known. */
export function nameOf({ properties }: Pick<Entity, 'properties'>): string {
  const { legalEntityName, groupName, firstName, lastName } = properties;
  const person = [firstName, lastName].map(textOf).filter(Boolean).join(' ');
  return textOf(legalEntityName) || textOf(groupName) || person;
}

function textOf(property: unknown): string {
  return isObject(property) && typeof property.value === 'string' ? property.value : '';
}

function isProperty(value: unknown): boolean {
  return isObject(value) && PROPERTY_TYPES.includes(String(value.type));
}
