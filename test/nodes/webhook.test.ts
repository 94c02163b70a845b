import { once } from 'node:events';
import { type ClientRequest, createServer, request, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
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
  ODD_BODIES,
  SECRET,
  send,
  signed,
} from '../support/webhook.js';

const TENANT = '11111111-2222-3333-4444-555555555555';

/** A request whose body is written by the test; its answer. */
function upload(
  url: string,
  headers: Record<string, string>,
): { outgoing: ClientRequest; status: Promise<number> } {
  const outgoing = request(url, { method: 'POST', agent: false, headers });
  const status = new Promise<number>((resolve, reject) => {
    outgoing.on('error', reject);
    outgoing.on('response', (incoming) => {
      incoming.resume();
      resolve(incoming.statusCode ?? 0);
    });
  });
  outgoing.flushHeaders();
  return { outgoing, status };
}

describe('fenergo-webhook', function () {
  this.timeout(60_000);

  describe('in a Node-RED', () => {
    let nodeRed: RealNodeRed;
    let messages: Message[];
    before(async () => {
      nodeRed = await startNodeRed();
    });
    after(() => nodeRed.stop());

    const url = (path = 'fenergo/abc') => nodeRed.nodeUrl + path;
    async function deploy(...nodes: FlowNode[]): Promise<void> {
      // What is gone for a while knows nothing of what came before.
      await nodeRed.deploy(AROUND);
      nodeRed.logs.length = 0;
      await nodeRed.deploy([...AROUND, ...nodes]);
      await turns();
      messages = collect(nodeRed, 'out');
    }

    describe('once it was received', () => {
      before(() => deploy(hook()));
      beforeEach(() => {
        messages.length = 0;
      });

      it('sends on what is signed', async () => {
        const answer = await deliver(url(), notification('1', { correlationId: 'c' }));
        should(answer.status).equal(200);
        should(answer.body).equal('');
        await turns();
        const [msg] = messages as [Message];
        const { deliveryId } = msg.fenergo as { deliveryId: string };
        should(msg).containDeep({
          topic: 'entitydata:created',
          payload: notification('1', { correlationId: 'c' }),
          tenantId: TENANT,
          parts: { id: deliveryId, type: 'array', index: 0, count: 1 },
        });
        should(msg?.fenergo).deepEqual({
          webhook: '/fenergo/abc',
          deliveryId,
          notificationId: '1',
          tenantId: TENANT,
          correlationId: 'c',
          causationId: null,
          duplicate: false,
        });
        should(msg).not.have.properties('req', 'res');
      });

      it('sends a list on, message by message', async () => {
        should(
          (
            await deliver(
              url(),
              ['2', '3', '4'].map((id) => notification(id)),
            )
          ).status,
        ).equal(200);
        await turns();
        messages.map(({ parts }) => (parts as { index: number }).index).should.deepEqual([0, 1, 2]);
        const [{ fenergo }] = messages as [Message];
        const { deliveryId } = fenergo as { deliveryId: string };
        should(fenergo).have.property('batchId', deliveryId);
      });

      it('leaves out what comes again', async () => {
        for (const _ of [1, 2]) should((await deliver(url(), notification('again'))).status).equal(200);
        await turns();
        messages.should.have.length(1);
      });

      for (const [index, [what, body]] of ODD_BODIES.entries()) {
        it(`checks the bytes: ${what}`, async () => {
          const single = Buffer.from(body.toString('utf8').replace('"1"', `"odd${index}"`));
          should((await send(url(), { headers: signed(single) }, single)).status).equal(200);
          const changed = Buffer.from(single.toString('utf8').replace(/ ?\}/, ' }'));
          should((await send(url(), { headers: signed(single) }, changed)).status).equal(
            changed.equals(single) ? 200 : 401,
          );
          await turns();
          messages.should.have.length(1);
          should(messages[0]?.payload).have.property('id', `odd${index}`);
        });
      }

      it('takes a hundred at once', async () => {
        const answers = await Promise.all(
          Array.from({ length: 100 }, (_, index) => deliver(url(), notification(`h${index}`))),
        );
        should(answers.every(({ status }) => status === 200)).be.true();
        await turns();
        new Set(messages.map(({ payload }) => (payload as { id: string }).id)).size.should.equal(100);
      });

      it('takes a hundred at once that are refused', async () => {
        const answers = await Promise.all(
          Array.from({ length: 100 }, (_, index) => deliver(url(), notification(`f${index}`), 'wrong')),
        );
        should(answers.every(({ status }) => status === 401)).be.true();
        await turns();
        messages.should.be.empty();
      });

      for (const [what, path] of [
        ['a query', 'fenergo/abc?from=fenergo&x=%2F'],
        ['a slash at its end', 'fenergo/abc/'],
        ['escapes', 'fen%65rgo/%61bc'],
        ['slashes too many', '/fenergo//abc'],
      ]) {
        it(`answers at its path with ${what}`, async () => {
          should((await deliver(url(path), notification(`path ${what}`))).status).equal(200);
          await turns();
          messages.should.have.length(1);
        });
      }

      for (const path of ['fenergo/abcd', 'fenergo', 'fenergo/abc/d', 'fenergo/%', 'fenergo/..%2Fabc']) {
        it(`leaves /${path} to others`, async () => {
          should((await deliver(url(path), notification('x'))).status).be.oneOf(400, 404);
        });
      }

      it('takes what comes in chunks, without a length', async () => {
        const body = Buffer.from(JSON.stringify(notification('chunks')));
        const pieces = [body.subarray(0, 10), body.subarray(10, 11), body.subarray(11)];
        should((await send(url(), { headers: signed(body) }, pieces)).status).equal(200);
      });

      it('takes what comes slowly', async () => {
        const body = Buffer.from(JSON.stringify(notification('slow')));
        const { outgoing, status } = upload(url(), signed(body));
        for (const byte of body) {
          await new Promise((resolve) => outgoing.write(Buffer.of(byte), resolve));
        }
        outgoing.end();
        should(await status).equal(200);
      });
    });

    describe('refuses', () => {
      beforeEach(() => deploy(hook({ limit: 0.001 })));
      const body = JSON.stringify(notification('r'));
      const large = Buffer.from(JSON.stringify(notification('large', { payload: 'x'.repeat(1000) })));

      async function refused(status: number): Promise<void> {
        const shown = nodeRed.nextStatus('hook', ({ text }) => String(text).includes('refused'));
        // What was shown before it came is waited for in vain; a second one shows the count.
        should((await deliver(url(), notification('r'), 'wrong')).status).equal(401);
        const { text = '' } = await shown;
        text.should.containEql(status === 401 ? '401 × ' : `${status} × 1`);
        await turns();
        messages.should.be.empty();
      }

      for (const [what, headers] of [
        ['no signature', {}],
        ['a signature of another secret', signed(body, 'other')],
        ['a signature of another body', signed(`${body} `)],
        ['two signatures', { 'x-fenx-signature': [signed(body)['x-fenx-signature'], 'sha256=0'] }],
      ] as const) {
        it(`${what} with 401`, async () => {
          const answer = await send(url(), { headers: headers as Record<string, string[]> }, body);
          should([answer.status, answer.body]).deepEqual([401, '']);
          await refused(401);
        });
      }

      for (const method of ['GET', 'HEAD', 'PUT', 'DELETE', 'PATCH']) {
        it(`${method} with 405, and says what it takes`, async () => {
          const sent = ['GET', 'HEAD', 'DELETE'].includes(method) ? undefined : body;
          const answer = await send(url(), { method, headers: signed(body) }, sent);
          should([answer.status, answer.headers.allow, answer.body]).deepEqual([405, 'POST', '']);
          await refused(405);
        });
      }

      it('what is too large with 413, before it has come', async () => {
        const { outgoing, status } = upload(url(), { ...signed(large), 'content-length': `${large.length}` });
        should(await status).equal(413);
        outgoing.destroy();
        await refused(413);
      });

      it('what turns out too large with 413', async () => {
        const { outgoing, status } = upload(url(), signed(large));
        outgoing.write(large);
        should(await status).equal(413);
        outgoing.destroy();
        await refused(413);
      });

      it('what has no signature with 401, before it has come', async () => {
        const { outgoing, status } = upload(url(), { 'content-length': '500' });
        should(await status).equal(401);
        outgoing.destroy();
        await refused(401);
      });

      it('what is no notification with 400', async () => {
        const answer = await deliver(url(), '{"id":');
        should([answer.status, answer.body]).deepEqual([400, '']);
        await refused(400);
      });

      it('nothing that comes after on the same line', async () => {
        const answers = [];
        const { Agent } = await import('node:http');
        const agent = new Agent({ keepAlive: true, maxSockets: 1 });
        for (const content of ['{', notification('same line')]) {
          const bytes = JSON.stringify(content);
          answers.push(await send(url(), { agent, headers: signed(bytes) }, bytes));
        }
        agent.destroy();
        should(answers.map(({ status }) => status)).deepEqual([400, 200]);
      });

      it('nobody who has broken off', async () => {
        for (const pieces of [[], ['{'], [large.subarray(0, 900)]]) {
          const { outgoing, status } = upload(url(), { ...signed(body), 'content-length': '950' });
          for (const piece of pieces) await new Promise((resolve) => outgoing.write(piece, resolve));
          outgoing.destroy();
          await should(status).be.rejected();
        }
        should((await deliver(url(), notification('after'))).status).equal(200);
        complaints(nodeRed).should.be.empty();
      });
    });

    it('refuses everything while it has no secret, and says so', async () => {
      const shown = nodeRed.nextStatus('hook', ({ fill }) => fill === 'red');
      await deploy(hook({ credentials: {} }));
      should((await shown).text).equal('failed: not set up');
      complaints(nodeRed)
        .join()
        .should.match(/Secret is empty/);
      for (const secret of ['', SECRET]) {
        should((await deliver(url(), notification('1'), secret)).status).equal(401);
      }
      await turns();
      messages.should.be.empty();
    });

    it('takes what is signed with the secret before, as long as it has it', async () => {
      await deploy(hook({ credentials: { secret: 'new', previousSecret: SECRET } }));
      const statuses = [];
      for (const secret of ['new', SECRET, 'other']) {
        statuses.push((await deliver(url(), notification(secret), secret)).status);
      }
      await deploy(hook({ credentials: { secret: 'new', previousSecret: '' } }));
      statuses.push((await deliver(url(), notification('later'), SECRET)).status);
      statuses.should.deepEqual([200, 200, 401, 401]);
    });

    it('knows after a deploy what came before, until it is gone', async () => {
      await deploy(hook());
      const known = [];
      for (const [redeploy, id] of [
        [async () => {}, 'before'],
        [() => nodeRed.deploy([...AROUND, hook({ limit: 4 })]), 'before'],
        [() => deploy(hook()), 'before'],
      ] as const) {
        await redeploy();
        messages = collect(nodeRed, 'out');
        should((await deliver(url(), notification(id))).status).equal(200);
        await turns();
        known.push(messages.length === 0);
      }
      known.should.deepEqual([false, true, false]);
    });

    it('sends on the types that are wanted', async () => {
      await deploy(hook({ eventTypes: ['journey:*'] }));
      should((await deliver(url(), notification('1'))).status).equal(200);
      should((await deliver(url(), notification('2', { eventType: 'journey:x' }))).status).equal(200);
      await turns();
      messages.map(({ topic }) => topic).should.deepEqual(['journey:x']);
    });

    it('answers 503 to what comes in the middle when it is closed', async () => {
      await deploy(hook());
      const body = JSON.stringify(notification('middle'));
      const { outgoing, status } = upload(url(), signed(body));
      await new Promise((resolve) => outgoing.write(body.slice(0, 5), resolve));
      await turns(50);
      await nodeRed.deploy(AROUND);
      should(await status).equal(503);
      outgoing.destroy();
      should((await deliver(url(), notification('1'))).status).equal(404);
    });

    it('says what is wrong with its path', async () => {
      for (const [path, reason] of [
        ['', /Path is empty/],
        ['/a?b', /Path '\/a\?b' cannot be used/],
      ] as const) {
        const shown = nodeRed.nextStatus('hook', ({ fill }) => fill === 'red');
        await deploy(hook({ path }));
        should((await shown).text).equal('failed: not set up');
        complaints(nodeRed).join().should.match(reason);
      }
    });

    it('tells a Catch node what is wrong', async () => {
      const caught = nodeRed.nextMessage('caught');
      await deploy(
        hook({ path: '' }),
        { id: 'catch', type: 'catch', z: 'tab', x: 1, y: 1, scope: null, wires: [['caught']] },
        { id: 'caught', type: 'junction', z: 'tab', x: 1, y: 1, wires: [[]] },
      );
      should((await caught).error).have.property('code', 'FENERGO_CONFIG');
    });

    describe('beside another with its path', () => {
      const first = hook({ name: 'The first' });
      const second = hook({ id: 'second', path: 'fenergo//abc/' });

      it('is refused, until the other goes', async () => {
        const shown = nodeRed.nextStatus('second', ({ fill }) => fill === 'red');
        await deploy(first, second);
        should((await shown).text).equal('failed: not set up');
        const [complaint = ''] = complaints(nodeRed);
        complaint.should.match(
          /Path 'fenergo\/\/abc\/' is taken by another webhook node, 'The first' \(hook\)/,
        );
        await deliver(url(), notification('1'));
        await turns();
        messages
          .map(({ fenergo }) => (fenergo as { webhook: string }).webhook)
          .should.deepEqual(['/fenergo/abc']);

        const green = nodeRed.nextStatus('second', ({ fill }) => fill === 'green');
        await nodeRed.deploy([...AROUND, second], 'nodes');
        await green;
        await deliver(url(), notification('2'));
        await turns();
        should(messages[1]?.fenergo).have.property('webhook', 'fenergo//abc/');
      });

      describe('when only what was changed is deployed, as the editor sends it', () => {
        // Credentials that nobody typed are not among what it sends.
        const [one, other] = [first, second].map(({ credentials: _, ...node }) => node) as [
          FlowNode,
          FlowNode,
        ];
        const taker = async (id: string) => {
          should((await deliver(url(), notification(id))).status).equal(200);
          await turns();
          return (messages.at(-1)?.fenergo as { webhook: string } | undefined)?.webhook;
        };
        beforeEach(() => deploy(first, second));

        it('keeps its path through a change of its own', async () => {
          await nodeRed.deploy([...AROUND, { ...one, name: 'Renamed' }, other], 'nodes');
          should(await taker('5')).equal('/fenergo/abc');
          const { running } = await (await fetch(`${nodeRed.url}fenergo/webhooks/second`)).json();
          should(running.problem).match(/'Renamed' \(hook\)/);
          const { running: renamed } = await (await fetch(`${nodeRed.url}fenergo/webhooks/hook`)).json();
          should(renamed).not.have.property('problem');
        });

        it('keeps it through a change of both', async () => {
          nodeRed.logs.length = 0;
          const both = [
            { ...other, name: 'Changed' },
            { ...one, name: 'Renamed' },
          ];
          await nodeRed.deploy([...AROUND, ...both], 'nodes');
          should(await taker('6')).equal('/fenergo/abc');
          complaints(nodeRed).should.have.length(1);
        });

        it('hands it over when it takes another', async () => {
          nodeRed.logs.length = 0;
          const moved = { ...one, path: '/fenergo/moved' };
          await nodeRed.deploy([...AROUND, moved, { ...other, name: 'Changed' }], 'nodes');
          should(await taker('7')).equal('fenergo//abc/');
          complaints(nodeRed).should.be.empty();
        });
      });

      it('does not get in the way when it goes', async () => {
        await deploy(first, second);
        await nodeRed.deploy([...AROUND, first], 'nodes');
        should((await deliver(url(), notification('3'))).status).equal(200);
      });

      it('keeps each to its own path', async () => {
        await deploy(first, { ...second, path: '/fenergo/other' });
        await deliver(url('fenergo/other'), notification('4'));
        await turns();
        should(messages[0]?.fenergo).have.property('webhook', '/fenergo/other');
        complaints(nodeRed).should.be.empty();
      });
    });

    it('has a path of its own in each instance of a subflow', async () => {
      const inner = { ...hook({ id: 'inner', path: '${' + 'HOOK}' }), z: 'sub', wires: [[]] };
      const instance = (id: string, value: string): FlowNode => ({
        ...{ id, type: 'subflow:sub', z: 'tab', x: 1, y: 1, wires: [['out']] },
        env: [{ name: 'HOOK', type: 'str', value }],
      });
      await deploy(
        {
          ...{ id: 'sub', type: 'subflow', name: 'Hooks', in: [] },
          out: [{ x: 1, y: 1, wires: [{ id: 'inner', port: 0 }] }],
        },
        inner,
        instance('one', '/sub/one'),
        instance('two', '/sub/two'),
      );
      for (const path of ['sub/one', 'sub/two']) {
        should((await deliver(url(path), notification(path))).status).equal(200);
      }
      await turns();
      messages.should.have.length(2);
      complaints(nodeRed).should.be.empty();

      const overview = async () =>
        (await (await fetch(`${nodeRed.url}fenergo/webhooks/inner`)).json()).running;
      should(await overview()).containDeep({ taken: 1, instance: { count: 2, path: '/sub/two' } });
      // The one that was made last goes; the other is shown then.
      const { flows } = (await (
        await fetch(`${nodeRed.url}flows`, { headers: { 'node-red-api-version': 'v2' } })
      ).json()) as { flows: FlowNode[] };
      await nodeRed.deploy(
        flows.filter(({ id }) => id !== 'two'),
        'nodes',
      );
      should(await overview())
        .have.property('taken', 1)
        .and.not.have.property('instance');
    });

    it('is one of many: Node does not warn of too many listeners', async () => {
      const warnings: string[] = [];
      const heard = ({ message }: Error) => warnings.push(message);
      process.on('warning', heard);
      try {
        const hooks = Array.from({ length: 12 }, (_, n) => hook({ id: `hook${n}`, path: `/many/${n}` }));
        const feeds = Array.from({ length: 12 }, (_, n) => ({
          ...{ id: `events${n}`, type: 'fenergo-events', z: 'tab', x: 1, y: 1, wires: [[]] },
          ...{ connection: '', feed: 'all' },
        }));
        await deploy(...hooks, ...feeds);
        for (const { path } of hooks) {
          should((await deliver(url(String(path).slice(1)), notification(`many ${path}`))).status).equal(200);
        }
        await turns();
        warnings.should.be.empty();
      } finally {
        process.off('warning', heard);
      }
    });

    it('does not mind blanks and line ends around its secrets', async () => {
      await deploy(hook({ credentials: { secret: ` ${SECRET}\n`, previousSecret: 'old\r\n' } }));
      for (const secret of [SECRET, 'old']) {
        should((await deliver(url(), notification(`blanks ${secret}`), secret)).status).equal(200);
      }
      await deploy(hook({ credentials: { secret: ' \n', previousSecret: '' } }));
      complaints(nodeRed)
        .join()
        .should.match(/Secret is empty/);
    });

    it('leaves the bodies of others alone', async () => {
      await deploy(
        hook(),
        { id: 'in', type: 'http in', z: 'tab', x: 1, y: 1, url: '/json', method: 'post', wires: [['res']] },
        { id: 'res', type: 'http response', z: 'tab', x: 1, y: 1, statusCode: '', wires: [] },
      );
      const answer = await send(
        url('json'),
        { headers: { 'content-type': 'application/json' } },
        '{ "a": 1 }',
      );
      should(answer.body).equal('{"a":1}');
      should((await deliver(url(), notification('1'))).status).equal(200);
    });

    it('shows its secrets to nobody', async () => {
      await deploy(hook({ credentials: { secret: SECRET, previousSecret: 'an old one' } }));
      await deliver(url(), notification('1'), 'wrong');
      const flows = await (await fetch(`${nodeRed.url}flows`)).text();
      const credentials = await (await fetch(`${nodeRed.url}credentials/fenergo-webhook/hook`)).json();
      const overview = await (await fetch(`${nodeRed.url}fenergo/webhooks/hook`)).text();
      for (const shown of [flows, JSON.stringify(credentials), overview, JSON.stringify(nodeRed.logs)]) {
        shown.should.not.containEql(SECRET);
        shown.should.not.containEql('an old one');
      }
      should(credentials).deepEqual({ has_secret: true, has_previousSecret: true });
    });
  });

  describe('below an httpNodeRoot', () => {
    let nodeRed: RealNodeRed;
    let proxy: Server;
    before(async () => {
      nodeRed = await startNodeRed({ httpNodeRoot: '/red/api', httpAdminRoot: '/red' });
      await nodeRed.deploy([...AROUND, hook()]);
      // As a proxy that is known by another name, under a path of its own.
      proxy = createServer((incoming, response) => {
        const { host } = new URL(nodeRed.url);
        const path = String(incoming.url).replace('/public', '');
        const headers = { ...incoming.headers, host, 'x-forwarded-host': 'hooks.example.com' };
        const onward = request(new URL(path, nodeRed.url), { method: incoming.method, headers }, (answer) => {
          response.writeHead(answer.statusCode ?? 0, answer.headers);
          answer.pipe(response);
        });
        incoming.pipe(onward);
      }).listen(0, '127.0.0.1');
      await once(proxy, 'listening');
    });
    after(async () => {
      proxy.closeAllConnections();
      proxy.close();
      await nodeRed.stop();
    });

    it('answers there, and nowhere else', async () => {
      should((await deliver(`${nodeRed.nodeUrl}fenergo/abc`, notification('1'))).status).equal(200);
      const { origin } = new URL(nodeRed.nodeUrl);
      should((await deliver(`${origin}/fenergo/abc`, notification('2'))).status).equal(404);
    });

    it('answers behind a proxy', async () => {
      const { port } = proxy.address() as AddressInfo;
      const url = `http://127.0.0.1:${port}/public/red/api/fenergo/abc`;
      const body = Buffer.from(` ${JSON.stringify(notification('3', { payload: '🔑' }))}`);
      should((await send(url, { headers: signed(body) }, [body])).status).equal(200);
      should((await send(url, { headers: signed(body, 'x') }, body)).status).equal(401);
      should((await send(url, { method: 'GET' })).headers.allow).equal('POST');
    });
  });

  describe('behind middleware', () => {
    let nodeRed: RealNodeRed;
    let middleware: 'json' | 'keeps' | 'eats' | 'encodes' | 'delays';
    before(async () => {
      const express = require('express') as typeof import('express');
      const json = express.json();
      nodeRed = await startNodeRed({
        before: (app) => {
          app.use((incoming: import('express').Request & { rawBody?: Buffer }, response, next) => {
            if (middleware === 'json') return json(incoming, response, next);
            if (middleware === 'encodes') incoming.setEncoding('utf8');
            if (middleware === 'encodes') return next();
            if (middleware === 'delays') return void setImmediate(next);
            const chunks: Buffer[] = [];
            incoming.on('data', (chunk) => chunks.push(chunk));
            incoming.on('end', () => {
              if (middleware === 'keeps') incoming.rawBody = Buffer.concat(chunks);
              next();
            });
          });
        },
      });
      await nodeRed.deploy([...AROUND, hook({ duplicates: 'pass' })]);
    });
    after(() => nodeRed.stop());
    beforeEach(() => {
      nodeRed.logs.length = 0;
    });
    const post = () => deliver(`${nodeRed.nodeUrl}fenergo/abc`, ` ${JSON.stringify(notification('1'))}`);

    for (const kind of ['json', 'keeps', 'delays'] as const) {
      it(`has the bytes all the same: ${kind}`, async () => {
        middleware = kind;
        should((await post()).status).equal(200);
        complaints(nodeRed).should.be.empty();
      });
    }

    for (const kind of ['eats', 'encodes'] as const)
      it(`says once that they are lost: ${kind}`, async () => {
        middleware = kind;
        // What was told is told again after a deploy.
        await nodeRed.deploy([...AROUND, hook({ duplicates: 'pass' })]);
        for (const _ of [1, 2]) should((await post()).status).equal(500);
        const told = complaints(nodeRed);
        told.should.have.length(1);
        should(told[0]).match(/read by other middleware.*req\.rawBody/);
      });
  });

  it('warns that Node-RED asks for a password', async () => {
    const httpNodeAuth = { user: 'me', pass: 'hash' };
    const nodeRed = await startNodeRed({ settings: { httpNodeAuth } });
    try {
      const shown = nodeRed.nextStatus('hook', ({ fill }) => fill === 'green');
      await nodeRed.deploy([...AROUND, hook()]);
      await shown;
      complaints(nodeRed)
        .join()
        .should.match(/asks for a password where Fenergo is to post/);
      const overview = await (await fetch(`${nodeRed.url}fenergo/webhooks/hook`)).json();
      should(overview).have.property('httpNodeAuth', true);
    } finally {
      await nodeRed.stop();
    }
  });

  for (const [what, settings] of [
    ['has https in its settings', { https: {} }],
    ['has no port in its settings', { uiPort: undefined }],
  ] as const) {
    it(`says that the sandbox cannot find a Node-RED that ${what}`, async () => {
      const nodeRed = await startNodeRed({ settings });
      try {
        const embedded = { id: 'connection', type: 'fenergo-config', region: 'sandbox', tenantId: TENANT };
        const shown = nodeRed.nextStatus('hook', ({ fill }) => fill === 'red');
        await nodeRed.deploy([...AROUND, embedded, hook({ register: true, connection: 'connection' })]);
        should((await shown).text).equal('not registered: not set up');
        complaints(nodeRed)
          .join()
          .should.match(/sandbox cannot find this Node-RED.*Set Public URL/);
      } finally {
        await nodeRed.stop();
      }
    });
  }

  it('says that this Node-RED serves nothing', async () => {
    const nodeRed = await startNodeRed({ settings: { httpNodeRoot: false } });
    try {
      const shown = nodeRed.nextStatus('hook', ({ fill }) => fill === 'red');
      await nodeRed.deploy([...AROUND, hook()]);
      should((await shown).text).equal('failed: not set up');
      complaints(nodeRed)
        .join()
        .should.match(/httpNodeRoot is false/);
    } finally {
      await nodeRed.stop();
    }
  });
});
