import type { ItemWithResource } from '../../../lib/events/resources.js';
import type { FlowMessage } from '../input.js';

/** Where notifications came from, as messages tell it. */
export interface EventOrigin {
  /** Of a feed. */
  feed?: string;
  /** Of a webhook: its path. */
  webhook?: string;
  deliveryId: string;
  batchId?: string;
  /** Of whom, where the notification itself does not say. */
  tenantId: string;
}

/** One message for each notification, with parts by which a Join node gathers them again. */
export function messagesOf(items: readonly ItemWithResource[], origin: EventOrigin): FlowMessage[] {
  const count = items.length;
  return items.map((item, index) => {
    const { notification, duplicate, resourceError } = item;
    const { id, eventType, correlationId = null, causationId = null } = notification;
    const tenantId = notification.tenantId ?? origin.tenantId;
    return {
      topic: eventType,
      payload: notification,
      // For the request nodes behind.
      ...(tenantId ? { tenantId } : {}),
      ...('resource' in item ? { resource: item.resource } : {}),
      parts: { id: origin.deliveryId, type: 'array', index, count, delivery: origin.deliveryId },
      fenergo: {
        ...origin,
        notificationId: id,
        tenantId,
        correlationId,
        causationId,
        ...(duplicate === undefined ? {} : { duplicate }),
        ...(resourceError ? { resourceError } : {}),
      },
    } as unknown as FlowMessage;
  });
}

/** One message for all of them. */
export function batchMessageOf(items: readonly ItemWithResource[], origin: EventOrigin): FlowMessage {
  const types = new Set(items.map(({ notification }) => notification.eventType));
  const [type] = types;
  const { tenantId } = origin;
  const duplicates = items.filter(({ duplicate }) => duplicate).map(({ notification }) => notification.id);
  const failures = items.flatMap(({ notification, resourceError }) =>
    resourceError ? [{ notificationId: notification.id, ...resourceError }] : [],
  );
  return {
    topic: types.size === 1 ? type : (origin.feed ?? origin.webhook ?? ''),
    payload: items.map(({ notification }) => notification),
    ...(tenantId ? { tenantId } : {}),
    ...(items.some((item) => 'resource' in item)
      ? { resource: items.map(({ resource }) => resource ?? null) }
      : {}),
    parts: { id: origin.deliveryId, type: 'array', index: 0, count: 1, delivery: origin.deliveryId },
    fenergo: {
      ...origin,
      notificationIds: items.map(({ notification }) => notification.id),
      duplicates,
      ...(failures.length > 0 ? { resourceErrors: failures } : {}),
    },
  } as unknown as FlowMessage;
}

/** What of these facts a message keeps when another node puts its own in their place: what an acknowledgement needs. */
const KEPT = ['feed', 'webhook', 'deliveryId', 'batchId', 'notificationId', 'notificationIds'] as const;

/** What names the notification that a message carries, if it does. */
export function keptEvent({ fenergo }: FlowMessage): Record<string, unknown> {
  const kept: Record<string, unknown> = {};
  if (typeof fenergo !== 'object' || fenergo === null) return kept;
  for (const name of KEPT) {
    const value = (fenergo as Record<string, unknown>)[name];
    if (value !== undefined) kept[name] = value;
  }
  return kept;
}
