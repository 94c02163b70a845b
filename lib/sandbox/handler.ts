import type { Answer } from './answer.js';
import type { SandboxOperation } from './operation.js';
import type { World } from './world.js';

/** A call that has passed every check. */
export interface Call {
  readonly operation: SandboxOperation;
  readonly params: Readonly<Record<string, string>>;
  readonly query: URLSearchParams;
  /** The parsed body; undefined for an operation without one. */
  readonly body: unknown;
  readonly world: World;
  /** The caller's `x-correlation-id`. */
  readonly correlationId: string | null;
  /** Names this call in the events that it causes. */
  readonly callId: string;
}

/**
 * Carries out a call. Throws a Refusal to fail it. What it does to the world it does in one go, so that two calls never
 * mix; only an answer that waits for somebody else is a promise.
 */
export type Handler = (call: Call) => Answer | Promise<Answer>;

/** Handlers by `service/id`, the id without a version at its end: all versions of a contract share them. */
export type Handlers = Readonly<Record<string, Handler>>;

/** The name under which an operation's handler is listed: `entitydatacommand/VerifyEntityDraft` for its V3 too. */
export function handlerName(operation: SandboxOperation): string {
  return `${operation.service}/${operation.id.replace(/V\d+$/, '')}`;
}

/** Tells the world of something that this call caused. */
export function raise(call: Call, eventType: string, relativeUrl: string, payload: unknown = {}): void {
  const { callId, correlationId } = call;
  call.world.raise({ eventType, relativeUrl, payload, causationId: callId, correlationId });
}
