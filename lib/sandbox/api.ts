import type { IncomingMessage } from 'node:http';
import type { Plan } from '../plans.js';
import { grants } from '../scopes.js';
import { isGuid } from '../tenant.js';
import { type Answer, failure, Refusal, success } from './answer.js';
import { draftHandlers } from './drafts.js';
import { entityHandlers } from './entities.js';
import { feedHandlers } from './feed-handlers.js';
import { type Handlers, handlerName } from './handler.js';
import { ingressHandlers } from './ingress.js';
import { journeyStepHandlers } from './journey-steps.js';
import { journeyHandlers } from './journeys.js';
import { TenantLimits } from './limits.js';
import { type SandboxOperation, sunsetMsOf } from './operation.js';
import { guid } from './random.js';
import type { Found } from './routes.js';
import { SANDBOX_TENANTS, seedOf } from './seed.js';
import type { Tokens } from './tokens.js';
import { webhookHandlers } from './webhook-handlers.js';
import { readBody } from './wire.js';
import { World, type WorldOptions } from './world.js';

export interface ApiOptions extends WorldOptions {
  tokens: Tokens;
  plan: Plan;
  onCarriedOut?: (call: CarriedOut) => void;
}

/** A call that has passed all checks. */
export interface CarriedOut {
  /** `service/version/id`. */
  operation: string;
  correlationId: string | null;
}

/** The largest request body that the platform's gateway takes. */
const MAX_BODY_BYTES = 6 * 1024 * 1024;

/** How long before its sunset an operation is announced as deprecated; the contracts give only the sunset. */
const NOTICE_MS = 180 * 24 * 60 * 60 * 1000;

const HANDLERS: Handlers = {
  ...entityHandlers,
  ...draftHandlers,
  ...journeyHandlers,
  ...journeyStepHandlers,
  ...feedHandlers,
  ...webhookHandlers,
  ...ingressHandlers,
};

interface Tenant {
  world: World;
  limits: TenantLimits;
}

/** A request with what it leads to. */
export interface ApiRequest {
  request: IncomingMessage;
  found: Found;
  query: URLSearchParams;
  /** Called with what is to be done when the answer has left. */
  onEnd: (leave: () => void) => void;
}

/** The APIs: the checks that every call goes through, then the world. */
export class Api {
  readonly #options: ApiOptions;
  readonly #tenants: ReadonlyMap<string, Tenant>;

