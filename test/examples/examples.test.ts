import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import should from 'should';
import type { FeedState } from '../../lib/sandbox/feeds.js';
import type { WebhookState } from '../../lib/sandbox/webhooks.js';
import manifest from '../../package.json';
import { until } from '../sandbox/receiver.js';
import { type FlowNode, type Message, type RealNodeRed, startNodeRed } from '../support/node-red.js';

const FOLDER = join(__dirname, '../../examples');
const HARBOUR = '11111111-1111-4111-8111-111111111111';
const MERIDIAN = '22222222-2222-4222-8222-222222222222';
const HARBOUR_FIRST = [
  'Brightwater Shipping Limited',
  'Grünfeld Maschinenbau GmbH',
  'Łubiński Logistyka Sp. z o.o.',
];
const MERIDIAN_FIRST = ['Harrowgate Textiles plc', 'Müller-Lindqvist Pharma AG', 'Redstone Pastoral Pty Ltd'];
const HALCYON = 'e0000001-0000-4000-8000-000000000007';
const ASHGROVE = 'e0000001-0000-4000-8000-000000000006';
const BRIGHTWATER = 'e0000001-0000-4000-8000-000000000001';
const NUMBERS = ['01', '02', '03', '04', '05', '06', '07', '08'];
/** What the examples may use of Node-RED itself. */
const CORE = [
  ...['tab', 'group', 'comment', 'inject', 'debug', 'catch', 'link in', 'link out'],
  ...['function', 'change', 'switch', 'delay', 'split', 'join', 'http request'],
];

function load(number: string): FlowNode[] {
  const file = readdirSync(FOLDER).find((name) => name.startsWith(number)) ?? '';
  return JSON.parse(readFileSync(join(FOLDER, file), 'utf8'));
}

