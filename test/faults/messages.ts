import { SANDBOX_TENANTS, seedId } from '../../lib/sandbox/sandbox.js';
import type { Scenario } from './scenarios.js';

const TENANTS = SANDBOX_TENANTS.map(({ id }, index) => ({ id, entity: seedId('entity', index + 1, 1) }));

/** So many go to services with a window of a minute, so that nobody has to wait for its end. */
const MOST_LIMITED = 60;

/** Whether the message of this number reads; the others are commands. */
export const reads = (number: number): boolean => number % 2 === 0;

/**
 * The message of this number: a read for even numbers; for odd ones a command, of a service with windows of its own or
 * of one without. The two tenants share them.
 */
export function messageOf(number: number, scenario: Scenario): Record<string, unknown> {
  const pair = Math.floor(number / 2);
  const { id: tenantId, entity } = TENANTS[Math.floor(pair / 2) % TENANTS.length] as (typeof TENANTS)[number];
  const base = { number, tenantId, correlationId: `message-${number}` };
  if (reads(number))
    return { ...base, operation: 'entitydataquery/v2/GetEntityById', params: { id: entity } };
  const { from = 0, to = 0 } = scenario.events ?? {};
  if (number >= from && number < to) {
    const event = {
      eventType: 'fault',
      eventSubtype: 'suite',
      source: 'test',
      correlationId: base.correlationId,
    };
    return { ...base, operation: 'eventingress/v1/SendEvent', payload: event };
  }
  return { ...base, ...commandOf(pair, entity), payload: { sourceId: entity, filler: filler(scenario) } };
}

function commandOf(pair: number, entity: string): Record<string, unknown> {
  if (pair % 2 === 0 || pair >= 2 * MOST_LIMITED) {
    return { operation: 'associationcommand/v1/CreateAssociation', params: {} };
  }
  return Math.floor(pair / 4) % 2 === 0
    ? { operation: 'entitydatacommand/v1/CreateUrlToUploadFile', params: { id: entity } }
    : { operation: 'journeycommand/v1/ReassignJourneyOwner', params: { journeyInstanceId: entity } };
}

function filler({ bodyBytes = 0 }: Scenario): string {
  return 'x'.repeat(bodyBytes);
}
