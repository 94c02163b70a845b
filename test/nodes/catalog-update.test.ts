import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import should from 'should';
import { OverlayFile } from '../../lib/catalog/overlay.js';
import type { ContractSummary, ImportSummary } from '../../lib/catalog/summary.js';
import type { Overview } from '../../nodes/fenergo-config/overview-routes.js';
import { CatalogUpdate, type UpdateState } from '../../nodes/shared/catalog-update.js';
import { TENANT } from '../sandbox/harness.js';
import { connectionTo, echo, factsOf, type OwnServer, sendJson, startServer } from '../support/flow.js';
import { ManualClock } from '../support/manual-clock.js';
import { type FlowNode, type RealNodeRed, startNodeRed } from '../support/node-red.js';

const LOANS = `openapi: 3.0.3
info: { title: Loans, version: "1.0" }
servers: [{ url: /loancommand }]
paths:
  /api/v1/loans/{id}:
    post:
      operationId: CreateLoan
      parameters:
        - { name: id, in: path, required: true, schema: { type: string } }
      requestBody:
        required: true
        content:
          application/json:
            schema:
              type: object
              required: [data]
              properties:
                data: { $ref: '#/components/schemas/Loan' }
      responses: { '200': { description: ok } }
components:
  schemas:
    Loan: { type: object, required: [amount], properties: { amount: { type: number } } }
`;
const CREATE_LOAN = 'loancommand/v1/CreateLoan';

/** Asks until the answer is yes. */
async function eventually(ask: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await ask())) await new Promise((resolve) => setImmediate(resolve));
}

/** A temporary folder for each test; nothing that was imported may be left over in it. */
function ownTmpdir(): { folder(): string; leftOver(): string[] } {
  let folder = '';
  let before: string | undefined;
  beforeEach(() => {
    before = process.env.TMPDIR;
    folder = mkdtempSync(join(tmpdir(), 'fenergo-update-'));
    process.env.TMPDIR = folder;
  });
  afterEach(() => {
    if (existsSync(folder)) leftOver().should.deepEqual([], 'what was imported is gone');
    if (before === undefined) delete process.env.TMPDIR;
    else process.env.TMPDIR = before;
    rmSync(folder, { recursive: true, force: true });
  });
  const leftOver = () => readdirSync(folder).filter((name) => name.startsWith('fenergo-import-'));
  return { folder: () => folder, leftOver };
}