  constructor(options: ApiOptions) {
    this.#options = options;
    const { clock, plan } = options;
    this.#tenants = new Map(
      SANDBOX_TENANTS.map(({ id }) => {
        const world = new World(id, seedOf(id), options);
        return [id, { world, limits: new TenantLimits(clock, plan) }];
      }),
    );
  }

  /** The world of a tenant. */
  world(tenantId: string): World | undefined {
    return this.#tenants.get(tenantId)?.world;
  }

  /** Every tenant's world. */
  get worlds(): World[] {
    return [...this.#tenants.values()].map(({ world }) => world);
  }

  /** Ends what goes on by itself. */
  close(): void {
    for (const world of this.worlds) world.close();
  }

  /** Answers a call. Throws nothing but a broken connection. */
  async answer(call: ApiRequest): Promise<Answer> {
    const headers: Record<string, string> = {};
    const answer = await this.#carryOut(call, headers).catch((error: unknown) => {
      if (error instanceof Refusal) return error.answer;
      throw error;
    });
    return { ...answer, headers: { ...headers, ...answer.headers } };
  }

  /** @param headers gets what every further answer to this call bears */
  async #carryOut(call: ApiRequest, headers: Record<string, string>): Promise<Answer> {
    const { request, found, query } = call;
    if (found.kind !== 'operation') throw new Refusal(notThere(found));
    const { operation, params } = found;
    const scope = this.#scope(request);
    const { world, limits } = this.#tenant(request);
    checkScope(scope, operation);
    this.#checkSunset(operation, headers);
    const pass = limits.enter(operation);
    Object.assign(headers, pass.headers);
    if (pass.refusal)
      throw new Refusal(failure(429, `Too many requests: ${pass.refusal}`, 'TOO_MANY_REQUESTS'));
    call.onEnd(pass.leave);
    const body = await bodyOf(request, operation);
    const correlationId = request.headers['x-correlation-id']?.toString() ?? null;
    const callId = guid(this.#options.random);
    this.#options.onCarriedOut?.({ operation: operation.key, correlationId });
    const handler = HANDLERS[handlerName(operation)];
    const answer = await handler?.({ operation, params, query, body, world, correlationId, callId });
    return answer ?? nothing(operation);
  }

  #scope(request: IncomingMessage): string {
    const scope = this.#options.tokens.scopeOf(request.headers.authorization);
    if (scope !== undefined) return scope;
    // The gateway answers this one, so there is no envelope: the contracts show it so.
    const headers = { 'www-authenticate': 'Bearer error="invalid_token"' };
    throw new Refusal({ status: 401, headers, body: { message: 'Unauthorized' } });
  }

  #tenant(request: IncomingMessage): Tenant {
    const id = request.headers['x-tenant-id']?.toString().trim();
    if (!id) {
      throw new Refusal(failure(400, 'The X-TENANT-ID header is missing', 'MissingTenantHeader'));
    }
    if (!isGuid(id)) {
      throw new Refusal(failure(400, 'The X-TENANT-ID header is not a GUID', 'InvalidTenantHeader'));
    }
    const tenant = this.#tenants.get(id.toLowerCase());
    if (tenant) return tenant;
    const why = 'Access denied. The credential does not reach this tenant';
    throw new Refusal(failure(403, why, 'FORBIDDEN', 'Forbidden'));
  }

  /** Before the day: headers by RFC 9745 and RFC 8594; from the day: 410. */
  #checkSunset({ sunset }: SandboxOperation, headers: Record<string, string>): void {
    if (sunset === undefined) return;
    const sunsetMs = sunsetMsOf(sunset);
    if (this.#options.clock.dateMs() >= sunsetMs) {
      const why = `This endpoint is obsolete and was terminated on ${sunset}`;
      throw new Refusal(failure(410, why, 'OBSOLETE_ENDPOINT'));
    }
    headers.deprecation = `@${(sunsetMs - NOTICE_MS) / 1000}`;
    headers.sunset = new Date(sunsetMs).toUTCString();
  }
}

/** The answer to a request that leads to no operation. */
export function notThere(found: Exclude<Found, { kind: 'operation' }>): Answer {
  if (found.kind === 'badUrl') return failure(400, 'The URL is not properly percent-encoded', 'BAD_REQUEST');
  if (found.kind === 'unknown') return failure(404, 'Not Found. No contract has this path', 'NOT_FOUND');
  const answer = failure(405, 'This path does not take this method', 'METHOD_NOT_ALLOWED');
  return { ...answer, headers: { allow: found.allow.join(', ') } };
}

function checkScope(granted: string, { scope }: SandboxOperation): void {
  if (scope === undefined || grants(granted, scope)) return;
  const why = `Access denied. Following scopes are required: ${scope}`;
  throw new Refusal(failure(403, why, 'FORBIDDEN', 'Forbidden'));
}

async function bodyOf(request: IncomingMessage, operation: SandboxOperation): Promise<unknown> {
  const bytes = await readBody(request, MAX_BODY_BYTES);
  if (!bytes) throw new Refusal(failure(413, 'The request body is larger than 6 MB', 'PAYLOAD_TOO_LARGE'));
  if (!operation.hasBody) return undefined;
  try {
    return JSON.parse(bytes.toString('utf8'));
  } catch {
    const why = bytes.length === 0 ? 'A request body is required' : 'The request body is not valid JSON';
    throw new Refusal(failure(400, why, 'BAD_REQUEST'));
  }
}

/** What an operation answers that the sandbox has no world for. */
function nothing({ service, method }: SandboxOperation): Answer {
  return success(service.endsWith('command') && method !== 'GET' ? 202 : 200, null);
}
