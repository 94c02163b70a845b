import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  watch,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { name as PACKAGE } from '../../package.json';
import { buildIfStale } from '../../scripts/build.js';
import type { FlowNode } from './node-red.js';

const ROOT = join(__dirname, '../..');

/** A Node-RED in a process of its own, with a user directory that outlives it: to be killed and started again. */
export class NodeRedProcess {
  readonly userDir = mkdtempSync(join(tmpdir(), 'fenergo-process-'));
  readonly #port: number;
  #child: ChildProcess | undefined;
  /** All that it wrote. */
  output = '';

  /**
   * @param flows with credentials in the clear
   * @param settings of settings.js
   */
  constructor(flows: FlowNode[], port: number, settings: Record<string, unknown> = {}) {
    buildIfStale();
    this.#port = port;
    const link = join(this.userDir, 'node_modules', PACKAGE);
    mkdirSync(dirname(link), { recursive: true });
    symlinkSync(ROOT, link, 'dir');
    const manifest = { name: 'test', version: '0.0.0', private: true, dependencies: { [PACKAGE]: '*' } };
    this.#write('package.json', manifest);
    this.#write(
      'flows.json',
      flows.map(({ credentials: _, ...node }) => node),
    );
    this.#write('flows_cred.json', Object.fromEntries(flows.map(({ id, credentials }) => [id, credentials])));
    const all = {
      uiHost: '127.0.0.1',
      flowFile: 'flows.json',
      credentialSecret: false,
      telemetry: { enabled: false, updateNotification: false },
      editorTheme: { tours: false, palette: { catalogues: [] } },
      ...settings,
    };
    writeFileSync(join(this.userDir, 'settings.js'), `module.exports = ${JSON.stringify(all)};\n`);
  }

  /** Starts it, and waits until its flows run. */
  async start(): Promise<void> {
    const script = join(dirname(require.resolve(process.env.NODE_RED_MODULE || 'node-red')), '../red.js');
    const args = [script, '--userDir', this.userDir, '--port', `${this.#port}`];
    const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'pipe'] });
    this.#child = child;
    let started = '';
    await new Promise<void>((resolve, reject) => {
      const heard = (text: Buffer) => {
        this.output += text;
        started += text;
        if (started.includes('Started flows')) resolve();
      };
      child.stdout.on('data', heard);
      child.stderr.on('data', heard);
      child.once('exit', (code) => reject(new Error(`Node-RED ended with ${code}: ${started}`)));
    });
  }

  /** Ends it as a power failure does. */
  async kill(): Promise<void> {
    const child = this.#child;
    this.#child = undefined;
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, 'exit');
    child.kill('SIGKILL');
    await ended;
  }

  /** Until a file of the user directory holds what is wanted. */
  async untilFile(file: string, accept: (text: string) => boolean): Promise<void> {
    const path = join(this.userDir, file);
    mkdirSync(dirname(path), { recursive: true });
    const changes = watch(dirname(path), { persistent: true });
    try {
      const holds = () => existsSync(path) && accept(readFileSync(path, 'utf8'));
      while (!holds()) await once(changes, 'change');
    } finally {
      changes.close();
    }
  }

  /** Kills it if it runs, and removes its user directory. */
  async remove(): Promise<void> {
    await this.kill();
    rmSync(this.userDir, { recursive: true, force: true });
  }

  #write(file: string, content: unknown): void {
    writeFileSync(join(this.userDir, file), JSON.stringify(content));
  }
}
