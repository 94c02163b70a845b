import should from 'should';
import { AckDesk, type AckOutcome } from '../../lib/events/ack-desk.js';
import type { EventMessage } from '../../lib/events/acknowledgement.js';
import { Delivery } from '../../lib/events/delivery.js';
import type { Notification } from '../../lib/events/notification.js';
import { batchMessageOf, messagesOf } from '../../nodes/shared/events/event-message.js';
import { ManualClock } from '../support/manual-clock.js';
import { through } from './core-nodes.js';
import { notification } from './harness.js';

type Message = EventMessage & Record<string, unknown> & { _msgid?: string };

/** A desk, and deliveries that tell it of their end, as a consumer makes them. */
class Bench {
  readonly clock = new ManualClock();
  readonly desk = new AckDesk();
  readonly acknowledged: string[] = [];

  deliver(ids: string[], id = 'd-1', batchId = 'b-1'): Delivery {
    const delivery = new Delivery({
      ...{ id, batchId, notificationIds: ids, timeoutMs: 1000, clock: this.clock },
      onAcknowledged: (notificationId) => this.acknowledged.push(notificationId),
      onEnd: () => this.desk.ended(delivery),
    });
    this.desk.open(delivery);
    return delivery;
  }

  /** What comes of each message. */
  ack(...msgs: EventMessage[]): string[] {
    return msgs.map((msg) => inShort(this.desk.acknowledge(msg)));
  }
}

function inShort(outcome: AckOutcome): string {
  if (outcome.kind === 'acknowledged') return `open ${outcome.open}`;
  if (outcome.kind === 'partial') return `${outcome.got} of ${outcome.of}`;
  return outcome.kind === 'late' ? `late: ${outcome.end}` : outcome.kind;
}

/** What the events node sends of a delivery. */
function messages(ids: string[], deliveryId = 'd-1', more?: Partial<Notification>): Message[] {
  const items = ids.map((id) => ({ notification: notification(id, more) }));
  const origin = { feed: 'all', deliveryId, batchId: 'b-1', tenantId: 't' };
  return messagesOf(items, origin).map((msg, i) => ({ ...msg, _msgid: `m${i}` })) as unknown as Message[];
}

function batchMessage(ids: string[]): Message {
  const items = ids.map((id) => ({ notification: notification(id) }));
  const origin = { feed: 'all', deliveryId: 'd-1', batchId: 'b-1', tenantId: 't' };
  return { ...batchMessageOf(items, origin), _msgid: 'm' } as unknown as Message;
}

