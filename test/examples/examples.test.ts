import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import should from 'should';
import { type FlowNode, type Message, type RealNodeRed, startNodeRed } from '../support/node-red.js';

const FOLDER = join(__dirname, '../../examples');
const HARBOUR = '11111111-1111-4111-8111-111111111111';
const MERIDIAN = '22222222-2222-4222-8222-222222222222';

function load(number: string): FlowNode[] {
  const file = readdirSync(FOLDER).find((name) => name.startsWith(number)) ?? '';
  return JSON.parse(readFileSync(join(FOLDER, file), 'utf8'));
}

/** The one node of a flow with this type and name. */
function find(flow: FlowNode[], type: string, name?: string): FlowNode {
  const found = flow.filter((node) => node.type === type && (name === undefined || node.name === name));
  found.should.have.length(1, `${type} ${name ?? ''}`);
  return found[0] as FlowNode;
}

describe('example flows', function () {
  this.timeout(20_000);
  let nodeRed: RealNodeRed;

  before(async () => {
    nodeRed = await startNodeRed();
    // Node-RED 5 keeps the package loaded between two starts in one process, and so may the sandbox's world be.
    const flow = load('01');
    await nodeRed.deploy(flow);
    const { fenergo } = await run(find(flow, 'inject'), find(flow, 'debug'));
    const { url } = fenergo as { url: string };
    const reset = await fetch(new URL('/sandbox/reset', url), { method: 'POST' });
    reset.ok.should.be.true();
  });

  after(async () => {
    await nodeRed.stop();
  });

  /** Presses a button and takes what reaches a debug node. */
  async function run(button: FlowNode, debug: FlowNode): Promise<Message> {
    const arrived = nodeRed.nextMessage(debug.id);
    nodeRed.node(button.id).receive({} as never);
    return await arrived;
  }

  it('are five, in the import menu under their names', async () => {
    const answer = await fetch(`${nodeRed.url}library/examples/flows/@fenergo-flows/node-red-fenergo/`);
    const names = (await answer.json()) as { fn: string }[];
    names.map(({ fn }) => fn).should.have.length(5);
    for (const [index, { fn }] of names.entries()) fn.should.startWith(`0${index + 1} - `);
  });

  it('can be imported together: every id is there once', () => {
    const ids = ['01', '02', '03', '04', '05'].flatMap((number) => load(number).map(({ id }) => id));
    new Set(ids).size.should.equal(ids.length);
  });

  for (const number of ['01', '02', '03', '04', '05']) {
    it(`${number} says what it shows, holds no secret, and needs core nodes only besides ours`, async () => {
      const flow = load(number);
      String(find(flow, 'comment').name).length.should.be.above(20);
      for (const node of flow) {
        node.should.not.have.property('credentials');
        if (node.type.startsWith('fenergo-'))
          ['fenergo-config', 'fenergo-request'].should.containEql(node.type);
      }
      find(flow, 'fenergo-config').should.have.property('region', 'sandbox');
      const logged = nodeRed.logs.length;
      await nodeRed.deploy(flow);
      const complaints = nodeRed.logs.slice(logged).filter(({ level }) => level <= 30);
      complaints.should.deepEqual([]);
    });
  }

  it('01 reads one entity', async () => {
    const flow = load('01');
    await nodeRed.deploy(flow);
    const { payload, statusCode } = await run(find(flow, 'inject'), find(flow, 'debug'));
    should(statusCode).equal(200);
    should(payload).have.properties({ id: 'e0000001-0000-4000-8000-000000000003', type: 'Company' });
  });

  it('02 reads the journeys of each entity that was found', async () => {
    const flow = load('02');
    await nodeRed.deploy(flow);
    const { payload } = await run(find(flow, 'inject'), find(flow, 'debug'));
    const entities = payload as { entity: string; journeys: string[] }[];
    entities.should.have.length(2);
    for (const { entity, journeys } of entities) {
      entity.should.match(/brightwater/i);
      journeys.should.be.an.Array();
    }
    entities.flatMap(({ journeys }) => journeys).length.should.be.above(0);
  });

  it('03 reads each tenant’s own entities through one connection', async () => {
    const flow = load('03');
    await nodeRed.deploy(flow);
    const buttons = flow.filter(({ type }) => type === 'inject');
    buttons.should.have.length(2);
    for (const [index, tenant] of [HARBOUR, MERIDIAN].entries()) {
      const { payload } = await run(buttons[index] as FlowNode, find(flow, 'debug'));
      // Lists of a function node come from another realm, with prototypes of their own.
      const { first, ...rest } = JSON.parse(JSON.stringify(payload));
      first.should.have.length(3);
      rest.should.deepEqual({ tenant, total: 25, tenantsOfTheEntities: [tenant] });
    }
  });

  it('04 shows the code of the failure, and the second try succeeds', async () => {
    const flow = load('04');
    await nodeRed.deploy(flow);
    const shown = nodeRed.nextMessage(find(flow, 'debug', 'what went wrong').id);
    const { payload } = await run(find(flow, 'inject'), find(flow, 'debug', 'the entity'));
    should((await shown).payload).have.properties({
      code: 'FENERGO_NOT_FOUND',
      statusCode: 404,
      payload: 'kept as it was',
    });
    should(payload).have.property('id', 'e0000001-0000-4000-8000-000000000003');
  });

  it('05 reads back what it changed, under a higher version', async () => {
    const flow = load('05');
    await nodeRed.deploy(flow);
    const { payload } = await run(find(flow, 'inject'), find(flow, 'debug'));
    const { expected, read, version } = payload as { expected: string; read: string; version: number };
    expected.should.startWith('Industry of ');
    read.should.equal(expected);
    version.should.be.above(1);
  });
});
