/** What the sandbox needs to know of a catalogued operation; the catalog's own type fits. */
export interface SandboxOperation {
  /** `service/version/id`. */
  readonly key: string;
  readonly service: string;
  readonly version: string;
  readonly id: string;
  readonly method: string;
  /** Path within the service, with `{name}` for parameters. */
  readonly path: string;
  readonly pathParams: readonly string[];
  /** Names of the query parameters. */
  readonly query?: readonly string[];
  readonly hasBody: boolean;
  /** The shape of the body, with empty values; null or absent where it is not known. */
  readonly body?: unknown;
  /** The scope that the operation needs; absent where it is not known. */
  readonly scope?: string;
  /** The day (UTC) from which the operation answers 410, as YYYY-MM-DD. */
  readonly sunset?: string;
}

/** The moment from which an operation with this sunset answers 410, in milliseconds since 1970. */
export function sunsetMsOf(sunset: string): number {
  return Date.parse(`${sunset}T00:00:00Z`);
}
