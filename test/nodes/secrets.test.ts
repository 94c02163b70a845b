import 'should';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { inspect } from 'node:util';
import type { FenergoError } from '../../lib/errors.js';
import { secretForms } from '../../lib/secret-forms.js';
import { OTHER_TENANT, TENANT } from '../sandbox/harness.js';
import { BrokenServer, closedPort } from '../support/broken-server.js';
import {
  type Answering,
  connectionTo,
  type OwnServer,
  sendJson,
  startServer,
  turns,
} from '../support/flow.js';
import {
  adminRoutes,
  type FlowNode,
  type Message,
  type RealNodeRed,
  startNodeRed,
} from '../support/node-red.js';

const SECRET = 'pl4nted-s3cret&=/+ü"';
const TOKEN = 'pl4nted-t0ken/+==~';
/** A part that survives most encodings, and what the others make of it. */
const FORBIDDEN = [
  'pl4nted',
  ...[SECRET, TOKEN].flatMap((text) =>
    (['base64', 'base64url', 'hex'] as const).map((encoding) =>
      Buffer.from(text).toString(encoding).slice(0, 9),
    ),
  ),
  'client_secret=',
];
/** What a server may say of what it was sent, in every dress. */
const SECRET_REPEATED = secretForms(SECRET).join(' ');
const REPEATED = secretForms(TOKEN).join(' ');
/** The same, to be put into JSON, which does its own escaping. */
const REPEATED_IN_JSON = secretForms(TOKEN)
  .filter((form) => !form.includes('\\'))
  .join(' ');

/** Headers that a server may choose: those that are facts of the call, and any other. */
const ECHOED_HEADERS = {
  'x-echo': `Bearer ${TOKEN}`,
  'x-forms': REPEATED,
  'set-cookie': [`a=${encodeURIComponent(TOKEN)}`, `b=${TOKEN}`],
  'x-rate-limit-remaining': '5000',
  'x-rate-limit-reset': `2026 ${TOKEN}`,
  deprecation: `@1 ${TOKEN}`,
  sunset: REPEATED,
};

/** Answers of the API to a call; it repeats what it was sent in all of them. */
const STATUSES = [400, 403, 404, 407, 409, 410, 422, 429, 500, 502, 511];
const BREAKAGES = ['cut', 'reset', 'html', 'packed', 'encoded', 'long', 'away', 'here', 'here-reset'];

const RESULTS = ['envelope', 'text', 'buffer'];

/** Nodes that are not patient with what never answers. */
const BRIEF = ['full', 'silent', 'busy'];

/** What comes of a call: by the code of its error, so that a test can tell that all of it was met. */
const CODES = [
  'FENERGO_CONFIG',
  'FENERGO_INPUT',
  'FENERGO_AUTH',
  'FENERGO_UNAUTHORIZED',
  'FENERGO_FORBIDDEN',
  'FENERGO_NOT_FOUND',
  'FENERGO_CONFLICT',
  'FENERGO_GONE',
  'FENERGO_VALIDATION',
  'FENERGO_RATE_LIMITED',
  'FENERGO_QUEUE_FULL',
  'FENERGO_UNAVAILABLE',
  'FENERGO_SERVER',
  'FENERGO_TIMEOUT',
  'FENERGO_NETWORK',
  'FENERGO_ABORTED',
  'FENERGO_RESPONSE',
];

