import type { Call } from '../../lib/http/call.js';
import { isCount, isSpan, numberIn } from '../shared/number-property.js';
import type { RequestProperties } from './definition.js';

/** The part of a call that says how long it may take, and what is done when it fails or has to wait. */
export type CallTerms = Required<Pick<Call, 'timeoutMs' | 'retry' | 'patienceMs' | 'urgent'>>;

/**
 * What a node says of these; messages have no say in it.
 *
 * @throws FENERGO_INPUT that names the property which is no number, or out of range
 */
export function termsOf(properties: RequestProperties): CallTerms {
  const { timeout, tries, longestPause, repeatable, patience, priority } = properties;
  return {
    timeoutMs: numberIn('Timeout', timeout, (seconds) => seconds > 0, 'a number of seconds above 0') * 1000,
    retry: {
      maxTries: numberIn('Tries', tries, isCount, 'a whole number from 1'),
      longestPauseMs: numberIn('Longest pause', longestPause, isSpan, 'a number of seconds from 0') * 1000,
      repeatable,
    },
    patienceMs: numberIn('Patience', patience, isSpan, 'a number of seconds from 0') * 1000,
    urgent: priority === 'first',
  };
}
