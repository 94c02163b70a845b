import { EVENT_TYPES } from '../event-types.js';
import { type Answer, notFound } from './answer.js';
import type { Feed } from './feeds.js';
import type { Call, Handlers } from './handler.js';

/** Event Notifications. Its answers have no envelope; what changes something is answered without a body. */
export const feedHandlers: Handlers = {
  'eventnotifications/GetNext': (call) => {
    const batch = feedOf(call).next();
    return batch ? { status: 200, body: batch } : { status: 204 };
  },

  'eventnotifications/CompleteBatch': (call) => {
    // The contract names no answer for a batch that is not open: this is the platform's for anything unknown.
    if (!feedOf(call).complete(call.params.batchId ?? '')) throw notFound('Batch');
    return { status: 200 };
  },

  'eventnotifications/DiscardAll': (call) => {
    feedOf(call).discardAll();
    return { status: 200 };
  },

  'eventnotifications/ListEventNotificationTypes': listEventTypes,
};

/** The types of notifications, as both Event Notifications and Webhooks list them. */
export function listEventTypes(): Answer {
  const eventTypes = EVENT_TYPES.map((eventType) => ({
    eventType,
    title: titleOf(eventType),
    example: null,
  }));
  return { status: 200, body: { eventTypes } };
}

function titleOf(eventType: string): string {
  const [domain = '', event = ''] = eventType.split(':');
  return `${domain}: ${event}`;
}

function feedOf({ world, params }: Call): Feed {
  const feed = world.feeds.get(params.feedId ?? '');
  if (!feed) throw notFound('Feed');
  return feed;
}
