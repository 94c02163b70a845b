import { isGuid } from '../tenant.js';
import { type Answer, invalid, missing, notFound, type Problem, success, wrong } from './answer.js';
import type { Call, Handlers } from './handler.js';
import { isObject, type JsonObject } from './json.js';

/** An event that a client has sent in, with what became of it. */
export interface IngressEvent {
  readonly id: string;
  readonly eventType: string;
  readonly eventSubtype: string;
  readonly entityId: string | null;
  readonly correlationId: string | null;
  readonly source: string;
  readonly payload: unknown;
  readonly priority: number | null;
  readonly receivedTime: string;
  /** Why it failed; null when it did not. */
  readonly cause: string | null;
}

const MAX_CORRELATION_ID = 512;
const MAX_SOURCE = 256;

/**
 * Event Ingress: events into the platform. An event about an entity that is not there fails; what becomes of any other
 * is success. It shows, and is told of, when the query side would show it.
 */
export const ingressHandlers: Handlers = {
  'eventingress/SendEvent': sendEvent,

  'eventingress/GetEvent': ({ world, params }) => {
    const id = params.eventId ?? '';
    const processed = world.ingress.visible(id);
    const event = processed ?? world.ingress.latest(id);
    if (!event) throw notFound('Event');
    return success(200, view(event, processed !== undefined));
  },
};

function sendEvent(call: Call): Answer {
  const { world } = call;
  const data = isObject(call.body) ? call.body : {};
  const problems = problemsOf(data);
  if (problems.length > 0) throw invalid(problems);
  const entityId = (data.entityId as string) || null;
  const known = entityId === null || world.entities.latest(entityId) !== undefined;
  const event: IngressEvent = {
    id: world.newId(),
    eventType: String(data.eventType),
    eventSubtype: String(data.eventSubtype),
    entityId,
    correlationId: (data.correlationId as string) || call.correlationId,
    source: String(data.source),
    payload: data.payload ?? null,
    priority: (data.priority as number | null) ?? null,
    receivedTime: world.now(),
    cause: known ? null : 'Entity with given id does not exist',
  };
  world.ingress.write(event);
  tell(call, event);
  return success(202, { eventId: event.id, timeStamp: event.receivedTime });
}

/** The outcome bears the correlation id of the event itself. */
function tell(
  { world }: Call,
  { id, eventType, eventSubtype, entityId, correlationId, cause }: IngressEvent,
) {
  const payload = { eventId: id, eventType, eventSubtype, entityId };
  world.raise({
    eventType: cause === null ? 'eventingress:success' : 'eventingress:failed',
    causationId: id,
    correlationId,
    relativeUrl: `eventingress/v1/events/${id}`,
    payload: cause === null ? payload : { ...payload, cause },
  });
}

function view({ id, payload, cause, ...event }: IngressEvent, processed: boolean) {
  const outcome = cause === null ? 'Processed' : 'Failed';
  const failed = processed && cause !== null;
  return {
    ...event,
    eventId: id,
    status: {
      status: processed ? outcome : 'Processing',
      statusDetails: failed ? { cause, details: [], warnings: [] } : null,
    },
    processedTime: processed ? event.receivedTime : null,
    eventData: payload,
    entities: [],
  };
}

function problemsOf(data: JsonObject): Problem[] {
  const { entityId, priority } = data;
  const required = ['eventType', 'eventSubtype', 'source'].filter(
    (name) => typeof data[name] !== 'string' || data[name] === '',
  );
  const entityIsRight = entityId === undefined || entityId === null || isGuid(String(entityId));
  const priorityIsRight = priority === undefined || priority === null || Number.isInteger(priority);
  return [
    ...required.map((name) => missing(name, data[name])),
    ...(required.includes('source') ? [] : longProblems(data, 'source', MAX_SOURCE)),
    ...longProblems(data, 'correlationId', MAX_CORRELATION_ID),
    ...(entityIsRight ? [] : [wrong('entityId', "'entityId' must be a GUID.", entityId)]),
    ...(priorityIsRight ? [] : [wrong('priority', "'priority' must be a whole number.", priority)]),
  ];
}

function longProblems(data: JsonObject, name: string, max: number): Problem[] {
  const value = data[name] ?? '';
  if (typeof value === 'string' && value.length <= max) return [];
  return [wrong(name, `'${name}' must be a text of ${max} characters or fewer.`, value)];
}
