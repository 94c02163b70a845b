import 'should';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { OTHER_TENANT, TENANT } from '../sandbox/harness.js';
import { connectionTo, type OwnServer, sendJson, startServer, turns } from '../support/flow.js';
import { type FlowNode, type Message, type RealNodeRed, startNodeRed } from '../support/node-red.js';

const SECRET = 'pl4nted-s3cret&=/+ü';
const TOKEN = 'pl4nted-t0ken';
/** A part that survives every encoding, and the encodings that hide it. */
const FORBIDDEN = [
  'pl4nted',
  Buffer.from(SECRET).toString('base64').slice(0, 12),
  Buffer.from(SECRET).toString('hex').slice(0, 12),
  'client_secret=',
  'Bearer pl4',
];

/** Answers of the API that a call may meet; each may break in its own way. */
const STATUSES = [200, 202, 302, 400, 401, 403, 404, 409, 410, 422, 429, 500, 502];

describe('secrets', function () {
  this.timeout(30_000);
  let nodeRed: RealNodeRed;
  let server: OwnServer;
  const messages: Message[] = [];
  const errors: unknown[] = [];
  const statuses: unknown[] = [];
  const answers: string[] = [];

  const at = { z: 'tab', x: 1, y: 1 };
  const request = (id: string, connection: string, properties: Record<string, unknown> = {}): FlowNode => ({
    id: `request-${id}`,
    type: 'fenergo-request',
    connection,
    method: 'POST',
    path: '/entitydatacommand/answer/{status}',
    timeout: '0.5',
    ...at,
    wires: [['out']],
    ...properties,
  });

  before(async () => {
    server = await startServer(
      ({ url }, response) => {
        const kind = url.split('/').at(-1);
        if (kind === 'cut') return void response.writeHead(200, { 'content-length': 99 }).end('{');
        if (kind === 'reset') return void response.socket?.resetAndDestroy();
        if (kind === 'never') return;
        if (kind === 'html') return void response.end('<html>');
        response.setHeader('retry-after', '3600');
        response.setHeader('location', 'http://127.0.0.1:9/');
        sendJson(response, { data: null, messages: [{ message: 'no' }] }, Number(kind));
      },
      ({ body }, response) => {
        const id = new URLSearchParams(body).get('client_id');
        // A server that repeats what it was sent, as some do.
        if (id === 'refused') {
          const description = `secret ${SECRET} or ${encodeURIComponent(SECRET)} is wrong`;
          return sendJson(response, { error: 'invalid_client', error_description: description }, 400);
        }
        if (id === 'reset') return void response.socket?.resetAndDestroy();
        if (id === 'html') return void response.writeHead(200).end(`<html>${body}</html>`);
        if (id === 'down') return sendJson(response, { message: body }, 503);
        if (id === 'odd') return sendJson(response, { access_token: `${TOKEN}\r\n`, scope: body });
        sendJson(response, { access_token: TOKEN, expires_in: 900, token_type: 'Bearer' });
      },
    );
    nodeRed = await startNodeRed();
    const kinds = ['good', 'refused', 'reset', 'html', 'down', 'odd', 'long', 'closed'];
    const connections = kinds.map((id) =>
      connectionTo(server.url, {
        id,
        name: `Connection ${id}`,
        tenantId: TENANT,
        credentials: { clientId: id, clientSecret: SECRET },
        ...(id === 'long' ? { scope: 'x'.repeat(301) } : {}),
        ...(id === 'closed' ? { identityUrl: 'http://127.0.0.1:9' } : {}),
      }),
    );
    await nodeRed.deploy([
      { id: 'tab', type: 'tab', label: 'Flow' },
      ...connections,
      ...kinds.map((id) => request(id, id)),
      request('query', 'good', { method: 'GET', path: '/entitydataquery/answer/{status}' }),
      {
        id: 'out',
        type: 'debug',
        active: true,
        tosidebar: true,
        console: true,
        complete: 'true',
        ...at,
        wires: [],
      },
      { id: 'catch', type: 'catch', scope: null, uncaught: false, ...at, wires: [['out']] },
    ]);
    nodeRed.RED.events.on('node-status', (status: unknown) => statuses.push(status));

    const run = async (id: string, params: Record<string, unknown>) => {
      // A tenant that is refused with 429 has to wait for an hour.
      const tenantId = params.status === 429 ? OTHER_TENANT : TENANT;
      const msg: Record<string, unknown> = { params, tenantId, payload: { kept: true } };
      const outcome = nodeRed.nextOutcome(`request-${id}`);
      nodeRed.send(`request-${id}`, msg);
      const { error } = await outcome;
      messages.push(msg as Message);
      if (error) errors.push(error);
    };
    for (const status of [...STATUSES, 'cut', 'reset', 'never', 'html', '..', ''])
      await run('good', { status });
    for (const status of [200, 404, 'cut', 'html']) await run('query', { status });
    await Promise.all(kinds.slice(1).map((id) => run(id, { status: 200 })));
    await turns();

    const get = async (path: string, init: RequestInit = {}) => {
      const headers = { 'content-type': 'application/json', 'Node-RED-API-Version': 'v2' };
      const response = await fetch(nodeRed.url + path, { headers, ...init });
      answers.push(`${path} ${[...response.headers]} ${await response.text()}`);
    };
    await get('flows');
    await get('flow/tab');
    await get('flow/global');
    await get('nodes');
    await get('settings');
    await get('fenergo/overview');
    for (const id of kinds) {
      await get(`credentials/fenergo-config/${id}`);
      const form = { id, region: 'custom', identityUrl: server.url, apiUrl: server.url, clientId: id };
      const body = JSON.stringify({ ...form, scope: 'fenx.all' });
      await get('fenergo/test-connection', { method: 'POST', body });
    }
  });
  after(async () => {
    await nodeRed.stop();
    await server.close();
  });

  function clean(what: string, text: string): void {
    for (const word of FORBIDDEN) {
      const at = text.indexOf(word);
      if (at >= 0) throw new Error(`${what} holds '${word}': …${text.slice(Math.max(0, at - 80), at + 80)}…`);
    }
  }
  const deep = (value: unknown) =>
    inspect(value, {
      depth: Number.POSITIVE_INFINITY,
      showHidden: true,
      maxArrayLength: null,
      maxStringLength: null,
    });

  it('were sent: the server got secret and token', () => {
    const all = deep(server.arrived);
    all.should.containEql(TOKEN);
    all.should.containEql(encodeURIComponent(SECRET).slice(0, 12));
    errors.length.should.be.above(20);
    new Set(errors.map((error) => (error as { code: string }).code)).size.should.be.above(10);
  });

  it('are in no message', () => {
    for (const msg of messages) clean('A message', deep(msg));
  });

  it('are in no error, nor in what hangs on it', () => {
    for (const error of errors) {
      clean('An error', deep(error));
      clean('An error', `${String(error)} ${JSON.stringify(error)} ${(error as Error).stack}`);
    }
  });

  it('are in no log entry, trace level included', () => {
    nodeRed.logs.length.should.be.above(errors.length);
    for (const entry of nodeRed.logs) clean('The log', deep(entry));
  });

  it('are in no status', () => {
    statuses.length.should.be.above(10);
    clean('A status', deep(statuses));
  });

  it('are in no answer of the admin API: flows, credentials, test of the connection', () => {
    answers.length.should.be.above(15);
    for (const answer of answers) clean(answer.slice(0, 40), answer);
    const credentials = answers.find((answer) => answer.startsWith('credentials/fenergo-config/good'));
    String(credentials).should.match(/"clientId":"good"/);
    String(credentials).should.match(/"has_clientSecret":true/);
  });

  it('are in no exported flow', async () => {
    const flows = await nodeRed.flows();
    flows.filter(({ type }) => type === 'fenergo-config').length.should.equal(8);
    const text = JSON.stringify(flows);
    clean('The flow', text);
    text.should.not.containEql('clientSecret');
  });

  it('are in no file of the user directory in the clear', () => {
    const { userDir } = nodeRed.RED.settings as unknown as { userDir: string };
    const files = readdirSync(userDir).map((name) => join(userDir, name));
    files.some((file) => file.endsWith('flows_cred.json')).should.be.true();
    for (const file of files.filter((name) => statSync(name).isFile())) {
      clean(file, readFileSync(file, 'utf8'));
    }
  });
});
