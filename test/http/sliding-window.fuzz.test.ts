import fc from 'fast-check';
import should from 'should';
import { SlidingWindow } from '../../lib/http/sliding-window.js';
import { FUZZ } from '../support/fuzz.js';

/** What may happen, for how long or how often, and how late a request arrives or how far its time is corrected. */
type Step = ['pass' | 'reserve' | 'take' | 'release' | 'settle', amount: number, lateMs: number];

const step = fc.oneof(
  fc.tuple(fc.constant('pass'), fc.oneof(fc.nat({ max: 12 }), fc.nat({ max: 300 })), fc.constant(0)),
  fc.tuple(
    fc.constantFrom('reserve', 'take', 'release', 'settle'),
    fc.integer({ min: 1, max: 40 }),
    fc.nat({ max: 30 }),
  ),
) as fc.Arbitrary<Step>;
const steps = fc.array(step, { size: '+1', maxLength: 200 });
/** About the sizes at which the list of times grows, and any other. */
const max = fc.oneof(
  fc.integer({ min: 1, max: 8 }),
  fc.integer({ min: 60, max: 70 }),
  fc.integer({ min: 1, max: 200 }),
);
const LENGTH_MS = 100;

interface Request {
  sentMs: number;
  latestMs: number;
}

/** A plain list that does the same, and a list of all that was ever sent. */
class Model {
  readonly sent: Request[] = [];
  /** So many as a window may hold, by when they arrived at the latest. */
  readonly held: Request[] = [];
  reserved = 0;
  nowMs = 0;

  constructor(readonly max: number) {}

  inside(atMs = this.nowMs): number {
    return this.held.filter(({ latestMs }) => atMs - latestMs < LENGTH_MS).length;
  }

  /** As said: with those reserved taken now, when may another go? */
  waitMs(most: number): number {
    const allowed = Math.max(1, Math.min(most, this.max));
    if (this.reserved >= allowed) return LENGTH_MS;
    let waitMs = 0;
    while (this.inside(this.nowMs + waitMs) + this.reserved >= allowed) waitMs += 1;
    return waitMs;
  }

  take(request: Request): void {
    if (this.held.length === this.max) this.held.shift();
    this.held.push(request);
    this.sent.push(request);
    this.sort();
  }

  sort(): void {
    this.held.sort((a, b) => a.latestMs - b.latestMs);
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
    const request = model.held[amount % model.held.length];
    if (!request) return;
    const { sentMs, latestMs } = request;
    request.latestMs = Math.max(sentMs, Math.min(nowMs, latestMs + laterMs - lateMs));
    window.settle(latestMs, request.latestMs);
    model.sort();
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
      fc.property(max, steps, fc.nat({ max: 240 }), (most, course, fewer) => {
        const window = new SlidingWindow({ max: most, lengthMs: LENGTH_MS }, 0);
        const model = new Model(most);
        for (const one of course) {
          go(one, window, model, 15);
          should(window.waitMs(model.nowMs)).equal(model.waitMs(most));
          should(window.waitMs(model.nowMs, fewer)).equal(model.waitMs(fewer));
          should(window.room(model.nowMs)).equal(Math.max(0, most - model.inside() - model.reserved));
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
