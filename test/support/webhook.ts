import { createHmac } from 'node:crypto';
import { type IncomingHttpHeaders, type RequestOptions, request } from 'node:http';
import type { FlowNode, Message, RealNodeRed } from './node-red.js';

export const SECRET = 'sésame 🔑';

/** Bodies whose bytes differ from what one gets by parsing and writing them again. */
export const ODD_BODIES: [string, Buffer][] = [
  ['escapes in capitals', Buffer.from('{"id":"1","payload":"S\\u00E9bastien"}')],
  ['escapes in small letters', Buffer.from('{"id":"1","payload":"S\\u00e9bastien \\u0041\\/"}')],
  ['an escaped surrogate pair', Buffer.from('{"id":"1","payload":"\\uD83D\\uDD11"}')],
  ['half a surrogate pair', Buffer.from('{"id":"1","payload":"\\uD83D"}')],
  ['emoji as they are', Buffer.from('{"id":"1","payload":"🔑👩‍👩‍👧"}')],
  ['odd white space', Buffer.from(' \t\r\n{ "id" :\n"1" ,\t"payload" : [ 1 ,\r\n2 ] }\n\n')],
  ['a line separator', Buffer.from('{"id":"1","payload":"\u2028\u2029\u00a0"}')],
  ['odd numbers', Buffer.from('{"id":"1","payload":[1.0,1e2,-0,12345678901234567890]}')],
  ['a key that is there twice', Buffer.from('{"id":"0","id":"1"}')],
  ['a key __proto__', Buffer.from('{"id":"1","__proto__":{"polluted":true}}')],
  ['5 MB', Buffer.from(`{"id":"1","payload":"${'x'.repeat(5 * 1_048_576 - 100)}"}`)],
];

/** What the platform puts into the signature header. Worked out here once more: a test that asked the library would agree. */
export function signed(body: Buffer | string, secret = SECRET): Record<string, string> {
  const digest = createHmac('sha256', secret).update(body).digest('hex').toUpperCase();
  return { 'x-fenx-signature': `sha256=${digest}`, 'content-type': 'application/json' };
}

/** A notification, with what is given in place of the usual. */
export function notification(id: string, given: object = {}): Record<string, unknown> {
  return {
    id,
    eventType: 'entitydata:created',
    when: '2026-01-01T00:00:00.000Z',
    tenantId: '11111111-2222-3333-4444-555555555555',
    causationId: null,
    correlationId: null,
    relativeUrl: `entitydataquery/api/entity/${id}`,
    payload: {},
    ...given,
  };
}

export interface HttpAnswer {
  status: number;
  headers: IncomingHttpHeaders;
  body: string;
}

/** A request by hand: nothing is added to it, nothing kept alive. Rejects when the line breaks before the answer. */
export function send(
  url: string,
  options: RequestOptions = {},
  body?: Buffer | string | readonly (Buffer | string)[],
): Promise<HttpAnswer> {
  return new Promise((resolve, reject) => {
    const outgoing = request(url, { method: 'POST', agent: false, ...options });
    outgoing.on('error', reject);
    outgoing.on('response', (incoming) => {
      const chunks: Buffer[] = [];
      incoming.on('data', (chunk) => chunks.push(chunk));
      incoming.on('error', reject);
      incoming.on('end', () => {
        const { statusCode = 0, headers } = incoming;
        resolve({ status: statusCode, headers, body: Buffer.concat(chunks).toString('utf8') });
      });
    });
    // Several pieces go without a length, in chunks.
    if (Array.isArray(body)) for (const piece of body) outgoing.write(piece);
    outgoing.end(Array.isArray(body) ? undefined : body);
  });
}

/** Posts as the platform does. */
export function deliver(url: string, content: unknown, secret = SECRET): Promise<HttpAnswer> {
  const body = Buffer.from(typeof content === 'string' ? content : JSON.stringify(content));
  return send(url, { headers: { ...signed(body, secret), 'content-length': body.length } }, body);
}

/** A webhook node in a flow, wired to `out`. */
export function hook(properties: Record<string, unknown> = {}): FlowNode {
  return {
    id: 'hook',
    type: 'fenergo-webhook',
    z: 'tab',
    x: 1,
    y: 1,
    path: '/fenergo/abc',
    credentials: { secret: SECRET },
    wires: [['out']],
    ...properties,
  };
}

/** The flow around it. */
export const AROUND: FlowNode[] = [
  { id: 'tab', type: 'tab', label: 'Flow' },
  { id: 'out', type: 'junction', z: 'tab', x: 1, y: 1, wires: [[]] },
];

/** Every message that reaches a node from now on. */
export function collect({ RED }: RealNodeRed, id: string): Message[] {
  const messages: Message[] = [];
  const hooks = RED.hooks as unknown as {
    add(id: string, hook: (event: { msg: Message; destination?: { id: string } }) => void): void;
    remove(id: string): void;
  };
  hooks.remove('onReceive.collect');
  hooks.add('onReceive.collect', ({ msg, destination }) => {
    if (destination?.id === id) messages.push(msg);
  });
  return messages;
}

/** What was logged as an error or a warning. */
export function complaints({ logs }: RealNodeRed): string[] {
  return logs
    .filter(({ level, id }) => level <= 30 && id)
    .map(({ msg }) => String((msg as Error)?.message ?? msg));
}
