import type { CancelSignal } from '../cancel.js';
import type { CancelTimer, Clock } from '../clock.js';
import { FenergoError } from '../errors.js';
import { type PlanLimits, type Rate, SECOND_MS } from '../plans.js';
import { BackOff } from './back-off.js';
import { Lane } from './lane.js';
import { Lateness } from './lateness.js';
import { SlidingWindow } from './sliding-window.js';
import type { Waiter } from './waiting-line.js';

export interface LimiterOptions {
  clock: Clock;
  random: () => number;
  limits: PlanLimits;
}

/** A call that asks for its turn. */
export interface TurnRequest {
  /** The name under which it counts in the plan's domains; see `limitedAs`. */
  domain: string;
  /** Goes before those that are not. */
  urgent: boolean;
  signal: CancelSignal;
  /** Where so many wait, those who would have to wait are refused. */
  maxWaiting: number;
  /** Names the call in the error then. */
  label: string;
  /** The last turn of a call that has had one: it keeps its place in the order, and is not refused. */
  lastTurn?: Turn;
  /** Told when it has to wait: how long that will take, about, and how to learn later what is left of it. */
  onWait?: (waitMs: number, leftMs: () => number) => void;
}

/** What came of a turn, as far as limits are concerned. */
export interface TurnOutcome {
  /** Refused with 429, or not; undefined when no answer came. */
  refused?: boolean;
  /** How long the platform asked to wait when it refused. */
  pauseMs?: number;
  /** What is left of the day, and how long the day is. */
  remaining?: number;
  resetMs?: number;
}

export interface Turn {
  readonly seq: number;
  /** To be called when a request is about to be sent. */
  sending(): void;
  /**
   * To be called when it has left. A turn in which nothing is sent is as good as not taken.
   *
   * @param justNow whether it left at this moment, and not some time ago
   */
  sent(justNow?: boolean): void;
  /** To be called when the request has its answer, or has failed. Only the first time counts. */
  leave(outcome?: TurnOutcome): void;
}

interface SentRequest {
  sentMs: number;
  /** When it has arrived, at the latest. */
  latestMs: number;
}

/** A request is no longer on its way than this; an answer that takes longer was worked on. */
const WAY_MS = 25;
/** Those who wait for the second's window go one by one, so much faster than the plan has on average. */
const PACE = 2;
/** So much of what a late timer missed is made up for at once. */
const MOST_CATCHING_UP_MS = 50;
/** How much the last turn counts in what a turn takes, on average. */
const NEWEST = 0.05;
/** After a refusal the rate is halved, and comes back in so long. */
const RECOVERY_MS = 10_000;
/** Services beyond this that nobody waits for are forgotten: their names come from the paths of calls. */
const MOST_LANES = 200;

/**
 * The turns of one tenant: no more calls at a time, in a second, and in the windows of some services than the plan has.
 * Who came first goes first, but nobody waits for a window that is not their own. People share the limits with us: a 429
 * slows everything down for a while.
 *
 * It is our own since it is what this package is for, and since the libraries that were looked at
 * (rate-limiter-flexible, p-queue, bottleneck) count in fixed windows or buckets, which let twice the rate through at a
 * window's edge, and know no queue that several windows share with priorities and returns.
 */
export class TenantLimiter {
  readonly #clock: Clock;
  readonly #random: () => number;
  #limits: PlanLimits;
  readonly #perSecond: SlidingWindow;
  readonly #lanes = new Map<string, Lane>();
  #inFlight = 0;
  #waiting = 0;
  #seq = 0;
  #cancelTimer: CancelTimer | undefined;
  #timerMs = Number.POSITIVE_INFINITY;
  readonly #backOff = new BackOff();
  readonly #lateness = new Lateness();
  /** When the next one of those who wait may go; undefined while the second's window has room for all. */
  #pacedMs: number | undefined;
  /** How long a turn takes, on average. */
  #turnMs = 0;
  /** When the rate was cut, and what it was cut to. */
  #cut: { atMs: number; to: number } | undefined;

