/** A rule of the fault plan: which requests are spoiled, how often, and how. */
export interface FaultRule {
  /** What a request must be like; whatever is left out does not matter. */
  match?: FaultMatch;
  /** How many requests are spoiled; 1 unless told. */
  times?: number | 'always';
  /** How many matching requests pass before that. */
  skip?: number;
  /** Answer with this; the call is not carried out. */
  respond?: { status: number; headers?: Record<string, string>; body?: unknown };
  /** Hold the answer back. */
  delayMs?: number;
  /** The connection ends too early. */
  reset?: Reset;
  /** Declare the full length, send so many bytes (true: half), close the connection. */
  truncate?: number | true;
}

/**
 * When a connection ends:
 * - `true`: it is reset before any byte of the answer; the call is not carried out
 * - `request`: it is reset when half of the request's body has come; the call is not carried out
 * - `body`: it is reset after half of the answer's body
 * - `after`: the whole answer leaves, then the connection is closed without having been announced
 */
export type Reset = true | 'request' | 'body' | 'after';

export interface FaultMatch {
  method?: string;
  /** Beginning of the URL's path, or a pattern of the whole path: `*` within a segment, `**` across segments. */
  path?: string;
  service?: string;
  /** Key of an operation: `service/version/id`. */
  operation?: string;
  tenantId?: string;
}

/** What rules look at. */
export interface FaultFacts {
  method: string;
  path: string;
  service: string | undefined;
  operation: string | undefined;
  tenantId: string | undefined;
}

interface Entry {
  rule: FaultRule;
  matches: (facts: FaultFacts) => boolean;
  skipped: number;
  used: number;
}

/** The fault plan with its counters. */
export class Faults {
  #entries: Entry[] = [];

  /** Replaces the plan. */
  set(rules: readonly FaultRule[]): void {
    this.#entries = rules.map((rule) => ({ rule, matches: matcher(rule.match), skipped: 0, used: 0 }));
  }

  /** The rules in force, and how often each was used. */
  list(): (FaultRule & { used: number })[] {
    return this.#entries.map(({ rule, used }) => ({ ...rule, used }));
  }

  /** The first rule that matches and has times left; using it uses one up. */
  take(facts: FaultFacts): FaultRule | undefined {
    return this.#entries.find((entry) => entry.matches(facts) && use(entry))?.rule;
  }
}

function use(entry: Entry): boolean {
  const { times = 1, skip = 0 } = entry.rule;
  if (times !== 'always' && entry.used >= times) return false;
  if (entry.skipped < skip) {
    entry.skipped++;
    return false;
  }
  entry.used++;
  return true;
}

function matcher(match: FaultMatch = {}): Entry['matches'] {
  const method = match.method?.toUpperCase();
  const tenantId = match.tenantId?.toLowerCase();
  const pathFits = match.path === undefined ? () => true : pathMatcher(match.path);
  return (facts) =>
    (method === undefined || facts.method === method) &&
    (match.service === undefined || facts.service === match.service) &&
    (match.operation === undefined || facts.operation === match.operation) &&
    (tenantId === undefined || facts.tenantId?.toLowerCase() === tenantId) &&
    pathFits(facts.path);
}

function pathMatcher(pattern: string): (path: string) => boolean {
  if (!pattern.includes('*')) return (path) => path.startsWith(pattern);
  const source = pattern
    .split(/(\*+)/)
    .map((part) => (part === '*' ? '[^/]*' : part.startsWith('*') ? '.*' : escapeRegExp(part)))
    .join('');
  const whole = new RegExp(`^${source}$`);
  return (path) => whole.test(path);
}

function escapeRegExp(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
}
