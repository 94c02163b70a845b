import should from 'should';
import { Delivery, type DeliveryEnd } from '../../lib/events/delivery.js';
import { ManualClock } from '../support/manual-clock.js';

function deliveryOf(...notificationIds: string[]) {
  const clock = new ManualClock();
  const acknowledged: string[] = [];
  const ends: DeliveryEnd[] = [];
  const delivery = new Delivery({
    ...{ id: 'd-1', batchId: 'b-1', notificationIds, timeoutMs: 5000, clock },
    onAcknowledged: (id) => acknowledged.push(id),
    onEnd: (end) => ends.push(end),
  });
  return { clock, delivery, acknowledged, ends };
}

describe('Delivery', () => {
  it('ends when all of it is acknowledged, in whatever order', () => {
    const { clock, delivery, acknowledged, ends } = deliveryOf('a', 'b', 'c');
    delivery.open.should.equal(3);
    for (const id of ['c', 'a']) delivery.acknowledge(id).should.be.true();
    delivery.open.should.equal(1);
    ends.should.be.empty();
    delivery.acknowledge('b').should.be.true();
    ends.should.deepEqual(['acknowledged']);
    acknowledged.should.deepEqual(['c', 'a', 'b']);
    clock.pending.should.equal(0);
  });

  it('counts no message twice, and none that it did not bring', () => {
    const { delivery, acknowledged } = deliveryOf('a', 'b');
    delivery.acknowledge('a').should.be.true();
    delivery.acknowledge('a').should.be.false();
    for (const id of ['x', '', '__proto__', 'constructor']) {
      delivery.has(id).should.be.false();
      delivery.acknowledge(id).should.be.false();
    }
    delivery.open.should.equal(1);
    acknowledged.should.deepEqual(['a']);
  });

  it('waits for each message of a notification that is there twice', () => {
    const { delivery, acknowledged, ends } = deliveryOf('a', '__proto__', 'a');
    delivery.notificationIds.should.deepEqual(['a', '__proto__']);
    delivery.acknowledge('a').should.be.true();
    acknowledged.should.be.empty();
    delivery.acknowledge('a').should.be.true();
    acknowledged.should.deepEqual(['a']);
    ends.should.be.empty();
    delivery.acknowledge('__proto__').should.be.true();
    ends.should.deepEqual(['acknowledged']);
  });

  it('takes too long at its very time, and still tells what is acknowledged late', () => {
    const { clock, delivery, acknowledged, ends } = deliveryOf('a', 'b');
    clock.advance(4999);
    should(delivery.end).be.undefined();
    clock.advance(1);
    should(delivery.end).equal('timed-out');
    delivery.acknowledge('a').should.be.true();
    delivery.acknowledge('b').should.be.true();
    acknowledged.should.deepEqual(['a', 'b']);
    ends.should.deepEqual(['timed-out']);
    clock.pending.should.equal(0);
  });

  it('can be stopped, once', () => {
    const { clock, delivery, ends } = deliveryOf('a');
    delivery.stop();
    delivery.stop();
    clock.pending.should.equal(0);
    clock.advance(10_000);
    ends.should.deepEqual(['stopped']);
  });

  it('with nothing in it is over at once', () => {
    const { clock, delivery, ends } = deliveryOf();
    ends.should.deepEqual(['acknowledged']);
    delivery.open.should.equal(0);
    clock.pending.should.equal(0);
  });
});
