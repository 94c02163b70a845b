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
  readonly hasBody: boolean;
  /** The scope that the operation needs; absent where it is not known. */
  readonly scope?: string;
  /** The day (UTC) from which the operation answers 410, as YYYY-MM-DD. */
  readonly sunset?: string;
}
