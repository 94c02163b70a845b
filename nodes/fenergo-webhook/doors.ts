import type { WebhookDoor } from './webhook-door.js';

/** The doors that run, by the ids that the editor knows: a node of a subflow has one in each instance. */
export class Doors {
  readonly #byId = new Map<string, WebhookDoor[]>();

  /** @returns takes it out again */
  add(id: string, door: WebhookDoor): () => void {
    this.#byId.set(id, [...this.of(id), door]);
    return () => {
      const left = this.of(id).filter((other) => other !== door);
      if (left.length > 0) this.#byId.set(id, left);
      else this.#byId.delete(id);
    };
  }

  /** In the order in which they were made. */
  of(id: string): readonly WebhookDoor[] {
    return this.#byId.get(id) ?? [];
  }
}
