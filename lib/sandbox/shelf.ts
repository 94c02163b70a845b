import type { Clock } from '../clock.js';

/**
 * One kind of resource with its two sides (CQRS): a write shows at once on the command side, and on the query side
 * when the delay has passed. Values are never changed in place: a write replaces.
 */
export class Shelf<T extends { readonly id: string }> {
  readonly #clock: Clock;
  readonly #delayMs: number;
  readonly #latest = new Map<string, T>();
  readonly #visible = new Map<string, T>();
  /** Writes that the query side does not show yet, oldest first. */
  #pending: { visibleAtMs: number; value: T }[] = [];

  /** @param delayMs how far the query side is behind */
  constructor(clock: Clock, delayMs: number, seed: readonly T[]) {
    this.#clock = clock;
    this.#delayMs = delayMs;
    for (const value of seed) {
      this.#latest.set(value.id, value);
      this.#visible.set(value.id, value);
    }
  }

  /** Adds or replaces. */
  write(value: T): void {
    this.#latest.set(value.id, value);
    this.#pending.push({ visibleAtMs: this.#clock.nowMs() + this.#delayMs, value });
  }

  /** As the command side knows it. Ids of any case are the same id. */
  latest(id: string): T | undefined {
    return this.#latest.get(id.toLowerCase());
  }

  /** As the query side knows it. */
  visible(id: string): T | undefined {
    this.#catchUp();
    return this.#visible.get(id.toLowerCase());
  }

  /** Everything that the query side knows, in the order of its making. */
  allVisible(): T[] {
    this.#catchUp();
    return [...this.#visible.values()];
  }

  #catchUp(): void {
    const nowMs = this.#clock.nowMs();
    // The delay is the same for all, so the due ones are at the front.
    const firstLater = this.#pending.findIndex(({ visibleAtMs }) => visibleAtMs > nowMs);
    const due = this.#pending.splice(0, firstLater < 0 ? this.#pending.length : firstLater);
    for (const { value } of due) this.#visible.set(value.id, value);
  }
}
