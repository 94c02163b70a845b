import { validateHeaderName, validateHeaderValue } from 'node:http';
import type { FaultRule } from './faults.js';
import { isObject } from './json.js';

const MATCH_KEYS = ['method', 'path', 'service', 'operation', 'tenantId'];
/** `used` is what a listed plan tells beside the rules: a list that was read can be sent back. */
const RULE_KEYS = ['match', 'times', 'skip', 'respond', 'delayMs', 'reset', 'truncate', 'used'];
const RESPOND_KEYS = ['status', 'headers', 'body'];
const RESETS: unknown[] = [true, 'request', 'body', 'after'];
const EFFECTS = ['respond', 'delayMs', 'reset', 'truncate'];
/** More wildcards could make one match take seconds. */
const MAX_WILDCARDS = 5;
const LONGEST_DELAY_MS = 24 * 60 * 60 * 1000;

/**
 * Reads a fault plan that comes as data.
 *
 * @param value a list of rules
 * @returns the rules
 * @throws an error that says which rule is wrong, and how
 */
export function readFaultPlan(value: unknown): FaultRule[] {
  if (!Array.isArray(value)) throw new Error('The fault plan must be a list of rules.');
  return value.map((rule, index) => {
    const why = wrongRule(rule);
    if (why) throw new Error(`Rule ${index} of the fault plan: ${why}`);
    const { used: _, ...rest } = rule;
    return rest as FaultRule;
  });
}

function wrongRule(rule: unknown): string | undefined {
  if (!isObject(rule)) return 'must be an object.';
  const { times, skip, delayMs, reset, truncate } = rule;
  const isCount = (value: unknown) => Number.isInteger(value) && (value as number) >= 0;
  const isDelay = Number(delayMs) >= 0 && Number(delayMs) <= LONGEST_DELAY_MS && typeof delayMs === 'number';
  return (
    unknownKey(rule, RULE_KEYS) ??
    wrongMatch(rule.match) ??
    wrongRespond(rule.respond) ??
    unless(times, times === 'always' || isCount(times), "times must be a whole number or 'always'.") ??
    unless(skip, isCount(skip), 'skip must be a whole number.') ??
    unless(delayMs, isDelay, `delayMs must be a number from 0 to ${LONGEST_DELAY_MS}.`) ??
    unless(reset, RESETS.includes(reset), "reset must be true, 'request', 'body' or 'after'.") ??
    unless(truncate, truncate === true || isCount(truncate), 'truncate must be true or a number of bytes.') ??
    (EFFECTS.some((key) => rule[key] !== undefined) ? undefined : `needs one of ${EFFECTS.join(', ')}.`) ??
    (reset && truncate !== undefined ? 'has both reset and truncate: take one.' : undefined)
  );
}

function wrongMatch(match: unknown): string | undefined {
  if (match === undefined) return undefined;
  if (!isObject(match)) return 'match must be an object.';
  const notText = MATCH_KEYS.find((key) => match[key] !== undefined && typeof match[key] !== 'string');
  if (notText) return `match.${notText} must be a string.`;
  const wildcards = String(match.path ?? '').match(/\*+/g)?.length ?? 0;
  if (wildcards > MAX_WILDCARDS) return `match.path has more than ${MAX_WILDCARDS} wildcards.`;
  return unknownKey(match, MATCH_KEYS, 'match.');
}

function wrongRespond(respond: unknown): string | undefined {
  if (respond === undefined) return undefined;
  if (!isObject(respond)) return 'respond must be an object.';
  const { status, headers } = respond;
  if (!(Number.isInteger(status) && Number(status) >= 200 && Number(status) <= 599)) {
    return 'respond.status must be a whole number from 200 to 599.';
  }
  return unknownKey(respond, RESPOND_KEYS, 'respond.') ?? wrongHeaders(headers);
}

function wrongHeaders(headers: unknown): string | undefined {
  if (headers === undefined) return undefined;
  if (!isObject(headers)) return 'respond.headers must be an object.';
  for (const [name, value] of Object.entries(headers)) {
    if (/^(content-length|transfer-encoding)$/i.test(name)) return `respond.headers.${name} cannot be set.`;
    if (typeof value !== 'string') return `respond.headers.${name} must be a string.`;
    try {
      validateHeaderName(name);
      validateHeaderValue(name, value);
    } catch {
      return `respond.headers.${name} is not a valid header.`;
    }
  }
  return undefined;
}

function unless(value: unknown, right: boolean, why: string): string | undefined {
  return value === undefined || right ? undefined : why;
}

function unknownKey(object: object, known: readonly string[], prefix = ''): string | undefined {
  const key = Object.keys(object).find((name) => !known.includes(name));
  return key === undefined ? undefined : `unknown property '${prefix}${key}'.`;
}
