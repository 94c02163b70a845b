import { readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import type { Clock } from '../clock.js';

const WAIT_MS = 3000;
const PAUSE_MS = 20;
/** Whoever holds a lock so long has gone: a change takes milliseconds. */
const STALE_MS = 30_000;

export interface LockOptions {
  clock: Clock;
  /** Blocks for so many milliseconds. */
  pause?: (ms: number) => void;
}

/**
 * Does something while no other process does the like. It blocks, as the work on a file does; what is done has to be
 * short.
 *
 * @param path the file that says so while it is there
 * @throws an error when another process holds it all the time
 */
export function withLock<T>(path: string, { clock, pause = block }: LockOptions, work: () => T): T {
  const mine = `${hostname()} ${process.pid}`;
  const tries = WAIT_MS / PAUSE_MS;
  for (let tried = 0; !taken(path, mine); tried += 1) {
    if (tried >= tries) throw new Error(`Another process is changing it; if none is, remove ${path}`);
    if (!giveAway(path, clock)) pause(PAUSE_MS);
  }
  try {
    return work();
  } finally {
    if (textOf(path) === mine) rmSync(path, { force: true });
  }
}

/** Takes the lock, unless somebody has it. */
function taken(path: string, mine: string): boolean {
  try {
    writeFileSync(path, mine, { flag: 'wx' });
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}

/** Takes a lock away from who has gone without giving it back. */
function giveAway(path: string, clock: Clock): boolean {
  const holder = textOf(path);
  if (holder === undefined || !hasGone(path, holder, clock)) return false;
  const aside = `${path}.${process.pid}`;
  try {
    // Of several who see this, one moves it away.
    renameSync(path, aside);
    // It may have been another's by then, who is at work: it gets it back.
    if (textOf(aside) !== holder) renameSync(aside, path);
    rmSync(aside, { force: true });
    return true;
  } catch {
    return false;
  }
}

function hasGone(path: string, holder: string, clock: Clock): boolean {
  const stat = statSync(path, { throwIfNoEntry: false });
  if (stat && clock.dateMs() - stat.mtimeMs > STALE_MS) return true;
  const [host, pid] = holder.split(' ');
  // Another machine, or container, may have the folder, too: its processes are not to be seen from here.
  return host === hostname() && /^\d+$/.test(pid ?? '') && !isAlive(Number(pid));
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

function textOf(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}

function block(ms: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
}
