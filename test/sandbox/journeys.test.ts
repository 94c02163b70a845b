import should from 'should';
import { seedId } from '../../lib/sandbox/sandbox.js';
import { ENTITY, Harness, OTHER_TENANT, statuses, TENANT } from './harness.js';

const QUERY = '/journeyquery/api';
const COMMAND = '/journeycommand/api/journey-instance';
const JOURNEY = seedId('journey', 1, 303);
const ONBOARDING = '5c000000-0000-4000-8000-000000000001';
const NO_JOURNEYS = seedId('entity', 1, 4);

interface JourneyView {
  id: string;
  status: string;
  started: string;
  stages: {
    id: string;
    status: string;
    processes: { status: string; tasks: { id: string; status: string }[] }[];
  }[];
}

const tasksOf = ({ stages }: JourneyView) =>
  stages.flatMap(({ processes }) => processes.flatMap(({ tasks }) => tasks));

describe('sandbox journeys', () => {
  let harness: Harness;
  before(async () => {
    harness = await Harness.start({ tokenSeconds: 1_000_000 });
  });
  beforeEach(() => harness.reset());
  after(() => harness.close());

  const journey = async (id: string): Promise<JourneyView> =>
    (await harness.get(`${QUERY}/journey-instance/${id}`)).json.data;
  const complete = (id: string, taskId: string) =>
    harness.call('PUT', `${COMMAND}/${id}/task/complete?taskId=${taskId}`);
  const lifecycle = async (entityId: string) =>
    (await harness.get(`${QUERY}/journey-instance/lifecycle-status/entity/${entityId}`)).json.data;
  const instances = async (entityId: string, tenant = TENANT): Promise<JourneyView[]> =>
    (await harness.get(`${QUERY}/journey-instance/search?entityId=${entityId}`, { tenant })).json.data;

  for (const [index, tenant] of [TENANT, OTHER_TENANT].entries()) {
    it(`seeds no to three journeys for each entity (tenant ${index + 1})`, async () => {
      const counts = [];
      for (let number = 1; number <= 25; number++) {
        counts.push((await instances(seedId('entity', index + 1, number), tenant)).length);
      }
      counts.slice(0, 5).should.deepEqual([1, 2, 3, 0, 1]);
      new Set(counts).should.deepEqual(new Set([0, 1, 2, 3]));
      const ofTheOther = await instances(seedId('entity', 2 - index, 3), tenant);
      ofTheOther.should.deepEqual([]);
    });
  }

  it('lists the journeys of an entity without stages, the latest first', async () => {
    const list = await instances(ENTITY);
    list.map(({ id }) => id).should.deepEqual([303, 302, 301].map((number) => seedId('journey', 1, number)));
    list.map(({ status }) => status).should.deepEqual(['In Progress', 'Done', 'Done']);
    should(list[0]).not.have.property('stages');
    const { status, json } = await harness.get(`${QUERY}/journey-instance/search`);
    status.should.equal(400);
    json.data[0].propertyName.should.equal('entityId');
    (await instances('nobody')).should.deepEqual([]);
  });

  it('shows a journey with its stages, processes and tasks', async () => {
    const data = await journey(JOURNEY);
    data.should.have.properties({
      id: JOURNEY,
      entityId: ENTITY,
      type: 'Maintenance',
      status: 'In Progress',
    });
    tasksOf(data)
      .map(({ status }) => status)
      .should.deepEqual(['Done', 'In Progress']);
    const { status, json } = await harness.get(`${QUERY}/journey-instance/nothing`);
    status.should.equal(404);
    should(json.data).equal(null);
  });

  it('shows a task', async () => {
    const [task] = tasksOf(await journey(JOURNEY));
    const path = `${QUERY}/journey-instance/${JOURNEY}/task`;
    (await harness.get(`${path}/${task?.id}`)).json.data.should.deepEqual(task);
    (await harness.get(`${path}/nothing`)).status.should.equal(404);
  });

  it('shows linked journeys, all or the active', async () => {
    const path = `${QUERY}/journey-instance/${seedId('journey', 1, 301)}/linked-journeys`;
    (await harness.get(`${path}?onlyActive=false`)).json.data.should.have.length(2);
    const { json } = await harness.get(`${path}?onlyActive=true`);
    json.data.map(({ id }: JourneyView) => id).should.deepEqual([JOURNEY]);
    (await harness.get(`${QUERY}/journey-instance/nothing/linked-journeys`)).status.should.equal(404);
  });

  it('tells the lifecycle status', async () => {
    const data = await lifecycle(ENTITY);
    data.should.have.properties({ entityId: ENTITY, status: 'MaintenanceInProgress' });
    data.factors.Maintenance.should.deepEqual([{ journeyId: JOURNEY, status: 'In Progress' }]);
    const seen = new Set<string>();
    for (let number = 1; number <= 25; number++)
      seen.add((await lifecycle(seedId('entity', 1, number))).status);
    seen.should.deepEqual(
      new Set([
        'OnboardingInProgress',
        'ReviewInProgress',
        'MaintenanceInProgress',
        'Unknown',
        'Compliant',
        'PendingOffboarding',
      ]),
    );
  });

  it('lists the schemas', async () => {
    const { json } = await harness.get(`${QUERY}/journey-schema/lite`);
    json.data.map(({ id }: { id: string }) => id).should.containEql(ONBOARDING);
  });

  it('starts a journey that can be read after the delay', async () => {
    const data = { entityId: NO_JOURNEYS, journeySchemaId: ONBOARDING, jurisdictions: [{ name: 'Japan' }] };
    const { status, json } = await harness.send('POST', COMMAND, data);
    status.should.equal(202);
    json.data.should.have.properties({ entityId: NO_JOURNEYS, status: 'In Progress', version: 1 });
    harness.clock.advance(499);
    (await instances(NO_JOURNEYS)).should.deepEqual([]);
    harness.clock.advance(1);
    const made = await journey(json.data.id);
    made.should.have.properties({ jurisdictions: ['Japan'], type: 'Client Onboarding' });
    tasksOf(made)
      .map((task) => task.status)
      .should.deepEqual(['In Progress', ...Array(5).fill('Not Started')]);
    (await lifecycle(NO_JOURNEYS)).status.should.equal('OnboardingInProgress');
  });

  it('refuses to start a journey without, or of unknown, entity or schema', async () => {
    const { status, json } = await harness.send('POST', COMMAND, { journeySchemaId: '' });
    status.should.equal(400);
    json.data
      .map(({ propertyName }: { propertyName: string }) => propertyName)
      .should.deepEqual(['data.entityId', 'data.journeySchemaId']);
    const start = (entityId: string, journeySchemaId: string) =>
      harness.send('POST', COMMAND, { entityId, journeySchemaId });
    (await start('nobody', ONBOARDING)).status.should.equal(404);
    (await start(seedId('entity', 2, 4), ONBOARDING)).status.should.equal(404);
    (await start(ENTITY, 'nothing')).status.should.equal(404);
  });

  it('goes through a journey task by task', async () => {
    const data = { entityId: NO_JOURNEYS, journeySchemaId: ONBOARDING };
    const { id } = (await harness.send('POST', COMMAND, data)).json.data;
    for (let done = 0; done < 6; done++) {
      harness.clock.advance(500);
      const open = tasksOf(await journey(id)).find(({ status }) => status === 'In Progress');
      const { status, json } = await complete(id, open?.id ?? '');
      status.should.equal(202);
      json.data.should.have.properties({ id, version: done + 2, status: done < 5 ? 'In Progress' : 'Done' });
    }
    harness.clock.advance(500);
    const made = await journey(id);
    made.should.have.properties({
      status: 'Done',
      completed: new Date(harness.clock.dateMs() - 500).toISOString(),
    });
    made.stages.map(({ status }) => status).should.deepEqual(['Done', 'Done', 'Done']);
    (await lifecycle(NO_JOURNEYS)).status.should.equal('Compliant');
    const kinds = harness.sandbox.events(TENANT).map(({ eventType }) => eventType);
    kinds.slice(0, 2).should.deepEqual(['journey:instancestarted', 'journey:taskstarted']);
    kinds.filter((kind) => kind === 'journey:taskcompleted').should.have.length(6);
    should(kinds.at(-1)).equal('journey:instancecompleted');
  });

  it('completes a task that is not due yet without opening another', async () => {
    const data = { entityId: NO_JOURNEYS, journeySchemaId: ONBOARDING };
    const { id } = (await harness.send('POST', COMMAND, data)).json.data;
    harness.clock.advance(500);
    const last = tasksOf(await journey(id)).at(-1);
    (await complete(id, last?.id ?? '')).status.should.equal(202);
    harness.clock.advance(500);
    tasksOf(await journey(id))
      .filter(({ status }) => status === 'In Progress')
      .should.have.length(1);
  });

  it('lets one of many parallel completions through', async () => {
    const due = tasksOf(await journey(seedId('journey', 1, 101)))[0]?.id ?? '';
    const replies = await Promise.all(
      Array.from({ length: 8 }, () => complete(seedId('journey', 1, 101), due)),
    );
    statuses(replies).should.deepEqual([202, ...Array(7).fill(409)]);
  });

  it('refuses to complete what cannot be completed', async () => {
    const [done] = tasksOf(await journey(JOURNEY));
    (await harness.call('PUT', `${COMMAND}/${JOURNEY}/task/complete`)).status.should.equal(400);
    (await complete(JOURNEY, done?.id ?? '')).status.should.equal(409);
    (await complete(JOURNEY, 'nothing')).status.should.equal(404);
    (await complete('nothing', done?.id ?? '')).status.should.equal(404);
    (await complete(seedId('journey', 1, 301), done?.id ?? '')).status.should.equal(409);
  });

  it('aborts a journey, once', async () => {
    const abort = (data: object) => harness.send('PUT', `${COMMAND}/${JOURNEY}/abort`, data);
    (await abort({})).status.should.equal(400);
    const { status, json } = await abort({ cancellationReason: 'Client withdrew', comments: 'by phone' });
    status.should.equal(202);
    json.data.status.should.equal('Cancelled');
    (await abort({ cancellationReason: 'again' })).status.should.equal(409);
    harness.clock.advance(500);
    (await journey(JOURNEY)).should.have.properties({
      status: 'Cancelled',
      cancellationReason: 'Client withdrew',
      cancelationComment: 'by phone',
    });
    (await lifecycle(ENTITY)).status.should.equal('Compliant');
    should(harness.sandbox.events(TENANT).at(-1)?.eventType).equal('journey:instancecancelled');
    (await harness.send('PUT', `${COMMAND}/nothing/abort`, {})).status.should.equal(404);
  });

  describe('steps', () => {
    const step = (path: string, data: object = {}) =>
      harness.send('PUT', `${COMMAND}/${JOURNEY}/${path}`, data);
    const lastEvent = () => harness.sandbox.events(TENANT).at(-1);
    const parts = async () => {
      const { stages } = await journey(JOURNEY);
      const tasks = tasksOf(await journey(JOURNEY));
      return {
        stageId: stages[0]?.id,
        done: tasks[0]?.id,
        open: tasks.find(({ status }) => status !== 'Done')?.id,
      };
    };

    for (const [path, eventType] of [
      ['task/OPEN/reassign', 'taskreassigned'],
      ['task/OPEN/unpause', 'taskUnpaused'],
      ['task/DONE/reset', 'taskreopened'],
      ['stage/STAGE/pause', 'stagePaused'],
      ['stage/STAGE/unpause', 'stageUnpaused'],
      ['pause', 'journeyPaused'],
      ['unpause', 'journeyUnpaused'],
    ] as const) {
      it(`raise ${eventType}, which leads to what the query side shows`, async () => {
        const { stageId = '', open = '', done = '' } = await parts();
        const at = path.replace('OPEN', open).replace('DONE', done).replace('STAGE', stageId);
        const { status, json } = await step(at);
        status.should.equal(202);
        json.data.should.have.properties({ id: JOURNEY, version: 2 });
        should(lastEvent()?.eventType).equal(`journey:${eventType}`);
        (await harness.get(`/${lastEvent()?.relativeUrl}`)).status.should.equal(200);
        const unknown = path.replace(/OPEN|DONE|STAGE/, 'nothing');
        if (unknown !== path) (await step(unknown)).status.should.equal(404);
      });
    }

    it('open a task again', async () => {
      const { done = '', open = '' } = await parts();
      await step(`task/${done}/reset`, { comment: 'once more' });
      harness.clock.advance(500);
      const states = new Map(tasksOf(await journey(JOURNEY)).map(({ id, status }) => [id, status]));
      should(states.get(done)).equal('In Progress');
      should(states.get(open)).equal('Not Started');
      (await step(`task/${done}/reset`)).status.should.equal(409);
    });

    it('pause a task without an event: the platform has none', async () => {
      const { open } = await parts();
      (await step(`task/${open}/pause`)).status.should.equal(202);
      harness.sandbox.events(TENANT).should.deepEqual([]);
    });
  });

  it('aborts many journeys, or none', async () => {
    const abort = (journeysIds: unknown) => harness.send('PUT', `${COMMAND}/batch/abort`, { journeysIds });
    const others = [seedId('journey', 1, 101), JOURNEY];
    (await abort([])).status.should.equal(400);
    (await abort([...others, 'nothing'])).status.should.equal(404);
    harness.sandbox.events(TENANT).should.deepEqual([]);
    const { status, json } = await abort([...others, JOURNEY.toUpperCase()]);
    status.should.equal(202);
    json.data.map(({ id }: { id: string }) => id).should.deepEqual(others);
    harness.sandbox
      .events(TENANT)
      .map(({ eventType, relativeUrl }) => [eventType, relativeUrl])
      .should.deepEqual(
        others.map((id) => ['journey:instancecancelled', `journeyquery/api/journey-instance/${id}`]),
      );
    (await abort(others)).status.should.equal(409);
  });
});
