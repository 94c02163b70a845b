import { once } from 'node:events';
import { Agent, request } from 'node:http';
import type { Socket } from 'node:net';
import should from 'should';
import { ENTITY, Harness, OTHER_TENANT, TENANT } from './harness.js';

const PATH = `/entitydataquery/api/v2/entity/${ENTITY}`;
const DRAFTS = `/entitydatacommand/api/v3/entity/${ENTITY}/draft`;

/** What a raw client sees of an answer that may break off. */
interface Raw {
  status?: number;
  declared?: number;
  received: number;
  error?: string;
}

describe('sandbox faults', () => {
  let harness: Harness;
  before(async () => {
    harness = await Harness.start({ consistencyMs: 0 });
  });
  beforeEach(() => harness.reset());
  after(() => harness.close());

  function raw(path = PATH, method = 'GET', body?: string): Promise<Raw> {
    return new Promise((resolve) => {
      const headers = { authorization: `Bearer ${harness.token}`, 'x-tenant-id': TENANT };
      const outgoing = request(`${harness.sandbox.url}${path}`, { method, headers, agent: false });
      const seen: Raw = { received: 0 };
      const end = (error?: NodeJS.ErrnoException) => resolve({ ...seen, error: error?.code });
      outgoing.on('response', (incoming) => {
        seen.status = incoming.statusCode;
        seen.declared = Number(incoming.headers['content-length']);
        incoming.on('data', (chunk: Buffer) => {
          seen.received += chunk.length;
        });
        incoming.on('end', () => end());
        incoming.on('error', end);
      });
      outgoing.on('error', end);
      outgoing.end(body);
    });
  }

  const status = async (path = PATH) => (await harness.get(path)).status;

  it('answers as told, once, and does not carry the call out', async () => {
    harness.sandbox.setFaults([
      { respond: { status: 503, headers: { 'retry-after': '7' }, body: { data: null, messages: [] } } },
    ]);
    const { status: got, headers, json } = await harness.send('POST', DRAFTS, {});
    got.should.equal(503);
    should(headers.get('retry-after')).equal('7');
    json.should.deepEqual({ data: null, messages: [] });
    (await harness.get(`/entitydataquery/api/entity/${ENTITY}/draft`)).json.data.should.have.length(0);
  });

  it('sends a text as it is, with the content type that is told', async () => {
    const headers = { 'content-type': 'application/json' };
    harness.sandbox.setFaults([{ respond: { status: 200, headers, body: '{"data":' } }]);
    const answer = await raw();
    answer.should.have.properties({ status: 200, received: 8 });
    harness.sandbox.setFaults([{ respond: { status: 502, body: '<html>Bad gateway</html>' } }]);
    const { text, headers: got } = await harness.get(PATH);
    text.should.equal('<html>Bad gateway</html>');
    should(got.get('content-type')).equal('text/plain; charset=utf-8');
  });

  it('answers without a body too', async () => {
    harness.sandbox.setFaults([{ respond: { status: 204 } }, { respond: { status: 500 } }]);
    (await status()).should.equal(204);
    const { status: got, text } = await harness.get(PATH);
    got.should.equal(500);
    text.should.equal('');
  });

  it('counts times and skip', async () => {
    harness.sandbox.setFaults([{ skip: 1, times: 2, respond: { status: 500 } }]);
    for (const wanted of [200, 500, 500, 200]) (await status()).should.equal(wanted);
    harness.sandbox.setFaults([{ times: 0, respond: { status: 500 } }]);
    (await status()).should.equal(200);
    harness.sandbox.setFaults([{ times: 'always', respond: { status: 500 } }]);
    for (let count = 0; count < 5; count++) (await status()).should.equal(500);
    harness.sandbox.setFaults([]);
    (await status()).should.equal(200);
  });

  it('uses the first rule that matches and has times left', async () => {
    harness.sandbox.setFaults([
      { match: { method: 'PUT' }, respond: { status: 500 } },
      { respond: { status: 502 } },
      { respond: { status: 503 } },
    ]);
    for (const wanted of [502, 503, 200]) (await status()).should.equal(wanted);
  });

  const fits: [string, object][] = [
    ['method', { method: 'get' }],
    ['beginning of the path', { path: '/entitydataquery/' }],
    ['pattern of the path', { path: '/*/api/v2/entity/*' }],
    ['pattern across segments', { path: '/entity**' }],
    ['service', { service: 'entitydataquery' }],
    ['operation', { operation: 'entitydataquery/v2/GetEntityById' }],
    ['tenant', { tenantId: TENANT.toUpperCase() }],
    ['all together', { method: 'GET', path: '/entity', service: 'entitydataquery', tenantId: TENANT }],
  ];
  for (const [what, match] of fits) {
    it(`matches by ${what}`, async () => {
      harness.sandbox.setFaults([{ match, respond: { status: 418 } }]);
      (await status()).should.equal(418);
    });
  }

  const unfit: [string, object][] = [
    ['method', { method: 'POST' }],
    ['beginning of the path', { path: '/journey' }],
    ['pattern that ends early', { path: '/*/api/v2' }],
    ['pattern of one segment', { path: '/entitydataquery/*' }],
    ['characters that mean something in expressions', { path: '/entitydataquery.api*' }],
    ['service', { service: 'entitydata' }],
    ['operation', { operation: 'entitydataquery/v1/GetEntityById' }],
    ['tenant', { tenantId: OTHER_TENANT }],
  ];
  for (const [what, match] of unfit) {
    it(`lets pass by ${what}`, async () => {
      harness.sandbox.setFaults([{ match, respond: { status: 418 } }]);
      (await status()).should.equal(200);
    });
  }

  it('spoils the token endpoint, which is just a path', async () => {
    harness.sandbox.setFaults([{ match: { path: '/connect/token' }, respond: { status: 500, body: 'no' } }]);
    (await status()).should.equal(200);
    (await harness.askToken()).status.should.equal(500);
    (await harness.askToken()).status.should.equal(200);
  });

  it('delays an ordinary answer by the clock', async () => {
    harness.sandbox.setFaults([{ delayMs: 3000 }]);
    let answered = false;
    const reply = harness.get(PATH).finally(() => {
      answered = true;
    });
    await until(() => harness.clock.pending === 1);
    harness.clock.advance(2999);
    await turns(20);
    answered.should.equal(false);
    harness.clock.advance(1);
    (await reply).status.should.equal(200);
  });

  it('carries a delayed command out even when the client gives up', async () => {
    harness.sandbox.setFaults([{ match: { method: 'POST' }, delayMs: 60_000 }]);
    const patience = new AbortController();
    const headers = {
      authorization: `Bearer ${harness.token}`,
      'x-tenant-id': TENANT,
      'content-type': 'application/json',
    };
    const given = fetch(`${harness.sandbox.url}${DRAFTS}`, {
      method: 'POST',
      headers,
      body: '{"data":{}}',
      signal: patience.signal,
    });
    await until(() => harness.clock.pending === 1);
    patience.abort();
    await given.should.be.rejected();
    await until(() => harness.clock.pending === 0);
    (await harness.get(`/entitydataquery/api/entity/${ENTITY}/draft`)).json.data.should.have.length(1);
  });

  it('resets the connection before any byte, and does not carry the call out', async () => {
    harness.sandbox.setFaults([{ reset: true }]);
    const { status: got, error } = await raw(DRAFTS, 'POST', '{"data":{}}');
    should(got).equal(undefined);
    should(error).equal('ECONNRESET');
    (await harness.get(`/entitydataquery/api/entity/${ENTITY}/draft`)).json.data.should.have.length(0);
    should(harness.sandbox.stats.statusCodes).deepEqual({ 200: 2 });
  });

  it('resets the connection after half of the body, when the call has been carried out', async () => {
    harness.sandbox.setFaults([{ reset: 'body' }]);
    const { error } = await raw(DRAFTS, 'POST', '{"data":{}}');
    should(error).equal('ECONNRESET');
    (await harness.get(`/entitydataquery/api/entity/${ENTITY}/draft`)).json.data.should.have.length(1);
  });

  it('resets the connection while the body of the request comes, and does not carry the call out', async () => {
    harness.sandbox.setFaults([{ reset: 'request' }]);
    const headers = {
      authorization: `Bearer ${harness.token}`,
      'x-tenant-id': TENANT,
      'content-length': '11',
    };
    const outgoing = request(`${harness.sandbox.url}${DRAFTS}`, { method: 'POST', headers, agent: false });
    const failed = once(outgoing, 'response').catch(({ code }) => code);
    outgoing.write('{"dat');
    await until(() => harness.sandbox.faults[0]?.used === 1);
    await turns(20);
    outgoing.destroyed.should.equal(false);
    // The sixth of eleven bytes: the last five are never sent.
    outgoing.write('a');
    (await failed).should.equal('ECONNRESET');
    (await harness.get(`/entitydataquery/api/entity/${ENTITY}/draft`)).json.data.should.have.length(0);
    should(harness.sandbox.stats.statusCodes).deepEqual({ 200: 2 });
  });

  it('resets the connection of a request without a body, or of unknown length, too', async () => {
    harness.sandbox.setFaults([{ reset: 'request', times: 2 }]);
    should((await raw()).error).equal('ECONNRESET');
    const headers = { 'transfer-encoding': 'chunked' };
    const outgoing = request(`${harness.sandbox.url}${DRAFTS}`, { method: 'POST', headers, agent: false });
    const failed = once(outgoing, 'response').catch(({ code }) => code);
    outgoing.write('{');
    (await failed).should.equal('ECONNRESET');
  });

  it('closes the connection after a whole answer, without a word', async () => {
    const agent = new Agent({ keepAlive: true });
    const ask = () =>
      new Promise<{ connection?: string; socket: Socket }>((resolve, reject) => {
        const headers = { authorization: `Bearer ${harness.token}`, 'x-tenant-id': TENANT };
        const outgoing = request(`${harness.sandbox.url}${PATH}`, { headers, agent });
        outgoing.on('error', reject);
        outgoing.on('response', (incoming) => {
          const { socket } = incoming;
          incoming.resume().on('end', () => resolve({ connection: incoming.headers.connection, socket }));
        });
        outgoing.end();
      });
    harness.sandbox.setFaults([{ reset: 'after', skip: 1 }]);
    const first = await ask();
    await turns(1);
    const second = await ask();
    second.socket.should.equal(first.socket);
    should(second.connection).equal('keep-alive');
    if (!second.socket.destroyed) await once(second.socket, 'close');
    (await ask()).socket.should.not.equal(second.socket);
    agent.destroy();
  });

  it('truncates to a half, or to so many bytes, and declares the full length', async () => {
    const whole = await raw();
    should(whole.declared).equal(whole.received);
    harness.sandbox.setFaults([{ truncate: true }, { truncate: 10 }, { truncate: 0 }]);
    for (const wanted of [Math.floor(whole.received / 2), 10, 0]) {
      const { declared, received, error } = await raw();
      should({ declared, received }).deepEqual({ declared: whole.declared, received: wanted });
      should(error).equal('ECONNRESET');
    }
    (await status()).should.equal(200);
  });

  it('combines a told answer with a delay and a cut', async () => {
    harness.sandbox.setFaults([{ respond: { status: 500, body: '0123456789' }, delayMs: 100, truncate: 4 }]);
    const answer = raw();
    await until(() => harness.clock.pending === 1);
    harness.clock.advance(100);
    (await answer).should.have.properties({ status: 500, declared: 10, received: 4, error: 'ECONNRESET' });
  });

  const wrong: [string, unknown, RegExp][] = [
    ['no list', {}, /must be a list/],
    ['a rule that is no object', ['x'], /Rule 0 .* must be an object/],
    ['a rule without an effect', [{ match: {} }], /needs one of/],
    ['an unknown property', [{ reset: true }, { respnd: {} }], /Rule 1 .*'respnd'/],
    ['an unknown condition', [{ match: { url: '/' }, reset: true }], /'match.url'/],
    ['a condition that is no text', [{ match: { path: 7 }, reset: true }], /match\.path/],
    ['too many wildcards', [{ match: { path: '/*/*/*/*/*/*' }, reset: true }], /wildcards/],
    ['times', [{ times: -1, reset: true }], /times/],
    ['skip', [{ skip: 'one', reset: true }], /skip/],
    ['a status', [{ respond: { status: 99 } }], /respond\.status/],
    ['a header', [{ respond: { status: 200, headers: { 'a b': 'c' } } }], /respond\.headers\.a b/],
    ['a header value', [{ respond: { status: 200, headers: { a: 'b\r\nc: d' } } }], /respond\.headers\.a/],
    ['a length', [{ respond: { status: 200, headers: { 'Content-Length': '1' } } }], /Content-Length/],
    ['a delay', [{ delayMs: '5' }], /delayMs/],
    ['a reset', [{ reset: 'head' }], /reset/],
    ['a cut', [{ truncate: 1.5 }], /truncate/],
    ['a cut and a reset', [{ truncate: true, reset: true }], /take one/],
  ];
  for (const [what, plan, reason] of wrong) {
    it(`refuses a plan with a wrong value: ${what}`, async () => {
      (() => harness.sandbox.setFaults(plan as never)).should.throw(reason);
      const url = `${harness.sandbox.url}/sandbox/faults`;
      const answer = await fetch(url, { method: 'PUT', body: JSON.stringify(plan) });
      answer.status.should.equal(400);
      ((await answer.json()) as { error: string }).error.should.match(reason);
    });
  }
});

