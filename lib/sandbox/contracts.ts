import { isObject, type JsonObject } from './json.js';
import { type SandboxOperation, sunsetMsOf } from './operation.js';

/** An OpenAPI document, as far as the sandbox writes one. */
export interface Contract {
  openapi: '3.0.1';
  info: { title: string; version: string };
  servers: { url: string }[];
  /** Path → method in small letters → operation. */
  paths: Record<string, JsonObject>;
  components: { schemas: JsonObject };
}

interface Parameter {
  name: string;
  in: 'header' | 'path' | 'query';
  required?: true;
  schema: { type: 'string' };
}

/** The version of an API in the address of its contract and in the contract: `1.0` for `v1`. */
export function contractVersion(version: string): string {
  return `${version.replace(/\D/g, '')}.0`;
}

/**
 * The contract of one service and version, in the form of the vendor's public ones.
 *
 * @param version as in the contract: `1.0`
 * @param operations those of this service and version
 * @param dateMs tells a sunset that is past from one to come; milliseconds since 1970
 */
export function contractOf(
  service: string,
  version: string,
  operations: readonly SandboxOperation[],
  dateMs: number,
): Contract {
  const paths = new Map<string, Map<string, JsonObject>>();
  for (const operation of operations) {
    const methods = paths.get(operation.path) ?? new Map<string, JsonObject>();
    const method = operation.method.toLowerCase();
    // The first of two answers the calls too.
    if (!methods.has(method)) methods.set(method, describe(operation, dateMs));
    paths.set(operation.path, methods);
  }
  const withBody = operations.filter(({ hasBody }) => hasBody);
  return {
    openapi: '3.0.1',
    info: { title: service, version },
    servers: [{ url: `/${service}` }],
    paths: Object.fromEntries([...paths].map(([path, methods]) => [path, Object.fromEntries(methods)])),
    components: {
      schemas: Object.fromEntries(withBody.map(({ id, body }) => [schemaName(id), schemaOf(body)])),
    },
  };
}

function describe(operation: SandboxOperation, dateMs: number): JsonObject {
  const { id, sunset, hasBody } = operation;
  return {
    operationId: id,
    ...(sunset === undefined ? {} : obsolescence(sunset, dateMs)),
    parameters: parametersOf(operation),
    ...(hasBody ? { requestBody: requestBodyOf(operation) } : {}),
    // A contract must name one answer at least, and the catalog knows none.
    responses: { default: { description: 'The data, or the messages that say why there is none' } },
  };
}

function obsolescence(sunset: string, dateMs: number): JsonObject {
  const end = dateMs >= sunsetMsOf(sunset) ? 'was' : 'will be';
  return { deprecated: true, description: `This endpoint is obsolete and ${end} terminated on ${sunset}.` };
}

function parametersOf({ pathParams, query = [] }: SandboxOperation): Parameter[] {
  const schema = { type: 'string' } as const;
  return [
    { name: 'X-TENANT-ID', in: 'header', required: true, schema },
    ...pathParams.map((name): Parameter => ({ name, in: 'path', required: true, schema })),
    ...query.map((name): Parameter => ({ name, in: 'query', schema })),
  ];
}

function requestBodyOf({ id, body }: SandboxOperation): JsonObject {
  const schema = { $ref: `#/components/schemas/${schemaName(id)}` };
  // Without an example: null stands for a shape that is not known, nobody should send it.
  const media = body === undefined || body === null ? { schema } : { schema, example: body };
  return { content: { 'application/json': media } };
}

function schemaName(id: string): string {
  return `${id}Request`;
}

/** What an example tells of the values that may stand in its place. It does not tell what must be there. */
function schemaOf(example: unknown): JsonObject {
  if (Array.isArray(example)) return { type: 'array', items: schemaOf(example[0]) };
  if (isObject(example)) return objectSchema(example);
  // A number without a fraction does not prove that none may have one.
  if (['string', 'number', 'boolean'].includes(typeof example)) return { type: typeof example };
  return {};
}

function objectSchema(example: JsonObject): JsonObject {
  const entries = Object.entries(example);
  if (entries.length === 0) return { type: 'object', additionalProperties: true };
  // By fromEntries: an assignment of `__proto__` would set no property.
  const properties = Object.fromEntries(entries.map(([name, value]) => [name, schemaOf(value)]));
  return { type: 'object', properties };
}