describe('the update of the catalog', function () {
  this.timeout(60_000);
  ownTmpdir();
  let nodeRed: RealNodeRed;
  let server: OwnServer;
  /** Contracts that the server gives before it falls silent. */
  let given: number;

  const at = { z: 'tab', x: 1, y: 1 };
  const request = (id: string, connection: string, properties: Record<string, unknown> = {}): FlowNode => ({
    id,
    type: 'fenergo-request',
    connection,
    operation: CREATE_LOAN,
    params: [{ name: 'id', in: 'path', type: 'str', value: '7' }],
    ...at,
    wires: [[]],
    ...properties,
  });

  before(async () => {
    server = await startServer((arrived, response) => {
      if (!arrived.url.includes('/swagger/')) return echo(arrived, response);
      given -= 1;
      if (given >= 0) sendJson(response, { openapi: '3.0.0', paths: {} }, 200);
    });
    nodeRed = await startNodeRed();
    await nodeRed.deploy([
      { id: 'tab', type: 'tab', label: 'Flow' },
      { id: 'embedded', type: 'fenergo-config', region: 'sandbox', tenantId: TENANT },
      connectionTo(server.url, { id: 'own', tenantId: TENANT }),
      connectionTo('', { id: 'nowhere', name: 'Nowhere' }),
      request('loan', 'embedded'),
      request('own-off', 'own', { check: 'off' }),
      request('own-warn', 'own', { check: 'warn' }),
      request('own-refuse', 'own', { check: 'refuse' }),
    ]);
  });
  after(async () => {
    await nodeRed.stop();
    await server.close();
  });
  beforeEach(() => {
    given = 0;
    rmSync(overlayFile(), { force: true });
    server.arrived.length = 0;
  });
  afterEach(async () => {
    await fetch(`${nodeRed.url}fenergo/catalog/update`, { method: 'DELETE' });
    await idle();
  });

  const overlayFile = () =>
    join((nodeRed.RED.settings as unknown as { userDir: string }).userDir, 'fenergo-catalog.json');
  const post = (path: string, body: BodyInit, type = 'application/octet-stream') =>
    fetch(`${nodeRed.url}fenergo/catalog/${path}`, {
      method: 'POST',
      headers: { 'content-type': type },
      body,
      duplex: 'half',
    } as RequestInit);
  const refresh = (connection: string) => post('refresh', JSON.stringify({ connection }), 'application/json');
  const importing = async (name: string, text: string) => {
    const response = await post(`import?name=${encodeURIComponent(name)}`, text);
    response.status.should.equal(200);
    String(response.headers.get('cache-control')).should.equal('no-store');
    return (await response.json()) as ImportSummary;
  };
  const codeOf = async (response: Response) => {
    const { code, message } = (await response.json()) as { code: string; message: string };
    message.should.not.be.empty();
    return `${response.status} ${code}`;
  };
  const state = async () =>
    (await (await fetch(`${nodeRed.url}fenergo/catalog/update`)).json()) as UpdateState;
  const until = async (accept: (state: UpdateState) => boolean) => {
    let now = await state();
    await eventually(async () => {
      now = await state();
      return accept(now);
    });
    return now;
  };
  const idle = () => until((now) => now.state === 'idle');
  const run = async (id: string, msg: Record<string, unknown>) => {
    const outcome = nodeRed.nextOutcome(id);
    nodeRed.send(id, msg);
    return outcome;
  };
  const calls = () => server.arrived.filter(({ url }) => url.includes('/loancommand/api'));

  describe('by a file', () => {
    it('adds operations that can be called at once, in the running sandbox too', async () => {
      (await run('loan', {})).error?.should.have.property('code', 'FENERGO_INPUT');
      (await importing('Loans (2).yaml', LOANS)).should.deepEqual({
        contracts: [
          {
            service: 'loancommand',
            version: 'v1',
            name: 'Loans 2.yaml',
            operations: 1,
            added: ['CreateLoan'],
            changed: [],
            gone: [],
            notes: [],
          },
        ],
        failed: [],
      });
      const { msg, error } = await run('loan', { payload: { amount: 1 } });
      should(error).be.undefined();
      [200, 202].should.containEql(msg.statusCode);
      factsOf(msg).operation.should.equal(CREATE_LOAN);
      const { kind, summary, state: now } = await state();
      [now, kind, summary?.contracts.length].should.deepEqual(['idle', 'import', 1]);
      const { catalog } = (await (await fetch(`${nodeRed.url}fenergo/overview`)).json()) as Overview;
      catalog.contracts.should.containDeep([
        { service: 'loancommand', operations: 1, source: { from: 'imported', name: 'Loans 2.yaml' } },
      ]);
    });

    it('names what is broken, and why', async () => {
      const { contracts, failed } = await importing('../bad|name.json', '{"openapi": ');
      contracts.should.be.empty();
      failed.length.should.equal(1);
      should(failed[0]).have.property('name', 'badname.json');
      String(failed[0]?.reason).should.startWith('It is no JSON');
      existsSync(overlayFile()).should.be.false();
    });

    it('refuses what is empty, too large or of another type', async () => {
      const large = Buffer.alloc(21 * 1024 * 1024, ' ');
      const piecemeal = () => new Blob([large]).stream();
      (await codeOf(await post('import?name=a.yaml', ''))).should.equal('400 empty');
      (await codeOf(await post('import?name=a.yaml', large))).should.equal('413 too_large');
      (await codeOf(await post('import?name=a.yaml', piecemeal()))).should.equal('413 too_large');
      for (const type of ['application/json', 'application/x-www-form-urlencoded', 'text/plain', '']) {
        (await codeOf(await post('import?name=a.yaml', '{}', type))).should.equal('415 wrong_type');
      }
      (await state()).state.should.equal('idle');
    });

    it('takes one as large as a contract may be', async () => {
      const text = `${LOANS}#${'x'.repeat(20 * 1024 * 1024 - LOANS.length - 1)}`;
      (await importing('large.yaml', text)).contracts.length.should.equal(1);
    });
  });

  describe('by taking a contract away', () => {
    const SCIM = LOANS.replace('/loancommand', '/scim');
    const remove = (contract: string) =>
      fetch(`${nodeRed.url}fenergo/catalog/contracts/${contract}`, { method: 'DELETE' });
    const offered = async (path: string) => {
      const response = await fetch(`${nodeRed.url}fenergo/catalog/services/${path}`);
      return response.status === 404 ? 0 : ((await response.json()) as unknown[]).length;
    };

    it('gives back at once what came with the package', async () => {
      const bundled = await offered('scim/v1');
      bundled.should.be.above(1);
      const { contracts } = await importing('scim.yaml', SCIM);
      should(contracts[0]?.gone.length).equal(bundled);
      await importing('loans.yaml', LOANS);
      (await offered('scim/v1')).should.equal(1);
      (await remove('scim/v1')).status.should.equal(204);
      (await offered('scim/v1')).should.equal(bundled);
      (await offered('loancommand/v1')).should.equal(1, 'the others stay');
      (await remove('loancommand/v1')).status.should.equal(204);
      (await run('loan', {})).error?.should.have.property('code', 'FENERGO_INPUT');
    });

    it('takes none that is not there', async () => {
      await importing('loans.yaml', LOANS);
      for (const contract of ['loancommand/v2', 'scim/v1', 'constructor/__proto__', '%2e%2e%2f/v1'])
        (await codeOf(await remove(contract))).should.equal('404 not_found', contract);
      (await offered('loancommand/v1')).should.equal(1);
    });

    it('waits for the end of an import or a refresh', async () => {
      await importing('loans.yaml', LOANS);
      (await refresh('own')).status.should.equal(202);
      (await codeOf(await remove('loancommand/v1'))).should.equal('409 busy');
      (await offered('loancommand/v1')).should.equal(1);
    });

    it('leaves a file alone that cannot be read', async () => {
      writeFileSync(overlayFile(), '{');
      (await codeOf(await remove('loancommand/v1'))).should.equal('500 failed');
      readFileSync(overlayFile(), 'utf8').should.equal('{');
    });
  });

  describe('by a refresh', () => {
    it('takes every contract of the platform of a connection', async () => {
      (await refresh('embedded')).status.should.equal(202);
      const { progress } = await until((now) => now.progress !== undefined || now.state === 'idle');
      should(progress).have.properties(['done', 'total', 'name']);
      const { kind, summary, error } = await idle();
      should(error).be.undefined();
      String(kind).should.equal('refresh');
      summary?.failed.should.be.empty();
      summary?.contracts.length.should.equal(114);
      const changed = summary?.contracts.filter(
        ({ added, gone }: ContractSummary) => added.length + gone.length > 0,
      );
      should(changed).be.empty();
      const { catalog } = (await (await fetch(`${nodeRed.url}fenergo/overview`)).json()) as Overview;
      catalog.contracts.length.should.equal(114);
      should(catalog.contracts[0]?.source.from).equal('live');
    });

    it('asks the connection where to go, and nobody else', async () => {
      (await codeOf(await refresh('none'))).should.equal('404 not_found');
      (await codeOf(await refresh('nowhere'))).should.equal('400 FENERGO_CONFIG');
      const form = `connection=own&apiUrl=${encodeURIComponent(server.url)}`;
      const type = 'application/x-www-form-urlencoded';
      (await codeOf(await post('refresh', form, type))).should.equal('415 wrong_type');
      const body = JSON.stringify({ connection: 'none', apiUrl: server.url });
      (await codeOf(await post('refresh', body, 'application/json'))).should.equal('404 not_found');
      (await codeOf(await post('refresh', '[]', 'application/json'))).should.equal('404 not_found');
      server.arrived.should.be.empty();
      (await state()).state.should.equal('idle');
    });

    it('can be cancelled in the middle, and nothing changes', async () => {
      given = 5;
      (await refresh('own')).status.should.equal(202);
      const { progress } = await until((now) => (now.progress?.done ?? 0) >= 5);
      progress?.total.should.be.above(100);
      const cancelled = await fetch(`${nodeRed.url}fenergo/catalog/update`, { method: 'DELETE' });
      cancelled.status.should.equal(204);
      const { kind, error, summary } = await idle();
      should({ kind, error }).containDeep({ kind: 'refresh', error: { code: 'cancelled' } });
      should(summary).be.undefined();
      await eventually(async () => (await server.connections()) === 0);
      existsSync(overlayFile()).should.be.false();
    });

    it('goes on alone: whatever else is asked for meanwhile is refused', async () => {
      (await refresh('own')).status.should.equal(202);
      (await codeOf(await refresh('own'))).should.equal('409 busy');
      (await codeOf(await refresh('embedded'))).should.equal('409 busy');
      (await codeOf(await post('import?name=a.yaml', LOANS))).should.equal('409 busy');
      (await state()).should.have.properties({ state: 'running', kind: 'refresh' });
    });

    it('outlives a deploy', async () => {
      await refresh('own');
      await nodeRed.deploy(await nodeRed.flows());
      (await state()).state.should.equal('running');
    });
  });

  describe('gives schemas that calls are checked by', () => {
    beforeEach(async () => {
      await importing('loans.yaml', LOANS);
      nodeRed.logs.length = 0;
    });
    const wrong = () => ({ payload: { amount: 'client data' } });
    const warnings = () => nodeRed.logs.filter(({ level, id }) => level === 30 && id?.startsWith('own-'));

    it('refuse: the call is not sent', async () => {
      const { error } = await run('own-refuse', wrong());
      should(error).containDeep({ code: 'FENERGO_INPUT' });
      String(error)
        .should.match(/data\.amount/)
        .and.not.containEql('client data');
      calls().should.be.empty();
      should((await run('own-refuse', { payload: { amount: 1 } })).error).be.undefined();
      calls().length.should.equal(1);
      warnings().should.be.empty();
    });

    it('warn: the call is sent, and the node warns', async () => {
      should((await run('own-warn', wrong())).error).be.undefined();
      calls().length.should.equal(1);
      warnings().length.should.equal(1);
      String(warnings()[0]?.msg)
        .should.match(/data\.amount/)
        .and.not.containEql('client data');
    });

    it('off: the call is sent', async () => {
      should((await run('own-off', wrong())).error).be.undefined();
      calls().length.should.equal(1);
      warnings().should.be.empty();
    });
  });
});