describe('sandbox administration', () => {
  let harness: Harness;
  before(async () => {
    harness = await Harness.start({ plan: 'production' });
  });
  beforeEach(() => harness.reset());
  after(() => harness.close());

  async function admin(method: string, path: string, body?: string) {
    const answer = await fetch(`${harness.sandbox.url}/sandbox/${path}`, { method, body });
    const text = await answer.text();
    return { status: answer.status, headers: answer.headers, json: text ? JSON.parse(text) : undefined };
  }

  it('sets, tells and clears the fault plan', async () => {
    const plan = [{ match: { service: 'entitydataquery' }, times: 2, respond: { status: 500 } }];
    const put = await admin('PUT', 'faults', JSON.stringify(plan));
    put.status.should.equal(200);
    put.json.should.deepEqual([{ ...plan[0], used: 0 }]);
    (await harness.get(PATH)).status.should.equal(500);
    const listed = await admin('GET', 'faults');
    listed.json.should.deepEqual([{ ...plan[0], used: 1 }]);
    harness.sandbox.faults.should.deepEqual(listed.json);
    // What was read can be sent back, and starts anew.
    (await admin('PUT', 'faults', JSON.stringify(listed.json))).json[0].used.should.equal(0);
    (await admin('DELETE', 'faults')).status.should.equal(204);
    (await admin('GET', 'faults')).json.should.deepEqual([]);
    (await harness.get(PATH)).status.should.equal(200);
  });

  it('answers 400 for a plan that is no JSON, and 413 for a giant one', async () => {
    (await admin('PUT', 'faults', '[{')).status.should.equal(400);
    (await admin('PUT', 'faults', ' '.repeat(1024 * 1024 + 1))).status.should.equal(413);
  });

  it('tells the counters', async () => {
    await harness.get(PATH);
    await harness.get('/nowhere');
    const { json } = await admin('GET', 'stats');
    json.should.deepEqual({
      tokenRequests: 1,
      calls: 2,
      byOperation: { 'entitydataquery/v2/GetEntityById': 1 },
      statusCodes: { 200: 2, 404: 1 },
    });
    json.should.deepEqual(harness.sandbox.stats);
  });

  it('revokes tokens', async () => {
    (await admin('POST', 'revoke-tokens')).status.should.equal(204);
    (await harness.get(PATH)).status.should.equal(401);
  });

  it('resets world, tokens, limits, faults and counters', async () => {
    for (let count = 0; count < 200; count++) await harness.send('POST', DRAFTS, {});
    harness.clock.advance(500);
    await admin('PUT', 'faults', '[{"reset":true,"times":"always","match":{"path":"/entitydatacommand"}}]');
    (await admin('POST', 'reset')).status.should.equal(204);
    harness.sandbox.stats.should.deepEqual({
      tokenRequests: 0,
      calls: 0,
      byOperation: {},
      statusCodes: {},
    });
    (await harness.get(PATH)).status.should.equal(401);
    await harness.renew();
    (await harness.get(`/entitydataquery/api/entity/${ENTITY}/draft`)).json.data.should.have.length(0);
    (await harness.send('POST', DRAFTS, {})).headers.get('x-rate-limit-remaining')?.should.equal('14999');
  });

  it('answers 404 and 405 for what it does not have, and is never spoiled itself', async () => {
    harness.sandbox.setFaults([{ times: 'always', respond: { status: 500 } }]);
    (await admin('GET', 'nothing')).status.should.equal(404);
    (await admin('GET', 'constructor')).status.should.equal(404);
    const { status, headers } = await admin('POST', 'faults');
    status.should.equal(405);
    should(headers.get('allow')).equal('GET, PUT, DELETE');
  });
});

async function turns(count: number): Promise<void> {
  for (let turn = 0; turn < count; turn++) await new Promise((resolve) => setImmediate(resolve));
}

/** Lets the event loop turn until the sandbox has come so far; time does not pass by it. */
async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await turns(1);
}
