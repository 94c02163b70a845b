import { EVENT_TYPES, EVENTS_BY_DOMAIN } from '../../../lib/event-types.js';
import type { Suggestion } from './combobox.js';
import { isEnv } from './env.js';

type Node = { _: (key: string, values?: Record<string, string | number>) => string };

/** The feed of everything. */
export const ALL_FEEDS = 'all';

/** The sources that fit to a text, and `all`. */
export function suggestFeeds(node: Node, text: string): Suggestion[] {
  const feeds = [
    { value: ALL_FEEDS, note: node._('suggest.all') },
    ...Object.keys(EVENTS_BY_DOMAIN).map((value) => ({ value })),
  ];
  return fitting(feeds, text, isFeed(text) ? node._('suggest.typed') : undefined);
}

/**
 * The types of events that fit to a text, of the feed that is read, without those that are chosen.
 *
 * @param feed `all`, a source, or anything else: then there is no telling what it brings
 */
export function suggestEvents(
  node: Node,
  text: string,
  feed: string,
  chosen: readonly string[],
): Suggestion[] {
  const domain = domainOf(feed);
  const domains = domain ? [domain] : Object.keys(EVENTS_BY_DOMAIN);
  const types = [
    { value: '*', note: node._('suggest.every') },
    ...domains.flatMap((name) => [
      { value: `${name}:*`, note: node._('suggest.everyOf', { domain: name }) },
      ...(EVENTS_BY_DOMAIN[name] ?? []).map((event) => ({ value: `${name}:${event}` })),
    ]),
  ];
  const open = types.filter(({ value }) => !includes(chosen, value));
  const typed = isEventType(text) && !includes(chosen, text) ? node._('suggest.typed') : undefined;
  return fitting(open, text, typed);
}

/** Whether something can be the name of a feed. */
export function isFeed(text: string): boolean {
  return isEnv(text) || /^[\w.-]+$/.test(text);
}

/** Whether a feed is one of those that are known; an environment variable may hold any. */
export function isKnownFeed(feed: string): boolean {
  return isEnv(feed) || same(feed, ALL_FEEDS) || domainOf(feed) !== undefined;
}

/** Whether something has the form of a type, or of a pattern of types. */
export function isEventType(text: string): boolean {
  return text === '*' || isEnv(text) || /^[^\s:*,]+:(\*|[^\s*,]+)$/.test(text);
}

/** What is the matter with a chosen type, as the last part of a key of the locale files. */
export function eventProblem(type: string, feed: string): 'form' | 'otherFeed' | 'unlisted' | undefined {
  if (!isEventType(type)) return 'form';
  if (type === '*' || isEnv(type)) return undefined;
  const [domain = ''] = type.toLowerCase().split(':');
  const read = domainOf(feed);
  if (read && domain !== read) return 'otherFeed';
  const known = type.endsWith(':*')
    ? Object.hasOwn(EVENTS_BY_DOMAIN, domain)
    : EVENT_TYPES.some((known) => same(known, type));
  return known ? undefined : 'unlisted';
}

/** The types in a text that was typed or pasted. */
export function eventTypesIn(text: string): string[] {
  return text.split(/[\s,;]+/).filter(Boolean);
}

function domainOf(feed: string): string | undefined {
  const name = feed.trim().toLowerCase();
  return Object.hasOwn(EVENTS_BY_DOMAIN, name) ? name : undefined;
}

/**
 * Those in which the text occurs: first the text itself, then where the domain or the event begins with it. Where it is
 * none of them, the text is the last one, if that makes sense.
 */
function fitting(suggestions: readonly Suggestion[], text: string, typed: string | undefined): Suggestion[] {
  const words = text.toLowerCase().replace(/[\s_-]+/g, '');
  const rank = ({ value }: Suggestion) => {
    if (same(value, text)) return 0;
    const small = value.toLowerCase();
    return small.startsWith(words) || small.includes(`:${words}`) ? 1 : 2;
  };
  const found = suggestions.filter(({ value }) => value.toLowerCase().includes(words));
  found.sort((a, b) => rank(a) - rank(b));
  if (typed && !suggestions.some(({ value }) => same(value, text))) found.push({ value: text, note: typed });
  return found;
}

function includes(types: readonly string[], type: string): boolean {
  return types.some((one) => same(one, type));
}

/** Whether two names are the same to the node, which does not care for capitals. */
export function same(a: string, b: string): boolean {
  return a.toLowerCase() === b.toLowerCase();
}