describe('the update of the catalog, when Node-RED stops', function () {
  this.timeout(30_000);

  it('ends', async () => {
    const server = await startServer(() => {});
    const nodeRed = await startNodeRed();
    await nodeRed.deploy([connectionTo(server.url, { id: 'own' })]);
    const response = await fetch(`${nodeRed.url}fenergo/catalog/refresh`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: '{"connection":"own"}',
    });
    response.status.should.equal(202);
    await eventually(async () => (await server.connections()) > 0);
    await nodeRed.stop();
    await eventually(async () => (await server.connections()) === 0);
    await server.close();
  });
});

describe('CatalogUpdate', function () {
  this.timeout(20_000);
  const temporary = ownTmpdir();
  let clock: ManualClock;
  let logs: string[];

  const summary: ImportSummary = { contracts: [], failed: [] };
  /** An update whose command is this script. */
  function update(script: string): CatalogUpdate {
    const command = join(temporary.folder(), 'command.cjs');
    writeFileSync(command, `const { readFileSync } = require('node:fs');\n${script}`);
    const overlay = new OverlayFile(join(temporary.folder(), 'user'), clock, () => {});
    return new CatalogUpdate({ overlay, clock, log: (line) => logs.push(line), command });
  }
  const FOREVER = 'setInterval(() => {}, 1000);';
  const begun = async (one: CatalogUpdate) => {
    await eventually(() => one.state().progress !== undefined);
  };

  beforeEach(() => {
    clock = new ManualClock();
    logs = [];
  });
  afterEach(() => {
    clock.pending.should.equal(0, 'no timer is left');
    process.listenerCount('exit').should.equal(exits, 'nothing waits for the end of the process');
  });
  let exits = 0;
  before(() => {
    exits = process.listenerCount('exit');
  });

  it('hands over the file and the user directory, and tells the outcome until the next run', async () => {
    const one = update(`
      const [command, file, ...options] = process.argv.slice(2);
      const text = readFileSync(file, 'utf8');
      process.send({ progress: { done: 1, total: 1, name: file } });
      const notes = [command, text, ...options];
      process.send({ summary: { contracts: [{ notes }], failed: [] } });
      process.exitCode = 1;`);
    one.state().should.deepEqual({ state: 'idle' });
    const done = one.importFile('a.yaml', Buffer.from('text'));
    one.state().should.deepEqual({ state: 'running', kind: 'import' });
    const notes = ['import', 'text', '--user-dir', join(temporary.folder(), 'user')];
    (await done).should.deepEqual({ contracts: [{ notes }], failed: [] });
    one.state().should.deepEqual({
      state: 'idle',
      kind: 'import',
      summary: { contracts: [{ notes }], failed: [] },
    });
    logs.should.be.empty();
  });

  for (const [name, text, kept] of [
    ['Loans v1.2.yaml', '', 'Loans v1.2.yaml'],
    ['a.YML', '{}', 'a.YML'],
    ['C:\\files\\a.json', '', 'a.json'],
    ['../../etc/passwd', '', 'passwd.yaml'],
    ['swagger', ' {"a": 1}', 'swagger.json'],
    ['', '', 'contract.yaml'],
    ['..', '', '...yaml'],
    ['/', '[]', 'contract.json'],
    ['Größe\n$(x).yaml', '', 'Grex.yaml'],
    ['.json', '', 'contract.json'],
    [`${'x'.repeat(300)}.yaml`, '', `${'x'.repeat(95)}.yaml`],
  ] as const) {
    it(`calls the file '${name.slice(0, 30)}' '${kept.slice(0, 30)}'`, async () => {
      const one = update(`
        const name = require('node:path').basename(process.argv[3]);
        process.send({ summary: { contracts: [], failed: [{ name }] } });`);
      should((await one.importFile(name, Buffer.from(text))).failed[0]?.name).equal(kept);
    });
  }

  it('runs one at a time, and the next when that has ended', async () => {
    const one = update(`process.send({ summary: ${JSON.stringify(summary)} });`);
    const first = one.importFile('a.yaml', Buffer.from('x'));
    await one.importFile('b.yaml', Buffer.from('x')).should.be.rejectedWith({ code: 'busy' });
    (() => one.refresh('http://127.0.0.1', () => {})).should.throw({ code: 'busy' });
    (await first).should.deepEqual(summary);
    (await one.importFile('b.yaml', Buffer.from('x'))).should.deepEqual(summary);
  });

  it('is cancelled at once, even before the command runs', async () => {
    const one = update(`process.send({ progress: { done: 0, total: 1, name: '' } });\nfor (;;);`);
    one.cancel();
    for (const when of [begun, () => {}]) {
      const done = one.importFile('a.yaml', Buffer.from('x'));
      await when(one);
      one.cancel();
      await done.should.be.rejectedWith({ code: 'cancelled' });
      one.state().should.containDeep({ state: 'idle', kind: 'import', error: { code: 'cancelled' } });
    }
    logs.should.be.empty();
  });

  it('is ended after ten minutes', async () => {
    const one = update(`process.send({ progress: { done: 0, total: 1, name: '' } });\n${FOREVER}`);
    let ended = 0;
    one.refresh('http://127.0.0.1', () => {
      ended += 1;
    });
    await begun(one);
    clock.advance(600_000 - 1);
    one.state().state.should.equal('running');
    clock.advance(1);
    await eventually(() => ended > 0);
    one.state().should.containDeep({ kind: 'refresh', error: { code: 'too_long' } });
    ended.should.equal(1);
  });

  it('is ended with the process, files included', async () => {
    const one = update(`process.send({ progress: { done: 0, total: 1, name: '' } });\n${FOREVER}`);
    const done = one.importFile('a.yaml', Buffer.from('x'));
    await begun(one);
    temporary.leftOver().length.should.equal(1);
    const [onExit] = process.listeners('exit').slice(-1);
    onExit?.(0);
    temporary.leftOver().should.be.empty();
    await done.should.be.rejectedWith({ code: 'cancelled' });
  });

  it('tells why the command failed', async () => {
    const told = update(`process.send({ error: 'The disk is full' }); process.exitCode = 1;`);
    await told.importFile('a.yaml', Buffer.from('x')).should.be.rejectedWith({
      code: 'failed',
      message: 'The disk is full',
    });
    logs.should.be.empty();
    const crashed = update(`console.error('out of ' + 'memory'); process.exitCode = 134;`);
    await crashed.importFile('a.yaml', Buffer.from('x')).should.be.rejectedWith({
      code: 'failed',
      message: 'fenergo-catalog ended without a result (134)',
    });
    logs.should.deepEqual(['fenergo-catalog failed (134): out of memory']);
    rmSync(temporary.folder(), { recursive: true });
    await crashed.importFile('a.yaml', Buffer.from('x')).should.be.rejectedWith({ code: 'failed' });
    crashed.state().state.should.equal('idle');
  });
});
