export type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';

export const METHODS: readonly string[] = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE'];

/** A JSON Schema (2020-12); `$ref`s point into the `$defs` of its contract. */
export type Schema = boolean | { [keyword: string]: unknown };

/** Where an operation's description comes from. */
export interface Source {
  /** `bundled` with this package, `imported` from a file, or downloaded from a `live` platform. */
  from: 'bundled' | 'imported' | 'live';
  /** The file or URL; absent for the bundled ones. */
  name?: string;
  /** When it was surveyed, imported or downloaded: a date, or a date and time (UTC). */
  at: string;
}

/** What a contract says of the values of a call. Only imported contracts say it. */
export interface OperationRules {
  body?: { required: boolean; schema: Schema };
  params: ParamRule[];
  /** The schemas that others refer to, by name. */
  defs: Record<string, Schema>;
}

export interface ParamRule {
  name: string;
  in: 'path' | 'query' | 'header';
  required: boolean;
  schema: Schema;
}

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
  /** Names of the headers that it takes beyond those that every call bears. */
  headers: string[];
  /** Whether a request body is sent. */
  hasBody: boolean;
  /** A body to start from, often with empty values; null when its shape is not known. Absent without a body. */
  body?: unknown;
  /** Whether the body is the platform's envelope: an object whose only property is `data`. */
  wrapsData: boolean;
  /** The scope that the operation needs; absent where it is not known. */
  scope?: string;
  /** Whether the vendor advises against it. */
  deprecated: boolean;
  /** The day from which the operation answers 410, as YYYY-MM-DD. */
  sunset?: string;
  /** Whether a newer contract of its service no longer has it. It can still be called; the platform may refuse it. */
  withdrawn: boolean;
  source: Source;
  /** Absent where the catalog knows no schemas. */
  rules?: OperationRules;
}

/** The names in the braces of a path, in its order. */
export function paramsOfPath(path: string): string[] {
  return [...path.matchAll(/\{([^{}]+)\}/g)].map((match) => match[1] as string);
}

/** The path with the names of its parameters taken out: what the platform tells operations apart by. */
export function shapeOfPath(path: string): string {
  return path.replace(/\{[^{}]+\}/g, '{}');
}

/** Whether a path from a contract can be called: it stays in its service, and has no query of its own. */
export function isCallablePath(path: string): boolean {
  const names = paramsOfPath(path);
  const plain = shapeOfPath(path);
  return (
    /^\/[^\s?#\\]*$/.test(plain) &&
    !/[{}]/.test(plain.replaceAll('{}', '')) &&
    !/(^|\/)(\.|%2e){1,2}(\/|$)/i.test(plain) &&
    !plain.includes('//') &&
    new Set(names).size === names.length
  );
}
