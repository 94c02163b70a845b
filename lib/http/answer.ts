import type { IncomingHttpHeaders } from 'node:http';
import type { PlatformMessage, RateLimit } from '../facts.js';
import { retryAfterMs } from '../retry-after.js';
import type { Answer } from '../transport.js';

/** What a call's payload becomes. */
export type ResultKind = 'data' | 'envelope' | 'text' | 'buffer';

/**
 * The JSON of an answer.
 *
 * @returns undefined for an empty body
 * @throws SyntaxError when it is not JSON
 */
export function parseJson(body: Buffer): unknown {
  // Trimming takes a byte order mark away too, which JSON does not allow.
  const text = body.toString('utf8').trim();
  return text ? JSON.parse(text) : undefined;
}

type JsonObject = Record<string, unknown>;

function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/**
 * Whether a parsed body is the platform's envelope `{ data, messages }`. A bare object that happens to have a property
 * of such a name among others is none.
 */
export function isEnvelope(parsed: unknown): parsed is { data?: unknown; messages?: unknown } {
  if (!isObject(parsed)) return false;
  const has = (name: string) => Object.hasOwn(parsed, name);
  return has('data') && (has('messages') || Object.keys(parsed).length === 1);
}

/** The `data` of the envelope; the whole body where there is no envelope. */
export function dataOf(parsed: unknown): unknown {
  return isEnvelope(parsed) ? parsed.data : parsed;
}

/** The messages of a success: those beside the data, since a data's own `title` or `message` is no message. */
export function envelopeMessages(parsed: unknown): PlatformMessage[] {
  if (!isObject(parsed)) return [];
  return list(parsed.messages)
    .map(envelopeMessage)
    .filter((entry) => entry.message !== '');
}

/**
 * The messages of a refusal, whatever dialect the service speaks: the envelope's `messages` and validation list,
 * problem+json (RFC 9457, Policy Agent), FastAPI's `detail` (Transaction Monitoring), or a bare `message`.
 */
export function messagesOf(parsed: unknown): PlatformMessage[] {
  if (!isObject(parsed)) return [];
  const { data, detail, title, errors, message } = parsed;
  const found = [...validationMessages(data), ...envelopeMessages(parsed), ...detailMessages(detail)];
  if (found.length === 0 && typeof title === 'string') found.push({ message: title, type: 'Error' });
  if (isObject(errors)) found.push(...problemErrors(errors));
  if (found.length === 0 && typeof message === 'string') found.push({ message, type: 'Error' });
  return found.filter((entry) => entry.message !== '');
}

function list(value: unknown): unknown[] {
  return Array.isArray(value) ? value : [];
}

function text(value: unknown): string | undefined {
  return typeof value === 'string' && value ? value : undefined;
}

function envelopeMessage(value: unknown): PlatformMessage {
  if (typeof value === 'string') return { message: value };
  if (!isObject(value)) return { message: '' };
  const { message, type, errorCode } = value;
  return { message: text(message) ?? text(errorCode) ?? '', type: text(type), errorCode: text(errorCode) };
}

/** `attemptedValue` is left out on purpose: it is client data, and these words end up in logs. */
function validationMessages(data: unknown): PlatformMessage[] {
  return list(data)
    .filter(
      (item): item is JsonObject => isObject(item) && ('propertyName' in item || 'errorMessage' in item),
    )
    .map(({ propertyName, errorMessage, errorCode }) => ({
      message: text(errorMessage) ?? text(errorCode) ?? 'is not valid',
      type: 'Validation',
      errorCode: text(errorCode),
      propertyName: text(propertyName),
    }));
}

function detailMessages(detail: unknown): PlatformMessage[] {
  if (typeof detail === 'string') return [{ message: detail, type: 'Error' }];
  return list(detail)
    .filter(isObject)
    .map(({ loc, msg, type }) => ({
      message: text(msg) ?? 'is not valid',
      type: 'Validation',
      errorCode: text(type),
      propertyName: list(loc).filter(isPlaceName).join('.') || undefined,
    }));
}

/** A list or an object among them could not be joined: JSON may nest deeper than that follows, and name `toString`. */
function isPlaceName(part: unknown): boolean {
  return typeof part === 'string' || typeof part === 'number';
}

function problemErrors(errors: JsonObject): PlatformMessage[] {
  return Object.entries(errors).flatMap(([propertyName, reasons]) =>
    (Array.isArray(reasons) ? reasons : [reasons])
      .filter((reason) => typeof reason === 'string')
      .map((message: string) => ({ message, type: 'Validation', propertyName })),
  );
}

/** The messages as one line for a person: `legalName: must not be empty; type: is unknown`. */
export function messageText(messages: PlatformMessage[]): string {
  return messages
    .map(({ message, propertyName }) => (propertyName ? `${propertyName}: ${message}` : message))
    .join('; ')
    .replace(/[\p{Cc}\p{Zl}\p{Zp}]+/gu, ' ')
    .slice(0, 1000);
}

function single(value: string | string[] | undefined): string | undefined {
  return Array.isArray(value) ? value[0] : value;
}

/** The daily limit as the answer's headers tell it; undefined when they do not. Its end counts if it is a date or a number. */
export function rateLimitOf(headers: IncomingHttpHeaders): RateLimit | undefined {
  const left = single(headers['x-rate-limit-remaining'])?.trim() ?? '';
  // No more digits than are counted exactly.
  const remaining = /^\d{1,15}$/.test(left) ? Number(left) : Number.NaN;
  const end = single(headers['x-rate-limit-reset']);
  const reset = retryAfterMs(end, 0) === undefined ? undefined : end;
  if (Number.isNaN(remaining) && !reset) return undefined;
  return { ...(Number.isNaN(remaining) ? {} : { remaining }), ...(reset ? { reset } : {}) };
}

/** What the platform asks for: `Retry-After`, or the end of the day's window when nothing is left of it. */
export function askedPauseMs({ statusCode, headers }: Answer, dateMs: number): number | undefined {
  const limit = rateLimitOf(headers);
  const windowEnd = statusCode === 429 && limit?.remaining === 0 ? limit.reset : undefined;
  return retryAfterMs(headers['retry-after'], dateMs) ?? retryAfterMs(windowEnd, dateMs);
}
