import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import should from 'should';

const ROOT = join(__dirname, '../..');
const BIN = join(ROOT, 'lib/bin/fenergo-sandbox.ts');

interface Run {
  child: ChildProcess;
  /** What it has written so far. */
  output: { stdout: string; stderr: string };
  /** Its exit code. */
  ended: Promise<number | null>;
}

describe('fenergo-sandbox command', () => {
  const runs: Run[] = [];
  const folder = mkdtempSync(join(tmpdir(), 'fenergo-sandbox-'));

  afterEach(async () => {
    for (const { child, ended } of runs.splice(0)) {
      child.kill('SIGKILL');
      await ended;
    }
  });
  after(() => rmSync(folder, { recursive: true }));

  function start(...args: string[]): Run {
    return node('--require', 'tsx/cjs', BIN, ...args);
  }

  function node(...args: string[]): Run {
    const child = spawn(process.execPath, args, { cwd: ROOT, stdio: 'pipe' });
    const output = { stdout: '', stderr: '' };
    child.stdout.on('data', (chunk) => {
      output.stdout += chunk;
    });
    child.stderr.on('data', (chunk) => {
      output.stderr += chunk;
    });
    const run = { child, output, ended: once(child, 'close').then(([code]) => code as number | null) };
    runs.push(run);
    return run;
  }

  /** The greeting, once it is complete. */
  async function greeting(run: Run): Promise<string> {
    while (!run.output.stdout.includes('Ctrl+C')) {
      const over = run.ended.then((code) => {
        throw new Error(`It ended with ${code}: ${run.output.stderr}`);
      });
      await Promise.race([once(run.child.stdout ?? run.child, 'data'), over]);
    }
    return run.output.stdout;
  }

  const urlIn = (text: string) => /http:\/\/127\.0\.0\.1:\d+/.exec(text)?.[0] ?? '';

  it('runs until it is told to end, and its curl commands work', async () => {
    const run = start('--port', '0');
    const text = await greeting(run);
    text.should.containEql('11111111-1111-4111-8111-111111111111');
    text.should.containEql('22222222-2222-4222-8222-222222222222');
    const commands = text
      .split('\n')
      .filter((line) => line.startsWith('  TOKEN=') || line.startsWith('  curl'))
      .join('\n');
    const shell = spawn('sh', ['-c', commands], { stdio: 'pipe' });
    let answer = '';
    shell.stdout.on('data', (chunk) => {
      answer += chunk;
    });
    await once(shell, 'close');
    JSON.parse(answer).data.id.should.equal('e0000001-0000-4000-8000-000000000001');
    run.child.kill('SIGTERM');
    should(await run.ended).equal(0);
    run.output.stderr.should.equal('');
  });

  it('ends on SIGINT', async () => {
    const run = start('--port', '0');
    await greeting(run);
    run.child.kill('SIGINT');
    should(await run.ended).equal(0);
  });

  it('takes its options', async () => {
    const file = join(folder, 'faults.json');
    writeFileSync(file, '[{ "respond": { "status": 503 }, "match": { "path": "/connect/token" } }]');
    const run = start('--port=0', '--plan=sdlc', '--consistency=0', '--token-seconds=60', '--faults', file);
    const url = urlIn(await greeting(run));
    const body = new URLSearchParams({
      grant_type: 'client_credentials',
      client_id: 'a',
      client_secret: 'b',
    });
    (await fetch(`${url}/connect/token`, { method: 'POST', body })).status.should.equal(503);
    const token = await fetch(`${url}/connect/token`, { method: 'POST', body });
    ((await token.json()) as { expires_in: number }).expires_in.should.equal(60);
  });

  it('takes the options of feeds', async () => {
    const run = start('--port=0', '--feed-batch=2', '--redelivery=1000', '--webhook-retries=0');
    const url = urlIn(await greeting(run));
    const tenantId = '11111111-1111-4111-8111-111111111111';
    const post = async (path: string, body: string | URLSearchParams) =>
      (await fetch(`${url}${path}`, { method: 'POST', body })).json();
    await post('/sandbox/events', JSON.stringify({ tenantId, eventType: 'journey:taskcompleted', count: 3 }));
    const form = { grant_type: 'client_credentials', client_id: 'a', client_secret: 'b' };
    const token = (await post('/connect/token', new URLSearchParams(form))) as { access_token: string };
    const headers = { authorization: `Bearer ${token.access_token}`, 'x-tenant-id': tenantId };
    const next = await fetch(`${url}/eventnotifications/v2/journey/next`, { headers });
    const batch = (await next.json()) as { notifications: unknown[]; moreAvailable: boolean };
    batch.notifications.should.have.length(2);
    batch.moreAvailable.should.equal(true);
  });

  it('says so when the port is in use', async () => {
    const other = createServer().listen(0, '127.0.0.1');
    await once(other, 'listening');
    const { port } = other.address() as AddressInfo;
    try {
      const run = start('--port', String(port));
      should(await run.ended).equal(1);
      run.output.stderr.should.match(new RegExp(`Port ${port} is in use`));
    } finally {
      other.close();
    }
  });

  it('gives help', async () => {
    const run = start('--help');
    should(await run.ended).equal(0);
    const flags = ['port', 'plan', 'consistency', 'token-seconds', 'faults'];
    for (const flag of [...flags, 'feed-batch', 'redelivery', 'webhook-retries']) {
      run.output.stdout.should.containEql(`--${flag}`);
    }
  });

  const badPlan = join(folder, 'bad.json');
  for (const [args, reason] of [
    [['--prot', '1'], /--prot/],
    [['extra'], /extra/],
    [['--port', '99999'], /--port must be a whole number from 0 to 65535, not '99999'/],
    [['--port', 'x'], /--port/],
    [['--plan', 'huge'], /--plan must be/],
    [['--consistency=-5'], /--consistency/],
    [['--token-seconds', '0'], /--token-seconds/],
    [['--feed-batch', '10001'], /--feed-batch/],
    [['--redelivery', '0'], /--redelivery/],
    [['--webhook-retries', '31'], /--webhook-retries/],
    [['--faults', join(folder, 'none.json')], /--faults .*none\.json/],
    [['--faults', badPlan], /Rule 0 .*needs one of/],
  ] as [string[], RegExp][]) {
    it(`refuses ${args.map((arg) => arg.replace(folder, '…')).join(' ')} with exit code 2`, async () => {
      writeFileSync(badPlan, '[{}]');
      const run = start(...args);
      should(await run.ended).equal(2);
      run.output.stderr.should.match(reason);
      run.output.stdout.should.equal('');
    });
  }

  it('is not kept alive by an embedded sandbox', async () => {
    const script = `
      const { startSandbox } = require('./lib/sandbox/sandbox.ts');
      startSandbox({ operations: [] }).then((sandbox) => fetch(sandbox.url)).then(({ status }) => console.log(status));
    `;
    const run = node('--require', 'tsx/cjs', '--eval', script);
    should(await run.ended).equal(0);
    run.output.stdout.should.equal('404\n');
  });
});
