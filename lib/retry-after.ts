/** Longer waits than this are taken for nonsense: no server means a client to be silent for longer than a day. */
const LONGEST_MS = 24 * 3600 * 1000;

/**
 * Reads a `Retry-After` header: seconds, or an HTTP date (RFC 9110, 10.2.3).
 *
 * @param value the header as it came
 * @param dateMs now, in milliseconds since 1970
 * @returns milliseconds to wait, at most a day; undefined when there is no sensible value
 */
export function retryAfterMs(value: string | string[] | undefined, dateMs: number): number | undefined {
  const text = (Array.isArray(value) ? value[0] : value)?.trim();
  if (!text) return undefined;
  const ms = /^\d+(\.\d+)?$/.test(text) ? Number(text) * 1000 : dateOf(text) - dateMs;
  return Number.isFinite(ms) ? Math.min(Math.max(0, ms), LONGEST_MS) : undefined;
}

/**
 * What begins like a date (RFC 9110, 5.6.7; ISO 8601) and holds a time: Date.parse makes a date of '-5', of 'in 7' and
 * of 'wait 5 1:00', too.
 */
const DATE = /^((sun|mon|tue|wed|thu|fri|sat)[a-z]*,? |\d{4}-\d\d-\d\d).*:\d\d/i;
const ZONE = /([a-z]|[+-]\d\d(:?\d\d)?)$/i;

/** Servers mean UTC where they name no zone, as in the form of asctime; Date.parse would take the machine's. */
function dateOf(text: string): number {
  if (!DATE.test(text)) return Number.NaN;
  return Date.parse(ZONE.test(text) ? text : `${text}Z`);
}
