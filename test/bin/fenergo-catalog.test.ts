import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import should from 'should';
import { Catalog } from '../../lib/catalog/catalog.js';
import { OVERLAY_FILE, OverlayFile } from '../../lib/catalog/overlay.js';
import { systemClock } from '../../lib/clock.js';
import { type Sandbox, startSandbox } from '../../lib/sandbox/sandbox.js';

const BIN = join(__dirname, '../../lib/bin/fenergo-catalog.ts');

interface Ended {
  code: number;
  stdout: string;
  stderr: string;
  messages: Record<string, unknown>[];
}

describe('fenergo-catalog command', function () {
  this.timeout(60_000);
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'fenergo-catalog-'));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  async function run(args: string[], env: NodeJS.ProcessEnv = {}): Promise<Ended> {
    const child: ChildProcess = fork(BIN, args, {
      execArgv: ['--require', 'tsx/cjs'],
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
      env: { ...process.env, NODE_RED_HOME: undefined, ...env },
    });
    const ended: Ended = { code: -1, stdout: '', stderr: '', messages: [] };
    child.stdout?.on('data', (chunk) => {
      ended.stdout += chunk;
    });
    child.stderr?.on('data', (chunk) => {
      ended.stderr += chunk;
    });
    child.on('message', (message) => ended.messages.push(message as Record<string, unknown>));
    const [code] = (await once(child, 'close')) as [number];
    return { ...ended, code };
  }

  const contract = (service: string, path = '/api/a') =>
    `openapi: 3.1.0\ninfo: {version: "1.0"}\nservers: [{url: /${service}}]\npaths: {${path}: {get: {operationId: GetA}}}\n`;
  const file = (name: string, text: string) => {
    const path = join(folder, name);
    mkdirSync(join(path, '..'), { recursive: true });
    writeFileSync(path, text);
    return path;
  };
  const catalogIn = (userDir: string) =>
    new Catalog({ overlay: new OverlayFile(userDir, systemClock, (problem) => should.fail(problem, '')) });

  it('imports files and folders, names what is broken, and takes the rest', async () => {
    const contracts = join(folder, 'contracts');
    file('contracts/loans.yaml', contract('loancommand'));
    file('contracts/broken.json', '{');
    const { code, stdout, messages } = await run(['import', contracts, '--user-dir', join(folder, 'user')]);
    code.should.equal(1);
    stdout.should.containEql('✓ loancommand v1: 1 operation').and.containEql('added: GetA');
    stdout.should.containEql('✗ broken.json: It is no JSON');
    stdout.should.containEql('1 contract read, 1 failed: 1 added, 0 changed, 0 gone');
    should(catalogIn(join(folder, 'user')).find('loancommand/v1/GetA')).have.property('path', '/api/a');
    messages.map((message) => Object.keys(message)[0]).should.deepEqual(['progress', 'progress', 'summary']);
    should(messages.at(-1)).containDeep({ summary: { failed: [{ name: 'broken.json' }] } });
  });

  it('ends with 0 when all went in, and keeps what was imported before', async () => {
    const user = ['--user-dir', folder];
    (await run(['import', file('a.yaml', contract('first')), ...user])).code.should.equal(0);
    (await run(['import', file('b.yaml', contract('second')), ...user])).code.should.equal(0);
    const catalog = catalogIn(folder);
    should(catalog.find('first/v1/GetA')).be.ok();
    should(catalog.find('second/v1/GetA')).be.ok();
  });

  it('takes the rest when a file is not there, and says when there is none at all', async () => {
    const { code, stdout } = await run([
      'import',
      '/no/such.json',
      file('a.yaml', contract('first')),
      '--user-dir',
      folder,
    ]);
    code.should.equal(1);
    stdout.should.containEql('✗ such.json: It does not exist').and.containEql('✓ first v1');
    mkdirSync(join(folder, 'empty'));
    const none = await run(['import', join(folder, 'empty'), '--user-dir', folder]);
    none.code.should.equal(1);
    none.stderr.should.containEql('No .json, .yaml or .yml file was found');
  });

  it('does not write over a catalog file that it cannot read', async () => {
    file(OVERLAY_FILE, '{"contracts": [');
    const { code, stderr } = await run(['import', file('a.yaml', contract('first')), '--user-dir', folder]);
    code.should.equal(1);
    stderr.should.containEql('Mend or remove it first');
    readFileSync(join(folder, OVERLAY_FILE), 'utf8').should.equal('{"contracts": [');
  });

  it('removes what was imported', async () => {
    await run([
      'import',
      file('a.yaml', contract('first')),
      file('b.yaml', contract('second')),
      '--user-dir',
      folder,
    ]);
    const { stdout, code } = await run(['remove', 'first', 'second/v2', '--user-dir', folder]);
    code.should.equal(0);
    stdout.should.equal('first: 1 removed\nsecond/v2: nothing of your own\n');
    should(catalogIn(folder).find('first/v1/GetA')).be.undefined();
    should(catalogIn(folder).find('second/v1/GetA')).be.ok();
  });

  it('puts one file where it is told', async () => {
    const path = file('x.yaml', 'openapi: 3.0.0\npaths: {/api/a: {get: {operationId: GetA}}}');
    (await run(['import', path, '--user-dir', folder])).stdout.should.containEql('does not tell its service');
    existsSync(join(folder, OVERLAY_FILE)).should.be.false('nothing was written');
    await run(['import', path, '--user-dir', folder, '--service', 'mine', '--version', 'v3']);
    should(catalogIn(folder).find('mine/v3/GetA')).be.ok();
  });

  for (const config of ['.config.json', '.config.nodes.json']) {
    it(`finds Node-RED's user directory as Node-RED does, by its ${config}`, async () => {
      const path = file('a.yaml', contract('first'));
      const env: NodeJS.ProcessEnv = { HOME: join(folder, 'home'), HOMEPATH: undefined };
      const expectIn = async (place: string) => {
        const { stdout } = await run(['import', path], env);
        stdout.should.containEql(`Written to ${join(folder, place, OVERLAY_FILE)}\n`);
      };
      file(`home/.node-red/${config}`, '{}');
      await expectIn('home/.node-red');
      file(`other/.node-red/${config}`, '{}');
      env.HOMEPATH = join(folder, 'other');
      await expectIn('other/.node-red');
      file(`nr/${config}`, '{}');
      env.NODE_RED_HOME = join(folder, 'nr');
      await expectIn('nr');
    });
  }

  it('makes no user directory where there is no Node-RED', async () => {
    const path = file('a.yaml', contract('first'));
    const env = { HOME: join(folder, 'home') };
    const refused = async () => {
      const { code, stderr } = await run(['import', path], env);
      code.should.equal(2);
      stderr.should.containEql('is no user directory of a Node-RED: name it with --user-dir');
    };
    await refused();
    existsSync(join(folder, 'home')).should.be.false();
    mkdirSync(join(folder, 'home/.node-red'), { recursive: true });
    await refused();
    const named = await run(['import', path, '--user-dir', join(folder, 'home/.node-red')], env);
    named.code.should.equal(0);
  });

  it('does not let a contract steer the terminal', async () => {
    const path = file('a.yaml', contract('first', '"/\\e[31m/../x": {get: {}}, /api/a'));
    const { stdout } = await run(['import', path, '--user-dir', folder]);
    stdout.should.containEql('note: GET').and.not.containEql('\u001b');
  });

  for (const [args, reason] of [
    [['import'], /Name the files or folders/],
    [['import', BIN, __filename, '--service', 'x', '--user-dir', '.'], /are for the import of one file/],
    [['refresh'], /Name the region/],
    [['refresh', 'file', '--region', ''], /takes no files/],
    [['refresh', '--region', 'a.b'], /Region 'a\.b' cannot be part of a host name/],
    [['refresh', '--api-url', 'ftp://x'], /API URL does not start with https/],
    [['refresh', '--region', 'x', '--service', '../y'], /'\.\.\/y' is no name of a service/],
    [['refresh', '--region', 'sandbox'], /give --api-url/],
    [['refresh', '--region', 'x', '--service', ''], /--service is empty/],
    [['refresh', '--region', 'x', '--service', ' , '], /--service names no service/],
    [['refresh', '--region', 'x', '--version', 'v2'], /--version is not for refresh/],
    [['import', __filename, '--region', 'x'], /--region is not for import/],
    [['import', __filename, '--service', ''], /--service is empty/],
    [['import', __filename, '--user-dir', ''], /--user-dir is empty/],
    [['remove', 'x', '--service', 'y'], /--service is not for remove/],
    [['remove'], /Name the services/],
    [['export'], /'export' is not one of import, refresh, remove/],
    [['--wrong'], /Unknown option '--wrong'/],
  ] as const) {
    it(`says what is wrong with: ${args.join(' ') || 'nothing'}`, async () => {
      file('.node-red/package.json', '{}');
      const { code, stderr, stdout } = await run([...args], { HOME: folder });
      code.should.be.above(0);
      stderr.should.match(reason).and.startWith('fenergo-catalog: ').and.not.containEql('    at ');
      stdout.should.equal('');
    });
  }

  it('prints its help', async () => {
    for (const args of [[], ['--help'], ['import', '-h']]) {
      const { code, stdout } = await run(args);
      code.should.equal(0);
      stdout.should.startWith('Usage: fenergo-catalog import');
    }
  });

  describe('with a platform', () => {
    let sandbox: Sandbox;
    before(async () => {
      sandbox = await startSandbox({ operations: new Catalog().all(), plan: 'none' });
    });
    after(() => sandbox.close());

    it('refreshes every service and version, and changes no key', async () => {
      const { code, stdout, messages } = await run([
        'refresh',
        '--api-url',
        sandbox.apiUrl,
        '--user-dir',
        folder,
      ]);
      stdout.should.containEql('114 contracts read, 0 failed');
      code.should.equal(0);
      const bundled = new Catalog();
      const refreshed = catalogIn(folder);
      refreshed
        .all()
        .map(({ key }) => key)
        .sort()
        .should.deepEqual(
          bundled
            .all()
            .map(({ key }) => key)
            .sort(),
        );
      for (const { key, source, withdrawn } of refreshed.all()) {
        source.from.should.equal('live', key);
        withdrawn.should.be.false();
      }
      const { progress } = messages.filter((message) => message.progress).at(-1) as {
        progress: { done: number; total: number };
      };
      progress.done.should.equal(progress.total);
      readFileSync(join(folder, OVERLAY_FILE), 'utf8').length.should.be.below(5e6);
    });

    it('refreshes the services that are named', async () => {
      const { stdout } = await run([
        'refresh',
        '--api-url',
        sandbox.apiUrl,
        '--user-dir',
        folder,
        '--service',
        'webhooks, eventingress',
      ]);
      stdout.should.containEql('2 contracts read').and.containEql('✓ webhooks v1');
    });
  });
});
