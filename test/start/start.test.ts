import { execFile } from 'node:child_process';
import { join } from 'node:path';
import should from 'should';

const ROOT = join(__dirname, '../..');

interface Ended {
  code: number;
  stdout: string;
  stderr: string;
}

/** Runs `npm start`'s script to its end. */
function start(args: string[], env: Record<string, string> = {}): Promise<Ended> {
  return new Promise((resolve) => {
    const command = [join(ROOT, 'node_modules/tsx/dist/cli.mjs'), join(ROOT, 'scripts/start.ts'), ...args];
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
    stdout.should.match(/GetEntityById answered in \d+ ms; token requests so far: 1/);
    stdout.should.match(/Łubiński Logistyka/);
  });

  it('says why it cannot, and ends with 1', async () => {
    const { code, stderr } = await start(['--once'], { NODE_RED_MODULE: 'not-installed' });
    code.should.equal(1);
    stderr.should.match(/^Failed: Cannot find module 'not-installed'/);
  });

  it('explains itself', async () => {
    const { code, stdout } = await start(['--help']);
    code.should.equal(0);
    should(stdout).match(/--once/);
  });
});
