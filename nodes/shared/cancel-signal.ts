import type { FlowMessage } from './input.js';

/**
 * The signal in `msg.fenergo.cancel` that ends the call of a message; anything else that is found there is no signal.
 */
export function cancelSignalOf({ fenergo }: FlowMessage): AbortSignal | undefined {
  const signal = (fenergo as { cancel?: unknown } | null | undefined)?.cancel;
  return isSignal(signal) ? signal : undefined;
}

function isSignal(value: unknown): value is AbortSignal {
  try {
    // What only inherits from a signal throws here.
    return value instanceof AbortSignal && typeof value.aborted === 'boolean';
  } catch {
    return false;
  }
}
