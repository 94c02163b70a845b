import 'should';
import type { Node, NodeAPI } from 'node-red';
import { FenergoError } from '../../lib/errors.js';
import { ActivityStatus } from '../../nodes/shared/status.js';
import { ManualClock } from '../support/manual-clock.js';

describe('ActivityStatus', () => {
  let clock: ManualClock;
  let shown: { fill?: string; text?: string }[];
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

  it('shows a wait until it is over', () => {
    status.begin();
    clock.advance(100);
    status.waiting(3000);
    last().should.containEql({ fill: 'yellow', text: 'status.waiting 3' });
    clock.advance(3000);
    last().should.containEql({ fill: 'blue' });
  });

  it('is cleared for good when the node is closed', () => {
    status.begin();
    status.waiting(500);
    status.close();
    status.end();
    clock.advance(10_000);
    last().should.deepEqual({});
    clock.pending.should.equal(0);
  });
});
