/** Enough for two dozen of the largest deliveries at a time; a small machine survives it. */
const MOST_BYTES = 128 * 1_048_576;

/**
 * Bounds what the bodies that are coming in may take of the memory, over all webhooks: nobody knows yet whether they are
 * signed.
 */
export class BodyBudget {
  readonly #most: number;
  #total = 0;

  constructor(most = MOST_BYTES) {
    this.#most = most;
  }

  /** So many bytes are kept now. */
  get total(): number {
    return this.#total;
  }

  /** A body that comes in now. */
  open(): BodyShare {
    let own = 0;
    return {
      take: (bytes) => {
        const isAlone = this.#total === own;
        // One that is alone always gets through: how large it may be is for its webhook to say.
        if (!isAlone && this.#total + bytes > this.#most) return false;
        own += bytes;
        this.#total += bytes;
        return true;
      },
      close: () => {
        this.#total -= own;
        own = 0;
      },
    };
  }
}

/** What one body takes of the budget. */
export interface BodyShare {
  /** @returns whether so many bytes more may be kept */
  take(bytes: number): boolean;
  /** Gives all of it back. */
  close(): void;
}
