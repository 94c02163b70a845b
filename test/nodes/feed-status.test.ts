import type { Node, NodeAPI } from 'node-red';
import should from 'should';
import { FenergoError } from '../../lib/errors.js';
import { FeedFailures } from '../../nodes/fenergo-events/feed-failures.js';
import { FeedStatus } from '../../nodes/fenergo-events/feed-status.js';
import { ManualClock } from '../support/manual-clock.js';

const translate = ((key: string, values: object = {}) =>
  [key, ...Object.values(values)].join(' ')) as NodeAPI['_'];
const down = new FenergoError('FENERGO_NETWORK', 'down');

describe('FeedStatus', () => {
  let clock: ManualClock;
  let shown: { fill?: string; shape?: string; text?: string }[];
  let status: FeedStatus;

  beforeEach(() => {
    clock = new ManualClock();
    shown = [];
    const node = { status: (what: object) => shown.push(what) } as unknown as Node;
    status = new FeedStatus(node, translate, clock);
  });

  const last = () => {
    clock.advance(100);
    return shown.at(-1)?.text ?? '';
  };
  const delivering = () => status.polled({ state: 'delivering', atMs: clock.dateMs(), received: 3 });
  const waiting = () => status.polled({ state: 'waiting', atMs: clock.dateMs(), received: 3 });

  it('shows what waits together with when it came', () => {
    delivering();
    last().should.match(/^status.received 3 \d\d:\d\d:\d\d$/);
    status.open(2);
    last().should.match(/^status.toAcknowledge 2 \d\d:\d\d:\d\d$/);
    status.open(0);
    waiting();
    last().should.match(/^status.received 3/);
  });

  it('shows that batches cannot be completed, also while the same one is on its way again', () => {
    const refused = new FenergoError('FENERGO_VALIDATION', 'no');
    delivering();
    const failure = { state: 'failed', doing: 'complete', error: refused, failures: 1 } as const;
    status.polled({ ...failure, againInMs: 2000 });
    last().should.equal('status.failedAgain status.reason.FENERGO_VALIDATION 2');
    status.polled({ state: 'polling' });
    delivering();
    last().should.match(/^status.failedAgain/);
    waiting();
    last().should.match(/^status.received/);
  });

  it('shows that nothing can be sent on until something is, whatever polls bring', () => {
    delivering();
    status.open(3);
    status.failed(new Error('cannot be cloned'));
    status.open(0);
    last().should.equal('status.failed Error: cannot be cloned');
    waiting();
    last().should.equal('status.failed Error: cannot be cloned');
    delivering();
    status.sent();
    last().should.match(/^status.received/);
  });

  it('shows that batches can be completed again as soon as one is, with more behind it', () => {
    delivering();
    status.polled({ state: 'failed', doing: 'complete', error: down, failures: 1, againInMs: 1000 });
    last().should.match(/^status.failedAgain/);
    status.completed();
    delivering();
    last().should.match(/^status.received/);
  });

  it('shows that resources cannot be read until the messages are sent', () => {
    delivering();
    status.failing({ doing: 'fetch', error: down, againInMs: 4000 });
    last().should.equal('status.failedAgain status.reason.FENERGO_NETWORK 4');
    status.sent();
    last().should.match(/^status.received/);
  });
});

describe('FeedFailures', () => {
  let told: string[];
  let failures: FeedFailures;

  beforeEach(() => {
    told = [];
    const node = {
      error: (error: Error, msg: { fenergo: { feed: string; error: { code: string } } }) =>
        told.push(`${msg.fenergo.feed}: ${error.message} (${msg.fenergo.error.code})`),
      log: (line: string) => told.push(line),
    } as unknown as Node;
    failures = new FeedFailures(node, translate, 'all');
  });

  it('tells a kind of failure once, and once more when it comes back', () => {
    for (let n = 0; n < 3; n += 1) failures.failed('next', down);
    told.should.deepEqual(['all: down (FENERGO_NETWORK)']);
    failures.worked('next');
    failures.worked('next');
    failures.failed('next', down);
    told.slice(1).should.deepEqual(['events.recovered all', 'all: down (FENERGO_NETWORK)']);
  });

  it('tells another kind as well, and what has no code', () => {
    failures.failed('next', down);
    failures.failed('send', new Error('cannot be cloned'));
    should(told[1]).equal('all: cannot be cloned (UNEXPECTED)');
  });

  it('tells each kind once, in whatever order they come, and of each thing that fails', () => {
    const away = new FenergoError('FENERGO_UNAVAILABLE', 'away');
    for (let n = 0; n < 5; n += 1) {
      failures.failed('next', down);
      failures.failed('next', away);
    }
    told.should.have.length(2);
    failures.failed('complete', down);
    told.should.have.length(3);
    failures.worked('next');
    told.should.have.length(3, 'completing does not work yet');
    failures.failed('complete', down);
    failures.worked('complete');
    told.slice(3).should.deepEqual(['events.recovered all']);
  });

  it('tells that it works again only of what had failed', () => {
    failures.failed('complete', down);
    failures.worked('next', 'fetch', 'send');
    told.should.have.length(1);
    failures.worked('next', 'complete');
    told.should.have.length(2);
  });
});
