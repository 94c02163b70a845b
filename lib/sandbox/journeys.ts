import { conflict, invalid, missing, notFound, success } from './answer.js';
import { type Call, type Handlers, raise } from './handler.js';
import { advance, JOURNEY_SCHEMAS, makeJourney, tasksOf } from './journey-schemas.js';
import { isObject, strings } from './json.js';
import type { Journey, Progress, Task, World } from './world.js';

/** Lifecycle states as the public contracts name them. */
type Lifecycle =
  | 'Unknown'
  | 'OnboardingInProgress'
  | 'MaintenanceInProgress'
  | 'Compliant'
  | 'ReviewInProgress'
  | 'PendingOffboarding'
  | 'ClientOffboarded';

/** Which state follows from which journey, the weightiest first. */
const LIFECYCLE_RULES: readonly (readonly [type: string, status: Progress, Lifecycle])[] = [
  ['Client Offboarding', 'Done', 'ClientOffboarded'],
  ['Client Offboarding', 'In Progress', 'PendingOffboarding'],
  ['Client Onboarding', 'In Progress', 'OnboardingInProgress'],
  ['Periodic Review', 'In Progress', 'ReviewInProgress'],
  ['Maintenance', 'In Progress', 'MaintenanceInProgress'],
  ['Client Onboarding', 'Done', 'Compliant'],
];

/** The lifecycle state of an entity: it follows from its journeys. */
export function lifecycleOf(world: World, entityId: string): Lifecycle {
  const journeys = journeysOf(world, entityId);
  const rule = LIFECYCLE_RULES.find(([type, status]) =>
    journeys.some((journey) => journey.type === type && journey.status === status),
  );
  return rule?.[2] ?? 'Unknown';
}

/** Journey Query and Journey Command. */
export const journeyHandlers: Handlers = {
  'journeyquery/GetAllJourneySchemasLite': () =>
    success(
      200,
      JOURNEY_SCHEMAS.map(({ stages: _, ...schema }) => ({ ...schema, status: 'Active' })),
    ),

  'journeyquery/GetJourneyInstanceById': (call) => success(200, visibleJourney(call)),

  'journeyquery/GetTaskById': (call) => success(200, taskOf(visibleJourney(call), call.params.taskId)),

  'journeyquery/GetInstancesByEntityId': (call) => {
    const entityId = call.query.get('entityId');
    if (!entityId) throw invalid([missing('entityId', entityId)]);
    return success(200, journeysOf(call.world, entityId).map(light));
  },

  'journeyquery/GetLinkedJourneysById': (call) => {
    const main = visibleJourney(call);
    const onlyActive = call.query.get('onlyActive') === 'true';
    const linked = journeysOf(call.world, main.entityId).filter(
      ({ id, status }) => id !== main.id && !(onlyActive && status !== 'In Progress'),
    );
    return success(200, linked.map(light));
  },

  'journeyquery/GetLifecycleStatusByEntityId': (call) => {
    const entityId = call.params.entityId ?? '';
    const factors: Record<string, { journeyId: string; status: Progress }[]> = {};
    for (const { id, type, status } of journeysOf(call.world, entityId)) {
      factors[type] = [...(factors[type] ?? []), { journeyId: id, status }];
    }
    return success(200, { entityId, status: lifecycleOf(call.world, entityId), factors });
  },

  'journeycommand/CreateJourney': createJourney,
  'journeycommand/CompleteTask': completeTask,
  'journeycommand/AbortJourneyInstance': abortJourney,
  'journeycommand/BatchAbortJourneyInstances': abortJourneys,
};

function createJourney(call: Call) {
  const { world } = call;
  const data = dataOf(call);
  const { entityId, journeySchemaId } = data;
  const problems = Object.entries({ entityId, journeySchemaId })
    .filter(([, value]) => typeof value !== 'string' || value === '')
    .map(([name, value]) => missing(`data.${name}`, value));
  if (problems.length > 0) throw invalid(problems);
  const entity = world.entities.latest(String(entityId));
  if (!entity) throw notFound('Entity');
  const schema = JOURNEY_SCHEMAS.find(({ id }) => id === String(journeySchemaId).toLowerCase());
  if (!schema) throw notFound('Journey schema');
  const asked = Array.isArray(data.jurisdictions) ? data.jurisdictions : [];
  const jurisdictions = strings(asked.map((item) => (isObject(item) ? item.name : item)));
  const head = {
    id: world.newId(),
    tenantId: world.tenantId,
    entityId: entity.id,
    started: world.now(),
    jurisdictions: jurisdictions.length > 0 ? jurisdictions : entity.jurisdictions,
  };
  const journey = makeJourney(schema, head, () => world.newId());
  world.journeys.write(journey);
  raise(call, 'journey:instancestarted', urlOf(journey), { journeyId: journey.id, entityId: entity.id });
  const firstTask = tasksOf(journey)[0];
  raise(call, 'journey:taskstarted', `${urlOf(journey)}/task/${firstTask?.id}`, { taskId: firstTask?.id });
  return success(202, short(journey));
}