describe('AckDesk', () => {
  let bench: Bench;

  beforeEach(() => {
    bench = new Bench();
  });

  describe('what comes of an acknowledgement', () => {
    it('it counts, until nothing is open; then it was done before', () => {
      const delivery = bench.deliver(['a', 'b']);
      const [a, b] = messages(['a', 'b']) as [Message, Message];
      bench.ack(b, b, a, a, b).should.deepEqual(['open 1', 'already', 'open 0', 'already', 'already']);
      should(delivery.end).equal('acknowledged');
      bench.clock.pending.should.equal(0);
    });

    it('it is too late, and counts as handled all the same, once', () => {
      bench.deliver(['a']);
      bench.clock.advance(1000);
      const [a] = messages(['a']) as [Message];
      bench.ack(a, a).should.deepEqual(['late: timed-out', 'already']);
      bench.deliver(['b'], 'd-2').stop();
      bench.ack(...messages(['b'], 'd-2')).should.deepEqual(['late: stopped']);
      bench.acknowledged.should.deepEqual(['a', 'b']);
    });

    it('nothing is known of it', () => {
      const delivery = bench.deliver(['a']);
      bench.ack(...messages(['a'], 'another')).should.deepEqual(['unknown']);
      // Of this delivery, but not brought by it.
      bench
        .ack(...messages(['x', '__proto__', 'constructor']))
        .should.deepEqual(['unknown', 'unknown', 'unknown']);
      delivery.open.should.equal(1);
    });

    it('the message carries nothing', () => {
      bench.deliver(['a']);
      const odd = [null, undefined, 'text', 7, [], {}, { deliveryId: 'd-1' }, { notificationId: '' }];
      const none = [{ notificationIds: [] }, { notificationIds: [7, null] }, { notificationIds: 'a' }];
      const cases = [...odd, ...none, Buffer.from('a')];
      for (const fenergo of cases) bench.ack({ fenergo }).should.deepEqual(['nothing']);
    });

    it('it is found by its notification where the delivery is not named any more', () => {
      bench.deliver(['a'], 'd-1').stop();
      bench.deliver(['a', 'b'], 'd-2');
      bench.ack({ fenergo: { batchId: 'b-1', notificationId: 'a' } }).should.deepEqual(['open 1']);
      bench.ack({ fenergo: { batchId: 'b-1', notificationIds: ['b'] } }).should.deepEqual(['open 0']);
      bench.ack({ fenergo: { batchId: 'b-2', notificationId: 'a' } }).should.deepEqual(['unknown']);
      bench.ack({ fenergo: { notificationId: 'a' } }).should.deepEqual(['unknown']);
    });

    it('nothing is guessed where several that are open brought it, as when two nodes read one feed', () => {
      bench.deliver(['a'], 'd-1');
      bench.deliver(['a'], 'd-2');
      const unnamed = { fenergo: { batchId: 'b-1', notificationId: 'a' } };
      bench.ack(unnamed).should.deepEqual(['ambiguous']);
      bench.ack(...messages(['a'], 'd-2')).should.deepEqual(['open 0']);
      bench.ack(unnamed).should.deepEqual(['open 0'], 'only one is open now');
    });

    it('the whole batch, if so wished', () => {
      bench.deliver(['a', 'b', 'b', 'c']);
      const [a] = messages(['a']) as [Message];
      inShort(bench.desk.acknowledge(a, true)).should.equal('open 0');
      inShort(bench.desk.acknowledge(a, true)).should.equal('already');
      bench.deliver(['a', 'b'], 'd-2');
      const [later] = messages(['a'], 'd-2') as [Message];
      bench.clock.advance(1000);
      inShort(bench.desk.acknowledge(later, true)).should.equal('late: timed-out');
    });

    it('it is too late for a delivery that took too long, however many others were acknowledged since', () => {
      bench.deliver(['a']);
      bench.clock.advance(1000);
      for (let i = 0; i < 1000; i += 1) bench.deliver(['b'], `w${i}`).acknowledge('b');
      bench.ack(...messages(['b'], 'w799')).should.deepEqual(['unknown']);
      bench.ack(...messages(['b'], 'w800')).should.deepEqual(['already']);
      bench.ack(...messages(['a'])).should.deepEqual(['late: timed-out']);
      bench.acknowledged.at(-1)?.should.equal('a');
    });

    it('it is known of the last 200 deliveries that are over', () => {
      for (let i = 0; i < 201; i += 1) bench.deliver(['a'], `d${i}`).stop();
      bench.ack(...messages(['a'], 'd0')).should.deepEqual(['unknown']);
      bench.ack(...messages(['a'], 'd1')).should.deepEqual(['late: stopped']);
    });
  });

  describe('a message as it was sent', () => {
    it('keeps what names it, whatever its payload is now', () => {
      bench.deliver(['a', 'b', 'c', 'd']);
      const payloads = [undefined, 'text', { id: 'b' }, Buffer.from('x')];
      const msgs = messages(['a', 'b', 'c', 'd']).map((msg, i) => ({ ...msg, payload: payloads[i] }));
      bench.ack(msgs[0] as Message, msgs[1] as Message).should.deepEqual(['open 3', 'open 2']);
      // Its payload names one that it did not bring, which is acknowledged already.
      bench.ack(msgs[2] as Message, msgs[3] as Message).should.deepEqual(['open 1', 'open 0']);
    });

    it('of a whole batch acknowledges all of it', () => {
      bench.deliver(['a', 'b', 'c']);
      bench.ack({ ...batchMessage(['a', 'b', 'c']), payload: 'done' }).should.deepEqual(['open 0']);
    });

    it('of a whole batch may be left with some of it only', () => {
      bench.deliver(['a', 'b', 'c']);
      bench.ack({ ...batchMessage(['a', 'b', 'c']), payload: [{ id: 'c' }] }).should.deepEqual(['open 2']);
    });

    it('takes names of prototypes for ids', () => {
      bench.deliver(['__proto__', 'constructor']);
      bench.ack(...messages(['__proto__', 'constructor'])).should.deepEqual(['open 1', 'open 0']);
    });

    it('may have parts that make a circle', () => {
      bench.deliver(['a']);
      const parts: Record<string, unknown> = { id: 'x', index: 0, count: 2 };
      parts.parts = parts;
      bench.ack({ ...(messages(['a'])[0] as Message), parts }).should.deepEqual(['1 of 2']);
    });

    it('is waited for in all its parts where a node put its own in the place of ours, as one that reads lines does', () => {
      bench.deliver(['a', 'b']);
      const [a] = messages(['a', 'b']) as [Message, Message];
      const lines = [0, 1, 2].map((index) => ({
        ...a,
        payload: `line ${index}`,
        parts: { id: 'lines', index, type: 'string', ch: '\n', ...(index === 2 ? { count: 3 } : {}) },
      }));
      bench.ack(...lines).should.deepEqual(['1 of undefined', '2 of undefined', 'open 1']);
    });
  });

  describe("Node-RED's Split", () => {
    it('makes parts that have all to come, in whatever order', () => {
      bench.deliver(['a', 'b']);
      const [a, b] = messages(['a', 'b'], 'd-1', { payload: 'x' }) as [Message, Message];
      const parts = through('split', {}, [a]);
      const count = parts.length;
      count.should.be.above(3);
      const outcomes = bench.ack(...parts.reverse());
      outcomes.should.deepEqual([...parts.slice(1).map((_, i) => `${i + 1} of ${count}`), 'open 1']);
      bench.ack(parts[0] as Message).should.deepEqual(['already']);
      bench.ack(b).should.deepEqual(['open 0']);
      // All is acknowledged: a part is not told that others are missing.
      bench.ack(parts[0] as Message).should.deepEqual(['already']);
    });

    it('makes parts of which one may come twice, which counts once', () => {
      bench.deliver(['a']);
      const msgs = through('split', {}, [{ ...(messages(['a'])[0] as Message), payload: 'x\ny\nz' }]);
      const [x, y, z] = msgs as [Message, Message, Message];
      bench
        .ack(x, x, x, y, x, z)
        .should.deepEqual(['1 of 3', '1 of 3', '1 of 3', '2 of 3', '2 of 3', 'open 0']);
    });

    it('may split parts again, and again', () => {
      bench.deliver(['a']);
      const payload = ['1,2\n3', '4', '5,6\n7,8,9'];
      const rows = through('split', {}, [{ ...(messages(['a'])[0] as Message), payload }]);
      const lines = through('split', {}, rows);
      const cells = through('split', { splt: ',' }, lines);
      cells.map((msg) => msg.payload).should.deepEqual(['1', '2', '3', '4', '5', '6', '7', '8', '9']);
      const mixed = [...cells.slice(5), ...cells.slice(0, 5)];
      const outcomes = bench.ack(...mixed);
      outcomes.pop()?.should.equal('open 0');
      for (const outcome of outcomes) outcome.should.match(/^\d of \d$/);
    });

    it('of a whole batch gives each notification a message, which stands for it', () => {
      bench.deliver(['a', 'b', 'c']);
      const msgs = through('split', {}, [batchMessage(['a', 'b', 'c'])]);
      bench.ack(...msgs).should.deepEqual(['open 2', 'open 1', 'open 0']);
    });

    it('of a whole batch by twos', () => {
      bench.deliver(['a', 'b', 'c']);
      const msgs = through('split', { arraySplt: 2 }, [batchMessage(['a', 'b', 'c'])]);
      bench.ack(...msgs).should.deepEqual(['open 1', 'open 0']);
    });

    it('of a whole batch, when the payloads are others by now, needs all parts', () => {
      bench.deliver(['a', 'b', 'c']);
      const msgs = through('split', {}, [batchMessage(['a', 'b', 'c'])]).map((m) => ({
        ...m,
        payload: 'ok',
      }));
      bench.ack(...msgs).should.deepEqual(['1 of 3', '2 of 3', 'open 0']);
    });

    it('of a message that does not name its delivery any more is not taken for the whole of it', () => {
      bench.deliver(['a']);
      const msgs = through('split', {}, [{ ...(messages(['a'])[0] as Message), payload: 'x\ny' }]);
      const kept = { batchId: 'b-1', notificationId: 'a' };
      bench.ack(...msgs.map((msg) => ({ ...msg, fenergo: kept }))).should.deepEqual(['1 of 2', 'open 0']);
    });

    it('of two copies of a message makes two groups; the first that is whole acknowledges', () => {
      bench.deliver(['a', 'b']);
      const a = { ...(messages(['a'])[0] as Message), payload: 'x\ny' };
      const first = through('split', {}, [a]) as [Message, Message];
      const second = through('split', {}, [a]) as [Message, Message];
      bench.ack(first[0], second[1]).should.deepEqual(['1 of 2', '1 of 2']);
      bench.ack(second[0], first[1]).should.deepEqual(['open 1', 'already']);
    });

    it('as a stream tells no count: such parts wait for one', () => {
      bench.deliver(['a']);
      const part = (index: number, count?: number) => ({
        ...(messages(['a'])[0] as Message),
        parts: { id: 's', type: 'string', index, ...(count ? { count } : {}), parts: { id: 'd-1' } },
      });
      bench
        .ack(part(0), part(2), part(1), part(3, 4))
        .should.deepEqual(['1 of undefined', '2 of undefined', '3 of undefined', 'open 0']);
      const streamed = through('split', { stream: true }, [
        { ...(messages(['a'])[0] as Message), payload: '1\n2\n3' },
      ]);
      streamed
        .map(({ parts }) => (parts as { count?: number }).count)
        .should.deepEqual([undefined, undefined]);
    });

    it('makes parts that may come after the end, which are late when all have come', () => {
      bench.deliver(['a', 'b']);
      const msgs = through('split', {}, [{ ...(messages(['a'])[0] as Message), payload: 'x\ny' }]);
      const [x, y] = msgs as [Message, Message];
      bench.ack(x).should.deepEqual(['1 of 2']);
      bench.clock.advance(1000);
      bench.ack(y, y).should.deepEqual(['late: timed-out', 'already']);
      bench.acknowledged.should.deepEqual(['a']);
    });

    it('makes 10,000 parts of a batch without trouble', () => {
      const ids = Array.from({ length: 10_000 }, (_, i) => `00000000-0000-0000-0000-${i}`);
      const delivery = bench.deliver(ids);
      const { fenergo } = batchMessage(ids);
      let looked = 0;
      // Each part names all notifications: to look through them for each would take a hundred million steps.
      const { notificationIds } = fenergo as { notificationIds: string[] };
      const counted = new Proxy(notificationIds, {
        get: (target, name) => {
          looked += 1;
          return Reflect.get(target, name);
        },
      });
      ids.forEach((id, index) => {
        const parts = { id: 's', index, count: ids.length, parts: { id: 'd-1' } };
        bench.ack({ fenergo: { ...(fenergo as object), notificationIds: counted }, parts, payload: { id } });
      });
      should(delivery.end).equal('acknowledged');
      looked.should.be.below(20 * ids.length);
    });
  });

  describe("Node-RED's Join", () => {
    it('makes one message of all, which acknowledges all', () => {
      bench.deliver(['a', 'b', 'c']);
      const joined = through('join', {}, messages(['a', 'b', 'c']));
      joined.should.have.length(1);
      bench.ack(...joined).should.deepEqual(['open 0']);
    });

    it('makes one of some', () => {
      bench.deliver(['a', 'b', 'c']);
      const custom = { mode: 'custom', build: 'array', count: '2', useparts: false };
      const joined = through('join', custom, messages(['a', 'b']));
      joined.should.have.length(1);
      bench.ack(...joined).should.deepEqual(['open 1']);
    });

    it('that put other payloads together acknowledges the last of them only', () => {
      bench.deliver(['a', 'b']);
      const msgs = messages(['a', 'b']).map((msg) => ({ ...msg, payload: 'done' }));
      bench.ack(...through('join', {}, msgs)).should.deepEqual(['open 1']);
      bench.acknowledged.should.deepEqual(['b']);
    });

    it('puts parts together again, which then stand for what was split', () => {
      bench.deliver(['a', 'b']);
      const parts = through('split', {}, messages(['a', 'b']));
      const joined = through('join', {}, parts);
      joined.should.have.length(2);
      bench.ack(...joined).should.deepEqual(['open 1', 'open 0']);
    });

    it('puts the inner parts together: those of the outer Split have still all to come', () => {
      bench.deliver(['a']);
      const rows = through('split', {}, [{ ...(messages(['a'])[0] as Message), payload: ['1,2', '3,4'] }]);
      const joined = through('join', {}, through('split', { splt: ',' }, rows));
      joined.map(({ payload }) => payload).should.deepEqual(['1,2', '3,4']);
      bench.ack(...joined).should.deepEqual(['1 of 2', 'open 0']);
    });

    it('puts a batch together again that was split, whatever it is now', () => {
      bench.deliver(['a', 'b']);
      const msgs = through('split', {}, [batchMessage(['a', 'b'])]).map((m) => ({ ...m, payload: 'ok' }));
      bench.ack(...through('join', {}, msgs)).should.deepEqual(['open 0']);
    });
  });

  describe("Node-RED's Batch", () => {
    it('puts its own parts in the place of ours: each message stands for itself', () => {
      bench.deliver(['a', 'b', 'c', 'd']);
      const msgs = through('batch', { mode: 'count', count: 2 }, messages(['a', 'b', 'c', 'd']));
      should(msgs[2]?.parts).have.properties({ id: 'm2', index: 0, count: 2 });
      bench.ack(...msgs).should.deepEqual(['open 3', 'open 2', 'open 1', 'open 0']);
    });

    it('and Join make messages that acknowledge what is in them', () => {
      bench.deliver(['a', 'b', 'c', 'd']);
      const msgs = through('batch', { mode: 'count', count: 2 }, messages(['a', 'b', 'c', 'd']));
      bench.ack(...through('join', {}, msgs)).should.deepEqual(['open 2', 'open 0']);
    });

    it('counts parts of a message anew: when all of such a group have come, others may not have', () => {
      bench.deliver(['a']);
      const parts = through('split', {}, [{ ...(messages(['a'])[0] as Message), payload: '1\n2\n3\n4' }]);
      const msgs = through('batch', { mode: 'count', count: 2 }, parts);
      msgs.should.have.length(4);
      for (const outcome of bench.ack(...msgs)) outcome.should.match(/^\d of /);
      for (const outcome of bench.ack(...msgs.reverse())) outcome.should.match(/^\d of /);
    });

    it('of a batch that was split gives messages that stand for what is in them', () => {
      bench.deliver(['a', 'b', 'c']);
      const parts = through('split', {}, [batchMessage(['a', 'b', 'c'])]);
      bench
        .ack(...through('batch', { mode: 'count', count: 1 }, parts))
        .should.deepEqual(['open 2', 'open 1', 'open 0']);
    });
  });
});
