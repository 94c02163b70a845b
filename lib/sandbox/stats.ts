/** What a sandbox has seen since its start or its last reset. */
export interface SandboxStats {
  tokenRequests: number;
  /** Calls of the APIs, those to unknown paths too; contracts that are fetched count nowhere. */
  calls: number;
  /** Calls by catalog key. */
  byOperation: Record<string, number>;
  /** Answers by status, of the APIs and the token endpoint together; a connection that was reset has none. */
  statusCodes: Record<number, number>;
}

/** Counts. */
export class Counters {
  #tokenRequests = 0;
  #calls = 0;
  readonly #byOperation = new Map<string, number>();
  readonly #statusCodes = new Map<number, number>();

  tokenRequest(): void {
    this.#tokenRequests++;
  }

  call(operation: string | undefined): void {
    this.#calls++;
    if (operation !== undefined) increment(this.#byOperation, operation);
  }

  status(code: number): void {
    increment(this.#statusCodes, code);
  }

  /** A copy that further calls do not change. */
  snapshot(): SandboxStats {
    return {
      tokenRequests: this.#tokenRequests,
      calls: this.#calls,
      byOperation: Object.fromEntries(this.#byOperation),
      statusCodes: Object.fromEntries(this.#statusCodes),
    };
  }
}

function increment<K>(counts: Map<K, number>, key: K): void {
  counts.set(key, (counts.get(key) ?? 0) + 1);
}
