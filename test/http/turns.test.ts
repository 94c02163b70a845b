import { once } from 'node:events';
import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Call } from '../../lib/http/call.js';
import { CallGroup } from '../../lib/http/call-group.js';
import { FenergoClient } from '../../lib/http/client.js';
import { ManualClock } from '../support/manual-clock.js';
import { trafficOf } from './harness.js';

const CALL: Call = {
  label: 'GetThing',
  method: 'GET',
  service: 'thingquery',
  path: '/thingquery/api/thing',
  tenantId: '11111111-1111-4111-8111-111111111111',
  correlationId: 'c',
  result: 'data',
  timeoutMs: 1000,
};

describe('calls that wait for their turn', () => {
  let server: Server;
  let client: FenergoClient;
  let clock: ManualClock;
  let open: ServerResponse[];

  beforeEach(async () => {
    open = [];
    server = createServer((_, response) => {
      open.push(response);
      server.emit('asked');
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    clock = new ManualClock();
    client = new FenergoClient({
      apiUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
      scope: 'fenx.all',
      traffic: trafficOf(clock, { concurrent: 1 }),
      userAgent: 'test',
      clock,
      tokens: { get: async () => 'token', reject: () => {} },
    });
  });

  afterEach(async () => {
    client.close();
    server.closeAllConnections();
    server.close();
    await once(server, 'close');
  });

  const answer = () => open.at(-1)?.end('{"data":7,"messages":[]}');

  it('are sent one after the other, and their timeout begins with their turn', async () => {
    const asked = once(server, 'asked');
    const first = client.call({ ...CALL, timeoutMs: 60_000 });
    const second = client.call(CALL);
    await asked;
    clock.advance(30_000);
    open.should.have.length(1);
    const askedAgain = once(server, 'asked');
    answer();
    await first;
    await askedAgain;
    clock.advance(999);
    answer();
    const { payload, facts } = await second;
    (payload as number).should.equal(7);
    facts.should.have.properties({ attempts: 1, durationMs: 999 });
  });

  it('are ended with their group, and the turn goes to the next', async () => {
    const asked = once(server, 'asked');
    const first = client.call(CALL);
    const group = new CallGroup();
    const waiting = client.call(CALL, { group });
    const last = client.call(CALL);
    await asked;
    group.close();
    await waiting.should.be.rejectedWith({ code: 'FENERGO_ABORTED' });
    const askedAgain = once(server, 'asked');
    answer();
    await first;
    await askedAgain;
    answer();
    await last;
    open.should.have.length(2);
    clock.pending.should.equal(0);
  });

  it('answers HEAD without a body', async () => {
    const asked = once(server, 'asked');
    const head = client.call({ ...CALL, method: 'HEAD' });
    await asked;
    open[0]?.end();
    const { payload, statusCode } = await head;
    statusCode.should.equal(200);
    (payload === null).should.be.true();
  });
});
