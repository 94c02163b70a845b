import type { Journey, Progress, Stage } from './world.js';

/** A kind of journey: what a journey instance is made from. */
export interface JourneySchema {
  id: string;
  /** Short name. */
  identifier: string;
  type: string;
  name: string;
  versionNumber: number;
  stages: readonly { name: string; tasks: readonly (readonly [name: string, type: string])[] }[];
}

/** The schemas of every tenant, with fixed ids. */
export const JOURNEY_SCHEMAS: readonly JourneySchema[] = [
  {
    id: '5c000000-0000-4000-8000-000000000001',
    identifier: 'ONB_1',
    type: 'Client Onboarding',
    name: 'Client Onboarding',
    versionNumber: 1,
    stages: [
      { name: 'New Request', tasks: [['Capture Request Details', 'DataCapture']] },
      {
        name: 'Due Diligence',
        tasks: [
          ['Complete KYC Data', 'DataCapture'],
          ['Collect Documents', 'DocumentRequirements'],
          ['Screen Client', 'Screening'],
        ],
      },
      {
        name: 'Approval',
        tasks: [
          ['Review Risk', 'RiskAssessment'],
          ['Approve Client', 'ReviewAndApproval'],
        ],
      },
    ],
  },
  {
    id: '5c000000-0000-4000-8000-000000000002',
    identifier: 'PR_1',
    type: 'Periodic Review',
    name: 'Periodic Review',
    versionNumber: 1,
    stages: [
      {
        name: 'Review',
        tasks: [
          ['Refresh KYC Data', 'DataCapture'],
          ['Screen Client', 'Screening'],
        ],
      },
      { name: 'Sign-off', tasks: [['Approve Review', 'ReviewAndApproval']] },
    ],
  },
  {
    id: '5c000000-0000-4000-8000-000000000003',
    identifier: 'MNT_1',
    type: 'Maintenance',
    name: 'Client Maintenance',
    versionNumber: 1,
    stages: [
      {
        name: 'Change',
        tasks: [
          ['Capture Change', 'DataCapture'],
          ['Verify Change', 'ReviewAndApproval'],
        ],
      },
    ],
  },
  {
    id: '5c000000-0000-4000-8000-000000000004',
    identifier: 'OFF_1',
    type: 'Client Offboarding',
    name: 'Client Offboarding',
    versionNumber: 1,
    stages: [{ name: 'Offboarding', tasks: [['Close Relationship', 'ReviewAndApproval']] }],
  },
];

/** How long the tasks took that are done from the start. */
const WORK_MS = 14 * 24 * 60 * 60 * 1000;

/** Gives ids to the parts of a journey, in the order in which they are made. */
export type PartId = (kind: 'stage' | 'process' | 'task') => string;

/**
 * Makes a journey of a schema.
 *
 * @param head what identifies it
 * @param doneTasks how many tasks, from the first, are done already
 */
export function makeJourney(
  schema: JourneySchema,
  head: Pick<Journey, 'id' | 'tenantId' | 'entityId' | 'started' | 'jurisdictions'>,
  partId: PartId,
  doneTasks = 0,
): Journey {
  let number = 0;
  const doneDate = new Date(Date.parse(head.started) + WORK_MS).toISOString();
  const stages = schema.stages.map(({ name, tasks }, index) => ({
    id: partId('stage'),
    name,
    order: index + 1,
    status: 'Not Started' as const,
    processes: [
      {
        id: partId('process'),
        name,
        order: 1,
        status: 'Not Started' as const,
        tasks: tasks.map(([taskName, type]) => {
          const done = number++ < doneTasks;
          const status: Progress = done ? 'Done' : 'Not Started';
          return { id: partId('task'), name: taskName, type, status, completed: done ? doneDate : null };
        }),
      },
    ],
  }));
  return advance({
    ...head,
    journeySchemaId: schema.id,
    journeySchemaVersionNumber: schema.versionNumber,
    identifier: schema.identifier,
    type: schema.type,
    name: schema.name,
    status: 'In Progress',
    completed: null,
    cancelled: null,
    cancellationReason: null,
    cancelationComment: null,
    stages,
    version: 1,
  });
}

/** The journey with the states that follow from its tasks: what is due next is in progress. */
export function advance(journey: Journey): Journey {
  let open = true;
  const stages: Stage[] = journey.stages.map((stage) => {
    const processes = stage.processes.map((process) => {
      const tasks = process.tasks.map((task) => {
        if (task.status === 'Done') return task;
        const status: Progress = open ? 'In Progress' : 'Not Started';
        open = false;
        return { ...task, status };
      });
      return { ...process, tasks, status: together(tasks) };
    });
    return { ...stage, processes, status: together(processes) };
  });
  const lastDate = tasksOf({ stages }).at(-1)?.completed ?? journey.started;
  const done = together(stages) === 'Done';
  return { ...journey, stages, status: done ? 'Done' : 'In Progress', completed: done ? lastDate : null };
}

/** Every task of a journey, in order. */
export function tasksOf(journey: Pick<Journey, 'stages'>) {
  return journey.stages.flatMap((stage) => stage.processes.flatMap((process) => process.tasks));
}

function together(parts: readonly { status: Progress }[]): Progress {
  if (parts.every(({ status }) => status === 'Done')) return 'Done';
  return parts.some(({ status }) => status !== 'Not Started') ? 'In Progress' : 'Not Started';
}
