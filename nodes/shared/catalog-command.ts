import { fork } from 'node:child_process';
import { join } from 'node:path';
import type { Progress } from '../../lib/catalog/import.js';
import type { ImportSummary } from '../../lib/catalog/summary.js';

const COMMAND = join(__dirname, '../../lib/bin/fenergo-catalog.js');
const MOST_SAID = 2000;

/** What the command tells by IPC. */
interface Told {
  progress?: Progress;
  summary?: ImportSummary;
  error?: string;
}

export interface CommandOptions {
  /** Kills the command: it may be too deep in a contract to end when it is asked to. */
  signal: AbortSignal;
  onProgress: (progress: Progress) => void;
  /** Takes what the command says when it fails in a way that it should not. */
  log: (line: string) => void;
  /** The script to run; `fenergo-catalog` unless told. */
  command?: string;
}

/**
 * Runs the `fenergo-catalog` command in a process of its own, and waits for its end.
 *
 * @throws an error with the reason when it ends without a summary
 */
export async function runCommand(args: string[], options: CommandOptions): Promise<ImportSummary> {
  const { signal, onProgress, log, command = COMMAND } = options;
  signal.throwIfAborted();
  const child = fork(command, args, {
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    execArgv: [],
    signal,
    killSignal: 'SIGKILL',
  });
  const told: Told = {};
  let said = '';
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    said = (said + text).slice(-MOST_SAID);
  });
  child.on('message', (message: Told) => {
    Object.assign(told, message);
    if (message.progress) onProgress(message.progress);
  });
  const ended = await new Promise<number | string>((resolve, reject) => {
    child.on('error', (error) => {
      // One that was killed has its end told by 'close'; one that never ran has none.
      if (child.pid === undefined) reject(error);
    });
    child.on('close', (code, killedBy) => resolve(killedBy ?? code ?? 0));
  });
  if (told.summary) return told.summary;
  if (told.error === undefined && !signal.aborted) log(`fenergo-catalog failed (${ended}): ${said.trim()}`);
  throw new Error(told.error ?? `fenergo-catalog ended without a result (${ended})`);
}
