/**
 * How far a notification got:
 * - `sent`: it was sent on, and nobody has acknowledged it yet
 * - `handled`: it counts as handled, but the platform does not know so yet
 * - `settled`: it is done with, and stays so when the process dies
 */
export type Stage = 'sent' | 'handled' | 'settled';

/** As many as a feed of a busy day, and small enough to be written to a context store. */
const MOST_IDS = 10_000;

/** The ids of the last notifications, to know one that comes again. */
export class SeenIds {
  readonly #most: number;
  readonly #stages = new Map<string, Stage>();

  /** @param settled ids that an earlier run has settled, oldest first; whatever else it is, it is left out */
  constructor(settled?: unknown, most = MOST_IDS) {
    this.#most = most;
    if (!Array.isArray(settled)) return;
    for (const id of settled.slice(-most)) if (typeof id === 'string') this.#stages.set(id, 'settled');
  }

  /** How far a notification got; undefined when it was not seen of late. */
  stageOf(id: string): Stage | undefined {
    return this.#stages.get(id);
  }

  /** Takes note of how far a notification got. It never goes back. */
  note(id: string, stage: Stage): void {
    const before = this.#stages.get(id);
    this.#stages.delete(id);
    this.#stages.set(id, before && ORDER.indexOf(before) > ORDER.indexOf(stage) ? before : stage);
    if (this.#stages.size <= this.#most) return;
    const [oldest] = this.#stages.keys();
    this.#stages.delete(oldest as string);
  }

  /** The ids that are settled, oldest first: what may outlive the process. */
  settled(): string[] {
    const ids: string[] = [];
    for (const [id, stage] of this.#stages) if (stage === 'settled') ids.push(id);
    return ids;
  }
}

const ORDER: readonly Stage[] = ['sent', 'handled', 'settled'];
