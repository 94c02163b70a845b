import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import should from 'should';
import { FenergoError } from '../../lib/errors.js';
import type { ConnectionOverview, Overview } from '../../nodes/fenergo-config/overview-routes.js';
import { RecentRequests } from '../../nodes/shared/recent-requests.js';
import { ENTITY, OTHER_TENANT, TENANT } from '../sandbox/harness.js';
import { connectionTo, type OwnServer, sendJson, startServer } from '../support/flow.js';
import { ManualClock } from '../support/manual-clock.js';
import { type FlowNode, type RealNodeRed, startNodeRed } from '../support/node-red.js';

const GET_ENTITY = 'entitydataquery/v2/GetEntityById';
const CLIENT_ID = 'pl4nted-id';
const SECRET = 'pl4nted-s3cret&=/+ü';
const TOKEN = 'pl4nted-t0ken';
/** Of a connection on whose way to the API nothing is out of the ordinary. */
const quiet = { circuit: { state: 'closed' }, waiting: 0 };

describe('GET fenergo/overview', function () {
  this.timeout(30_000);
  let nodeRed: RealNodeRed;
  let server: OwnServer;

  const at = { z: 'tab', x: 1, y: 1 };
  const tab = { id: 'tab', type: 'tab', label: 'Flow' };
  const sandbox: FlowNode = { id: 'embedded', type: 'fenergo-config', region: 'sandbox', tenantId: TENANT };
  const planted = { clientId: CLIENT_ID, clientSecret: SECRET };
  const own = (id: string, properties: Record<string, unknown> = {}) =>
    connectionTo(server.url, {
      id,
      name: `Name of ${id}`,
      tenantId: TENANT,
      credentials: planted,
      ...properties,
    });
  const request = (id: string, connection: string, properties: Record<string, unknown> = {}): FlowNode => ({
    id,
    type: 'fenergo-request',
    connection,
    operation: GET_ENTITY,
    ...at,
    wires: [[]],
    ...properties,
  });

  before(async () => {
    server = await startServer(
      ({ url }, response) => sendJson(response, { data: url }, url.includes('missing') ? 404 : 200),
      ({ body }, response) => {
        const form = new URLSearchParams(body);
        if (form.get('scope') !== 'no.scope')
          return sendJson(response, { access_token: TOKEN, expires_in: 900 });
        const description = `client '${form.get('client_id')}' with ${form.get('client_secret')} is not known`;
        sendJson(response, { error: 'invalid_client', error_description: description }, 400);
      },
    );
    nodeRed = await startNodeRed();
  });
  after(async () => {
    await nodeRed.stop();
    await server.close();
  });
  beforeEach(() => nodeRed.deploy([]));

  async function text(headers: Record<string, string> = {}): Promise<string> {
    const response = await fetch(`${nodeRed.url}fenergo/overview`, { headers });
    response.status.should.equal(200);
    String(response.headers.get('cache-control')).should.equal('no-store');
    return response.text();
  }
  const overview = async () => JSON.parse(await text()) as Overview;
  const connection = async (id: string) =>
    (await overview()).connections.find((one) => one.id === id) as ConnectionOverview;
  /** Calls of this test: on Node-RED 5 the package outlives a Node-RED that was stopped. */
  const requests = async (test: string) =>
    (await overview()).requests.filter(({ nodeId }) => nodeId.startsWith(test));
  const run = async (id: string, msg: Record<string, unknown> = {}) => {
    const outcome = nodeRed.nextOutcome(id);
    nodeRed.send(id, msg);
    await outcome;
  };

  it('shows the connections that run, with their tokens as they are', async () => {
    await nodeRed.deploy([tab, sandbox, own('mine'), request('a1', 'embedded'), request('a2', 'mine')]);
    (await overview()).connections.should.deepEqual([
      {
        id: 'embedded',
        name: '',
        region: 'sandbox',
        tenantId: TENANT,
        scope: 'fenx.all',
        token: { state: 'none' },
        ...quiet,
      },
      {
        id: 'mine',
        name: 'Name of mine',
        region: 'custom',
        tenantId: TENANT,
        scope: 'fenx.all',
        token: { state: 'none' },
        ...quiet,
      },
    ]);
    server.arrived.length.should.equal(0, 'a look asks for no token');
    await run('a1', { params: { id: ENTITY } });
    await run('a2', { params: { id: '7' } });
    for (const id of ['embedded', 'mine']) {
      const { token } = await connection(id);
      token.should.containEql({ state: 'valid', scope: 'fenx.all' });
      (token as { secondsLeft: number }).secondsLeft.should.be.within(800, 900);
    }
  });

  it('knows the token of a credential from before a deploy', async () => {
    await nodeRed.deploy([tab, own('mine', { scope: 'fenx.kept' }), request('b1', 'mine')]);
    await run('b1', { params: { id: '7' } });
    await nodeRed.deploy([tab, own('other', { scope: 'fenx.kept' })]);
    const { connections } = await overview();
    connections.map(({ id }) => id).should.deepEqual(['other']);
    should(connections[0]?.token).containEql({ state: 'valid', scope: 'fenx.kept' });
  });

  it('tells what a configuration lacks, and why a token is held back', async () => {
    await nodeRed.deploy([
      tab,
      own('incomplete', { credentials: { clientId: CLIENT_ID }, scope: '' }),
      own('nowhere', { apiUrl: 'somewhere' }),
      { ...sandbox, id: 'scopeless', scope: ' ' },
      own('refused', { scope: 'no.scope' }),
      request('c1', 'refused'),
    ]);
    await run('c1', { params: { id: '7' } });
    const { token } = await connection('incomplete');
    token.should.deepEqual({
      state: 'incomplete',
      reason: 'Not complete: the client secret is missing, the scope is missing',
    });
    (await connection('nowhere')).token.should.containEql({
      state: 'incomplete',
      reason: 'API URL is not a URL: give it as https://host, with a path if need be',
    });
    (await connection('scopeless')).token.should.have.property('state', 'incomplete');
    const held = (await connection('refused')).token as {
      state: string;
      secondsLeft: number;
      reason: string;
    };
    held.should.containEql({ state: 'held-back', secondsLeft: 1 });
    held.reason.should.match(/invalid_client \(client '\*\*\*' with \*\*\* is not known\)/);
  });

  it('lists calls that succeeded and calls that failed, newest first, without what may be client data', async () => {
    await nodeRed.deploy([
      tab,
      sandbox,
      own('mine'),
      request('d1', 'embedded', { name: 'Get it' }),
      request('d2', 'mine', { operation: '', path: '/entitydataquery/api/{id}?secret=1' }),
      request('d3', ''),
    ]);
    await run('d1', { params: { id: ENTITY } });
    await run('d1', { params: { id: 'd0000000-0000-4000-8000-000000000000' } });
    await run('d1', { params: {} });
    await run('d2', { params: { id: 'missing' } });
    await run('d3');
    const [unconnected, manual, unbuilt, missing, found] = await requests('d');
    const operation = { operation: GET_ENTITY, label: 'GetEntityById', method: 'GET', tenantId: TENANT };
    const sent = { nodeId: 'd1', nodeName: 'Get it', attempts: 1 };
    const none = { operation: '', label: '', method: '', tenantId: '', attempts: 0, durationMs: 0 };
    should(found)
      .containEql({ ...operation, ...sent, statusCode: 200 })
      .and.not.have.property('code');
    should(missing).containEql({ ...operation, ...sent, statusCode: 404, code: 'FENERGO_NOT_FOUND' });
    should(unbuilt).containEql({ ...none, nodeId: 'd1', nodeName: 'Get it', code: 'FENERGO_INPUT' });
    should(manual).containEql({
      nodeId: 'd2',
      nodeName: '',
      operation: '',
      label: 'GET /entitydataquery/…',
      statusCode: 404,
      code: 'FENERGO_NOT_FOUND',
    });
    should(unconnected).containEql({ ...none, nodeId: 'd3', code: 'FENERGO_CONFIG' });
    const ended = Date.parse(String(found?.at));
    ended.should.be.within(Date.now() - 30_000, Date.now());
    (found?.durationMs ?? 0).should.be.above(0);
    const listed = JSON.stringify(await requests('d'));
    for (const word of [ENTITY, 'd0000000', 'missing', 'secret', 'not found'])
      listed.should.not.containEql(word);
  });

  it('tells that a platform is taken for dead, also after a deploy, and that it lives again', async () => {
    let status = 500;
    const dead = await startServer((_, response) => sendJson(response, { data: 1 }, status));
    const flows = [
      tab,
      own('dead', { identityUrl: dead.url, apiUrl: dead.url }),
      own('patient', { identityUrl: dead.url, apiUrl: dead.url, circuit: false }),
      own('mine'),
      request('f1', 'dead'),
    ];
    try {
      await nodeRed.deploy(flows);
      // Twenty in a row, and for a second at least.
      let sent = 0;
      for (; (await connection('dead')).circuit.state === 'closed'; sent += 1) {
        await run('f1', { params: { id: '7' } });
      }
      const { circuit } = await connection('dead');
      sent.should.be.aboveOrEqual(20);
      circuit.should.containEql({ state: 'open', failures: sent });
      (circuit as { secondsLeft: number }).secondsLeft.should.be.within(0, 1);
      await nodeRed.deploy(flows);
      (await connection('dead')).circuit.should.containEql({ state: 'open', failures: sent });
      for (const id of ['patient', 'mine']) (await connection(id)).should.containEql(quiet);
      status = 200;
      while ((await connection('dead')).circuit.state !== 'closed') await run('f1', { params: { id: '7' } });
    } finally {
      await dead.close();
    }
  });

  it('counts the calls that wait, over all tenants of a connection', async () => {
    const silent = await startServer(() => {});
    try {
      const properties = { identityUrl: silent.url, apiUrl: silent.url, plan: 'sdlc' };
      await nodeRed.deploy([tab, own('busy', properties), own('mine'), request('g1', 'busy')]);
      const outcomes = Array.from({ length: 36 }, (_, call) =>
        run('g1', { params: { id: call }, tenantId: call % 2 ? TENANT : OTHER_TENANT }),
      );
      while ((await silent.connections()) < 20) await new Promise((resolve) => setTimeout(resolve, 5));
      (await connection('busy')).waiting.should.equal(16);
      (await connection('mine')).should.containEql(quiet);
      const closed = nodeRed.deploy([tab, own('busy', properties)]);
      await Promise.all(outcomes);
      await closed;
      (await connection('busy')).should.containEql(quiet);
    } finally {
      await silent.close();
    }
  });

  it('counts the catalog, and tells of the user’s own contracts and of a file that cannot be read', async () => {
    const { userDir } = nodeRed.RED.settings as unknown as { userDir: string };
    const file = join(userDir, 'fenergo-catalog.json');
    const { catalog } = await overview();
    catalog.should
      .containEql({ contracts: [], file: 'fenergo-catalog.json' })
      .and.not.have.property('problem');
    catalog.operations.should.be.above(1500);
    catalog.services.should.be.above(80);
    const contract = {
      service: 'overviewcommand',
      version: 'v1',
      source: { from: 'imported', name: 'mine.yaml', at: '2026-01-01T00:00:00Z' },
      operations: [{ id: 'One', method: 'GET', path: '/api/one' }],
    };
    const until = async (accept: (catalog: Overview['catalog']) => boolean) => {
      for (;;) {
        const { catalog } = await overview();
        if (accept(catalog)) return catalog;
        await new Promise((resolve) => setImmediate(resolve));
      }
    };
    writeFileSync(file, JSON.stringify({ contracts: [contract] }));
    const more = await until(({ contracts }) => contracts.length > 0);
    more.contracts.should.deepEqual([{ ...contract, operations: 1 }]);
    [more.operations, more.services].should.deepEqual([catalog.operations + 1, catalog.services + 1]);
    writeFileSync(file, '{');
    const broken = await until(({ problem }) => problem !== undefined);
    String(broken.problem).should.match(/^fenergo-catalog\.json cannot be read: /);
    broken.contracts.should.deepEqual(more.contracts, 'what was read before stays in force');
    rmSync(file);
    const back = await until(({ problem }) => problem === undefined);
    back.should.deepEqual(catalog);
  });

  it('holds nothing secret, nor the client id', async () => {
    await nodeRed.deploy([
      tab,
      own('good', { scope: 'fenx.secret' }),
      own('refused', { scope: 'no.scope' }),
      request('e1', 'good'),
      request('e2', 'refused'),
      request('e3', 'good', { operation: '', method: 'POST', path: `/entitydatacommand/${TOKEN}` }),
    ]);
    await run('e1', { params: { id: TOKEN } });
    await run('e2', { params: { id: SECRET } });
    await run('e3', { payload: { secret: SECRET } });
    server.arrived
      .map(({ body }) => body)
      .join()
      .should.containEql(CLIENT_ID);
    server.arrived
      .map(({ headers }) => headers.authorization)
      .join()
      .should.containEql(TOKEN);
    const answer = await text();
    (await requests('e')).length.should.equal(3);
    answer.should.not.match(/pl4nted|Bearer/);
    const fingerprint = /"token":\{[^}]*[0-9a-f]{16}/;
    answer.should.not.match(fingerprint);
  });
});

