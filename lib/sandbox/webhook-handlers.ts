import { isIP } from 'node:net';
import { type Answer, failure, invalid, missing, notFound, type Problem, Refusal, wrong } from './answer.js';
import { listEventTypes } from './feed-handlers.js';
import type { Call, Handlers } from './handler.js';
import { isObject, type JsonObject } from './json.js';
import type { WebhookConfig, WebhookLine } from './webhook-line.js';
import { fullView } from './webhooks.js';

const MAX_WEBHOOKS = 10;
const MAX_TEXT = 128;
const MAX_EMAIL_ADDRESSES = 5;
const MIN_BATCH_SIZE = 10;
const MAX_BATCH_SIZE = 100;

/** Webhooks. Neither its requests nor its answers have an envelope. */
export const webhookHandlers: Handlers = {
  'webhooks/ListWebhooks': ({ world }) => ({ status: 200, body: { webHooks: world.webhooks.list() } }),

  'webhooks/AddWebhook': (call) => {
    const config = configOf(call.body);
    const { webhooks } = call.world;
    if (webhooks.size >= MAX_WEBHOOKS) {
      const why = `Bad request. The maximum number of ${MAX_WEBHOOKS} webhooks is reached`;
      throw new Refusal(failure(400, why, 'VALIDATION_ERROR'));
    }
    return { status: 200, body: { webhookId: webhooks.add(config) } };
  },

  'webhooks/GetWebhook': (call) => {
    const id = idOf(call);
    return { status: 200, body: { webhook: fullView(id, lineOf(call)) } };
  },

  'webhooks/UpdateWebhook': (call) => {
    const line = lineOf(call);
    line.configure(configOf(call.body, line.config));
    return { status: 200 };
  },

  'webhooks/DeleteWebhook': (call) => {
    if (!call.world.webhooks.remove(idOf(call))) throw notFound('Webhook');
    return { status: 200 };
  },

  'webhooks/TestWebhook': testWebhook,
  'webhooks/ListEventNotificationTypes': listEventTypes,
};

/** Posts now, whatever the state of the webhook, and tells how it went. */
async function testWebhook(call: Call): Promise<Answer> {
  const { world, callId, correlationId } = call;
  const delivery = await lineOf(call).post({
    id: world.newId(),
    eventType: 'webhooks:test',
    when: world.now(),
    tenantId: world.tenantId,
    causationId: callId,
    correlationId,
    relativeUrl: `webhooks/v1/webhooks/${idOf(call)}`,
    payload: {},
  });
  return { status: 200, body: { delivery } };
}

function idOf({ params }: Call): string {
  return (params.webhookId ?? '').toLowerCase();
}

function lineOf(call: Call): WebhookLine {
  const line = call.world.webhooks.get(idOf(call));
  if (!line) throw notFound('Webhook');
  return line;
}

/** @param old of an update: it keeps its secret when none is given */
function configOf(body: unknown, old?: WebhookConfig): WebhookConfig {
  const data = isObject(body) ? body : {};
  const problems = [
    ...textProblems(data, 'name', false),
    ...urlProblems(data.url),
    ...textProblems(data, 'secret', old === undefined),
    ...(typeof data.enabled === 'boolean' ? [] : [missing('enabled', data.enabled)]),
    ...eventTypeProblems(data.eventTypes),
    ...emailProblems(data.emailAddresses ?? []),
    ...batchProblems(data),
  ];
  if (problems.length > 0) throw invalid(problems);
  const type = data.type === 'Batch' ? 'Batch' : 'Single';
  return {
    name: (data.name as string | null) ?? null,
    url: String(data.url),
    secret: (data.secret as string) || (old?.secret ?? ''),
    enabled: data.enabled === true,
    eventTypes: data.eventTypes as string[],
    emailAddresses: (data.emailAddresses as string[] | null) ?? [],
    type,
    batchSize: (data.batchSize as number | null) ?? (type === 'Batch' ? MAX_BATCH_SIZE : null),
  };
}

function textProblems(data: JsonObject, name: string, required: boolean): Problem[] {
  const text = data[name] ?? '';
  // What was meant as a secret is not shown, however wrong it is.
  const attempted = name === 'secret' ? undefined : text;
  if (typeof text !== 'string') return [wrong(name, `'${name}' must be a string.`, attempted)];
  if (required && text === '') return [missing(name, data[name])];
  if (text.length <= MAX_TEXT) return [];
  return [wrong(name, `'${name}' must be ${MAX_TEXT} characters or fewer.`, attempted)];
}

/** The platform wants https; a receiver on this machine, where the sandbox is, may do without. */
function urlProblems(value: unknown): Problem[] {
  if (typeof value !== 'string' || value === '') return [missing('url', value)];
  const url = URL.canParse(value) ? new URL(value) : undefined;
  if (url?.protocol === 'https:') return [];
  if (url?.protocol === 'http:' && isLoopback(url.hostname)) return [];
  return [wrong('url', "'url' must be an https URL, or an http URL of this machine.", value)];
}

function isLoopback(hostname: string): boolean {
  return (
    hostname === 'localhost' || hostname === '[::1]' || (isIP(hostname) === 4 && hostname.startsWith('127.'))
  );
}

function eventTypeProblems(value: unknown): Problem[] {
  if (!Array.isArray(value) || value.length === 0) return [missing('eventTypes', value)];
  // Not only the listed ones: the platform has types that its registry does not name.
  const right = value.every((type) => typeof type === 'string' && /^(\*|[^:\s]+:[^:\s]+)$/.test(type));
  return right ? [] : [wrong('eventTypes', "'eventTypes' must be like 'entitydata:created', or '*'.", value)];
}

function emailProblems(value: unknown): Problem[] {
  const name = 'emailAddresses';
  if (!Array.isArray(value) || !value.every((item) => typeof item === 'string' && /^\S+@\S+$/.test(item))) {
    return [wrong(name, `'${name}' must be a list of email addresses.`, value)];
  }
  if (value.length <= MAX_EMAIL_ADDRESSES) return [];
  return [wrong(name, `'${name}' must be ${MAX_EMAIL_ADDRESSES} or fewer.`, value)];
}

function batchProblems({ type, batchSize }: JsonObject): Problem[] {
  const typeIsRight = type === undefined || type === null || type === 'Single' || type === 'Batch';
  const size = Number(batchSize ?? MAX_BATCH_SIZE);
  const sizeIsRight =
    (batchSize === undefined || batchSize === null || typeof batchSize === 'number') &&
    Number.isInteger(size) &&
    size >= MIN_BATCH_SIZE &&
    size <= MAX_BATCH_SIZE;
  const range = `between ${MIN_BATCH_SIZE} and ${MAX_BATCH_SIZE}`;
  return [
    ...(typeIsRight ? [] : [wrong('type', "'type' must be Single or Batch.", type)]),
    ...(sizeIsRight ? [] : [wrong('batchSize', `'batchSize' must be ${range}.`, batchSize)]),
  ];
}
