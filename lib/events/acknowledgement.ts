/** What a message says of the notification that it carries, and of what became of it on its way. */
export interface Claim {
  deliveryId?: string;
  batchId?: string;
  /** The one notification of the message. */
  notificationId?: string;
  /** All notifications of the message, where it carries a batch. */
  notificationIds: string[];
  /** Notifications that are its payload now. */
  inPayload: string[];
}

/** One of the parts of a message that was split. */
export interface Part {
  id: string;
  index: number;
  /** Absent while nobody knows how many there are. */
  count?: number;
}

/** What a message may hold that came from an event. */
export interface EventMessage {
  fenergo?: unknown;
  parts?: unknown;
  payload?: unknown;
  _msgid?: unknown;
}

/**
 * Reads from a message which notifications it carries.
 *
 * @returns undefined when it says nothing of a notification
 */
export function claimOf({ fenergo, payload }: EventMessage): Claim | undefined {
  if (!isObject(fenergo)) return undefined;
  const deliveryId = text(fenergo.deliveryId);
  const batchId = text(fenergo.batchId);
  const notificationId = text(fenergo.notificationId);
  // Whatever else is in it, no delivery knows it. Each part of a split batch has them all: they are not copied here.
  const notificationIds: string[] = Array.isArray(fenergo.notificationIds) ? fenergo.notificationIds : [];
  if (!notificationId && !notificationIds.some(text)) return undefined;
  const inPayload = (Array.isArray(payload) ? payload : [payload]).flatMap((item) =>
    isObject(item) && typeof item.id === 'string' ? [item.id] : [],
  );
  return { deliveryId, batchId, notificationId, notificationIds, inPayload };
}

/**
 * The parts that a message was split into, innermost first; each names its group.
 *
 * A message that was split says so: the parts that the delivery gave it lie under those of the Split node. Nodes that put
 * messages into another sequence (Batch, Switch) write over the group's name, but leave the property `delivery` in it:
 * these messages are whole. A message without parts was put together with others (Join), and stands for itself.
 */
export function splitsOf({ parts, _msgid }: EventMessage, deliveryId: string): Part[] {
  const splits: Part[] = [];
  let level = parts;
  // Nobody splits a hundred times; a message could hold a circle.
  for (let depth = 0; depth < 100 && isObject(level); depth += 1) {
    if (level.id === deliveryId || level.delivery === deliveryId) return splits;
    const { id, index, count } = level;
    if (typeof id === 'string' && typeof index === 'number') {
      // A Batch node names a group by its first message and counts that: how many parts there were is lost.
      const regrouped = depth === 0 && id === _msgid;
      splits.push({ id, index, count: typeof count !== 'number' ? undefined : regrouped ? Infinity : count });
    }
    level = level.parts;
  }
  // Other parts than those of the delivery: of a node that took the message apart without keeping them.
  return splits;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Buffer.isBuffer(value);
}

function text(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}
