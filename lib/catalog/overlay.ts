import {
  existsSync,
  mkdirSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import type { Clock } from '../clock.js';
import { withLock } from './file-lock.js';
import { entriesOf, parseCatalogFile, type StoredContract } from './stored.js';

/** The user's own contracts, in Node-RED's user directory. */
export const OVERLAY_FILE = 'fenergo-catalog.json';

/** Messages come by the thousand: the file is looked at no more often than this. */
const LOOK_EVERY_MS = 1000;

/** What lies over the bundled catalog, and changes while Node-RED runs. */
export interface Overlay {
  /** The contracts; the same list as before while nothing has changed. */
  contracts(): readonly StoredContract[];
}

/** The overlay in a file: read at first need, and again when the file has changed. */
export class OverlayFile implements Overlay {
  readonly path: string;
  readonly #clock: Clock;
  readonly #onProblem: (problem: string) => void;
  #contracts: readonly StoredContract[] = [];
  #stamp = '';
  #lookedMs = Number.NEGATIVE_INFINITY;

  /**
   * @param folder Node-RED's user directory
   * @param onProblem told once of each version of the file that cannot be read; what was read before stays in force
   */
  constructor(folder: string, clock: Clock, onProblem: (problem: string) => void) {
    this.path = join(folder, OVERLAY_FILE);
    this.#clock = clock;
    this.#onProblem = onProblem;
  }

  contracts(): readonly StoredContract[] {
    const nowMs = this.#clock.nowMs();
    if (nowMs - this.#lookedMs < LOOK_EVERY_MS) return this.#contracts;
    this.#lookedMs = nowMs;
    const stamp = stampOf(this.path);
    if (stamp !== this.#stamp) {
      this.#stamp = stamp;
      this.#read();
    }
    return this.#contracts;
  }

  /**
   * Puts contracts in the place of older ones of the same services and versions, for this process at once.
   *
   * @throws an error when the file is there and cannot be read: what is in it must not be lost
   */
  put(contracts: readonly StoredContract[]): void {
    this.#change((entries) => {
      const all = new Map([...entries, ...contracts].map((entry) => [nameOf(entry), entry]));
      return [...all.values()].sort((a, b) => (nameOf(a) < nameOf(b) ? -1 : 1));
    });
  }

  /**
   * Takes the contracts of a service away, or of one version of it: the bundled ones hold again.
   *
   * @returns how many there were
   * @throws as `put`
   */
  remove(service: string, version?: string): number {
    let removed = 0;
    this.#change((entries) => {
      const kept = entries.filter((entry) => {
        const { service: ofService, version: ofVersion } = (entry ?? {}) as Partial<StoredContract>;
        return ofService !== service || (version !== undefined && ofVersion !== version);
      });
      removed = entries.length - kept.length;
      return kept;
    });
    return removed;
  }

  /** Works on the entries as they stand in the file, so that what cannot be used stays there for who wrote it. */
  #change(change: (entries: unknown[]) => unknown[]): void {
    mkdirSync(dirname(this.path), { recursive: true });
    const path = behindLinks(this.path);
    // Two who change it at once must not lose what the other one puts in.
    withLock(`${path}.lock`, { clock: this.#clock }, () => writeOverlay(path, change(this.#entries())));
    this.lookAgain();
  }

  #entries(): unknown[] {
    try {
      return existsSync(this.path) ? entriesOf(readFileSync(this.path, 'utf8')) : [];
    } catch (error) {
      throw new Error(
        `${unreadable(this.path, error)}. Mend or remove it first, so that nothing in it is lost`,
      );
    }
  }

  /** Sees at the next question what another process has changed, however soon that comes. */
  lookAgain(): void {
    this.#lookedMs = Number.NEGATIVE_INFINITY;
  }

  #read(): void {
    if (!this.#stamp) {
      this.#contracts = [];
      return;
    }
    try {
      this.#contracts = parseCatalogFile(readFileSync(this.path, 'utf8')).contracts;
    } catch (error) {
      this.#onProblem(unreadable(this.path, error));
    }
  }
}

/** Changes whenever a file does; empty when there is none. */
function stampOf(path: string): string {
  const stat = statSync(path, { throwIfNoEntry: false });
  return stat?.isFile() ? `${stat.ino}:${stat.size}:${stat.mtimeMs}` : '';
}

function unreadable(path: string, error: unknown): string {
  return `${path} cannot be read: ${(error as Error).message.split('\n')[0]}`;
}

function nameOf(entry: unknown): string {
  const { service, version } = (entry ?? {}) as Partial<StoredContract>;
  return `${service}/${version}`;
}

/** A CatalogFile, one line for each contract. */
function textOf(entries: readonly unknown[]): string {
  return `{"contracts":[\n${entries.map((entry) => JSON.stringify(entry)).join(',\n')}\n]}\n`;
}

/** The file itself: a link to it, which somebody has put there, stays one. */
function behindLinks(path: string): string {
  return existsSync(path) ? realpathSync(path) : path;
}

/** Writes beside the file and swaps, so that nobody ever reads half of one. */
function writeOverlay(path: string, entries: readonly unknown[]): void {
  const beside = `${path}.${process.pid}.tmp`;
  try {
    writeFileSync(beside, textOf(entries));
    renameSync(beside, path);
  } finally {
    rmSync(beside, { force: true });
  }
}
