import { FenergoError } from '../../lib/errors.js';
import type { CallFacts } from '../../lib/facts.js';
import type { Call, CallResult } from '../../lib/http/call.js';
import { cancelSignalOf } from './cancel-signal.js';
import { keptEvent } from './events/event-message.js';
import type { FlowMessage } from './input.js';

/** Puts a successful call on its message. */
export function noteSuccess(
  msg: FlowMessage,
  operation: string,
  call: Call,
  url: string,
  result: CallResult,
): void {
  msg.payload = result.payload;
  msg.statusCode = result.statusCode;
  msg.headers = result.headers;
  msg.fenergo = {
    ...keptEvent(msg),
    ...callFacts(operation, call, url),
    ...known(result.facts),
    ...keptSignal(msg),
  };
}

/**
 * Puts a failed call on its message; the payload stays as it came.
 *
 * @param built the call, when it got as far as that
 */
export function noteFailure(
  msg: FlowMessage,
  error: unknown,
  built?: { operation: string; call: Call; url: string },
): void {
  const facts = error instanceof FenergoError ? error.facts : {};
  const { code } = error as { code?: unknown };
  const { statusCode, messages = [], body, call } = facts;
  if (statusCode === undefined) delete msg.statusCode;
  else msg.statusCode = statusCode;
  msg.fenergo = {
    ...keptEvent(msg),
    ...(built ? callFacts(built.operation, built.call, built.url) : {}),
    ...known(call ?? { attempts: 0, durationMs: 0, messages }),
    messages,
    error: { code, statusCode, messages, body },
    ...keptSignal(msg),
  };
}

/** The signal goes on with its message; one that has done its work would end the message's next call, too. */
function keptSignal(msg: FlowMessage): { cancel?: AbortSignal } {
  const cancel = cancelSignalOf(msg);
  return cancel && !cancel.aborted ? { cancel } : {};
}

function callFacts(operation: string, { method, tenantId, correlationId }: Call, url: string) {
  return { operation, method, url, tenantId, correlationId };
}

function known({ attempts, durationMs, messages, rateLimit, deprecation, sunset }: CallFacts) {
  return {
    attempts,
    durationMs,
    messages,
    ...(rateLimit ? { rateLimit } : {}),
    ...(deprecation ? { deprecation } : {}),
    ...(sunset ? { sunset } : {}),
  };
}