describe('recent requests', () => {
  const sent = {
    operation: 'a/v1/B',
    call: {
      label: 'B',
      method: 'GET',
      service: 'a',
      path: '/a/api/client-7?name=x',
      tenantId: TENANT,
      correlationId: 'c',
      result: 'data' as const,
      timeoutMs: 1,
    },
  };
  const facts = { attempts: 2, durationMs: 30, messages: [{ message: 'of client-7' }] };
  const result = { payload: 'client-7', statusCode: 200, headers: {}, facts };
  let clock: ManualClock;
  let recent: RecentRequests;
  beforeEach(() => {
    clock = new ManualClock();
    recent = new RecentRequests(clock);
  });

  it('keep what is known, and no client data', () => {
    recent.succeeded({ id: 'n', name: 'Node' }, sent, result);
    const known = { nodeId: 'n', operation: 'a/v1/B', label: 'B', method: 'GET', tenantId: TENANT };
    const [entry] = recent.list();
    should(entry).deepEqual({
      at: '2026-01-01T00:00:00.000Z',
      nodeName: 'Node',
      statusCode: 200,
      attempts: 2,
      durationMs: 30,
      ...known,
    });
    const error = new FenergoError('FENERGO_SERVER', 'client-7 is broken', { statusCode: 502, call: facts });
    recent.failed({ id: 'n' }, sent, error);
    should(recent.list()[0]).containEql({
      ...known,
      nodeName: '',
      statusCode: 502,
      code: 'FENERGO_SERVER',
      attempts: 2,
    });
    recent.failed({ id: 'n' }, undefined, new TypeError('client-7'));
    should(recent.list()[0]).containEql({ label: '', attempts: 0, code: 'UNEXPECTED' });
    JSON.stringify(recent.list()).should.not.containEql('client-7');
  });

  it('are the last hundred, newest first', () => {
    for (let at = 0; at < 250; at += 1) recent.succeeded({ id: `n${at}` }, sent, result);
    const ids = recent.list().map(({ nodeId }) => nodeId);
    ids.length.should.equal(100);
    [ids[0], ids[99]].should.deepEqual(['n249', 'n150']);
  });

  it('are forgotten after ten minutes', () => {
    const ids = () => recent.list().map(({ nodeId }) => nodeId);
    recent.succeeded({ id: 'old' }, sent, result);
    clock.advance(60_000);
    recent.succeeded({ id: 'new' }, sent, result);
    clock.advance(540_000 - 1);
    ids().should.deepEqual(['new', 'old']);
    clock.advance(1);
    ids().should.deepEqual(['new']);
    clock.advance(60_000);
    ids().should.be.empty();
    clock.pending.should.equal(0, 'no timer');
  });
});
