import { randomInt } from 'node:crypto';

/** A number from 0 up to, but not including, 1. */
export type Random = () => number;

/** Randomness that cannot be guessed: the default, since tokens are made of it. */
export const secureRandom: Random = () => randomInt(2 ** 32) / 2 ** 32;

const URL_SAFE = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';

/** An opaque, URL-safe text of `length` characters. */
export function opaqueText(random: Random, length: number): string {
  return Array.from({ length }, () => URL_SAFE[Math.floor(random() * URL_SAFE.length)]).join('');
}

/** A GUID of version 4. */
export function guid(random: Random): string {
  const hex = (max: number) => Math.floor(random() * max).toString(16);
  return 'xxxxxxxx-xxxx-4xxx-8xxx-xxxxxxxxxxxx'.replace(/x/g, () => hex(16));
}
