import { mkdtempSync, rmSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import type { Progress } from '../../lib/catalog/import.js';
import type { OverlayFile } from '../../lib/catalog/overlay.js';
import type { ImportSummary } from '../../lib/catalog/summary.js';
import type { Clock } from '../../lib/clock.js';
import { runCommand } from './catalog-command.js';

const LONGEST_RUN_MS = 10 * 60_000;
const LONGEST_NAME = 100;

export type UpdateKind = 'import' | 'refresh';

/** `busy`: another one is under way; `too_long`: ended after ten minutes; `failed`: its message tells why. */
export type UpdateErrorCode = 'busy' | 'cancelled' | 'too_long' | 'failed';

/** Why an update of the catalog did not come to its end. */
export class UpdateError extends Error {
  readonly code: UpdateErrorCode;

  constructor(code: UpdateErrorCode, message: string) {
    super(message);
    this.code = code;
  }
}

/** How far an update is, or what became of the last one. */
export interface UpdateState {
  state: 'idle' | 'running';
  kind?: UpdateKind;
  progress?: Progress;
  /** Of one that came to its end; contracts that could not be read are named in it. */
  summary?: ImportSummary;
  /** Of one that did not. */
  error?: { code: UpdateErrorCode; message: string };
}

export interface CatalogUpdateOptions {
  /** What is updated. */
  overlay: OverlayFile;
  clock: Clock;
  /** Takes what the command says when it fails in a way that it should not. */
  log: (line: string) => void;
  /** The script to run; `fenergo-catalog` unless told. */
  command?: string;
}

/**
 * Imports and refreshes contracts with the `fenergo-catalog` command in a process of its own, so that large or hostile
 * contracts neither block nor fill this one. One run at a time; it ends with this process at the latest.
 */
export class CatalogUpdate {
  readonly #options: CatalogUpdateOptions;
  #state: UpdateState = { state: 'idle' };
  #run: AbortController | undefined;

  constructor(options: CatalogUpdateOptions) {
    this.#options = options;
  }

  /** What is to be told of the run under way, or of the last one. */
  state(): UpdateState {
    return this.#state;
  }

  /** @throws UpdateError `busy` while a run is under way */
  refuseWhileRunning(): void {
    if (!this.#run) return;
    throw new UpdateError(
      'busy',
      'Another update of the catalog is under way: wait for its end, or cancel it',
    );
  }

  /** Ends the run under way, if there is one. */
  cancel(): void {
    this.#run?.abort(new UpdateError('cancelled', 'The update of the catalog was cancelled'));
  }

  /**
   * Imports one contract.
   *
   * @param name what its file is called; it is kept, as far as it can be, as where the contract came from
   * @returns what it changes, or why it cannot be read
   * @throws UpdateError
   */
  async importFile(name: string, bytes: Buffer): Promise<ImportSummary> {
    return this.#begin('import', async (signal) => {
      const folder = mkdtempSync(join(tmpdir(), 'fenergo-import-'));
      const remove = () => rmSync(folder, { recursive: true, force: true });
      signal.addEventListener('abort', remove);
      try {
        const file = join(folder, fileName(name, bytes));
        await writeFile(file, bytes);
        return await this.#execute(['import', file], signal);
      } finally {
        remove();
      }
    });
  }

  /**
   * Begins to download the contracts of a platform; `state()` tells the rest.
   *
   * @param apiUrl base of its APIs
   * @param onEnd called when it has ended, however it has
   * @throws UpdateError when another run is under way
   */
  refresh(apiUrl: string, onEnd: () => void): void {
    const ended = this.#begin('refresh', (signal) => this.#execute(['refresh', '--api-url', apiUrl], signal));
    ended.then(onEnd, onEnd);
  }

  /** @throws UpdateError at once when another run is under way */
  #begin(kind: UpdateKind, work: (signal: AbortSignal) => Promise<ImportSummary>): Promise<ImportSummary> {
    this.refuseWhileRunning();
    this.#run = new AbortController();
    this.#state = { state: 'running', kind };
    return this.#carryOut(kind, work, this.#run);
  }

  async #carryOut(
    kind: UpdateKind,
    work: (signal: AbortSignal) => Promise<ImportSummary>,
    run: AbortController,
  ): Promise<ImportSummary> {
    const tooLong = new UpdateError('too_long', 'The update of the catalog took more than ten minutes');
    const cancelTimer = this.#options.clock.setTimer(LONGEST_RUN_MS, () => run.abort(tooLong));
    const onExit = () => this.cancel();
    process.once('exit', onExit);
    try {
      const summary = await work(run.signal);
      this.#end({ state: 'idle', kind, summary });
      return summary;
    } catch (thrown) {
      const error = run.signal.aborted ? (run.signal.reason as UpdateError) : asUpdateError(thrown);
      this.#end({ state: 'idle', kind, error: { code: error.code, message: error.message } });
      throw error;
    } finally {
      process.off('exit', onExit);
      cancelTimer();
    }
  }

  #end(outcome: UpdateState): void {
    this.#options.overlay.lookAgain();
    this.#run = undefined;
    this.#state = outcome;
  }

  #execute(args: string[], signal: AbortSignal): Promise<ImportSummary> {
    const { overlay, command, log } = this.#options;
    return runCommand([...args, '--user-dir', dirname(overlay.path)], {
      signal,
      log,
      command,
      // Of an import, the name is the path of a file that nobody is to look for.
      onProgress: ({ done, total, name }) => {
        this.#state = { ...this.#state, progress: { done, total, name: basename(name) } };
      },
    });
  }
}

function asUpdateError(error: unknown): UpdateError {
  return new UpdateError('failed', (error as Error).message);
}

/** A name that is safe in a folder, and as near to the given one as can be. */
function fileName(name: string, bytes: Buffer): string {
  const base = (name.split(/[\\/]/).at(-1) ?? '').replace(/[^A-Za-z0-9_. -]/g, '');
  const [, stem = base, given] = /^(.*)(\.(?:json|ya?ml))$/i.exec(base) ?? [];
  const ending = given ?? (/^\s*[{[]/.test(bytes.toString('latin1', 0, 100)) ? '.json' : '.yaml');
  return `${stem.trim().slice(0, LONGEST_NAME - ending.length) || 'contract'}${ending}`;
}
