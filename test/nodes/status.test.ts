import 'should';
import type { Node, NodeAPI } from 'node-red';
import { FenergoError } from '../../lib/errors.js';
import { ActivityStatus } from '../../nodes/shared/status.js';
import { ManualClock } from '../support/manual-clock.js';

describe('ActivityStatus', () => {
  let clock: ManualClock;
  let shown: { fill?: string; shape?: string; text?: string }[];
  let status: ActivityStatus;

  beforeEach(() => {
    clock = new ManualClock();
    shown = [];
    const node = { status: (what: object) => shown.push(what) } as unknown as Node;
    const translate = (key: string, values: object = {}) => [key, ...Object.values(values)].join(' ');
    status = new ActivityStatus(node, translate as NodeAPI['_'], clock);
  });

  const last = () => shown.at(-1) ?? {};

  it('shows how many are under way, and how the last one ended', () => {
    status.begin();
    last().should.containEql({ fill: 'blue', text: 'status.requesting' });
    status.begin();
    clock.advance(100);
    last().should.containEql({ fill: 'blue', text: 'status.requestingMany 2' });
    status.end();
    status.end(new FenergoError('FENERGO_NOT_FOUND', 'not there'));
    clock.advance(100);
    last().should.containEql({ fill: 'red', text: 'status.failed status.reason.FENERGO_NOT_FOUND' });
  });

  it('travels no more than ten times a second', () => {
    for (let i = 0; i < 1000; i += 1) {
      status.begin();
      status.end();
      clock.advance(1);
    }
    shown.length.should.be.within(10, 11);
    last().should.containEql({ fill: 'green' });
  });

  describe('of calls that wait', () => {
    const calls = Array.from({ length: 4 }, () => ({}));
    const [first, second, third] = calls as [object, object, object];

    it('shows how many, and how long the last one will, until none does', () => {
      for (const _ of calls) status.begin();
      status.waiting(first, 1000);
      status.waiting(second, 2900);
      status.waiting(third, 2000);
      clock.advance(100);
      last().should.containEql({ fill: 'yellow', shape: 'ring', text: 'status.waiting 3 3' });
      status.waitOver(second);
      clock.advance(100);
      last().should.containEql({ fill: 'yellow', text: 'status.waiting 2 2' });
      status.waitOver(first);
      status.waitOver(third);
      clock.advance(100);
      last().should.containEql({ fill: 'blue', text: 'status.requestingMany 4' });
    });

    it('counts a call once, however often it waits, and one that never waited not at all', () => {
      status.begin();
      status.waiting(first, 1000);
      status.waiting(first, 9000);
      status.waitOver(second);
      clock.advance(100);
      last().should.containEql({ text: 'status.waiting 1 9' });
      status.waitOver(first);
      status.waitOver(first);
      clock.advance(100);
      last().should.containEql({ fill: 'blue', text: 'status.requesting' });
    });

    it('counts the seconds down, no further than one', () => {
      status.begin();
      status.waiting(first, 3000);
      clock.advance(100);
      last().should.containEql({ text: 'status.waiting 1 3' });
      const texts = Array.from({ length: 5 }, () => {
        clock.advance(1000);
        return last().text;
      });
      texts.should.deepEqual([2, 1, 1, 1, 1].map((seconds) => `status.waiting 1 ${seconds}`));
      status.waitOver(first);
      status.end();
      clock.advance(5000);
      last().should.containEql({ fill: 'green' });
      clock.pending.should.equal(0);
    });

    it('asks anew how long the last one will wait, and shows it when it turns out longer or shorter', () => {
      let leftMs = 8500;
      for (const _ of calls) status.begin();
      status.waiting(first, 0, () => 99_000);
      status.waiting(second, 1000, () => leftMs);
      clock.advance(1100);
      last().should.containEql({ text: 'status.waiting 2 9' });
      leftMs = 4200;
      clock.advance(1000);
      last().should.containEql({ text: 'status.waiting 2 5' });
      status.waitOver(second);
      clock.advance(1000);
      last().should.containEql({ text: 'status.waiting 1 99' });
      status.waitOver(first);
    });

    it('is quick to tell of ten thousand', () => {
      const many = Array.from({ length: 10_000 }, () => ({}));
      const startMs = performance.now();
      for (const call of many) status.waiting(call, 50_000);
      for (const call of many) {
        clock.advance(1);
        status.waitOver(call);
      }
      (performance.now() - startMs).should.be.below(500);
    });
  });

  it('is cleared for good when the node is closed', () => {
    status.begin();
    status.waiting({}, 500);
    status.close();
    status.end();
    clock.advance(10_000);
    last().should.deepEqual({});
    clock.pending.should.equal(0);
  });
});
