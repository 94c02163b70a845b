import { PassThrough } from 'node:stream';
import should from 'should';
import { AckDesk } from '../../lib/events/ack-desk.js';
import { BodyBudget } from '../../lib/events/body-budget.js';
import type { BodyRequest } from '../../lib/events/raw-body.js';
import { SeenIds } from '../../lib/events/seen-ids.js';
import {
  type ReceiverOptions,
  type Taken,
  type WebhookEmission,
  WebhookReceiver,
} from '../../lib/events/webhook-receiver.js';
import { turns } from '../support/flow.js';
import { ManualClock } from '../support/manual-clock.js';
import { notification, ODD_BODIES, SECRET, signed } from '../support/webhook.js';

interface Harness {
  clock: ManualClock;
  desk: AckDesk;
  seen: SeenIds;
  emitted: WebhookEmission[];
  open: number[];
  timeouts: number[];
  settled: number;
  budget: BodyBudget;
  receiver: WebhookReceiver;
}

function harness(options: Partial<ReceiverOptions> = {}): Harness {
  const clock = new ManualClock();
  let ids = 0;
  const it: Harness = {
    clock,
    desk: new AckDesk(),
    seen: new SeenIds(),
    emitted: [],
    open: [],
    timeouts: [],
    settled: 0,
    budget: options.budget ?? new BodyBudget(),
    receiver: undefined as never,
  };
  it.receiver = new WebhookReceiver({
    eventTypes: [],
    duplicates: 'drop',
    seen: it.seen,
    secrets: [SECRET],
    limitBytes: 1000,
    readTimeoutMs: 60_000,
    respond: 'received',
    ackTimeoutMs: 30_000,
    clock,
    desk: it.desk,
    budget: it.budget,
    newId: () => {
      ids += 1;
      return `d${ids}`;
    },
    emit: (emission) => it.emitted.push(emission),
    onSettled: () => {
      it.settled += 1;
    },
    onOpen: (open) => it.open.push(open),
    onTimeout: (open) => it.timeouts.push(open),
    ...options,
  });
  return it;
}

/** A request as Node gives it, as far as the receiver looks at it. */
function requestOf(
  headers: Record<string, string | string[]>,
  given: Record<string, unknown> = {},
): BodyRequest & PassThrough {
  const stream = new PassThrough();
  return Object.assign(stream, { method: 'POST', headers, ...given }) as unknown as BodyRequest & PassThrough;
}

/** A request that has come whole. */
function whole(body: Buffer | string, headers: Record<string, string> = signed(body)): BodyRequest {
  const request = requestOf(headers);
  request.end(body);
  return request;
}

/** Signed, as far as can be told before it has come. */
const PROMISED = signed('');
const posted = (content: unknown) => whole(JSON.stringify(content));
const idsOf = (emissions: readonly WebhookEmission[]) =>
  emissions.map(({ items }) => items.map(({ notification }) => notification.id));