  constructor({ clock, random, limits }: LimiterOptions) {
    this.#clock = clock;
    this.#random = random;
    this.#limits = limits;
    this.#perSecond = new SlidingWindow({ max: limits.perSecond, lengthMs: SECOND_MS });
  }

  /** Keeps to these limits from now on. What has been sent counts in them, as far as it counted before. */
  limitTo(limits: PlanLimits): void {
    this.#limits = limits;
    this.#perSecond.limitTo(limits.perSecond);
    for (const [domain, lane] of this.#lanes) lane.limitTo(this.#ratesOf(domain));
    this.#pacedMs = undefined;
    this.#pump();
  }

  /** How long a call that comes now would wait for its turn, about: 0 when it may go at once. */
  waitMs({ domain, urgent }: Pick<TurnRequest, 'domain' | 'urgent'>): number {
    const lane = this.#lane(domain);
    return this.#mayGo(lane) ? 0 : this.#estimateMs(lane, urgent);
  }

  /** How many wait for their turn. */
  get waiting(): number {
    return this.#waiting;
  }

  /** Whether nobody waits or is under way. */
  get idle(): boolean {
    return this.#waiting === 0 && this.#inFlight === 0;
  }

  /**
   * Waits for a turn.
   *
   * @throws FENERGO_QUEUE_FULL, or the signal's reason when it is aborted before the turn comes
   */
  async enter(request: TurnRequest): Promise<Turn> {
    const { signal, domain, lastTurn } = request;
    if (signal.aborted) throw signal.reason;
    const lane = this.#lane(domain);
    if (this.#mayGo(lane)) {
      return this.#turn(lane, lastTurn?.seq ?? this.#nextSeq());
    }
    return this.#queue(lane, request);
  }

  #mayGo(lane: Lane): boolean {
    const room = this.#inFlight < this.#limits.concurrent;
    return room && this.#waiting === 0 && this.#waitMs(lane) === 0;
  }

  #queue(lane: Lane, request: TurnRequest): Promise<Turn> {
    const { signal, urgent, maxWaiting, label, lastTurn, onWait } = request;
    return new Promise<Turn>((resolve, reject) => {
      let granted = false;
      const waiter: Waiter = {
        seq: lastTurn?.seq ?? this.#nextSeq(),
        gone: false,
        grant: () => {
          granted = true;
          signal.removeEventListener('abort', onAbort);
          resolve(this.#turn(lane, waiter.seq));
        },
      };
      const giveUp = (reason: unknown) => {
        signal.removeEventListener('abort', onAbort);
        lane.remove(waiter, urgent);
        this.#countWaiting(-1);
        reject(reason);
      };
      const onAbort = () => giveUp(signal.reason);
      signal.addEventListener('abort', onAbort, { once: true });
      lane.add(waiter, urgent);
      this.#countWaiting(1);
      this.#pump();
      if (granted) return;
      if (this.#waiting > maxWaiting && !lastTurn) giveUp(queueFull(label, maxWaiting));
      else
        onWait?.(this.#estimateMs(lane, urgent, waiter.seq), () =>
          this.#estimateMs(lane, urgent, waiter.seq),
        );
    });
  }

  /** When nobody waits any more there is nothing to wake up for. */
  #countWaiting(change: number): void {
    this.#waiting += change;
    if (this.#waiting > 0) return;
    this.#pacedMs = undefined;
    this.#cancelTimer?.();
    this.#cancelTimer = undefined;
  }

  /** Gives turns to whom they belong, as far as there are any, and sees to it that it goes on when there are more. */
  #pump(): void {
    while (this.#waiting > 0 && this.#inFlight < this.#limits.concurrent) {
      const { lane, waitMs } = this.#next();
      if (!lane) {
        this.#pumpIn(waitMs);
        return;
      }
      this.#paceFrom(this.#nowMs());
      this.#countWaiting(-1);
      lane.shift()?.grant();
    }
  }

