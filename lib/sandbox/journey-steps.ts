import { conflict, notFound, success } from './answer.js';
import { type Call, type Handler, type Handlers, raise } from './handler.js';
import { advance } from './journey-schemas.js';
import { openJourney, save, short, taskOf, urlOf, withTask } from './journeys.js';

/**
 * Journey Command: what happens to tasks, stages and journeys beside their progress. Who owns a task, and whether
 * something is paused, is told in events only: no query shows it.
 */
export const journeyStepHandlers: Handlers = {
  'journeycommand/ReassignTask': onTask('journey:taskreassigned'),
  'journeycommand/PauseTask': onTask(undefined),
  'journeycommand/UnpauseTask': onTask('journey:taskUnpaused'),
  'journeycommand/ResetTask': resetTask,
  'journeycommand/PauseStage': onStage('journey:stagePaused'),
  'journeycommand/UnpauseStage': onStage('journey:stageUnpaused'),
  'journeycommand/PauseInstance': onJourney('journey:journeyPaused'),
  'journeycommand/UnpauseInstance': onJourney('journey:journeyUnpaused'),
};

/** @param eventType undefined where the platform has no event for it */
function onTask(eventType: string | undefined): Handler {
  return (call) => {
    const journey = openJourney(call);
    const { id } = taskOf(journey, call.params.taskId);
    const next = save(call, journey);
    if (eventType) raise(call, eventType, `${urlOf(next)}/task/${id}`, { taskId: id });
    return success(202, short(next));
  };
}

function onStage(eventType: string): Handler {
  return (call) => {
    const journey = openJourney(call);
    const stageId = call.params.stageId?.toLowerCase();
    if (!journey.stages.some(({ id }) => id === stageId)) throw notFound('Journey instance/stage');
    const next = save(call, journey);
    raise(call, eventType, urlOf(next), { journeyId: next.id, stageId });
    return success(202, short(next));
  };
}

function onJourney(eventType: string): Handler {
  return (call) => {
    const next = save(call, openJourney(call));
    raise(call, eventType, urlOf(next), { journeyId: next.id });
    return success(202, short(next));
  };
}

/** A task that is done is open again; those after it wait. */
function resetTask(call: Call) {
  const journey = openJourney(call);
  const task = taskOf(journey, call.params.taskId);
  if (task.status !== 'Done') throw conflict(`The task is ${task.status}, not Done`);
  const next = save(call, advance(withTask(journey, { ...task, status: 'Not Started', completed: null })));
  raise(call, 'journey:taskreopened', `${urlOf(next)}/task/${task.id}`, { taskId: task.id });
  return success(202, short(next));
}
