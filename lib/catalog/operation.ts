export type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';

/** One operation of the Fenergo API. */
export interface Operation {
  /** `service/version/id`, for example `entitydataquery/v2/GetEntityById`. */
  key: string;
  service: string;
  version: string;
  id: string;
  method: Method;
  /** Path within the service, with `{name}` for parameters: `/api/v2/entity/{id}`. */
  path: string;
  /** Names of the parameters in the path, in its order. */
  pathParams: string[];
  /** Names of the query parameters. */
  query: string[];
  /** Whether a request body is sent. */
  hasBody: boolean;
  /** The shape of the body, with empty values; null when it is not known. Absent without a body. */
  body?: unknown;
  /** Whether the body is the platform's envelope: an object whose only property is `data`. */
  wrapsData: boolean;
  /** The scope that the operation needs; absent where it is not known. */
  scope?: string;
  /** The day from which the operation answers 410, as YYYY-MM-DD. */
  sunset?: string;
}

/** The names in the braces of a path, in its order. */
export function paramsOfPath(path: string): string[] {
  return [...path.matchAll(/\{([^{}]+)\}/g)].map((match) => match[1] as string);
}
