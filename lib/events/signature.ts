import { createHmac, timingSafeEqual } from 'node:crypto';

/** The header that bears the signature, in small letters. */
export const SIGNATURE_HEADER = 'x-fenx-signature';

const FORM = /^sha256=([0-9a-f]{64})$/i;

/**
 * What the platform puts into the signature header: HMAC-SHA256 over the bytes of the body, in capital hexadecimal digits
 * (vendor's documentation of webhooks, surveyed 2026-09-09).
 */
export function signatureOf(body: Uint8Array, secret: string): string {
  return `sha256=${createHmac('sha256', secret).update(body).digest('hex').toUpperCase()}`;
}

/** Whether a signature header can be one at all: what has none need not be read. */
export function looksSigned(header: string | string[] | undefined): boolean {
  return digitsOf(header) !== undefined;
}

/**
 * Whether a body was signed with one of the secrets. Takes the same time whichever byte is wrong, and whichever secret
 * was the right one.
 *
 * @param body the bytes as they came: parsed and written again they are others
 * @param header what came as signature, if anything
 * @param secrets the present one and, while it is changed, the one before; empty ones never match
 */
export function isSigned(
  body: Uint8Array,
  header: string | string[] | undefined,
  secrets: readonly string[],
): boolean {
  const digits = digitsOf(header);
  if (!digits) return false;
  const given = Buffer.from(digits, 'hex');
  let matches = false;
  for (const secret of secrets) {
    if (secret === '') continue;
    const expected = createHmac('sha256', secret).update(body).digest();
    matches = timingSafeEqual(given, expected) || matches;
  }
  return matches;
}

function digitsOf(header: string | string[] | undefined): string | undefined {
  return typeof header === 'string' ? FORM.exec(header.trim())?.[1] : undefined;
}
