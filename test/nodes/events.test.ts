import should from 'should';
import { Catalog } from '../../lib/catalog/catalog.js';
import type { CompletedBatch } from '../../lib/sandbox/feeds.js';
import { type Sandbox, startSandbox } from '../../lib/sandbox/sandbox.js';
import { ENTITY, OTHER_TENANT, TENANT } from '../sandbox/harness.js';
import { connectionTo } from '../support/flow.js';
import { ManualClock } from '../support/manual-clock.js';
import { type FlowNode, type Message, type RealNodeRed, startNodeRed } from '../support/node-red.js';

const REDELIVERY_MS = 60_000;
const at = { z: 'tab', x: 1, y: 1 };
const TAB = { id: 'tab', type: 'tab', label: 'Flow' };

interface Facts {
  feed: string;
  batchId: string;
  deliveryId: string;
  notificationId: string;
  notificationIds?: string[];
  tenantId: string;
  correlationId: string | null;
  causationId: string | null;
  duplicate?: boolean;
  resourceError?: { code: string; statusCode: number };
}

interface Note {
  id: string;
  eventType: string;
  payload: { n?: number };
}

const facts = (msg: Message) => msg.fenergo as Facts;
const note = (msg: Message) => msg.payload as Note;

describe('fenergo-events and fenergo-ack', function () {
  this.timeout(12_000);
  let sandbox: Sandbox;
  /** Of the sandbox: a batch comes again when a test says so. */
  let clock: ManualClock;
  let nodeRed: RealNodeRed;
  let token: string;
  let completed: CompletedBatch[];
  let onCompleted: () => void;

  before(async () => {
    clock = new ManualClock();
    sandbox = await startSandbox({
      clock,
      operations: new Catalog().all(),
      plan: 'none',
      consistencyMs: 0,
      feedBatchSize: 1000,
      feedRedeliveryMs: REDELIVERY_MS,
      onCompleted: (batch) => {
        completed.push(batch);
        onCompleted();
      },
    });
    const form = {
      grant_type: 'client_credentials',
      client_id: 'test',
      client_secret: 'test',
      scope: 'fenx.all',
    };
    const answer = await fetch(sandbox.tokenUrl, { method: 'POST', body: new URLSearchParams(form) });
    token = ((await answer.json()) as { access_token: string }).access_token;
    nodeRed = await startNodeRed();
  });
  after(async () => {
    await nodeRed.stop();
    await sandbox.close();
  });
  beforeEach(() => {
    completed = [];
    onCompleted = () => {};
  });
  afterEach(async () => {
    await nodeRed.deploy([]);
    sandbox.setFaults([]);
    // Not reset: that would revoke the token, again and again.
    for (const tenant of [TENANT, OTHER_TENANT]) await discardAll(tenant);
    nodeRed.logs.length = 0;
  });

  async function discardAll(tenant: string): Promise<void> {
    for (const feed of ['all', 'journey']) {
      const headers = { authorization: `Bearer ${token}`, 'x-tenant-id': tenant };
      const url = `${sandbox.apiUrl}/eventnotifications/v2/${feed}/discardAll`;
      (await fetch(url, { method: 'PUT', headers })).status.should.equal(200);
    }
  }

  const events = (properties: Record<string, unknown> = {}): FlowNode => ({
    id: 'events',
    type: 'fenergo-events',
    connection: 'connection',
    interval: 0.05,
    ...at,
    wires: [['out']],
    ...properties,
  });
  const node = (
    id: string,
    type: string,
    to: string[],
    properties: Record<string, unknown> = {},
  ): FlowNode => ({
    id,
    type,
    ...at,
    wires: [to],
    ...properties,
  });
  const func = (id: string, code: string, to: string[] = []) =>
    node(id, 'function', to, { func: code, outputs: 1 });
  const out = func('out', 'return null;');
  const ack = (to: string[] = ['out'], properties: Record<string, unknown> = {}) =>
    node('ack', 'fenergo-ack', to, properties);
  const deploy = (...nodes: FlowNode[]) =>
    nodeRed.deploy([TAB, connectionTo(sandbox.url, { tenantId: TENANT }), ...nodes]);

  /** The next messages that reach a node. */
  function messages(count: number, id = 'out', got: Message[] = []): Promise<Message[]> {
    const hooks = nodeRed.RED.hooks as unknown as {
      add(id: string, hook: (event: { msg: Message; destination?: { id: string } }) => void): void;
      remove(id: string): void;
    };
    const name = `onReceive.${id}-${count}-${Math.random().toString(36).slice(2)}`;
    return new Promise((resolve) => {
      hooks.add(name, ({ msg, destination }) => {
        if (destination?.id !== id) return;
        got.push(msg);
        if (got.length < count) return;
        hooks.remove(name);
        resolve(got);
      });
    });
  }

  /** The messages that reach a node from now on, until the test ends. */
  function collect(id: string): Message[] {
    const got: Message[] = [];
    void messages(Number.POSITIVE_INFINITY, id, got);
    return got;
  }

  /** Until so many batches are completed. */
  function completions(count: number): Promise<void> {
    return new Promise((resolve) => {
      onCompleted = () => {
        if (completed.length >= count) resolve();
      };
      onCompleted();
    });
  }

  /** So many things happen to the entity of the tests. */
  function happen(count = 1, more: Record<string, unknown> = {}): string[] {
    const ids: string[] = [];
    for (let n = 0; n < count; n += 1) {
      ids.push(
        ...sandbox.makeHappen({
          tenantId: TENANT,
          eventType: 'entitydata:dataPublished',
          relativeUrl: `entitydataquery/api/v2/entity/${ENTITY}`,
          payload: { n },
          correlationId: `c${n}`,
          ...more,
        }),
      );
    }
    return ids;
  }

  const warnings = () => nodeRed.logs.filter(({ level }) => level === 30).map(({ msg }) => String(msg));
  const recoveries = () =>
    nodeRed.logs.filter(({ level, msg }) => level === 40 && /works again/.test(String(msg)));
  const errors = () => nodeRed.logs.filter(({ level }) => level === 20).map(({ msg }) => String(msg));

  it('sends a message for each notification, then completes the batch', async () => {
    const ids = happen(3);
    const arrived = messages(3);
    await deploy(events(), out);
    const got = await arrived;
    got.map((msg) => note(msg).id).should.deepEqual(ids);
    got.map(({ topic }) => topic).should.deepEqual(Array(3).fill('entitydata:dataPublished'));
    const [first] = got as [Message];
    should(first.tenantId).equal(TENANT);
    facts(first).should.containEql({
      feed: 'all',
      notificationId: ids[0],
      tenantId: TENANT,
      correlationId: 'c0',
      causationId: null,
      duplicate: false,
    });
    facts(first).batchId.should.match(/^[0-9a-f-]{36}$/);
    got
      .map(({ parts }) => parts)
      .should.deepEqual(
        [0, 1, 2].map((index) => {
          const { deliveryId } = facts(first);
          return { id: deliveryId, type: 'array', index, count: 3, delivery: deliveryId };
        }),
      );
    await completions(1);
    completed[0]?.ids.should.deepEqual(ids);
  });

  it('shows when it polled last, and what that brought', async () => {
    const nothing = nodeRed.nextStatus('events', (status) => /^nothing new/.test(status?.text ?? ''));
    await deploy(events({ interval: 0.5 }), out);
    should(await nothing).containEql({ fill: 'green', shape: 'dot' });
    const brought = nodeRed.nextStatus('events', (status) =>
      /^2 at \d\d:\d\d:\d\d$/.test(status?.text ?? ''),
    );
    happen(1, { count: 2 });
    should(await brought).containEql({ fill: 'green', shape: 'dot' });
  });

  it('has its batch gathered by a Join node', async () => {
    happen(5);
    const arrived = messages(1);
    await deploy(
      events({ wires: [['join']] }),
      node('join', 'join', ['out'], {
        mode: 'auto',
        build: 'array',
        property: 'payload',
        propertyType: 'msg',
      }),
      out,
    );
    const [joined] = (await arrived) as [Message];
    (joined.payload as Note[]).map(({ payload }) => payload.n).should.deepEqual([0, 1, 2, 3, 4]);
  });

  it('sends a whole batch as one message', async () => {
    const ids = happen(3);
    happen(1, { eventType: 'journey:taskcompleted' });
    const arrived = messages(1);
    await deploy(events({ emit: 'batch' }), out);
    const [msg] = (await arrived) as [Message];
    (msg.payload as Note[])
      .map(({ id }) => id)
      .slice(0, 3)
      .should.deepEqual(ids);
    should(msg.topic).equal('all');
    should(facts(msg).notificationIds).have.length(4);
  });

  it('reads the feed and the types that it is told, and completes what it leaves out', async () => {
    happen(2, { eventType: 'journey:taskstarted' });
    const [wanted] = happen(1, { eventType: 'journey:taskcompleted' });
    happen(1, { eventType: 'entitydata:created' });
    const arrived = messages(1);
    await deploy(events({ feed: 'journey', eventTypes: ['journey:TASKCOMPLETED,comments:*'] }), out);
    const [msg] = (await arrived) as [Message];
    note(msg).id.should.equal(wanted);
    await completions(1);
    completed[0]?.ids.should.have.length(3);
    should(sandbox.feed(TENANT, 'all')).containEql({ waiting: 4 });
  });

  it('reads the tenant that it is told', async () => {
    process.env.FENERGO_TEST_TENANT = OTHER_TENANT;
    happen(1, { tenantId: OTHER_TENANT });
    const arrived = messages(1);
    await deploy(events({ tenant: 'FENERGO_TEST_TENANT', tenantType: 'env' }), out);
    should(((await arrived)[0] as Message).tenantId).equal(OTHER_TENANT);
    delete process.env.FENERGO_TEST_TENANT;
  });

  it('goes on with the next batch at once while there are more', async () => {
    const ids = happen(1001);
    const arrived = messages(1001);
    await deploy(events({ interval: 3600 }), out);
    (await arrived).map((msg) => note(msg).id).should.deepEqual(ids);
    await completions(2);
  });

  it('sends a batch of 1,000 as one message', async () => {
    const ids = happen(1000);
    const arrived = messages(1);
    await deploy(events({ emit: 'batch' }), out);
    const [msg] = (await arrived) as [Message];
    (msg.payload as Note[]).map(({ id }) => id).should.deepEqual(ids);
    should(facts(msg).notificationIds).deepEqual(ids);
    await completions(1);
    completed[0]?.ids.should.deepEqual(ids);
  });

  describe('acknowledged by the flow', () => {
    it('completes a batch of 1,000 with the last acknowledgement, and not before', async () => {
      const ids = happen(1000);
      const arrived = messages(1000, 'hold');
      await deploy(
        events({ acknowledge: 'manual', wires: [['hold']] }),
        func('hold', 'return null;'),
        ack(),
        out,
      );
      const got = await arrived;
      const passed = messages(999);
      for (const msg of got.slice(1)) nodeRed.send('ack', msg);
      await passed;
      should(sandbox.feed(TENANT, 'all')).containEql({ open: 1000 });
      completed.should.be.empty();
      nodeRed.send('ack', got[0] as Message);
      await completions(1);
      completed[0]?.ids.should.deepEqual(ids);
      warnings().should.be.empty();
    });

    it('completes a batch of 1,000 that was one message, split and acknowledged one by one', async () => {
      const ids = happen(1000);
      await deploy(
        events({ acknowledge: 'manual', emit: 'batch', wires: [['split']] }),
        node('split', 'split', ['ack'], {
          splt: '\\n',
          spltType: 'str',
          arraySplt: 1,
          arraySpltType: 'len',
        }),
        ack(),
        out,
      );
      await completions(1);
      completed[0]?.ids.should.deepEqual(ids);
      warnings().should.be.empty();
    });

    it('completes a batch when every message of it has been acknowledged, and not before', async () => {
      happen(3);
      let arrived = messages(3, 'hold');
      // Holds the messages back until a test says so.
      const waits = nodeRed.nextStatus('events', (status) =>
        /^3 to acknowledge, \d\d:\d\d:\d\d$/.test(status?.text ?? ''),
      );
      await deploy(
        events({ acknowledge: 'manual', wires: [['hold']] }),
        func('hold', 'return null;'),
        ack(),
        out,
      );
      const got = await arrived;
      should(await waits).containEql({ fill: 'yellow', shape: 'ring' });
      arrived = messages(2);
      nodeRed.send('ack', got[2] as Message);
      nodeRed.send('ack', got[0] as Message);
      await arrived;
      should(sandbox.feed(TENANT, 'all')).containEql({ open: 3 });
      completed.should.be.empty();
      arrived = messages(1);
      nodeRed.send('ack', got[1] as Message);
      await arrived;
      await completions(1);
      warnings().should.be.empty();
    });

    it('knows its message after Change, Switch, Split, Join, link, function and request nodes', async () => {
      happen(4, { payload: { list: [1, 2, 3] } });
      const arrived = messages(4);
      await deploy(
        events({ acknowledge: 'manual', wires: [['request']] }),
        node('request', 'fenergo-request', ['change'], {
          connection: 'connection',
          operation: 'entitydataquery/v2/GetEntityById',
          params: [{ name: 'id', in: 'path', type: 'str', value: ENTITY }],
        }),
        node('change', 'change', ['switch'], {
          rules: [{ t: 'set', p: 'payload', pt: 'msg', to: '[1,2,3]', tot: 'json' }],
        }),
        node('switch', 'switch', ['linkout'], {
          property: 'payload',
          propertyType: 'msg',
          rules: [{ t: 'nnull' }],
          checkall: 'true',
          outputs: 1,
        }),
        node('linkout', 'link out', [], { links: ['linkin'], mode: 'link' }),
        node('linkin', 'link in', ['split'], { links: ['linkout'] }),
        node('split', 'split', ['func'], {
          splt: '\\n',
          spltType: 'str',
          arraySplt: 1,
          arraySpltType: 'len',
        }),
        func('func', 'msg.payload = msg.payload * 2; return msg;', ['join']),
        node('join', 'join', ['ack'], {
          mode: 'auto',
          build: 'array',
          property: 'payload',
          propertyType: 'msg',
        }),
        ack(),
        out,
      );
      for (const msg of await arrived) {
        (msg.payload as number[]).should.deepEqual([2, 4, 6]);
        facts(msg).should.have.properties('feed', 'deliveryId', 'operation');
      }
      await completions(1);
      warnings().should.be.empty();
      errors().should.be.empty();
    });

    it('takes a split message for acknowledged when all its parts are', async () => {
      happen(1, { payload: { list: [1, 2, 3] } });
      let parts = messages(3, 'hold');
      await deploy(
        events({ acknowledge: 'manual', wires: [['change']] }),
        node('change', 'change', ['split'], {
          rules: [{ t: 'move', p: 'payload.payload.list', pt: 'msg', to: 'payload', tot: 'msg' }],
        }),
        node('split', 'split', ['hold'], {
          splt: '\\n',
          spltType: 'str',
          arraySplt: 1,
          arraySpltType: 'len',
        }),
        func('hold', 'return null;'),
        ack(),
        out,
      );
      const [one, two, three] = (await parts) as [Message, Message, Message];
      parts = messages(2);
      nodeRed.send('ack', three);
      nodeRed.send('ack', one);
      await parts;
      should(sandbox.feed(TENANT, 'all')).containEql({ open: 1 });
      completed.should.be.empty();
      nodeRed.send('ack', two);
      await completions(1);
      warnings().should.be.empty();
    });

    it('takes a joined batch, and a batch that was one message, for acknowledged as a whole', async () => {
      happen(3);
      await deploy(
        events({ acknowledge: 'manual', wires: [['join']] }),
        node('join', 'join', ['ack'], {
          mode: 'auto',
          build: 'array',
          property: 'payload',
          propertyType: 'msg',
        }),
        ack(),
        out,
      );
      await completions(1);
      happen(3);
      const arrived = messages(1);
      await deploy(events({ acknowledge: 'manual', emit: 'batch', wires: [['ack']] }), ack(), out);
      await arrived;
      await completions(2);
      warnings().should.be.empty();
    });

    it('acknowledges the whole batch when it is told so, whatever became of the payload', async () => {
      happen(3);
      await deploy(
        events({ acknowledge: 'manual', wires: [['func']] }),
        func('func', 'msg.payload = 7; return msg;', ['join']),
        node('join', 'join', ['ack'], {
          mode: 'auto',
          build: 'array',
          property: 'payload',
          propertyType: 'msg',
        }),
        ack(['out'], { acknowledge: 'batch' }),
        out,
      );
      await completions(1);
    });

    it('asks for a batch again that was not acknowledged in time: what was acknowledged does not come again', async () => {
      const ids = happen(3);
      let arrived = messages(3, 'hold');
      await deploy(
        events({ acknowledge: 'manual', ackTimeout: 0.1, wires: [['hold']] }),
        func('hold', 'return null;'),
        ack(),
        out,
      );
      const got = await arrived;
      arrived = messages(2, 'hold');
      const late = nodeRed.nextStatus('events', (status) => /^nothing new/.test(status?.text ?? ''));
      nodeRed.send('ack', got[1] as Message);
      await late;
      clock.advance(REDELIVERY_MS);
      const again = await arrived;
      again.map((msg) => note(msg).id).should.deepEqual([ids[0], ids[2]]);
      facts(again[0] as Message).deliveryId.should.not.equal(facts(got[0] as Message).deliveryId);
      warnings()
        .join()
        .should.match(/not acknowledged within 0.1 s, .* not acknowledged: 2$/);
      completed.should.be.empty();
      for (const msg of again) nodeRed.send('ack', msg);
      await completions(1);
    });

    it('warns of what cannot be acknowledged, and passes the message on', async () => {
      happen(1);
      await deploy(events({ acknowledge: 'manual', wires: [['ack']] }), ack(), out);
      let arrived = messages(1);
      const [msg] = (await arrived) as [Message];
      await completions(1);
      const strange: [unknown, RegExp][] = [
        [facts(msg), /acknowledged before/],
        [undefined, /carries no notification/],
        ['text', /carries no notification/],
        [{ deliveryId: '__proto__', notificationId: 'x' }, /Nothing is known/],
        [{ ...facts(msg), deliveryId: 'another' }, /Nothing is known/],
      ];
      for (const [fenergo, expected] of strange) {
        nodeRed.logs.length = 0;
        arrived = messages(1);
        nodeRed.send('ack', { payload: 'kept', fenergo });
        should(((await arrived)[0] as Message).payload).equal('kept');
        warnings().join().should.match(expected);
      }
      errors().should.be.empty();
    });
  });

  describe('duplicates', () => {
    /** Which of those that happened come, in their order, and what is said of each. */
    const expectations: Record<string, (string | boolean | undefined)[][]> = {
      drop: [
        ['first', false],
        ['second', false],
        ['third', false],
        ['last', false],
      ],
      mark: [
        ['first', false],
        ['second', false],
        ['first', true],
        ['third', false],
        ['third', true],
        ['last', false],
      ],
      pass: ['first', 'second', 'first', 'third', 'third', 'last'].map((name) => [name, undefined]),
    };
    for (const [duplicates, expected] of Object.entries(expectations)) {
      it(`are handled as is wished: ${duplicates}`, async () => {
        const names = new Map<string, string>();
        const happens = (...called: string[]) => {
          for (const name of called) names.set(happen(1)[0] as string, name);
        };
        const got = collect('out');
        sandbox.duplicate({ tenantId: TENANT, count: 1, place: 'same' });
        happens('first', 'second');
        await deploy(events({ duplicates, acknowledge: 'manual', wires: [['ack']] }), ack(), out);
        await completions(1);
        sandbox.duplicate({ tenantId: TENANT, count: 1, place: 'later' });
        happens('third');
        // The copy comes in a batch of its own.
        await completions(3);
        const last = nodeRed.nextMessage('out', (msg) => names.get(note(msg).id) === 'last');
        happens('last');
        await last;
        got.map((msg) => [names.get(note(msg).id), facts(msg).duplicate]).should.deepEqual(expected);
      });
    }
  });

  describe('with the resource', () => {
    it('reads what a notification is about', async () => {
      happen(1);
      happen(1, { relativeUrl: null });
      const arrived = messages(2);
      await deploy(events({ fetch: true }), out);
      const [entity, nothing] = (await arrived) as [Message, Message];
      should((entity.resource as { id: string }).id).equal(ENTITY);
      nothing.should.not.have.property('resource');
    });

    it('waits for a resource that is not there yet, and that is no error', async () => {
      sandbox.setFaults([{ match: { service: 'entitydataquery' }, times: 1, respond: { status: 404 } }]);
      happen(1);
      const arrived = messages(1);
      await deploy(events({ fetch: true }), out);
      const [msg] = (await arrived) as [Message];
      should((msg.resource as { id: string }).id).equal(ENTITY);
      await completions(1);
      errors().should.be.empty();
      recoveries().should.be.empty();
    });

    it('waits for a platform that cannot be reached, which is an error, once', async () => {
      // As often as one call is tried, and once more.
      sandbox.setFaults([{ match: { service: 'entitydataquery' }, times: 5, reset: true }]);
      happen(1);
      const failed = nodeRed.nextStatus('events', (status) => /again in \d+ s/.test(status?.text ?? ''));
      const arrived = messages(1);
      await deploy(events({ fetch: true }), out);
      should(await failed).containEql({ fill: 'red', shape: 'ring' });
      const [msg] = (await arrived) as [Message];
      should((msg.resource as { id: string }).id).equal(ENTITY);
      errors().should.have.length(1);
      recoveries().should.have.length(1);
    });

    it('says why there is none, and sends the notification on', async () => {
      happen(1, { relativeUrl: '//elsewhere.example/api/x' });
      sandbox.setFaults([
        { match: { service: 'entitydataquery' }, times: 'always', respond: { status: 403 } },
      ]);
      happen(1);
      const arrived = messages(2);
      await deploy(events({ fetch: true }), out);
      const got = await arrived;
      got
        .map((msg) => facts(msg).resourceError?.code)
        .should.deepEqual(['FENERGO_INPUT', 'FENERGO_FORBIDDEN']);
      should(facts(got[1] as Message).resourceError?.statusCode).equal(403);
    });
  });

  describe('two nodes on one feed', () => {
    it('are warned of, share a poller and get everything; a batch is completed when both are done', async () => {
      const both = Promise.all([messages(2, 'out'), messages(2, 'hold')]);
      await deploy(
        events({ interval: 3600 }),
        events({ id: 'other', acknowledge: 'manual', eventTypes: ['*'], wires: [['hold']] }),
        func('hold', 'return null;'),
        ack(['end']),
        func('end', 'return null;'),
        out,
      );
      happen(1, { count: 2 });
      const [, held] = await both;
      warnings()
        .join()
        .should.match(/Another node reads the feed 'all'/);
      should(sandbox.feed(TENANT, 'all')).containEql({ open: 2 });
      completed.should.be.empty();
      for (const msg of held) nodeRed.send('ack', msg);
      await completions(1);
      completed.should.have.length(1);
    });
  });

  describe('a deploy in the middle of a batch', () => {
    for (const type of ['full', 'flows', 'nodes'] as const) {
      it(`completes nothing, and what was not acknowledged comes again (${type})`, async () => {
        const ids = happen(3);
        let arrived = messages(3, 'hold');
        const flow = (name: string) => [
          TAB,
          connectionTo(sandbox.url, { tenantId: TENANT }),
          events({ name, acknowledge: 'manual', wires: [['hold']] }),
          func('hold', 'return null;'),
          ack(),
          out,
        ];
        await nodeRed.deploy(flow('one'));
        const got = await arrived;
        let passed = messages(1);
        nodeRed.send('ack', got[0] as Message);
        await passed;
        arrived = messages(1, 'hold');
        await nodeRed.deploy(flow('two'), type);
        // On its way since before the deploy.
        passed = messages(1);
        nodeRed.send('ack', got[1] as Message);
        await passed;
        warnings()
          .join()
          .should.match(/after its delivery had ended: its node was deployed anew/);
        completed.should.be.empty();
        clock.advance(REDELIVERY_MS);
        const [again] = (await arrived) as [Message];
        note(again).id.should.equal(ids[2]);
        nodeRed.send('ack', again);
        await completions(1);
      });
    }
  });

  describe('when the platform fails', () => {
    it('tells it once, tries again, and goes on without help', async () => {
      sandbox.setFaults([
        { match: { path: '/eventnotifications/v2/all/next' }, times: 2, respond: { status: 500 } },
      ]);
      happen(1);
      const told = collect('caught');
      const caught = messages(1, 'caught');
      const failed = nodeRed.nextStatus('events', (status) => /again in \d+ s/.test(status?.text ?? ''));
      const arrived = messages(1);
      await deploy(
        events(),
        out,
        node('catch', 'catch', ['caught'], { scope: ['events'] }),
        func('caught', 'return null;'),
      );
      should(await failed).containEql({ fill: 'red', shape: 'ring' });
      const [error] = (await caught) as [Message & { error?: { code: string } }];
      should(error.error?.code).equal('FENERGO_SERVER');
      await arrived;
      await completions(1);
      told.should.have.length(1, 'two polls failed for one reason');
    });

    it('completes later what it cannot complete now, without sending it on again', async () => {
      sandbox.setFaults([
        { match: { path: '/eventnotifications/**/complete' }, times: 1, respond: { status: 500 } },
      ]);
      const [id] = happen(1);
      const arrived = messages(1);
      await deploy(events(), out);
      await arrived;
      const next = messages(1);
      const [second] = happen(1);
      note((await next)[0] as Message).id.should.equal(second);
      await completions(1);
      should(completed.flatMap(({ ids }) => ids)).containEql(id);
    });

    it('takes any success for a completed batch, whatever it says', async () => {
      sandbox.setFaults([
        {
          match: { path: '/eventnotifications/**/complete' },
          times: 1,
          respond: { status: 200, headers: { 'content-type': 'text/plain' }, body: 'OK' },
        },
      ]);
      happen(1);
      const over = nodeRed.nextStatus('events', (status) => /^nothing new/.test(status?.text ?? ''));
      await deploy(events({ interval: 0.3 }), out);
      await over;
      errors().should.be.empty();
      warnings().should.be.empty();
      should(sandbox.faults[0]?.used).equal(1);
    });

    it('tells once that it may not complete batches, and goes on when it may', async () => {
      sandbox.setFaults([
        { match: { path: '/eventnotifications/**/complete' }, times: 2, respond: { status: 400 } },
      ]);
      happen(1);
      const failed = nodeRed.nextStatus('events', (status) => status?.fill === 'red');
      await deploy(events(), out);
      (await failed).text?.should.match(/^failed: request refused, again in \d+ s$/);
      await completions(1);
      errors().should.have.length(1);
    });

    it('warns once of what it has handled and gets again and again, since batches are forgotten', async () => {
      sandbox.setFaults([
        { match: { path: '/eventnotifications/**/complete' }, times: 3, respond: { status: 404 } },
      ]);
      const [id] = happen(1);
      const got = collect('out');
      // Longer than a status is shown at least.
      await deploy(events({ interval: 0.3 }), out);
      for (let times = 1; times <= 3; times += 1) {
        const came = nodeRed.nextStatus('events', (status) => /^1 at/.test(status?.text ?? ''));
        if (times > 1) clock.advance(REDELIVERY_MS);
        await came;
        const over = nodeRed.nextStatus('events', (status) => /^nothing new/.test(status?.text ?? ''));
        await over;
        warnings().should.have.length(times === 1 ? 0 : 1);
      }
      warnings()
        .join()
        .should.match(/again and again.*feed 'all'/);
      clock.advance(REDELIVERY_MS);
      await completions(1);
      got.map((msg) => note(msg).id).should.deepEqual([id]);
    });

    it('tells once what cannot be sent on, does not send again what could, and goes on', async () => {
      const ids = happen(3);
      let isFailing = true;
      let onRefused = () => {};
      const got = collect('out');
      const broken = nodeRed.nextStatus('events', (status) => status?.fill === 'red');
      await deploy(events(), out);
      const sender = nodeRed.node('events');
      const send = sender.send.bind(sender);
      sender.send = (msg) => {
        if (isFailing && note(msg as Message).id === ids[1]) {
          onRefused();
          throw new Error('cannot be cloned');
        }
        send(msg);
      };
      (await broken).text?.should.match(/^failed: Error: cannot be cloned/);
      await new Promise<void>((resolve) => {
        onRefused = resolve;
        clock.advance(REDELIVERY_MS);
      });
      isFailing = false;
      clock.advance(REDELIVERY_MS);
      await completions(1);
      got.map((msg) => note(msg).id).should.deepEqual(ids);
      errors().should.have.length(1);
      recoveries().should.have.length(1);
    });

    it('reads the tenant that a flow sets after the start', async () => {
      const failed = nodeRed.nextStatus('events', (status) => /again in \d+ s/.test(status?.text ?? ''));
      happen(1, { tenantId: OTHER_TENANT });
      const arrived = messages(1);
      await nodeRed.deploy([
        TAB,
        connectionTo(sandbox.url),
        events({ tenant: 'tenant', tenantType: 'global' }),
        out,
      ]);
      (await failed).text?.should.match(/^failed: input/);
      errors()
        .join()
        .should.match(/Tenant is empty/);
      nodeRed.node('out').context().global.set('tenant', OTHER_TENANT);
      should(((await arrived)[0] as Message).tenantId).equal(OTHER_TENANT);
      errors().should.have.length(1);
      nodeRed.node('out').context().global.set('tenant', undefined);
    });

    it('says what is missing', async () => {
      for (const [properties, expected] of [
        [{ connection: '' }, /Connection is empty/],
        [{ connection: 'gone' }, /missing or disabled/],
        [{ tenant: 'no guid' }, /not a GUID/],
        [{ interval: 'x' }, /Interval 'x' is not a number/],
        [{ acknowledge: 'manual', ackTimeout: 0 }, /'0' is not a number of seconds above 0/],
      ] as const) {
        const failed = nodeRed.nextStatus('events', (status) => status?.fill === 'red');
        await deploy(events(properties), out);
        await failed;
        errors().join().should.match(expected);
        nodeRed.logs.length = 0;
      }
    });
  });
});
