/** What the platform tells of something that happened; from a feed or a webhook. */
export interface Notification {
  /** The same for a notification that comes again. */
  id: string;
  /** `domain:event`, for example `entitydata:dataPublished`. */
  eventType: string;
  /** ISO 8601. */
  when?: string;
  tenantId?: string;
  causationId?: string | null;
  correlationId?: string | null;
  /** Where the resource is that it is about, service first: `entitydataquery/api/entity/{id}`. */
  relativeUrl?: string | null;
  payload?: unknown;
}

/** Some notifications that come, and are acknowledged, together. */
export interface Batch {
  batchId: string;
  notifications: Notification[];
  /** Whether the next batch can be had at once. */
  moreAvailable: boolean;
}

/**
 * Reads what the platform sent as a notification. What is none, or lacks an id or a type, is taken all the same, so that
 * nothing is lost and nothing holds up a feed: it gets the id that is handed in, and the type `unknown`.
 */
export function notificationOf(value: unknown, idWithout: string): Notification {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    return { id: idWithout, eventType: 'unknown', payload: value };
  }
  const { id, eventType, ...rest } = value as Record<string, unknown>;
  return {
    ...rest,
    id: typeof id === 'string' && id !== '' ? id : idWithout,
    eventType: typeof eventType === 'string' && eventType !== '' ? eventType : 'unknown',
  };
}

/**
 * Whether a notification is of one of the types that are wanted.
 *
 * @param wanted types, `*` for all, `domain:*` for those of a source; none at all: every type is wanted
 */
export function isWanted(wanted: readonly string[], eventType: string): boolean {
  if (wanted.length === 0) return true;
  const type = eventType.toLowerCase();
  return wanted.some((pattern) => {
    const small = pattern.trim().toLowerCase();
    if (small === '*' || small === type) return true;
    return small.endsWith(':*') && type.startsWith(small.slice(0, -1));
  });
}
