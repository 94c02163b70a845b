import type { Clock } from '../../lib/clock.js';
import { FenergoError } from '../../lib/errors.js';
import type { CallFacts } from '../../lib/facts.js';
import type { Call, CallResult } from '../../lib/http/call.js';

/**
 * What is remembered of a call, to be shown in the editor. No path, no query, no body and no words of an error: those
 * may be client data.
 */
export interface RecentRequest {
  /** When it ended, ISO 8601. */
  at: string;
  nodeId: string;
  /** Empty when the node has none. */
  nodeName: string;
  /** The operation's key; empty for a path of one's own, and when there was no call. */
  operation: string;
  /** The operation's id, or method and service of a path of one's own; empty when there was no call. */
  label: string;
  method: string;
  tenantId: string;
  statusCode?: number;
  /** Of a failure: `FENERGO_…`, or `UNEXPECTED` where the error is none of ours. */
  code?: string;
  /** 0 when there was no call. */
  attempts: number;
  durationMs: number;
}

/** The node that made a call. */
export interface Caller {
  id: string;
  /** In an instance of a subflow: the id by which the editor knows it. */
  _alias?: string;
  name?: string;
}

/** A call that was built, with the operation's key. */
export interface SentCall {
  operation: string;
  call: Call;
}

const MOST = 100;
const FORGET_AFTER_MS = 10 * 60_000;

interface Entry {
  nowMs: number;
  dateMs: number;
  request: Omit<RecentRequest, 'at'>;
}

/** The last calls of this process: a hundred at most, none older than ten minutes. */
export class RecentRequests {
  readonly #clock: Clock;
  /** Oldest first. */
  readonly #entries: Entry[] = [];

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Remembers a call that succeeded. */
  succeeded(caller: Caller, sent: SentCall, { statusCode, facts }: CallResult): void {
    this.#add({ ...entryOf(caller, sent, facts), statusCode });
  }

  /**
   * Remembers a failure.
   *
   * @param sent the call, when it got as far as that
   */
  failed(caller: Caller, sent: SentCall | undefined, error: unknown): void {
    const { code, facts } = error instanceof FenergoError ? error : UNEXPECTED;
    const { statusCode, call } = facts;
    this.#add({ ...entryOf(caller, sent, call), statusCode, code });
  }

  /** What is remembered, newest first. */
  list(): RecentRequest[] {
    this.#forget();
    return this.#entries
      .map(({ dateMs, request }) => ({ at: new Date(dateMs).toISOString(), ...request }))
      .reverse();
  }

  #add(request: Entry['request']): void {
    this.#entries.push({ nowMs: this.#clock.nowMs(), dateMs: this.#clock.dateMs(), request });
    this.#forget();
  }

  #forget(): void {
    const sinceMs = this.#clock.nowMs() - FORGET_AFTER_MS;
    for (let oldest = this.#entries[0]; oldest; oldest = this.#entries[0]) {
      if (this.#entries.length <= MOST && oldest.nowMs > sinceMs) return;
      this.#entries.shift();
    }
  }
}

const UNEXPECTED = { code: 'UNEXPECTED', facts: {} as FenergoError['facts'] };

function entryOf(
  { id, _alias: editorId = id, name = '' }: Caller,
  sent: SentCall | undefined,
  facts?: CallFacts,
): Entry['request'] {
  return {
    nodeId: editorId,
    nodeName: name,
    operation: sent?.operation ?? '',
    label: sent ? labelOf(sent) : '',
    method: sent?.call.method ?? '',
    tenantId: sent?.call.tenantId ?? '',
    attempts: facts?.attempts ?? 0,
    durationMs: facts?.durationMs ?? 0,
  };
}

/** The label of a path of one's own is that path, and may hold values. */
function labelOf({ operation, call: { label, method, service } }: SentCall): string {
  return operation ? label : `${method} /${service}/…`;
}