const answerCall: Answering = ({ url }, response) => {
  const kind = url.split(/[/?]/)[2] ?? '';
  const status = Number(kind);
  for (const [name, value] of Object.entries(ECHOED_HEADERS)) response.setHeader(name, value);
  if (status === 200) {
    const data = { said: `fine: Bearer ${TOKEN}`, [TOKEN]: REPEATED_IN_JSON };
    return sendJson(response, { data, messages: [{ message: REPEATED_IN_JSON }] });
  }
  if (kind === 'cut') {
    response.writeHead(200, { 'content-length': 9999 });
    return void response.write(REPEATED, () => response.destroy());
  }
  if (kind === 'reset') return void response.socket?.resetAndDestroy();
  if (kind === 'never') return;
  if (kind === 'html') return void response.end(`<html>${REPEATED}</html>`);
  if (kind === 'packed') return void response.setHeader('content-encoding', 'gzip').end(REPEATED);
  if (kind === 'encoded') return void response.setHeader('content-encoding', 'x-own').end(REPEATED);
  if (kind === 'long') return void response.end(Buffer.alloc(200_000, REPEATED));
  const query = `access_token=${encodeURIComponent(TOKEN)}`;
  const to = (location: string) => response.writeHead(302, { location }).end(REPEATED);
  if (kind === 'away') return void to(`http://other.invalid/?${query}`);
  if (kind === 'here') return void to(`/entitydatacommand/500/x?${query}`);
  if (kind === 'here-reset') return void to(`/entitydatacommand/reset?${query}`);
  response.setHeader('retry-after', '3600');
  response.setHeader('www-authenticate', `Bearer ${TOKEN}`);
  const messages = [{ message: `refused: Bearer ${TOKEN}`, errorCode: TOKEN }];
  sendJson(
    response,
    { data: [{ propertyName: 'x', errorMessage: REPEATED_IN_JSON }], messages, detail: REPEATED_IN_JSON },
    status,
  );
};

const answerToken: Answering = ({ body }, response) => {
  const id = new URLSearchParams(body).get('client_id');
  if (id === 'refused') {
    return sendJson(response, { error: 'invalid_client', error_description: SECRET_REPEATED, body }, 400);
  }
  if (id === 'odd-error') return sendJson(response, { error: SECRET, error_uri: body }, 401);
  if (id === 'reset') return void response.socket?.resetAndDestroy();
  if (id === 'html') return void response.writeHead(200).end(`<html>${body}${SECRET_REPEATED}</html>`);
  if (id === 'down') return sendJson(response, { message: body + SECRET_REPEATED }, 503);
  if (id === 'busy') return sendJson(response, { error: 'x', error_description: SECRET_REPEATED }, 429);
  if (id === 'odd') return sendJson(response, { access_token: `${TOKEN}\r\n`, scope: body });
  if (id === 'elsewhere')
    return void response.writeHead(307, { location: `http://other.invalid/?${body}` }).end();
  sendJson(response, { access_token: TOKEN, expires_in: 900, token_type: 'Bearer' });
};

