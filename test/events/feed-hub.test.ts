import should from 'should';
import { FeedHub } from '../../lib/events/feed-hub.js';
import { ManualClock } from '../support/manual-clock.js';
import { batch, Consumer, Feed, pass, settle } from './harness.js';

describe('FeedHub', () => {
  const clock = new ManualClock();
  let hub: FeedHub;
  let feed: Feed;

  beforeEach(() => {
    hub = new FeedHub(clock, () => 1);
    feed = new Feed(clock);
  });

  afterEach(() => {
    clock.pending.should.equal(0);
  });

  it('reads a feed once for all who join it, by the source of the first', async () => {
    const [one, two] = [new Consumer(), new Consumer()];
    const another = new Feed(clock);
    feed.nexts.push(undefined, batch('b1', ['a']));
    const first = hub.join('key', one, feed);
    const second = hub.join('key', two, another);
    first.others.should.equal(0);
    second.others.should.equal(1);
    await pass(clock, 30_000);
    feed.calls.map((call) => call.split(' ')[1]).should.deepEqual(['next', 'next', 'complete']);
    another.calls.should.be.empty();
    for (const { got, done } of [one, two]) {
      got.should.deepEqual(['b1']);
      done.should.deepEqual(['b1']);
    }
    first.leave();
    second.leave();
  });

  it('reads others apart, whatever they are called', async () => {
    const keys = ['key', 'Key', '__proto__', 'constructor', ''];
    const feeds = keys.map(() => new Feed(clock));
    const joined = keys.map((key, i) => hub.join(key, new Consumer(), feeds[i] as Feed));
    await settle();
    for (const { others } of joined) others.should.equal(0);
    for (const { calls } of feeds) calls.should.have.length(1);
    for (const { leave } of joined) leave();
  });

  it('goes on when one leaves, and stops with the last', async () => {
    const joined = [new Consumer(), new Consumer()].map((consumer) => hub.join('key', consumer, feed));
    await settle();
    joined[0]?.leave();
    await pass(clock, 30_000);
    feed.calls.should.have.length(2);
    joined[1]?.leave();
    await pass(clock, 300_000);
    feed.calls.should.have.length(2);
    should(feed.signals.at(-1)?.aborted).be.true();
  });

  it('begins anew when somebody joins again, with a source of their own', async () => {
    hub.join('key', new Consumer(), feed).leave();
    await settle();
    const later = new Feed(clock);
    const { others, leave } = hub.join('key', new Consumer(), later);
    await settle();
    others.should.equal(0);
    feed.calls.should.have.length(1);
    later.calls.should.have.length(1);
    leave();
  });

  it('lets one leave twice, and harms nobody who came later', async () => {
    const first = hub.join('key', new Consumer(), feed);
    first.leave();
    first.leave();
    const second = hub.join('key', new Consumer(), feed);
    first.leave();
    const other = hub.join('key', new Consumer(), feed);
    other.others.should.equal(1);
    await pass(clock, 30_000);
    should(feed.signals.at(-1)?.aborted).be.false();
    second.leave();
    first.leave();
    const third = hub.join('key', new Consumer(), feed);
    third.others.should.equal(1);
    third.leave();
    other.leave();
  });
});
