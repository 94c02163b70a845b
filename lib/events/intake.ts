import { isWanted, type Notification } from './notification.js';
import type { SeenIds } from './seen-ids.js';

/** What becomes of a notification that came before: left out, sent on and marked, or sent on as any other. */
export type Duplicates = 'drop' | 'mark' | 'pass';

export interface IntakeOptions {
  /** See `isWanted`. */
  eventTypes: readonly string[];
  duplicates: Duplicates;
  seen: SeenIds;
}

/** A notification that is to be sent on. */
export interface Item {
  notification: Notification;
  /** Whether it was seen before; absent where nobody asked. */
  duplicate?: boolean;
}

/**
 * The notifications of a batch that are to be sent on: those of the types that are wanted, and duplicates as is wished.
 *
 * A notification that was sent on and never acknowledged is sent on again, whatever is wished: nobody has handled it.
 */
export function takeIn(
  notifications: readonly Notification[],
  { eventTypes, duplicates, seen }: IntakeOptions,
): Item[] {
  const items: Item[] = [];
  const inThisBatch = new Set<string>();
  for (const notification of notifications) {
    const { id, eventType } = notification;
    if (!isWanted(eventTypes, eventType)) continue;
    const stage = seen.stageOf(id);
    const twice = inThisBatch.has(id);
    inThisBatch.add(id);
    if (duplicates === 'drop') {
      if (twice || stage === 'handled' || stage === 'settled') continue;
      items.push({ notification, duplicate: false });
    } else if (duplicates === 'mark') items.push({ notification, duplicate: twice || stage !== undefined });
    else items.push({ notification });
  }
  return items;
}