describe('secrets', function () {
  this.timeout(60_000);
  let nodeRed: RealNodeRed;
  let server: OwnServer;
  let plain: BrokenServer;
  const messages: Message[] = [];
  const errors: FenergoError[] = [];
  /** What went to the editor: statuses, what debug nodes show, notifications. */
  const events: unknown[] = [];
  const answers: { path: string; text: string }[] = [];

  const at = { z: 'tab', x: 1, y: 1 };
  const request = (id: string, properties: Record<string, unknown> = {}): FlowNode => ({
    id: `request-${id}`,
    type: 'fenergo-request',
    connection: id,
    method: 'POST',
    path: '/entitydatacommand/{status}',
    timeout: BRIEF.includes(id) ? '0.5' : '20',
    tries: id === 'gone' ? '1' : '2',
    ...at,
    wires: [['out']],
    ...properties,
  });
  /** Those whose token request fails, and those of which the test asks more than one call. */
  const tokenless = [
    'refused',
    'odd-error',
    'reset',
    'html',
    'down',
    'busy',
    'odd',
    'elsewhere',
    'closed',
    'tls',
    'long',
  ];
  const others = ['good', 'gone', 'no-tls', 'noise', 'full', 'worn'];

  before(async () => {
    server = await startServer(answerCall, answerToken);
    plain = await BrokenServer.start((socket, asked) => socket.end(asked + REPEATED));
    nodeRed = await startNodeRed();
    const nobody = `http://127.0.0.1:${await closedPort()}`;
    const special: Record<string, Record<string, unknown>> = {
      long: { scope: 'x'.repeat(301) },
      closed: { identityUrl: nobody },
      tls: { identityUrl: server.url.replace('http:', 'https:') },
      gone: { apiUrl: nobody, circuit: true },
      'no-tls': { apiUrl: server.url.replace('http:', 'https:') },
      noise: { apiUrl: plain.url },
      full: { plan: 'sdlc', queue: 0 },
    };
    const connections = [...tokenless, ...others].map((id) =>
      connectionTo(server.url, {
        id,
        name: `Connection ${id}`,
        tenantId: TENANT,
        circuit: false,
        answerLimit: 0.1,
        credentials: { clientId: id, clientSecret: SECRET },
        ...special[id],
      }),
    );
    await nodeRed.deploy([
      { id: 'tab', type: 'tab', label: 'Flow' },
      ...connections,
      ...[...tokenless, ...others].map((id) => request(id)),
      request('query', { connection: 'good', method: 'GET', path: '/entitydataquery/{status}' }),
      ...RESULTS.map((result) => request(`as-${result}`, { connection: 'good', result })),
      request('silent', { connection: 'good' }),
      request('aborted', { connection: 'good' }),
      request('unset', { connection: '' }),
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
      { id: 'status', type: 'status', scope: null, ...at, wires: [['out']] },
    ]);
    const { RED } = nodeRed;
    for (const name of ['comms', 'node-status', 'runtime-event']) {
      RED.events.on(name, (event: unknown) => events.push(event));
    }
    const hooks = RED.hooks as unknown as { add(id: string, hook: (event: HookEvent) => void): void };
    hooks.add('onReceive.secrets', ({ msg }) => {
      messages.push(msg);
    });
    hooks.add('onComplete.secrets', ({ msg, error }) => {
      messages.push(msg);
      if (error) errors.push(error);
    });
    await everything();
    await turns(50);
    await ask();
  });
  after(async () => {
    (nodeRed.RED.hooks as unknown as { remove(id: string): void }).remove('*.secrets');
    await nodeRed.stop();
    await server.close();
    await plain.close();
  });

  /** Everything that can become of a call. */
  async function everything(): Promise<void> {
    const run = async (id: string, status: unknown, more: Record<string, unknown> = {}) => {
      // A tenant that is refused with 429 has to wait for an hour.
      const tenantId = status === 429 ? OTHER_TENANT : TENANT;
      const outcome = nodeRed.nextOutcome(`request-${id}`);
      nodeRed.send(`request-${id}`, { params: { status }, tenantId, payload: { kept: true }, ...more });
      await outcome;
    };
    for (const status of [200, ...STATUSES, ...BREAKAGES, '..', '']) await run('good', status);
    for (const status of [200, 404, 503, 'cut', 'html', 'away', 'here', 'here-reset'])
      await run('query', status);
    for (const result of RESULTS) await run(`as-${result}`, 200);
    await Promise.all([...tokenless, 'unset', 'no-tls', 'noise'].map((id) => run(id, 200)));
    await run('worn', 401);
    await run('silent', 'never');
    // The host is taken for dead after twenty failures that span a second.
    const startMs = performance.now();
    for (let count = 0; count < 21 || performance.now() - startMs < 1200; count += 1) await run('gone', 200);
    await Promise.all(Array.from({ length: 11 }, () => run('full', 'never')));
    const controller = new AbortController();
    const cancelled = run('aborted', 'never', { fenergo: { cancel: controller.signal } });
    await once(nodeRed.RED.events, 'node-status');
    controller.abort();
    await cancelled;
    const closed = run('aborted', 'never');
    await nodeRed.node('request-aborted').close(false);
    await closed;
  }

  /** Everything that the admin API tells. */
  async function ask(): Promise<void> {
    const get = async (path: string, init: RequestInit = {}) => {
      const headers = { 'content-type': 'application/json', 'Node-RED-API-Version': 'v2' };
      const response = await fetch(nodeRed.url + path, { headers, ...init });
      answers.push({ path, text: `${[...response.headers]} ${await response.text()}` });
    };
    for (const { method, path } of adminRoutes(nodeRed)) {
      const filled = path.replace(':service', 'scim').replace(':version', 'v1');
      if (method === 'GET') await get(filled.slice(1));
    }
    for (const path of ['flows', 'flow/tab', 'flow/global', 'nodes', 'settings', 'settings/user', 'plugins'])
      await get(path);
    for (const path of ['diagnostics', 'context/global', 'context/flow/tab', 'context/node/request-good'])
      await get(path);
    for (const id of [...tokenless, ...others]) {
      await get(`credentials/fenergo-config/${id}`);
      const form = { id, region: 'custom', identityUrl: server.url, apiUrl: server.url, clientId: id };
      const body = JSON.stringify({ ...form, scope: 'fenx.all' });
      await get('fenergo/test-connection', { method: 'POST', body });
    }
  }

  function clean(what: string, text: string): void {
    for (const word of FORBIDDEN) {
      const place = text.indexOf(word);
      if (place < 0) continue;
      throw new Error(`${what} holds '${word}': …${text.slice(Math.max(0, place - 80), place + 80)}…`);
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
    const sent = deep(server.arrived);
    sent.should.containEql(`Bearer ${TOKEN}`);
    sent.should.containEql(new URLSearchParams({ client_secret: SECRET }).toString());
    const met = new Set(errors.map(({ code }) => code));
    [...met].sort().should.deepEqual([...CODES].sort());
    // What servers repeated was met.
    deep(errors).should.containEql('***');
  });

  it('are in no message', () => {
    for (const msg of messages) clean('A message', deep(msg));
    // Bytes are shown as numbers.
    const payloads = messages.map(({ payload }) => payload).filter((payload) => Buffer.isBuffer(payload));
    payloads.length.should.be.above(0);
    for (const payload of payloads) clean('A payload', payload.toString('latin1'));
    const said = deep(messages);
    said.should.containEql("'x-echo': 'Bearer ***'").and.containEql("said: 'fine: Bearer ***'");
    said.should.containEql("deprecation: '@1 ***'");
  });

  it('are in no error, nor in what hangs on it', () => {
    for (const error of errors) {
      clean('An error', deep([error, error.facts, error.cause]));
      clean('An error', `${String(error)} ${JSON.stringify(error)} ${error.stack}`);
    }
  });

  it('are in no log entry, trace level included', () => {
    nodeRed.logs.length.should.be.above(errors.length);
    for (const entry of nodeRed.logs) clean('The log', deep(entry));
  });

  it('are in nothing that the editor is told: statuses, debug sidebar, notifications', () => {
    events.length.should.be.above(100);
    for (const event of events) clean('An event', deep(event));
    deep(events).should.containEql('platform unavailable').and.containEql("topic: 'debug'");
  });

  it('are in no answer of the admin API: flows, credentials, overview, test of the connection', () => {
    answers.length.should.be.above(50);
    for (const { path, text } of answers) clean(path, text);
    const credentials = answers.find(({ path }) => path === 'credentials/fenergo-config/good');
    String(credentials?.text)
      .should.match(/"clientId":"good"/)
      .and.match(/"has_clientSecret":true/);
  });

  it('are in no exported flow', async () => {
    const flows = await nodeRed.flows();
    flows
      .filter(({ type }) => type === 'fenergo-config')
      .length.should.equal(tokenless.length + others.length);
    const text = JSON.stringify(flows);
    clean('The flow', text);
    text.should.not.containEql('clientSecret');
  });

  it('are in no file of the user directory in the clear', () => {
    const { userDir } = nodeRed.RED.settings as unknown as { userDir: string };
    const files = readdirSync(userDir, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile() && !entry.parentPath.includes('node_modules'))
      .map(({ parentPath, name }) => join(parentPath, name));
    files.map((file) => file.slice(userDir.length + 1)).should.containDeep(['flows.json', 'flows_cred.json']);
    for (const file of files) clean(file, readFileSync(file, 'utf8'));
  });
});

interface HookEvent {
  msg: Message;
  error?: FenergoError;
}
