import fc from 'fast-check';
import should from 'should';
import { SlidingWindow } from '../../lib/http/sliding-window.js';
import { FUZZ } from '../support/fuzz.js';

/** What may happen, for how long or how often, and how late a request arrives or how far its time is corrected. */
type Step = ['pass' | 'reserve' | 'take' | 'release' | 'settle' | 'limit', amount: number, lateMs: number];

const step = fc.oneof(
  fc.tuple(fc.constant('pass'), fc.oneof(fc.nat({ max: 12 }), fc.nat({ max: 300 })), fc.constant(0)),
  fc.tuple(
    fc.constantFrom('reserve', 'take', 'release', 'settle'),
    fc.integer({ min: 1, max: 40 }),
    fc.nat({ max: 30 }),
  ),
) as fc.Arbitrary<Step>;
const steps = fc.array(step, { size: '+1', maxLength: 200 });
const limit = fc.tuple(
  fc.constant('limit'),
  fc.integer({ min: 1, max: 40 }),
  fc.constant(0),
) as fc.Arbitrary<Step>;
const changingSteps = fc.array(fc.oneof({ weight: 9, arbitrary: step }, { weight: 1, arbitrary: limit }), {
  size: '+1',
  maxLength: 200,
});
/** About the sizes at which the list of times grows, and any other. */
const max = fc.oneof(
  fc.integer({ min: 1, max: 8 }),
  fc.integer({ min: 60, max: 70 }),
  fc.integer({ min: 1, max: 200 }),
);
const LENGTH_MS = 100;
/** A step may be late by 30, and be settled 15 later. */
const MOST_LATE_MS = 45;

interface Request {
  sentMs: number;
  latestMs: number;
}

/** A plain list that does the same: of all that was ever sent, by when they arrived at the latest. */
class Model {
  readonly sent: Request[] = [];
  reserved = 0;
  nowMs = 0;

  constructor(public max: number) {}

  inside(atMs = this.nowMs): number {
    return this.sent.filter(({ latestMs }) => atMs - latestMs < LENGTH_MS).length;
  }

  /** As said: with those reserved taken now, when may another go? */
  waitMs(most: number): number {
    const allowed = Math.max(1, Math.min(most, this.max));
    if (this.reserved >= allowed) return LENGTH_MS;
    let waitMs = 0;
    while (this.inside(this.nowMs + waitMs) + this.reserved >= allowed) waitMs += 1;
    return waitMs;
  }

  /** As said: when would the nth from now go, if each went as soon as it could, and those reserved were taken now? */
  waitOfMs(nth: number): number {
    const inside = this.sent.filter(({ latestMs }) => this.nowMs - latestMs < LENGTH_MS);
    const leavesMs = [
      ...inside.map(({ latestMs }) => latestMs + LENGTH_MS),
      ...Array.from({ length: this.reserved }, () => this.nowMs + LENGTH_MS),
    ];
    let goesMs = this.nowMs;
    for (let n = 1; n <= nth; n += 1) {
      leavesMs.sort((a, b) => a - b);
      const tooMany = leavesMs.length - this.max;
      if (tooMany >= 0) {
        goesMs = leavesMs[tooMany] as number;
        leavesMs.splice(0, tooMany + 1);
      }
      leavesMs.push(goesMs + LENGTH_MS);
    }
    return goesMs - this.nowMs;
  }

  take(request: Request): void {
    this.sent.push(request);
    this.sort();
  }

  sort(): void {
    this.sent.sort((a, b) => a.latestMs - b.latestMs);
  }
}

/**
 * Does a step to both.
 *
 * @param laterMs so much may a correction make a request later
 */
function go([what, amount, lateMs]: Step, window: SlidingWindow, model: Model, laterMs: number): void {
  const { nowMs } = model;
  if (what === 'pass') {
    model.nowMs += amount;
  } else if (what === 'settle') {
    const request = model.sent[amount % model.sent.length];
    if (!request) return;
    const { sentMs, latestMs } = request;
    request.latestMs = Math.max(sentMs, Math.min(nowMs, latestMs + laterMs - lateMs));
    window.settle(latestMs, request.latestMs);
    model.sort();
  } else if (what === 'limit') {
    model.max = amount === 40 ? Number.POSITIVE_INFINITY : amount;
    window.limitTo(model.max);
  } else {
    for (let n = 0; n < amount; n += 1) {
      if (what === 'reserve') {
        if (window.waitMs(nowMs) > 0) return;
        window.reserve();
        model.reserved += 1;
        continue;
      }
      if (model.reserved === 0) return;
      model.reserved -= 1;
      if (what === 'release') window.release();
      else {
        window.take(nowMs + lateMs);
        model.take({ sentMs: nowMs, latestMs: nowMs + lateMs });
      }
    }
  }
}

describe('SlidingWindow, on any course of events', () => {
  it('does as a plain list of times does', () => {
    fc.assert(
      fc.property(max, changingSteps, fc.nat({ max: 240 }), (most, course, fewer) => {
        const window = new SlidingWindow({ max: most, lengthMs: LENGTH_MS }, 0);
        const model = new Model(most);
        for (const one of course) {
          go(one, window, model, 15);
          should(window.waitMs(model.nowMs)).equal(model.waitMs(model.max));
          should(window.waitMs(model.nowMs, fewer)).equal(model.waitMs(fewer));
          should(window.room(model.nowMs)).equal(Math.max(0, model.max - model.inside() - model.reserved));
          // It takes those that are on their way for as good as arrived.
          should(window.waitOfMs(model.nowMs, fewer + 1)).be.approximately(
            model.waitOfMs(fewer + 1),
            MOST_LATE_MS,
          );
        }
      }),
      FUZZ,
    );
  });

  it('lets no more than its maximum into any stretch of its length, its margin included', () => {
    fc.assert(
      fc.property(
        max,
        steps,
        fc.nat({ max: 20 }),
        fc.integer({ min: 1, max: 30 }),
        (most, course, marginMs, pace) => {
          const window = new SlidingWindow({ max: most, lengthMs: LENGTH_MS - marginMs }, marginMs);
          const model = new Model(most);
          for (const [what, amount, lateMs] of course) {
            // Often just as long as the window says; else time that is not counted in whole milliseconds.
            const passMs = amount % 3 === 0 ? window.waitMs(model.nowMs) : (amount * pace) / 7;
            go([what, what === 'pass' ? passMs : amount, lateMs], window, model, 0);
          }
          const times = model.sent.map(({ latestMs }) => latestMs).sort((a, b) => a - b);
          times.forEach((time, n) => {
            const next = times[n + most];
            if (next !== undefined) (next - time).should.be.aboveOrEqual(LENGTH_MS - 1e-9);
          });
        },
      ),
      FUZZ,
    );
  });
});
