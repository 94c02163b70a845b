import 'should';
import { once } from 'node:events';
import { connect, Server as NetServer } from 'node:net';
import { networkInterfaces } from 'node:os';
import { type Sandbox, startSandbox } from '../../lib/sandbox/sandbox.js';
import { ENTITY, operations, TENANT } from '../sandbox/harness.js';
import { connectionTo, factsOf, type OwnServer, startServer, turns } from '../support/flow.js';
import { type FlowNode, type Message, type RealNodeRed, startNodeRed } from '../support/node-red.js';

const GET_ENTITY = 'entitydataquery/v2/GetEntityById';
const CREATE_ENTITY = 'entitydatacommand/v2/CreateEntity';

describe('the nodes in a real Node-RED', function () {
  this.timeout(30_000);
  let nodeRed: RealNodeRed;
  let sandbox: Sandbox;
  let secrets = 0;
  /** Everything that a node received, by its id. */
  let received: Record<string, Message[]> = {};

  before(async () => {
    sandbox = await startSandbox({ operations, plan: 'none', consistencyMs: 0 });
    nodeRed = await startNodeRed();
    const hooks = nodeRed.RED.hooks as unknown as {
      add(id: string, hook: (event: { destination?: { id: string }; msg: Message }) => void): void;
    };
    hooks.add('onReceive.runtime', ({ destination, msg }) => {
      const id = String(destination?.id);
      received[id] = [...(received[id] ?? []), msg];
    });
  });
  after(async () => {
    await nodeRed.stop();
    await sandbox.close();
  });
  beforeEach(() => {
    sandbox.reset();
    received = {};
    secrets += 1;
  });

  const own = () => ({ clientId: 'me', clientSecret: `runtime-${secrets}` });
  const connection = (properties: Record<string, unknown> = {}): FlowNode =>
    connectionTo(sandbox.url, { tenantId: TENANT, credentials: own(), ...properties });
  const at = { z: 'tab', x: 1, y: 1 };
  const sink = (id: string): FlowNode => ({ id, type: 'function', func: 'return null;', ...at, wires: [[]] });
  const request = (properties: Record<string, unknown> = {}): FlowNode => ({
    id: 'request',
    type: 'fenergo-request',
    connection: 'connection',
    operation: GET_ENTITY,
    ...at,
    wires: [['out']],
    ...properties,
  });
  const flowOf = (...nodes: FlowNode[]): FlowNode[] => [
    { id: 'tab', type: 'tab', label: 'Flow' },
    ...nodes,
    sink('out'),
    { id: 'catch', type: 'catch', scope: null, uncaught: false, ...at, wires: [['caught']] },
    { id: 'complete', type: 'complete', scope: ['request'], ...at, wires: [['completed']] },
    sink('caught'),
    sink('completed'),
  ];

  async function run(msg: Record<string, unknown>, id = 'request') {
    const outcome = nodeRed.nextOutcome(id);
    nodeRed.send(id, msg);
    const { error } = await outcome;
    await turns();
    return { msg: msg as Message, error: error as (Error & { code?: string }) | undefined };
  }

  const count = (id: string) => received[id]?.length ?? 0;
  const firstOf = (id: string) => received[id]?.[0] as Message;

  /** Waits for one call more. */
  async function nextCall(): Promise<void> {
    const { calls } = sandbox.stats;
    while (sandbox.stats.calls === calls) await new Promise((resolve) => setTimeout(resolve, 5));
  }

  describe('Catch and Complete', () => {
    it('a success reaches Complete once and Catch never', async () => {
      await nodeRed.deploy(flowOf(connection(), request()));
      await run({ params: { id: ENTITY }, topic: 't' });
      [count('out'), count('completed'), count('caught')].should.deepEqual([1, 1, 0]);
      firstOf('out').should.containEql({ topic: 't', statusCode: 200 });
    });

    it('a failure reaches Catch once, with the payload as it came, and Complete never', async () => {
      await nodeRed.deploy(flowOf(connection(), request()));
      const payload = { mine: [1, { deep: true }] };
      await run({ params: { id: 'nobody' }, payload, topic: 't' });
      [count('out'), count('completed'), count('caught')].should.deepEqual([0, 0, 1]);
      const caught = firstOf('caught');
      (caught.payload as object).should.deepEqual({ mine: [1, { deep: true }] });
      caught.should.containEql({ topic: 't', statusCode: 404 });
      const error = caught.error as { message: string; code: string; source: { id: string } };
      error.message.should.match(/^GetEntityById: not found \(404\)/);
      error.code.should.equal('FENERGO_NOT_FOUND');
      error.source.id.should.equal('request');
      String(factsOf(caught).error?.code).should.equal('FENERGO_NOT_FOUND');
    });

    it('what a Catch node got can be repaired and sent again', async () => {
      const wired = request({ id: 'again', wires: [['out']] });
      await nodeRed.deploy(flowOf(connection(), request(), wired));
      await run({ params: { id: 'nobody' }, payload: 'p' });
      const caught = firstOf('caught');
      caught.params = { id: ENTITY };
      const { error } = await run(caught, 'again');
      (error === undefined).should.be.true(String(error));
      (firstOf('out').payload as object).should.containEql({ id: ENTITY });
    });

    it('an error that nobody catches is logged once, in plain words', async () => {
      const from = nodeRed.logs.length;
      await nodeRed.deploy([{ id: 'tab', type: 'tab', label: 'Flow' }, connection(), request({ wires: [] })]);
      await run({ params: { id: 'nobody' } });
      const words = nodeRed.logs.slice(from).filter(({ id }) => id === 'request');
      words.length.should.equal(1);
      // The Debug node's own log handler encodes what it is given, in place.
      String(words[0]?.msg).should.containEql('"message":"GetEntityById: not found (404)');
    });

    it('the status is in words', async () => {
      await nodeRed.deploy(flowOf(connection(), request()));
      const failed = nodeRed.nextStatus('request', ({ fill }) => fill === 'red');
      await run({ params: { id: 'nobody' } });
      (await failed).should.deepEqual({ fill: 'red', shape: 'ring', text: 'failed: not found' });
      sandbox.setFaults([{ match: { service: 'entitydataquery' }, times: 'always', delayMs: 300 }]);
      const many = nodeRed.nextStatus('request', ({ text }) => /\d/.test(String(text)));
      const outcomes = [1, 2, 3].map(() => run({ params: { id: ENTITY } }));
      (await many).should.deepEqual({ fill: 'blue', shape: 'dot', text: 'requesting 3' });
      await Promise.all(outcomes);
    });
  });

  describe('flow, global and environment', () => {
    it('are those of the flow, the group and the subflow', async () => {
      const env = [{ name: 'WHO', value: ENTITY, type: 'str' }];
      const params = [{ name: 'id', in: 'path', type: 'env', value: 'WHO' }];
      await nodeRed.deploy([
        { id: 'tab', type: 'tab', label: 'Flow', env },
        connection(),
        request({ params }),
        sink('out'),
      ]);
      const { msg, error } = await run({});
      (error === undefined).should.be.true(String(error));
      (msg.payload as object).should.containEql({ id: ENTITY });
    });

    it('environment variables in the connection are resolved', async () => {
      process.env.FENERGO_TEST_TENANT = TENANT;
      process.env.FENERGO_TEST_URL = sandbox.url;
      await nodeRed.deploy(
        flowOf(
          connection({
            tenantId: ref('TENANT'),
            identityUrl: ref('URL'),
            apiUrl: ref('URL'),
          }),
          request(),
        ),
      );
      const { msg, error } = await run({ params: { id: ENTITY } });
      delete process.env.FENERGO_TEST_TENANT;
      delete process.env.FENERGO_TEST_URL;
      (error === undefined).should.be.true(String(error));
      factsOf(msg).tenantId.should.equal(TENANT);
    });
  });

  describe('tokens', () => {
    it('outlive five full redeploys', async () => {
      const flows = flowOf(connection(), request());
      for (let deploy = 0; deploy < 6; deploy += 1) {
        await nodeRed.deploy(flows);
        const { error } = await run({ params: { id: ENTITY } });
        (error === undefined).should.be.true(String(error));
      }
      sandbox.stats.tokenRequests.should.equal(1);
      sandbox.stats.calls.should.equal(6);
    });

    it('are shared by connections with one credential, and by no others', async () => {
      const kinds: [id: string, properties: Record<string, unknown>, tokens: number][] = [
        ['first', {}, 1],
        ['same', { name: 'Other', tenantId: '' }, 1],
        ['secret', { credentials: { clientId: 'me', clientSecret: 'another' } }, 2],
        ['client', { credentials: { ...own(), clientId: 'you' } }, 3],
        ['scope', { scope: 'fenx.entitydata.read' }, 4],
        ['again', {}, 4],
      ];
      const nodes = kinds.flatMap(([id, properties]) => [
        connection({ ...properties, id }),
        request({ id: `with-${id}`, connection: id }),
      ]);
      await nodeRed.deploy(flowOf(...nodes));
      for (const [id, , tokens] of kinds) {
        const { error } = await run({ params: { id: ENTITY }, tenantId: TENANT }, `with-${id}`);
        (error === undefined).should.be.true(`${id}: ${error}`);
        sandbox.stats.tokenRequests.should.equal(tokens, id);
      }
    });
  });

  describe('a redeploy in the middle of a call', () => {
    let server: OwnServer;

    before(async () => {
      // It takes every call and never answers.
      server = await startServer(() => {});
    });
    after(() => server.close());

    it('ends it with FENERGO_ABORTED within 2 s and leaves nothing behind', async () => {
      const silent = connection({ apiUrl: server.url });
      const flows = flowOf(silent, request());
      await nodeRed.deploy(flows);
      let resources: number | undefined;
      for (let round = 0; round < 5; round += 1) {
        const outcomes = Array.from({ length: 10 }, () => run({ params: { id: ENTITY }, payload: round }));
        while ((await server.connections()) < 10) await new Promise((resolve) => setTimeout(resolve, 5));
        const startMs = performance.now();
        await nodeRed.deploy(flows);
        for (const { error, msg } of await Promise.all(outcomes)) {
          String(error?.code).should.equal('FENERGO_ABORTED');
          msg.should.have.property('payload', round);
        }
        (performance.now() - startMs).should.be.below(2000);
        while ((await server.connections()) > 0) await new Promise((resolve) => setTimeout(resolve, 5));
        await turns();
        const now = process.getActiveResourcesInfo().filter((kind) => kind.startsWith('TCP')).length;
        resources ??= now;
        now.should.be.belowOrEqual(resources);
      }
      count('out').should.equal(0);
    });

    it('ends a call that waits for its token', async () => {
      sandbox.setFaults([{ match: { path: '/connect/token' }, delayMs: 60_000 }]);
      const flows = flowOf(connection(), request());
      await nodeRed.deploy(flows);
      const outcome = run({ params: { id: ENTITY } });
      while (sandbox.stats.tokenRequests === 0) await new Promise((resolve) => setTimeout(resolve, 5));
      await nodeRed.deploy(flows);
      String((await outcome).error?.code).should.equal('FENERGO_ABORTED');
    });

    it('of other nodes only, leaves it alone', async () => {
      sandbox.setFaults([{ match: { service: 'entitydataquery' }, delayMs: 300 }]);
      await nodeRed.deploy(flowOf(connection(), request()));
      const outcome = run({ params: { id: ENTITY } });
      await nextCall();
      // With credentials it would count as changed.
      const { credentials: _, ...unchanged } = connection();
      await nodeRed.deploy(flowOf(unchanged as FlowNode, request(), request({ id: 'new' })), 'nodes');
      const { error } = await outcome;
      (error === undefined).should.be.true(String(error));
    });
  });

  describe('the embedded sandbox', () => {
    const embedded = (id = 'connection'): FlowNode => ({
      id,
      type: 'fenergo-config',
      region: 'sandbox',
      tenantId: TENANT,
    });
    let listened: unknown[][] = [];
    const { listen } = NetServer.prototype;

    before(() => {
      NetServer.prototype.listen = function (this: NetServer, ...args: unknown[]) {
        listened.push(args);
        return listen.apply(this, args as never);
      } as typeof listen;
    });
    after(() => {
      NetServer.prototype.listen = listen;
    });
    beforeEach(() => {
      listened = [];
    });

    it('starts with the first call of the first connection to it, on the loopback interface', async () => {
      await nodeRed.deploy(flowOf(connection(), request()));
      await run({ params: { id: ENTITY } });
      await nodeRed.deploy(flowOf(embedded(), request()));
      listened.length.should.equal(0);
      const { msg, error } = await run({ params: { id: ENTITY } });
      (error === undefined).should.be.true(String(error));
      listened.should.deepEqual([[0, '127.0.0.1']]);
      const { hostname, port } = new URL(factsOf(msg).url);
      hostname.should.equal('127.0.0.1');
      const outside = Object.values(networkInterfaces())
        .flat()
        .find((address) => address && !address.internal && address.family === 'IPv4');
      if (!outside) return;
      const socket = connect(Number(port), outside.address);
      const [error2] = await once(socket, 'error');
      (error2 as Error).message.should.match(/ECONNREFUSED/);
    });

    it('is one for several connections, and keeps its world over a redeploy', async () => {
      const flows = flowOf(
        embedded('one'),
        embedded('two'),
        request({ id: 'create', connection: 'one', operation: CREATE_ENTITY }),
        request({ id: 'read', connection: 'two' }),
      );
      await nodeRed.deploy(flows);
      const properties = { legalEntityName: { type: 'Single', value: 'Acme' } };
      const created = await run({ payload: { data: { type: 'Company', properties } } }, 'create');
      (created.error === undefined).should.be.true(String(created.error));
      const { id } = created.msg.payload as { id: string };
      await nodeRed.deploy(flows);
      let read = await run({ params: { id } }, 'read');
      // The query side is half a second behind.
      while (read.error) {
        String(read.error.code).should.equal('FENERGO_NOT_FOUND');
        read = await run({ params: { id } }, 'read');
      }
      (read.msg.payload as object).should.containEql({ id });
      new URL(factsOf(read.msg).url).origin.should.equal(new URL(factsOf(created.msg).url).origin);
      listened.length.should.be.belowOrEqual(1);
    });

    it('takes an imported flow without credentials, and refuses a client id of "invalid"', async () => {
      const refused = { ...embedded(), credentials: { clientId: 'invalid', clientSecret: 'x' } };
      await nodeRed.deploy(flowOf(refused, request()));
      const { error } = await run({ params: { id: ENTITY } });
      String(error?.code).should.equal('FENERGO_AUTH');
    });
  });
});

/** An environment variable, as a field of a dialog names it. */
function ref(name: string): string {
  return `\${FENERGO_TEST_${name}}`;
}
