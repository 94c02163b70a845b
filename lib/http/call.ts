import type { IncomingHttpHeaders } from 'node:http';
import type { CallFacts } from '../facts.js';
import type { ResultKind } from './answer.js';
import type { RetryOptions } from './retry.js';

/** A call that is ready to be sent: every value checked and encoded. */
export interface Call {
  /** What the call is named in errors: without values, since those may be client data. */
  label: string;
  method: string;
  service: string;
  /** Path and query behind the API's base, service first: `/entitydataquery/api/v2/entity/7`. */
  path: string;
  tenantId: string;
  correlationId: string;
  /** Further headers, names in small letters. */
  headers?: Record<string, string>;
  body?: string | Buffer;
  result: ResultKind;
  /** For the whole call, its tries and the pauses between them; waiting for a turn is not counted. */
  timeoutMs: number;
  /** The scope that the operation needs, where it is known. */
  scope?: string;
  /** What may be done when it fails; the usual unless told. */
  retry?: RetryOptions;
  /** How long it may wait in all once the platform has refused it with 429; ten minutes unless told. */
  patienceMs?: number;
  /** Whether it goes before the calls that are not. */
  urgent?: boolean;
}

/** A call that succeeded. */
export interface CallResult {
  payload: unknown;
  statusCode: number;
  headers: IncomingHttpHeaders;
  facts: CallFacts;
}