function completeTask(call: Call) {
  const taskId = call.query.get('taskId');
  if (!taskId) throw invalid([missing('taskId', taskId)]);
  const journey = openJourney(call);
  const task = taskOf(journey, taskId);
  if (task.status === 'Done') throw conflict('The task is done already');
  const done: Task = { ...task, status: 'Done', completed: call.world.now() };
  const next = save(call, advance(withTask(journey, done)));
  raise(call, 'journey:taskcompleted', `${urlOf(next)}/task/${task.id}`, { taskId: task.id });
  const wasOpen = new Set(openTasks(journey).map(({ id }) => id));
  for (const { id } of openTasks(next).filter(({ id }) => !wasOpen.has(id))) {
    raise(call, 'journey:taskstarted', `${urlOf(next)}/task/${id}`, { taskId: id });
  }
  if (next.status === 'Done') raise(call, 'journey:instancecompleted', urlOf(next), { journeyId: next.id });
  return success(202, short(next));
}

function abortJourney(call: Call) {
  const { cancellationReason, comments } = dataOf(call);
  const journey = openJourney(call);
  if (typeof cancellationReason !== 'string' || cancellationReason === '') {
    throw invalid([missing('data.cancellationReason', cancellationReason)]);
  }
  return success(202, short(cancel(call, journey, cancellationReason, comments)));
}

/** All of them, or none when one cannot be. */
function abortJourneys(call: Call) {
  const { journeysIds } = dataOf(call);
  const ids = [...new Set(strings(journeysIds).map((id) => id.toLowerCase()))];
  if (ids.length === 0) throw invalid([missing('data.journeysIds', journeysIds)]);
  const journeys = ids.map((id) => openJourney(call, id));
  return success(
    202,
    journeys.map((journey) => short(cancel(call, journey, null, null))),
  );
}

function cancel(call: Call, journey: Journey, reason: string | null, comments: unknown): Journey {
  const next = save(call, {
    ...journey,
    status: 'Cancelled',
    cancelled: call.world.now(),
    cancellationReason: reason,
    cancelationComment: typeof comments === 'string' ? comments : null,
  });
  raise(call, 'journey:instancecancelled', urlOf(next), { journeyId: next.id });
  return next;
}

/** Writes a new version of a journey. */
export function save(call: Call, journey: Journey): Journey {
  const next = { ...journey, version: journey.version + 1 };
  call.world.journeys.write(next);
  return next;
}

function visibleJourney(call: Call): Journey {
  const journey = call.world.journeys.visible(call.params.journeyInstanceId ?? '');
  if (!journey) throw notFound('Journey instance');
  return journey;
}

/** The journey that a command names, or that of an id, when it may still be changed. */
export function openJourney(call: Call, id = call.params.journeyInstanceId ?? ''): Journey {
  const journey = call.world.journeys.latest(id);
  if (!journey) throw notFound('Journey instance');
  if (journey.status !== 'In Progress') throw conflict(`The journey is ${journey.status}, not In Progress`);
  return journey;
}

/** A task of a journey, by an id of any case. */
export function taskOf(journey: Journey, taskId: string | undefined): Task {
  const task = tasksOf(journey).find(({ id }) => id === taskId?.toLowerCase());
  if (!task) throw notFound('Journey instance/task');
  return task;
}

function openTasks(journey: Journey): Task[] {
  return tasksOf(journey).filter(({ status }) => status === 'In Progress');
}

/** The journey with another state of one of its tasks. */
export function withTask(journey: Journey, task: Task): Journey {
  const stages = journey.stages.map((stage) => ({
    ...stage,
    processes: stage.processes.map((process) => ({
      ...process,
      tasks: process.tasks.map((other) => (other.id === task.id ? task : other)),
    })),
  }));
  return { ...journey, stages };
}

/** The journeys of an entity as the query side shows them, the latest first. */
function journeysOf(world: World, entityId: string): Journey[] {
  const id = entityId.toLowerCase();
  const own = world.journeys.allVisible().filter((journey) => journey.entityId === id);
  return own.sort((a, b) => (a.started < b.started ? 1 : -1));
}

/** A journey without its stages, as lists show it. */
function light({ stages: _, ...journey }: Journey) {
  return journey;
}

/** What a command answers of the journey that it changed. */
export function short({ id, entityId, status, version }: Journey) {
  return { id, entityId, status, version };
}

/** Where the query side shows a journey. */
export function urlOf(journey: Journey): string {
  return `journeyquery/api/journey-instance/${journey.id}`;
}

/** The `data` that a command must have. */
export function dataOf(call: Call) {
  const data = isObject(call.body) ? call.body.data : undefined;
  if (!isObject(data)) throw invalid([missing('data', data)]);
  return data;
}
