import { mkdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Clock } from '../clock.js';
import { parseCatalogFile, type StoredContract } from './stored.js';

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

  /** Puts contracts in the place of older ones of the same services and versions, for this process at once. */
  put(contracts: readonly StoredContract[]): void {
    this.lookAgain();
    writeOverlay(this.path, withContracts(this.contracts(), contracts));
    this.lookAgain();
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
      this.#onProblem(`${this.path} cannot be read: ${(error as Error).message.split('\n')[0]}`);
    }
  }
}

/** Changes whenever a file does; empty when there is none. */
function stampOf(path: string): string {
  const stat = statSync(path, { throwIfNoEntry: false });
  return stat?.isFile() ? `${stat.ino}:${stat.size}:${stat.mtimeMs}` : '';
}

function withContracts(
  present: readonly StoredContract[],
  newer: readonly StoredContract[],
): readonly StoredContract[] {
  const nameOf = ({ service, version }: StoredContract) => `${service}/${version}`;
  const all = new Map([...present, ...newer].map((contract) => [nameOf(contract), contract]));
  return [...all.values()].sort((a, b) => (nameOf(a) < nameOf(b) ? -1 : 1));
}

/** A CatalogFile, one line for each contract. */
function textOf(contracts: readonly StoredContract[]): string {
  return `{"contracts":[\n${contracts.map((contract) => JSON.stringify(contract)).join(',\n')}\n]}\n`;
}

/** Writes beside the file and swaps, so that nobody ever reads half of one. */
function writeOverlay(path: string, contracts: readonly StoredContract[]): void {
  const beside = `${path}.${process.pid}.tmp`;
  mkdirSync(dirname(path), { recursive: true });
  try {
    writeFileSync(beside, textOf(contracts));
    renameSync(beside, path);
  } finally {
    rmSync(beside, { force: true });
  }
}
