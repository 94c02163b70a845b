import should from 'should';
import { turns } from '../support/flow.js';
import { type FlowNode, type Message, type RealNodeRed, startNodeRed } from '../support/node-red.js';
import {
  AROUND,
  collect,
  complaints,
  deliver,
  hook,
  notification,
  send,
  signed,
} from '../support/webhook.js';

/** A node of the flow, wired to the next. */
const node = (id: string, type: string, next: string[], given: object = {}): FlowNode => ({
  ...{ id, type, z: 'tab', x: 1, y: 1, wires: [next] },
  ...given,
});

describe('fenergo-webhook that answers when the flow has handled it', function () {
  this.timeout(60_000);
  let nodeRed: RealNodeRed;
  let messages: Message[];
  before(async () => {
    nodeRed = await startNodeRed();
  });
  after(() => nodeRed.stop());

  const url = () => `${nodeRed.nodeUrl}fenergo/abc`;
  const ack = (next: string[] = []) => node('ack', 'fenergo-ack', next, { acknowledge: 'message' });
  const respond = (given: object = {}) => node('respond', 'http response', [], { statusCode: '', ...given });
  const change = (next: string[], rules: object[]) => node('change', 'change', next, { rules });
  const set = (property: string, to: string, tot = 'str') => ({
    ...{ t: 'set', p: property, pt: 'msg', to, tot },
  });
  async function deploy(given: Record<string, unknown>, ...nodes: FlowNode[]): Promise<void> {
    nodeRed.logs.length = 0;
    await nodeRed.deploy([...AROUND, hook({ respond: 'handled', ...given }), ...nodes]);
    await turns();
    messages = collect(nodeRed, 'out');
  }

  describe('by an acknowledge node', () => {
    it('answers 200 when it is reached', async () => {
      await deploy({ wires: [['out']] }, ack());
      const yellow = nodeRed.nextStatus('hook', ({ fill }) => fill === 'yellow');
      const coming = nodeRed.nextMessage('out');
      let answered = false;
      const answer = deliver(url(), notification('1')).finally(() => {
        answered = true;
      });
      const msg = await coming;
      should((await yellow).text).equal('1 to acknowledge');
      await turns(50);
      should(answered).be.false();
      nodeRed.send('ack', msg);
      should((await answer).status).equal(200);
    });

    it('answers a list when all of it is handled', async () => {
      await deploy({ wires: [['ack']] }, ack());
      const list = Array.from({ length: 100 }, (_, index) => notification(`b${index}`));
      should((await deliver(url(), list)).status).equal(200);
      complaints(nodeRed).should.be.empty();
    });

    it('answers a hundred at once, each for itself', async () => {
      await deploy({ wires: [['ack']] }, ack());
      const answers = await Promise.all(
        Array.from({ length: 100 }, (_, index) => deliver(url(), notification(`h${index}`))),
      );
      should(answers.every(({ status }) => status === 200)).be.true();
    });

    it('answers at once what is not wanted, or was handled before', async () => {
      await deploy({ wires: [['ack', 'out']], eventTypes: ['entitydata:*'] }, ack());
      for (const content of [notification('n'), notification('n'), notification('o', { eventType: 'a:b' })]) {
        should((await deliver(url(), content)).status).equal(200);
      }
      messages.should.have.length(1);
    });

    it('answers 503 when nothing reaches it, and takes what comes again', async () => {
      await deploy({ ackTimeout: 0.05, wires: [['out']] });
      should((await deliver(url(), notification('late'))).status).equal(503);
      complaints(nodeRed)
        .join()
        .should.match(/not handled within 0.05 s.*left to handle: 1$/);
      await deploy({ ackTimeout: 60, wires: [['out', 'ack']] }, ack());
      should((await deliver(url(), notification('late'))).status).equal(200);
      messages.should.have.length(1);
    });

    it('answers 503 when it is deployed anew in the middle', async () => {
      await deploy({ wires: [['out']] });
      const coming = nodeRed.nextMessage('out');
      const answer = deliver(url(), notification('mid'));
      await coming;
      await deploy({ wires: [['ack']] }, ack());
      should((await answer).status).equal(503);
    });

    it('survives who has gone meanwhile, and knows what was handled', async () => {
      await deploy({ wires: [['out']] }, ack());
      const coming = nodeRed.nextMessage('out');
      const abort = new AbortController();
      const body = JSON.stringify(notification('gone'));
      const gone = fetch(url(), { method: 'POST', body, headers: signed(body), signal: abort.signal });
      const msg = await coming;
      abort.abort();
      await should(gone).be.rejected();
      nodeRed.send('ack', msg);
      await turns(50);
      should((await deliver(url(), notification('gone'))).status).equal(200);
      messages.should.have.length(1);
      complaints(nodeRed).should.be.empty();
    });
  });

  describe('by an http response node', () => {
    it('answers what that says', async () => {
      await deploy(
        { wires: [['change']] },
        change(['respond'], [set('payload', '{"seen":true}', 'json'), set('statusCode', '202', 'num')]),
        respond({ headers: { 'x-flow': 'yes' } }),
      );
      const answer = await deliver(url(), notification('r1'));
      should([answer.status, answer.body, answer.headers['x-flow']]).deepEqual([202, '{"seen":true}', 'yes']);
      complaints(nodeRed).should.be.empty();
    });

    it('takes a failure for one: it comes again', async () => {
      await deploy({ wires: [['out', 'respond']] }, respond({ statusCode: '500' }));
      for (const _ of [1, 2]) should((await deliver(url(), notification('r2'))).status).equal(500);
      messages.should.have.length(2);
    });

    it('answers a list when all of it was answered, and takes none twice', async () => {
      await deploy({ wires: [['respond']] }, respond());
      const list = ['r3', 'r4', 'r5'].map((id) => notification(id));
      const answer = await deliver(url(), list);
      should([answer.status, answer.body]).deepEqual([200, '']);
      complaints(nodeRed).should.be.empty();
    });

    for (const status of [1000, 600, 199, 100, 42, -1, 200.5]) {
      it(`takes ${status} for a failure of the flow: no such status is an answer`, async () => {
        const statusCode = set('statusCode', String(status), 'num');
        // The node reads a whole number from it, and would take 200 for 200.5.
        const odd = node('odd', 'function', [], {
          func: `msg.res._res.status(${status}).send(''); msg.res._res.statusCode = 204;`,
        });
        const byNode = Number.isInteger(status);
        await deploy(
          { wires: [byNode ? ['change', 'out'] : ['odd', 'out']] },
          ...(byNode ? [change(['respond'], [statusCode]), respond()] : [odd]),
        );
        for (const content of [
          notification(`s${status}`),
          ['a', 'b'].map((id) => notification(`odd ${id}${status}`)),
        ]) {
          // It is not known as handled.
          for (const _ of [1, 2]) should((await deliver(url(), content)).status).equal(500);
        }
        await turns(50);
        should(messages.length).equal(6);
        complaints(nodeRed).should.be.empty();
      });
    }

    it('answers with the status alone where the rest cannot be written', async () => {
      const circular =
        'msg.payload = { n: 1 }; msg.payload.self = msg.payload; msg.statusCode = 202; return msg;';
      await deploy(
        { wires: [['circular']] },
        node('circular', 'function', ['respond'], { func: circular }),
        respond({ headers: { 'content-length': '100' } }),
      );
      const answer = await deliver(url(), notification('circular'));
      should([answer.status, answer.body]).deepEqual([202, '']);
      complaints(nodeRed)
        .join()
        .should.match(/circular/i);
    });

    it('answers what a function has said in words that HTTP has no place for', async () => {
      for (const [does, status] of [
        ["res.redirect(1000, '/elsewhere')", 500],
        ["res.statusMessage = 'a\\nb'; res.sendStatus(202)", 202],
        ["res.statusMessage = 'a\\nb'; res.status(204).end()", 204],
      ] as const) {
        const func = `const res = msg.res._res; ${does};`;
        await deploy({ wires: [['says']] }, node('says', 'function', [], { func }));
        should((await deliver(url(), notification(does))).status).equal(status);
      }
    });

    it('goes by the head that a function has sent', async () => {
      const func = "msg.res._res.writeHead(500); msg.res._res.end('no');";
      await deploy({ wires: [['head', 'out']] }, node('head', 'function', [], { func }));
      for (const _ of [1, 2]) should((await deliver(url(), notification('head'))).status).equal(500);
      messages.should.have.length(2);
    });

    it('refuses a list at its first failure', async () => {
      await deploy(
        { wires: [['change']] },
        change(['respond'], [set('statusCode', 'payload.id = "r7" ? 422 : 200', 'jsonata')]),
        respond(),
      );
      const list = ['r6', 'r7', 'r8'].map((id) => notification(id));
      should((await deliver(url(), list)).status).equal(422);
      await turns();
      complaints(nodeRed).should.be.empty();
    });

    it('does no harm behind an acknowledge node', async () => {
      await deploy({ wires: [['ack']] }, ack(['respond']), respond({ headers: { 'x-late': 'yes' } }));
      should((await deliver(url(), notification('r9'))).status).equal(200);
      await turns(50);
      complaints(nodeRed).should.be.empty();
    });

    it('does no harm when it comes too late', async () => {
      await deploy({ ackTimeout: 0.05, wires: [['out']] }, respond());
      const coming = nodeRed.nextMessage('out');
      const answer = deliver(url(), notification('r10'));
      const msg = await coming;
      should((await answer).status).equal(503);
      nodeRed.logs.length = 0;
      nodeRed.send('respond', msg);
      await turns(50);
      complaints(nodeRed).should.be.empty();
    });

    it('has the request, as an http in node would give it', async () => {
      await deploy(
        { wires: [['change']] },
        change(['respond'], [set('payload', 'req.headers."x-fenx-signature" & req.query.a', 'jsonata')]),
        respond(),
      );
      const body = JSON.stringify(notification('r11'));
      const answer = await send(`${url()}?a=b`, { headers: signed(body) }, body);
      should(answer.body).equal(`${signed(body)['x-fenx-signature']}b`);
    });

    it('has two wires to it', async () => {
      await deploy({ wires: [['change', 'respond']] }, change(['respond'], [set('x', 'y')]), respond());
      should((await deliver(url(), notification('r12'))).status).equal(200);
      await turns(50);
      complaints(nodeRed).should.be.empty();
    });
  });
});
