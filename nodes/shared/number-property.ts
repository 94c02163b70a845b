import { FenergoError } from '../../lib/errors.js';

/** A whole number from 1. */
export function isCount(value: number): boolean {
  return Number.isInteger(value) && value >= 1;
}

/** A number of seconds from 0. */
export function isSpan(value: number): boolean {
  return Number.isFinite(value) && value >= 0;
}

/**
 * A number that was saved as text.
 *
 * @param accept whether it is in its range
 * @param range what it has to be, in words
 * @throws FENERGO_INPUT that names the property
 */
export function numberIn(
  label: string,
  value: string | number,
  accept: (value: number) => boolean,
  range: string,
): number {
  const number = String(value).trim() === '' ? Number.NaN : Number(value);
  if (!accept(number)) throw new FenergoError('FENERGO_INPUT', `${label} '${value}' is not ${range}`);
  return number;
}