/** A copy: what a function node makes comes from another realm, with prototypes of its own. */
function plain(value: unknown) {
  return JSON.parse(JSON.stringify(value));
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

  /** Deploys an example as it is; nothing may be logged as a warning or an error while `work` runs it. */
  async function quietly(flow: FlowNode[], work: () => Promise<void>): Promise<void> {
    const logged = nodeRed.logs.length;
    await nodeRed.deploy(flow);
    await work();
    const complaints = nodeRed.logs.slice(logged).filter(({ level }) => level <= 30);
    complaints.should.deepEqual([]);
  }

  /** What a feed still holds once an events node has found nothing more in it. */
  async function waitingIn(feed: string, flow: FlowNode[], fenergo: unknown) {
    await nodeRed.nextStatus(find(flow, 'fenergo-events').id, ({ text }) => /^nothing/.test(text ?? ''));
    const { url, tenantId } = fenergo as { url: string; tenantId: string };
    const states = (await (await fetch(new URL('/sandbox/feeds', url))).json()) as FeedState[];
    const { waiting, open } = states.find(
      (state) => state.feedId === feed && state.tenantId === tenantId,
    ) as FeedState;
    return { waiting, open };
  }

  it('are eight, in the import menu under their names, as they are in the folder', async () => {
    const folder = `${nodeRed.url}library/examples/flows/@fenergo-flows/node-red-fenergo/`;
    const names = (await (await fetch(folder)).json()) as { fn: string }[];
    names.map(({ fn }) => fn.slice(0, 5)).should.deepEqual(NUMBERS.map((number) => `${number} - `));
    for (const { fn } of names) {
      const imported = await (await fetch(folder + encodeURIComponent(fn))).json();
      should(imported).deepEqual(load(fn.slice(0, 2)));
    }
  });

  it('can be imported together: every id has 16 hex digits and is there once', () => {
    const ids = NUMBERS.flatMap((number) => load(number).map(({ id }) => id));
    new Set(ids).size.should.equal(ids.length);
    for (const id of ids) id.should.match(/^[0-9a-f]{16}$/);
  });

  it('use every node type of the package, and core nodes only besides', () => {
    const ours = Object.keys(manifest['node-red'].nodes);
    const used = [...new Set(NUMBERS.flatMap((number) => load(number).map(({ type }) => type)))];
    ours.filter((type) => !used.includes(type)).should.deepEqual([]);
    used.filter((type) => !ours.includes(type) && !CORE.includes(type)).should.deepEqual([]);
  });

  for (const number of NUMBERS) {
    it(`${number} says what it shows, and holds no secret`, () => {
      const flow = load(number);
      String(find(flow, 'comment').name).length.should.be.above(20);
      String(find(flow, 'tab').info).length.should.be.above(20);
      for (const node of flow) node.should.not.have.property('credentials');
      const said = flow.filter(({ type }) => type === 'comment');
      JSON.stringify(flow.filter((node) => !said.includes(node))).should.not.match(/secret|password|bearer/i);
      find(flow, 'fenergo-config').should.have.properties({ region: 'sandbox', name: 'Sandbox' });
    });
  }

  it('01 reads one entity', async () => {
    const flow = load('01');
    await quietly(flow, async () => {
      const { payload, statusCode } = await run(find(flow, 'inject'), find(flow, 'debug'));
      should(statusCode).equal(200);
      should(payload).have.properties({ id: BRIGHTWATER, type: 'Company' });
    });
  });

  it('02 reads the journeys of each entity that was found, in the order of the search', async () => {
    const flow = load('02');
    await quietly(flow, async () => {
      const { payload } = await run(find(flow, 'inject'), find(flow, 'debug'));
      plain(payload).should.deepEqual([
        { entity: 'Brightwater Shipping Limited', journeys: ['Client Onboarding: In Progress'] },
        { entity: 'Brightwater Marine Insurance Limited', journeys: ['Client Onboarding: Done'] },
      ]);
    });
  });

  it('03 reads each tenant’s own entities through one connection, with one token', async () => {
    const flow = load('03');
    const shown = async (name: string) => await run(find(flow, 'inject', name), find(flow, 'debug'));
    const listOf = (tenant: string, first: string[]) => ({
      tenant,
      total: 25,
      first,
      tenantsOfTheEntities: [tenant],
    });
    await quietly(flow, async () => {
      const { payload, fenergo } = await shown('Harbour Bank');
      plain(payload).should.deepEqual(listOf(HARBOUR, HARBOUR_FIRST));
      const stats = new URL('/sandbox/stats', (fenergo as { url: string }).url);
      const tokens = async () =>
        ((await (await fetch(stats)).json()) as { tokenRequests: number }).tokenRequests;
      const before = await tokens();
      for (const name of ['Meridian: msg.tenantId', 'Meridian: the node']) {
        plain((await shown(name)).payload).should.deepEqual(listOf(MERIDIAN, MERIDIAN_FIRST));
      }
      (await tokens()).should.equal(before);
    });
  });

  it('04 shows the code of the failure, and the second try succeeds', async () => {
    const flow = load('04');
    await quietly(flow, async () => {
      const shown = nodeRed.nextMessage(find(flow, 'debug', 'what went wrong').id);
      const { payload } = await run(find(flow, 'inject'), find(flow, 'debug', 'the entity'));
      should((await shown).payload).have.properties({
        code: 'FENERGO_NOT_FOUND',
        statusCode: 404,
        payload: 'kept as it was',
      });
      should(payload).have.property('id', BRIGHTWATER);
    });
  });

  it('05 reads back what it changed, each time under a higher version', async () => {
    const flow = load('05');
    await quietly(flow, async () => {
      let last = 1;
      for (let round = 0; round < 2; round++) {
        const { payload } = await run(find(flow, 'inject'), find(flow, 'debug'));
        const { expected, read, version } = payload as { expected: string; read: string; version: number };
        expected.should.startWith('Industry of ');
        read.should.equal(expected);
        version.should.be.above(last);
        last = version;
      }
    });
  });

  it('06 reads what was published, and acknowledges it', async () => {
    const flow = load('06');
    await quietly(flow, async () => {
      const debug = find(flow, 'debug', 'the entity');
      const isPublished = ({ payload }: Message) => (payload as { id: string }).id === ASHGROVE;
      let last = 1;
      for (let round = 0; round < 2; round++) {
        // Other examples may have published something before: that comes first.
        const shown = nodeRed.nextMessage(debug.id, isPublished);
        nodeRed.send(find(flow, 'inject', 'publish an entity').id, {});
        const { payload, topic, fenergo } = await shown;
        should(topic).equal('entitydata:dataPublished');
        const { version } = payload as { version: number };
        version.should.be.above(last);
        last = version;
        (await waitingIn('entitydata', flow, fenergo)).should.deepEqual({ waiting: 0, open: 0 });
      }
    });
  });

  it('06 shows why an entity cannot be read, and acknowledges when it is gone', async () => {
    const flow = load('06');
    await quietly(flow, async () => {
      const button = find(flow, 'inject', 'an entity that is not there');
      const { error, fenergo } = await run(button, find(flow, 'debug', 'what went wrong'));
      should(error).have.property('code', 'FENERGO_NOT_FOUND');
      (await waitingIn('entitydata', flow, fenergo)).should.deepEqual({ waiting: 0, open: 0 });
    });
  });

  it('07 takes what the sandbox has signed, and answers when it is handled', async () => {
    const flow = load('07');
    await quietly(flow, async () => {
      await until(() => nodeRed.logs.some(({ msg }) => /was added in Fenergo/.test(String(msg))));
      const { payload, fenergo } = await run(
        find(flow, 'inject', 'publish an entity'),
        find(flow, 'debug', 'the entity'),
      );
      should(payload).have.property('id', HALCYON);
      // The sandbox takes it for delivered when it was answered: not before it was acknowledged.
      const { url } = fenergo as { url: string };
      for (let status = ''; status !== 'Successful'; ) {
        const states = (await (await fetch(new URL('/sandbox/webhooks', url))).json()) as WebhookState[];
        status = states[0]?.attempts[0]?.status ?? '';
      }
    });
  });

  it('07 refuses what is not signed', async () => {
    const flow = load('07');
    await quietly(flow, async () => {
      const shown = nodeRed.nextStatus(find(flow, 'fenergo-webhook').id, ({ text }) =>
        /401/.test(text ?? ''),
      );
      const { statusCode } = await run(find(flow, 'inject', 'a forgery'), find(flow, 'debug', 'answer'));
      should(statusCode).equal(401);
      should((await shown).text).containEql('401 × 1');
    });
  });

  it('08 tells the outcome of each event, and why one has failed', async () => {
    const flow = load('08');
    await quietly(flow, async () => {
      const debug = find(flow, 'debug', 'the outcome');
      const outcome = (wanted: string) =>
        nodeRed.nextMessage(debug.id, ({ payload }) => (payload as { outcome: string }).outcome === wanted);
      const both = Promise.all([outcome('success'), outcome('failed')]);
      nodeRed.send(find(flow, 'inject', 'about an entity').id, {});
      nodeRed.send(find(flow, 'inject', 'about one that is not there').id, {});
      const [success, failed] = await both;
      plain(failed.payload).should.have.property('reason', 'Entity with given id does not exist');
      for (const { payload, correlationId, outcome } of [success, failed]) {
        const shown = plain(payload);
        String(correlationId).should.match(/^example-[0-9a-f]{16}$/);
        shown.correlationId.should.equal(correlationId);
        shown.eventId.should.equal(plain(outcome).payload.eventId);
      }
      should(success.correlationId).not.equal(failed.correlationId);
    });
  });

  it('08 tells when no outcome came in time', async () => {
    const flow = load('08');
    const wait = find(flow, 'function');
    wait.func = String(wait.func).replace('SECONDS = 30', 'SECONDS = 0.01');
    find(flow, 'fenergo-events').d = true;
    await quietly(flow, async () => {
      const { correlationId, outcome } = await run(
        find(flow, 'inject', 'about an entity'),
        find(flow, 'debug', 'no outcome'),
      );
      String(correlationId).should.match(/^example-/);
      should(outcome).be.undefined();
    });
  });
});
