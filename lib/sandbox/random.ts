import { randomFillSync } from 'node:crypto';

/** A number from 0 up to, but not including, 1. */
export type Random = () => number;

/** Numbers drawn at one go: one draw for each would take ten times as long. */
const STOCK = 1024;

/** Randomness that cannot be guessed: the default, since tokens are made of it. */
export function secureRandom(): Random {
  const stock = new Uint32Array(STOCK);
  let left = 0;
  return () => {
    if (left === 0) {
      randomFillSync(stock);
      left = STOCK;
    }
    return (stock[--left] ?? 0) / 2 ** 32;
  };
}

const URL_SAFE = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';

/** An opaque, URL-safe text of `length` characters. */
export function opaqueText(random: Random, length: number): string {
  return Array.from({ length }, () => URL_SAFE[Math.floor(random() * URL_SAFE.length)]).join('');
}

const HEX = Buffer.from('0123456789abcdef');
const GUID_FORM = Buffer.from('xxxxxxxx-xxxx-4xxx-8xxx-xxxxxxxxxxxx');
const GAP = 'x'.charCodeAt(0);
const DIGITS_AT_ONCE = 8;

/**
 * A GUID of version 4. Written into bytes, which makes a text of one piece: notifications are kept by the hundred
 * thousand, and a text that is put together of parts takes four times the memory.
 */
export function guid(random: Random): string {
  const text = Buffer.from(GUID_FORM);
  let digits = 0;
  let left = 0;
  for (let index = 0; index < text.length; index++) {
    if (text[index] !== GAP) continue;
    if (left === 0) {
      digits = Math.floor(random() * 2 ** 32);
      left = DIGITS_AT_ONCE;
    }
    text[index] = HEX[digits & 15] ?? GAP;
    digits >>>= 4;
    left--;
  }
  return text.toString('latin1');
}