  /** The lane whose first waiter is next; else how long until there may be one. */
  #next(): { lane?: Lane; waitMs: number } {
    const nowMs = this.#nowMs();
    const windowMs = this.#perSecond.waitMs(nowMs, this.#allowed(nowMs));
    if (windowMs > 0) this.#pacedMs ??= nowMs + windowMs;
    const paceMs = Math.max(0, (this.#pacedMs ?? nowMs) - nowMs);
    const tenantWaitMs = Math.max(this.#backOff.waitMs(nowMs), windowMs, paceMs);
    let best: Lane | undefined;
    let waitMs = Number.POSITIVE_INFINITY;
    for (const lane of this.#lanes.values()) {
      if (lane.waiting === 0) continue;
      const laneWaitMs = Math.max(tenantWaitMs, lane.waitMs(nowMs));
      if (laneWaitMs > 0) waitMs = Math.min(waitMs, laneWaitMs);
      else if (lane.isBefore(best)) best = lane;
    }
    return { lane: best, waitMs };
  }

  /**
   * All that were sent in one moment come free in one moment. Sent in one moment again, they would be late by as long as
   * sending them takes, and with every window more so: one by one they keep their rhythm.
   */
  #paceFrom(nowMs: number): void {
    if (this.#pacedMs === undefined) return;
    this.#pacedMs = Math.max(this.#pacedMs + this.#everyMs(nowMs), nowMs - MOST_CATCHING_UP_MS);
  }

  #everyMs(nowMs: number): number {
    return SECOND_MS / this.#allowed(nowMs) / PACE;
  }

  #pumpIn(waitMs: number): void {
    if (!Number.isFinite(waitMs)) return;
    const atMs = this.#nowMs() + waitMs;
    if (this.#cancelTimer && this.#timerMs <= atMs) return;
    this.#cancelTimer?.();
    this.#timerMs = atMs;
    this.#cancelTimer = this.#clock.setTimer(Math.ceil(waitMs), () => {
      this.#cancelTimer = undefined;
      this.#lateness.add(this.#nowMs(), this.#nowMs() - atMs);
      this.#pump();
    });
  }

  #turn(lane: Lane, seq: number): Turn {
    const startMs = this.#nowMs();
    this.#inFlight += 1;
    this.#perSecond.reserve();
    lane.reserve(startMs);
    let sendingMs = startMs;
    let request: SentRequest | undefined;
    let left = false;
    return {
      seq,
      sending: () => {
        sendingMs = this.#nowMs();
      },
      sent: (justNow = true) => {
        if (request || left) return;
        if (justNow) this.#lateness.add(this.#nowMs(), this.#nowMs() - sendingMs);
        request = this.#take();
      },
      leave: (outcome = {}) => {
        if (left) return;
        left = true;
        this.#inFlight -= 1;
        if (request) {
          this.#turnMs += (this.#nowMs() - startMs - this.#turnMs) * (this.#turnMs ? NEWEST : 1);
          this.#settle(lane, request, outcome.refused !== undefined);
          this.#learn(lane, request.sentMs, outcome);
        } else this.#giveBack(lane);
        this.#pump();
      },
    };
  }

  /** A turn in which nothing was sent. */
  #giveBack(lane: Lane): void {
    this.#perSecond.release();
    lane.release();
    if (this.#pacedMs !== undefined) this.#pacedMs -= this.#everyMs(this.#nowMs());
  }

  #take(): SentRequest {
    const sentMs = this.#nowMs();
    const latestMs = this.#latestMs(sentMs, sentMs);
    this.#perSecond.take(latestMs);
    return { sentMs, latestMs };
  }

  /**
   * What has been answered had arrived before that; but it may have been later than was to be seen when it left.
   */
  #settle(lane: Lane, { sentMs, latestMs }: SentRequest, answered: boolean): void {
    const nowMs = this.#nowMs();
    const arrivedMs = this.#latestMs(nowMs, sentMs);
    this.#perSecond.settle(latestMs, answered ? Math.min(nowMs, arrivedMs) : arrivedMs);
    lane.take(answered ? nowMs : Math.max(nowMs, arrivedMs), arrivedMs);
  }

  /** When a request has arrived at the latest, for all that is known now. */
  #latestMs(nowMs: number, sentMs: number): number {
    return sentMs + WAY_MS + this.#lateness.worstMs(nowMs);
  }

  #learn(lane: Lane, sentMs: number, { refused, pauseMs = 0, remaining, resetMs }: TurnOutcome): void {
    const nowMs = this.#nowMs();
    if (remaining !== undefined && resetMs !== undefined) lane.dayLeft(nowMs, remaining, resetMs);
    if (refused === false) {
      lane.backOff.accepted(sentMs);
      this.#backOff.accepted(sentMs);
    }
    if (!refused) return;
    const random = this.#random();
    // The tenant's own window is a second long: who asks for more speaks of the service's. The others go on.
    if (lane.limited || pauseMs > SECOND_MS) lane.backOff.refused(nowMs, sentMs, pauseMs, random);
    else if (this.#backOff.refused(nowMs, sentMs, pauseMs, random)) {
      this.#cut = { atMs: nowMs, to: Math.max(1, Math.floor(this.#allowed(nowMs) / 2)) };
    }
  }

  /** Calls a second that may go now. */
  #allowed(nowMs: number): number {
    const { perSecond } = this.#limits;
    if (!this.#cut || !Number.isFinite(perSecond)) return perSecond;
    const recovered = ((nowMs - this.#cut.atMs) / RECOVERY_MS) * perSecond;
    return Math.min(perSecond, Math.floor(this.#cut.to + recovered));
  }

  #waitMs(lane: Lane): number {
    const nowMs = this.#nowMs();
    return Math.max(this.#tenantWaitMs(nowMs), lane.waitMs(nowMs));
  }

  #tenantWaitMs(nowMs: number): number {
    const windowMs = this.#perSecond.waitMs(nowMs, this.#allowed(nowMs));
    return Math.max(this.#backOff.waitMs(nowMs), windowMs);
  }

  /** About how long one will wait who came as that one; who comes now unless told. */
  #estimateMs(lane: Lane, urgent: boolean, seq = Number.POSITIVE_INFINITY): number {
    const nowMs = this.#nowMs();
    let ahead = 0;
    for (const other of this.#lanes.values()) {
      if (other === lane || other.waitMs(nowMs) === 0) ahead += other.ahead(urgent, seq);
    }
    const { concurrent } = this.#limits;
    const seconds = this.#secondsFor(ahead, nowMs);
    const whole = Math.floor(seconds);
    const windowsMs = this.#tenantWaitMs(nowMs) + (whole + (seconds - whole) / PACE) * SECOND_MS;
    const turnsMs = ((ahead + 1) / concurrent) * this.#turnMs;
    return Math.max(windowsMs, turnsMs, lane.estimateMs(nowMs, urgent, seq));
  }

  /** How long so many calls take at the rate that is allowed, which may be recovering. */
  #secondsFor(calls: number, nowMs: number): number {
    const { perSecond } = this.#limits;
    const allowed = this.#allowed(nowMs);
    if (allowed >= perSecond) return calls / perSecond;
    const recovery = ((1 - allowed / perSecond) * RECOVERY_MS) / SECOND_MS;
    const missing = ((perSecond - allowed) * recovery) / 2;
    return Math.min(calls / allowed, (calls + missing) / perSecond);
  }

  #lane(domain: string): Lane {
    let lane = this.#lanes.get(domain);
    if (!lane) {
      this.#forgetLanes();
      lane = new Lane(this.#ratesOf(domain));
      this.#lanes.set(domain, lane);
    }
    return lane;
  }

  #ratesOf(domain: string): readonly Rate[] {
    const { domains } = this.#limits;
    return (Object.hasOwn(domains, domain) && domains[domain]) || [];
  }

  #forgetLanes(): void {
    if (this.#lanes.size < MOST_LANES) return;
    for (const [domain, lane] of this.#lanes) {
      if (lane.isIdle(this.#nowMs())) this.#lanes.delete(domain);
    }
  }

  #nextSeq(): number {
    this.#seq += 1;
    return this.#seq;
  }

  #nowMs(): number {
    return this.#clock.nowMs();
  }
}

function queueFull(label: string, maxWaiting: number): FenergoError {
  return new FenergoError(
    'FENERGO_QUEUE_FULL',
    `${label}: ${maxWaiting} calls are waiting for their turn already: send fewer at a time, or again later`,
  );
}