describe('a receiver of webhooks', () => {
  it('takes a single notification', async () => {
    const { receiver, emitted } = harness();
    const taken = await receiver.receive(posted(notification('1')));
    should(taken).have.properties({ status: 200, sent: 1 }).and.not.have.property('refusal');
    emitted.should.have.length(1);
    should(emitted[0]).have.properties({ deliveryId: 'd1' }).and.not.have.properties('batchId', 'answering');
    should(emitted[0]?.items[0]).deepEqual({ notification: notification('1'), duplicate: false });
  });

  it('takes a list', async () => {
    const { receiver, emitted } = harness();
    const taken = await receiver.receive(posted([notification('1'), notification('2')]));
    should(taken).have.properties({ status: 200, sent: 2 });
    should(emitted[0]).have.properties({ deliveryId: 'd1', batchId: 'd1' });
    idsOf(emitted).should.deepEqual([['1', '2']]);
  });

  it('takes a list of none, and sends nothing on', async () => {
    const { receiver, emitted } = harness();
    should(await receiver.receive(posted([]))).have.properties({ status: 200, sent: 0 });
    emitted.should.be.empty();
  });

  for (const [what, body] of ODD_BODIES) {
    it(`takes ${what}, as it came`, async () => {
      const { receiver, emitted } = harness({ limitBytes: 5 * 1_048_576 });
      should(await receiver.receive(whole(body))).have.properties({ status: 200, sent: 1 });
      const { notification } = emitted[0]?.items[0] ?? {};
      should(notification).deepEqual({ eventType: 'unknown', ...JSON.parse(body.toString('utf8')) });
      should(({} as { polluted?: boolean }).polluted).equal(undefined);
    });
  }

  it('gives what has no id one that stays the same', async () => {
    const { receiver, emitted } = harness({ duplicates: 'pass' });
    const list = [notification('1'), { eventType: 'a:b' }, 'text', null];
    await receiver.receive(posted(list));
    await receiver.receive(posted(list));
    await receiver.receive(posted([...list, 7]));
    const [first = [], again, other] = idsOf(emitted);
    should(first).have.length(4);
    new Set(first).size.should.equal(4);
    should(again).deepEqual(first);
    should(other?.[1]).not.equal(first[1]);
  });

  describe('refuses', () => {
    for (const method of ['GET', 'HEAD', 'PUT', 'DELETE', 'OPTIONS', 'post']) {
      it(`${method} with 405, whatever it brings`, async () => {
        const { receiver } = harness();
        const request = Object.assign(posted(notification('1')), { method });
        should(await receiver.receive(request)).have.properties({ status: 405, refusal: 'method' });
      });
    }

    it('everything while it has no secret', async () => {
      const { receiver, emitted } = harness({ secrets: ['', ''] });
      const body = JSON.stringify(notification('1'));
      for (const headers of [signed(body, ''), {}]) {
        should(await receiver.receive(whole(body, headers))).have.properties({
          status: 401,
          refusal: 'no-secret',
        });
      }
      emitted.should.be.empty();
    });

    it('what is not signed, before it looks into it', async () => {
      const { receiver, emitted } = harness();
      for (const body of ['{', JSON.stringify(notification('1'))]) {
        for (const headers of [{}, signed(body, 'other'), signed(`${body} `)]) {
          should(await receiver.receive(whole(body, headers))).have.properties({
            status: 401,
            refusal: 'unsigned',
          });
        }
      }
      emitted.should.be.empty();
    });

    for (const [what, body] of [
      ['nothing', ''],
      ['half of it', '{"id":'],
      ['a text', '"text"'],
      ['a number', '7'],
      ['null', 'null'],
      ['two of them', '{}{}'],
      ['what is not UTF-8', Buffer.from([0x22, 0xff, 0xfe, 0x22])],
      ['half a character in a notification', Buffer.from([...Buffer.from('{"id":"'), 0xc3, 0x22, 0x7d])],
    ] as const) {
      it(`${what}, signed, with 400`, async () => {
        const { receiver } = harness();
        should(await receiver.receive(whole(body))).have.properties({ status: 400, refusal: 'unreadable' });
      });
    }

    it('what says that it is too large, without reading it', async () => {
      const { receiver } = harness();
      const request = requestOf({ 'content-length': '1001' });
      should(await receiver.receive(request)).have.properties({ status: 413, refusal: 'too-large' });
      request.readableDidRead.should.be.false();
    });

    it('what turns out too large, as soon as it does', async () => {
      const { receiver, clock, budget } = harness();
      const request = requestOf(PROMISED);
      const answer = receiver.receive(request);
      request.write('x'.repeat(1000));
      await turns();
      should(clock.pending).equal(1);
      should(budget.total).equal(1000);
      request.write('y');
      should(await answer).have.properties({ status: 413, refusal: 'too-large' });
      should(clock.pending).equal(0);
      should(budget.total).equal(0);
      request.listenerCount('data').should.equal(0);
    });

    it('what cannot be signed, without reading it', async () => {
      const { receiver } = harness();
      const { 'x-fenx-signature': signature = '' } = signed('');
      for (const header of [undefined, '', 'sha256=', signature.slice(0, -1), [signature, signature]]) {
        const request = requestOf(header === undefined ? {} : { 'x-fenx-signature': header });
        request.write('{');
        should(await receiver.receive(request)).have.properties({ status: 401, refusal: 'unsigned' });
        request.readableDidRead.should.be.false();
      }
      // What is wrong with it besides is told first.
      const large = { 'content-length': '1001' };
      should(await receiver.receive(requestOf(large))).have.property('status', 413);
    });

    it('what comes in beside too much else, with 503, and takes it when that is through', async () => {
      const budget = new BodyBudget(500);
      const { receiver } = harness({ budget });
      const { receiver: other } = harness({ budget });
      const body = JSON.stringify(notification('1')).padEnd(400);
      const slow = requestOf(signed(body));
      const taking = other.receive(slow);
      slow.write(body.slice(0, 200));
      await turns();
      should(await receiver.receive(whole(body))).have.properties({ status: 503, refusal: 'busy' });
      slow.end(body.slice(200));
      should(await taking).have.property('status', 200);
      should(await receiver.receive(whole(body))).have.property('status', 200);
      should(budget.total).equal(0);
    });

    it('nothing that is alone, however large its webhook lets it be', async () => {
      const { receiver } = harness({ budget: new BodyBudget(10) });
      should(await receiver.receive(posted(notification('1')))).have.property('status', 200);
    });

    it('nothing of the very size', async () => {
      const { receiver } = harness();
      const body = JSON.stringify(notification('1')).padEnd(1000);
      should(
        await receiver.receive(whole(body, { ...signed(body), 'content-length': '1000' })),
      ).have.property('status', 200);
    });

    it('what does not come in time, with 408', async () => {
      const { receiver, clock } = harness();
      const request = requestOf(PROMISED);
      const answer = receiver.receive(request);
      request.write('{');
      await turns();
      clock.advance(59_999);
      request.write('}');
      await turns();
      clock.advance(1);
      should(await answer).have.properties({ status: 408, refusal: 'late' });
    });

    it('what breaks off, and keeps nothing of it', async () => {
      const { receiver, clock } = harness();
      for (const error of [undefined, new Error('aborted')]) {
        const request = requestOf(PROMISED);
        const answer = receiver.receive(request);
        request.write('{');
        await turns();
        request.destroy(error);
        should(await answer).have.property('refusal', 'aborted');
        should(clock.pending).equal(0);
        request.listenerCount('data').should.equal(0);
      }
      const gone = requestOf(PROMISED);
      gone.destroy();
      should(await receiver.receive(gone)).have.property('refusal', 'aborted');
    });

    it('what comes while it closes, and after', async () => {
      const { receiver, clock } = harness();
      const request = requestOf(PROMISED);
      const answer = receiver.receive(request);
      await turns();
      receiver.close();
      should(await answer).have.properties({ status: 503, refusal: 'stopped' });
      should(await receiver.receive(posted(notification('1')))).have.properties({ status: 503 });
      should(clock.pending).equal(0);
    });
  });

  describe('behind others that read bodies', () => {
    const body = Buffer.from(JSON.stringify(notification('1')));
    const read = (given: Record<string, unknown>) => {
      const request = requestOf(signed(body), given);
      request.end(body);
      request.resume();
      return request;
    };

    for (const name of ['rawBody', 'body']) {
      it(`takes the bytes that they keep in ${name}`, async () => {
        const { receiver } = harness();
        should(await receiver.receive(read({ [name]: body }))).have.property('status', 200);
        const large = Buffer.alloc(1001);
        should(await receiver.receive(read({ [name]: large }))).have.property('status', 413);
      });
    }

    it('says with 500 that they are lost to an encoding, set before or in the middle', async () => {
      for (const early of [true, false]) {
        const { receiver, clock } = harness();
        const request = requestOf(signed(body));
        if (early) request.setEncoding('utf8');
        const answer = receiver.receive(request);
        await turns();
        if (!early) request.setEncoding('utf8');
        request.end(body);
        should(await answer).have.properties({ status: 500, refusal: 'consumed' });
        should(clock.pending).equal(0);
      }
    });

    it('says with 500 that the bytes are lost', async () => {
      const { receiver } = harness();
      const request = read({ body: JSON.parse(body.toString()), rawBody: body.toString() });
      await turns();
      should(await receiver.receive(request)).have.properties({ status: 500, refusal: 'consumed' });
    });
  });

  describe('sends on', () => {
    it('only the types that are wanted', async () => {
      const { receiver, emitted } = harness({ eventTypes: ['journey:*'] });
      const list = [notification('1'), notification('2', { eventType: 'journey:x' })];
      should(await receiver.receive(posted(list))).have.properties({ status: 200, sent: 1 });
      should(await receiver.receive(posted(notification('3')))).have.properties({ status: 200, sent: 0 });
      idsOf(emitted).should.deepEqual([['2']]);
    });

    it('nothing twice', async () => {
      const { receiver, emitted } = harness();
      const list = [notification('1'), notification('1'), notification('2')];
      await receiver.receive(posted(list));
      should(await receiver.receive(posted(list))).have.properties({ status: 200, sent: 0 });
      idsOf(emitted).should.deepEqual([['1', '2']]);
    });

    it('nothing twice of a hundred that come at once', async () => {
      const { receiver, emitted } = harness();
      const all = Array.from({ length: 100 }, (_, index) => posted(notification(`${index % 10}`)));
      const taken = await Promise.all(all.map((request) => receiver.receive(request)));
      should(taken.every(({ status }) => status === 200)).be.true();
      idsOf(emitted)
        .flat()
        .sort()
        .should.deepEqual([...'0123456789']);
    });

    it('what comes again with a mark, or as any other', async () => {
      for (const [duplicates, marks] of [
        ['mark', [false, true]],
        ['pass', [undefined, undefined]],
      ] as const) {
        const { receiver, emitted } = harness({ duplicates });
        for (const _ of marks) await receiver.receive(posted(notification('1')));
        should(emitted.map(({ items }) => items[0]?.duplicate)).deepEqual(marks);
      }
    });

    it('and knows for a later run only what the platform knows as taken', async () => {
      const it = harness();
      const taken = await it.receiver.receive(posted(notification('1')));
      should(it.seen.stageOf('1')).equal('handled');
      should(it.settled).equal(0);
      taken.onAnswered?.();
      should(it.seen.stageOf('1')).equal('settled');
      should(it.settled).equal(1);
    });

    it('and tells nobody when it is known only after the end', async () => {
      const it = harness();
      const taken = await it.receiver.receive(posted(notification('1')));
      it.receiver.close();
      taken.onAnswered?.();
      should(it.seen.stageOf('1')).equal('settled');
      should(it.settled).equal(0);
    });
  });

  describe('that answers when the flow has handled it', () => {
    const handled = (options: Partial<ReceiverOptions> = {}) => harness({ respond: 'handled', ...options });
    /** Hands a request over, and lets it be sent on. */
    async function underway(
      it: Harness,
      content: unknown,
    ): Promise<{ taken: Promise<Taken>; done: boolean }> {
      const state = { taken: it.receiver.receive(posted(content)), done: false };
      void state.taken.then(() => {
        state.done = true;
      });
      await turns();
      return state;
    }
    const acknowledge = (it: Harness, index: number, id: string) => {
      const { deliveryId, batchId } = it.emitted[index] as WebhookEmission;
      return it.desk.acknowledge({ fenergo: { deliveryId, batchId, notificationId: id } });
    };

    it('waits for the acknowledgement', async () => {
      const it = handled();
      const state = await underway(it, notification('1'));
      should(state.done).be.false();
      should(it.seen.stageOf('1')).equal('sent');
      acknowledge(it, 0, '1').should.deepEqual({ kind: 'acknowledged', open: 0 });
      should(await state.taken).have.properties({ status: 200, sent: 1 });
      should(it.seen.stageOf('1')).equal('settled');
      should(it.open).deepEqual([1, 0, 0]);
      should(it.clock.pending).equal(0);
    });

    it('waits for every one of a list', async () => {
      const it = handled();
      const state = await underway(it, [notification('1'), notification('2')]);
      acknowledge(it, 0, '2');
      await turns();
      should(state.done).be.false();
      acknowledge(it, 0, '1');
      should(await state.taken).have.property('status', 200);
    });

    it('answers at once where there is nothing to handle', async () => {
      const it = handled({ eventTypes: ['journey:*'] });
      should(await it.receiver.receive(posted(notification('1')))).have.properties({ status: 200, sent: 0 });
    });

    it('refuses what is not handled in time, and sends it on when it comes again', async () => {
      const it = handled();
      const state = await underway(it, [notification('1'), notification('2')]);
      acknowledge(it, 0, '1');
      it.clock.advance(30_000);
      should(await state.taken).have.properties({ status: 503, refusal: 'timed-out' });
      should(it.timeouts).deepEqual([1]);
      const again = await underway(it, [notification('1'), notification('2')]);
      idsOf(it.emitted).should.deepEqual([['1', '2'], ['2']]);
      acknowledge(it, 1, '2');
      should(await again.taken).have.property('status', 200);
    });

    it('takes a late acknowledgement for what comes again, and for what has', async () => {
      const it = handled();
      const first = await underway(it, notification('1'));
      it.clock.advance(30_000);
      await first.taken;
      const again = await underway(it, notification('1'));
      acknowledge(it, 0, '1').should.deepEqual({ kind: 'late', end: 'timed-out' });
      should(await again.taken).have.property('status', 200);
      should(await it.receiver.receive(posted(notification('1')))).have.properties({ status: 200, sent: 0 });
    });

    it('lets what comes again wait for what is under way', async () => {
      const it = handled();
      const states = [];
      for (let count = 0; count < 100; count++) states.push(await underway(it, notification('1')));
      const mixed = await underway(it, [notification('1'), notification('2')]);
      idsOf(it.emitted).should.deepEqual([['1'], ['2']]);
      acknowledge(it, 0, '1');
      for (const { taken } of states) should(await taken).have.property('status', 200);
      should(mixed.done).be.false();
      acknowledge(it, 1, '2');
      should(await mixed.taken).have.properties({ status: 200, sent: 1 });
    });

    it('refuses all of them when that is not handled in time', async () => {
      const it = handled();
      const first = await underway(it, notification('1'));
      it.clock.advance(20_000);
      const second = await underway(it, notification('1'));
      it.clock.advance(10_000);
      should(await first.taken).have.property('status', 503);
      should(await second.taken).have.properties({ status: 503, refusal: 'timed-out', sent: 0 });
    });

    it('sends on every time what need not be known again', async () => {
      for (const duplicates of ['mark', 'pass'] as const) {
        const it = handled({ duplicates });
        const first = await underway(it, notification('1'));
        const second = await underway(it, notification('1'));
        idsOf(it.emitted).should.deepEqual([['1'], ['1']]);
        acknowledge(it, 0, '1');
        should(await first.taken).have.property('status', 200);
        should(second.done).be.false();
        acknowledge(it, 1, '1');
        should(await second.taken).have.property('status', 200);
      }
    });

    it('refuses what is under way when it closes, and takes a late acknowledgement', async () => {
      const it = handled();
      const first = await underway(it, notification('1'));
      const joined = await underway(it, notification('1'));
      it.receiver.close();
      for (const { taken } of [first, joined]) {
        should(await taken).have.properties({ status: 503, refusal: 'stopped' });
      }
      acknowledge(it, 0, '1').should.deepEqual({ kind: 'late', end: 'stopped' });
      should(it.seen.stageOf('1')).equal('settled');
      // A later run keeps its own.
      should(it.settled).equal(0);
      should(it.clock.pending).equal(0);
    });

    it('leaves the answer to the flow', async () => {
      const it = handled();
      const state = await underway(it, notification('1'));
      const { answering } = it.emitted[0] as WebhookEmission;
      should(answering?.alone).be.true();
      should(answering?.answered('1', 202)).be.true();
      const taken = await state.taken;
      should(taken.status).equal(undefined);
      should(taken).not.have.property('refusal');
      should(it.seen.stageOf('1')).equal('settled');
      should(answering?.answered('1', 202)).be.false();
      acknowledge(it, 0, '1').should.deepEqual({ kind: 'already' });
    });

    it('takes a failure for an answer: nothing is handled', async () => {
      const it = handled();
      const state = await underway(it, notification('1'));
      it.emitted[0]?.answering?.answered('1', 500);
      should(await state.taken).have.properties({ status: undefined, refusal: 'by-flow' });
      should(it.seen.stageOf('1')).equal('sent');
    });

    it('takes an answer to each of a list for its acknowledgement', async () => {
      const it = handled();
      const state = await underway(it, [notification('1'), notification('2'), notification('3')]);
      const { answering } = it.emitted[0] as WebhookEmission;
      should(answering?.alone).be.false();
      answering?.answered('1', 201);
      answering?.answered('2', 204);
      acknowledge(it, 0, '3');
      should(await state.taken).have.property('status', 200);
    });

    it('refuses a list at the first failure', async () => {
      const it = handled();
      const state = await underway(it, [notification('1'), notification('2')]);
      const { answering } = it.emitted[0] as WebhookEmission;
      answering?.answered('1', 200);
      answering?.answered('2', 422);
      should(await state.taken).have.properties({ status: 422, refusal: 'by-flow' });
      should([it.seen.stageOf('1'), it.seen.stageOf('2')]).deepEqual(['settled', 'sent']);
    });

    it('lets nothing wait when the flow cannot be reached', async () => {
      const it = handled({
        emit: () => {
          throw new Error('no wires');
        },
      });
      await should(it.receiver.receive(posted(notification('1')))).be.rejectedWith('no wires');
      should(it.clock.pending).equal(0);
    });
  });
});
