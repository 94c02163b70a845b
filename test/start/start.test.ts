import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import should from 'should';

const ROOT = join(__dirname, '../..');
const SCRIPT = join(ROOT, 'scripts/start.ts');

interface Ended {
  code: number;
  stdout: string;
  stderr: string;
}

/** Runs `npm start`'s script to its end. */
function start(args: string[], env: Record<string, string> = {}): Promise<Ended> {
  return new Promise((resolve) => {
    const command = [join(ROOT, 'node_modules/tsx/dist/cli.mjs'), SCRIPT, ...args];
    execFile(
      process.execPath,
      command,
      { cwd: ROOT, env: { ...process.env, ...env } },
      (error, stdout, stderr) => {
        resolve({ code: error ? Number(error.code) : 0, stdout, stderr });
      },
    );
  });
}

describe('npm start', function () {
  this.timeout(60_000);

  it('with --once prints what the first example read, with one token request, and ends', async () => {
    const { code, stdout, stderr } = await start(['--once']);
    stderr.should.equal('');
    code.should.equal(0);
    stdout.should.match(/GetEntityById read one entity \(\d+ ms, token requests: 1\)/);
    stdout.should.match(/legalEntityName +Brightwater Shipping Limited/);
  });

  it('says why it cannot, and ends with 1', async () => {
    const { code, stderr } = await start(['--once'], { NODE_RED_MODULE: 'not-installed' });
    code.should.equal(1);
    stderr.should.match(/^Failed: Cannot find module 'not-installed'/);
  });

  it('tells what a first example that fails said, and ends with 1', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'fenergo-broken-'));
    try {
      const flow = readFileSync(join(ROOT, 'examples/01 - First call.json'), 'utf8');
      writeFileSync(join(folder, '01.json'), flow.replaceAll('v2/GetEntityById', 'v2/GetEntityByIdd'));
      const { code, stderr } = await start(['--once'], { FENERGO_EXAMPLES: folder });
      code.should.equal(1);
      stderr.should.match(/Failed: Operation 'entitydataquery\/v2\/GetEntityByIdd' is not in the catalog/);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });

  it('takes the next port when its own is in use, keeps flows that are there, and ends with Ctrl-C', async () => {
    const dir = mkdtempSync(join(tmpdir(), 'fenergo-dir-'));
    const busy = createServer().listen(0, '127.0.0.1');
    await once(busy, 'listening');
    const { port } = busy.address() as AddressInfo;
    const own = '[{"id":"0000000000000abc","type":"tab","label":"my own"}]';
    writeFileSync(join(dir, 'flows.json'), own);
    const child = spawn(process.execPath, ['--import', 'tsx', SCRIPT, '--port', `${port}`, '--dir', dir], {
      cwd: ROOT,
    });
    try {
      let [stdout, stderr] = ['', ''];
      child.stderr.on('data', (text) => {
        stderr += text;
      });
      for await (const text of child.stdout) {
        stdout += text;
        if (/The editor is at/.test(stdout)) break;
      }
      stdout.should.containEql(`Port ${port} is in use: trying ${port + 1}.`);
      stderr.should.match(/The first example is gone or no longer calls the sandbox, so it was not run/);
      readFileSync(join(dir, 'flows.json'), 'utf8').should.equal(own);
      const ended = once(child, 'exit');
      child.kill('SIGINT');
      (await ended).should.deepEqual([0, null]);
    } finally {
      child.kill('SIGKILL');
      busy.close();
      rmSync(dir, { recursive: true, force: true });
    }
  });

  it('explains itself', async () => {
    const { code, stdout } = await start(['--help']);
    code.should.equal(0);
    should(stdout).match(/--once/);
  });
});
