import type { CallFacts, PlatformMessage } from './facts.js';

/** What can go wrong, as a flow sees it in `error.code`. */
export type ErrorCode =
  | 'FENERGO_CONFIG'
  | 'FENERGO_INPUT'
  | 'FENERGO_AUTH'
  | 'FENERGO_UNAUTHORIZED'
  | 'FENERGO_FORBIDDEN'
  | 'FENERGO_NOT_FOUND'
  | 'FENERGO_CONFLICT'
  | 'FENERGO_GONE'
  | 'FENERGO_VALIDATION'
  | 'FENERGO_RATE_LIMITED'
  | 'FENERGO_QUEUE_FULL'
  | 'FENERGO_UNAVAILABLE'
  | 'FENERGO_SERVER'
  | 'FENERGO_TIMEOUT'
  | 'FENERGO_NETWORK'
  | 'FENERGO_ABORTED'
  | 'FENERGO_RESPONSE';

/** What is known of a failure besides its words. Never a secret, a token or the form of a token request. */
export interface FailureFacts {
  statusCode?: number;
  messages?: PlatformMessage[];
  /** The answer of the platform as it came: it may hold client data, so it goes on the message and never into a log. */
  body?: unknown;
  /** The call that failed, where one was sent. */
  call?: CallFacts;
}

/**
 * An error whose message says what is wrong, where, and what to do.
 *
 * Node-RED's Catch node sees of an error only `toString()` and the own properties `code`, `stack` and `cause`;
 * so those are own, and `toString()` is the plain message. The facts stay out of sight of a log.
 */
export class FenergoError extends Error {
  readonly code: ErrorCode;
  readonly #facts: FailureFacts;

  constructor(code: ErrorCode, message: string, options: FailureFacts & { cause?: unknown } = {}) {
    const { cause, ...facts } = options;
    super(message, cause === undefined ? undefined : { cause });
    this.code = code;
    this.#facts = facts;
  }

  override get name(): string {
    return 'FenergoError';
  }

  get facts(): FailureFacts {
    return this.#facts;
  }

  override toString(): string {
    return this.message;
  }
}

/**
 * The innocent part of a foreign error: message and code. HTTP libraries hang the whole request on their errors,
 * with the secret and the token in it, so a foreign error is never passed on as it is.
 *
 * @param error anything that was thrown
 * @returns an error to use as `cause`
 */
export function safeCause(error: unknown): Error {
  const { message, code } = (error ?? {}) as { message?: unknown; code?: unknown };
  const cause = new Error(typeof message === 'string' ? message : 'unknown error') as Error & {
    code?: string;
  };
  if (typeof code === 'string') cause.code = code;
  cause.stack = undefined;
  return cause;
}
