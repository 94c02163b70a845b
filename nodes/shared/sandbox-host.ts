import { randomBytes } from 'node:crypto';
import type { Catalog } from '../../lib/catalog/catalog.js';
import type { CancelTimer, Clock } from '../../lib/clock.js';
import type { Endpoints } from '../../lib/regions.js';
import type { Sandbox } from '../../lib/sandbox/sandbox.js';

/** A redeploy closes every connection before it opens them again; the sandbox and its world outlive that. */
const LINGER_MS = 10_000;

/** The one embedded platform of the process: started by the first connection to it, stopped after the last. */
export class SandboxHost {
  /** What the sandbox signs with for webhook nodes that have no secret: there, nobody needs to type one. */
  readonly webhookSecret = randomBytes(32).toString('base64url');
  readonly #catalog: Catalog;
  readonly #clock: Clock;
  #users = 0;
  #running: Promise<Sandbox> | undefined;
  #cancelStop: CancelTimer | undefined;

  constructor(catalog: Catalog, clock: Clock) {
    this.#catalog = catalog;
    this.#clock = clock;
  }

  /** Starts the sandbox if need be. Each call is to be paired with one of `release`. */
  async acquire(): Promise<Endpoints> {
    this.#users += 1;
    this.#cancelStop?.();
    this.#running ??= this.#start();
    try {
      const { tokenUrl, apiUrl } = await this.#running;
      return { tokenUrl, apiUrl };
    } catch (error) {
      this.#running = undefined;
      throw error;
    }
  }

  /**
   * Loads the sandbox with its router only now: most flows never use it, and Node-RED's start should not pay for it.
   * Why by `require`: see `loadGot` in transport.ts.
   */
  async #start(): Promise<Sandbox> {
    const { startSandbox } =
      require('../../lib/sandbox/sandbox.js') as typeof import('../../lib/sandbox/sandbox.js');
    // As a function: what is imported while it runs is answered too.
    return startSandbox({ operations: () => this.#catalog.all(), clock: this.#clock });
  }

  /** Tells that a connection is done with the sandbox. */
  release(): void {
    this.#users -= 1;
    if (this.#users > 0) return;
    this.#cancelStop = this.#clock.setTimer(LINGER_MS, () => {
      const stopping = this.#running;
      this.#running = undefined;
      stopping?.then(
        (sandbox) => sandbox.close(),
        () => {},
      );
    });
  }
}
