import { isEnv } from './env.js';

/** Whether a field holds a number from `from` on (a whole one, if that is asked for), or an environment variable. */
export function isNumberFrom(value: unknown, from: number, kind: 'whole' | 'any' = 'any'): boolean {
  const text = String(value).trim();
  if (isEnv(text)) return true;
  const number = text === '' ? Number.NaN : Number(text);
  return number >= from && (kind === 'whole' ? Number.isInteger(number) : Number.isFinite(number));
}
