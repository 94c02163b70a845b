import type { IncomingHttpHeaders } from 'node:http';
import type { CallFacts } from '../facts.js';
import type { ResultKind } from './answer.js';

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
  /** For the whole call. */
  timeoutMs: number;
  /** The scope that the operation needs, where it is known. */
  scope?: string;
}

/** A call that succeeded. */
export interface CallResult {
  payload: unknown;
  statusCode: number;
  headers: IncomingHttpHeaders;
  facts: CallFacts;
}
