import { randomUUID } from 'node:crypto';
import type { Request, Response } from 'express';
import type { Node, NodeAPI } from 'node-red';
import { FenergoError } from '../../lib/errors.js';
import { WebhookJournal } from '../../lib/events/webhook-journal.js';
import { normalPath } from '../../lib/events/webhook-path.js';
import {
  STATUS_OF_REFUSAL,
  type Taken,
  type WebhookEmission,
  WebhookReceiver,
} from '../../lib/events/webhook-receiver.js';
import type { WebhookRegistration } from '../../lib/events/webhook-registration.js';
import { messagesOf } from '../shared/events/event-message.js';
import { SeenStore } from '../shared/events/seen-store.js';
import { tenantOf } from '../shared/events/tenant.js';
import type { PathHolder } from '../shared/events/webhook-paths.js';
import type { FlowMessage } from '../shared/input.js';
import { isSpan, numberIn } from '../shared/number-property.js';
import type { Services } from '../shared/services.js';
import type { RunningWebhook } from './admin-routes.js';
import { answer } from './answer.js';
import type { WebhookCredentials, WebhookProperties } from './definition.js';
import { flowResponse } from './flow-response.js';
import { isSandbox, WebhookRegistrar } from './webhook-registrar.js';
import { WebhookStatus } from './webhook-status.js';

const MEGABYTE = 1_048_576;
/** For the body of a delivery to come in. */
const READ_TIMEOUT_MS = 60_000;

export interface WebhookParts
  extends Pick<Services, 'acks' | 'bodies' | 'clock' | 'kept' | 'paths' | 'sandbox'> {
  RED: NodeAPI;
  node: Node;
  properties: WebhookProperties;
  secrets: Required<WebhookCredentials>;
}

/** Where Fenergo's deliveries come into a flow, for as long as the node runs. */
export class WebhookDoor implements PathHolder {
  readonly journal: WebhookJournal;
  readonly #parts: WebhookParts;
  readonly #status: WebhookStatus;
  readonly #seen: SeenStore;
  #registrar: WebhookRegistrar | undefined;
  #receiver: WebhookReceiver | undefined;
  #leave: (() => void) | undefined;
  #closed = false;
  /** Where a notification does not say whose it is. */
  #tenantId = '';
  /** What keeps it from taking anything: its path, or what else it is set to. */
  readonly #problems: { path?: unknown; setup?: unknown } = {};
  /** What was told already: that which goes on is told once. */
  readonly #told = new Set<string>();
  #started = false;

  constructor(parts: WebhookParts) {
    this.#parts = parts;
    this.journal = new WebhookJournal(parts.clock);
    this.#status = new WebhookStatus(parts.node, parts.RED._, parts.clock, this.journal);
    this.#seen = new SeenStore(parts.node, parts.clock, parts.kept);
  }

  get id(): string {
    return this.#parts.node.id;
  }

  get label(): string {
    const { id, name } = this.#parts.node;
    return name ? `'${name}' (${id})` : id;
  }

  /** As the node has it: in an instance of a subflow perhaps another than in the others. */
  get path(): string {
    return this.#parts.properties.path;
  }

  /** Takes its path. What is wrong with the properties is reported as the node's error. */
  open(): void {
    try {
      const { RED, paths, properties } = this.#parts;
      if (!paths.listen(RED)) throw new FenergoError('FENERGO_CONFIG', RED._('webhook.noHttp'));
      const path = normalPath(properties.path);
      if (path === undefined) {
        const problem = properties.path ? 'webhook.badPath' : 'webhook.noPath';
        throw new FenergoError('FENERGO_CONFIG', RED._(problem, { path: properties.path.slice(0, 100) }));
      }
      this.#registrar = new WebhookRegistrar({
        ...this.#parts,
        path,
        secret: () => this.#secret(),
        status: this.#status,
        report: (kind, error) => this.#report(kind, error),
      });
      this.#leave = paths.claim(path, this);
    } catch (error) {
      this.#fail('path', error);
    }
  }

  /** Takes deliveries, once the nodes are there that its messages go to. */
  async start(): Promise<void> {
    this.#started = true;
    // Who would catch it was not there yet.
    if (this.#problems.path) this.#report('path', this.#problems.path);
    try {
      await this.#start();
    } catch (error) {
      if (!this.#closed) this.#fail('setup', error);
    }
  }

  get registration(): WebhookRegistration | undefined {
    return this.#registrar?.registration;
  }

  /** What the dialog shows of it. */
  overview(): RunningWebhook {
    const { taken, refused, entries } = this.journal;
    const problem = (this.#problems.path ?? this.#problems.setup) as Error | undefined;
    return {
      ...(problem ? { problem: problem.message } : {}),
      url: this.#registrar?.url,
      taken,
      refused: Object.fromEntries(refused),
      deliveries: entries,
      registration: this.#registrar?.overview(),
    };
  }

  granted(): void {
    if (!this.#problems.path) return;
    this.#problems.path = undefined;
    this.#told.delete('path');
    this.#status.failed(this.#problems.setup);
    if (this.#started) this.#register();
  }

  refused(other: PathHolder): void {
    const { RED, properties } = this.#parts;
    const text = RED._('webhook.pathTaken', { path: properties.path, other: other.label });
    this.#fail('path', new FenergoError('FENERGO_CONFIG', text));
  }

  serve(request: Request, response: Response): void {
    // Nobody waits for it: what got out of here would end Node-RED.
    this.#serve(request, response).catch(() => response.destroy());
  }

  /**
   * Takes no more. What is under way is refused, so that it comes again.
   *
   * @param removed the node is not there any more after this
   */
  async close(removed: boolean): Promise<void> {
    this.#closed = true;
    this.#leave?.();
    this.#receiver?.close();
    this.#registrar?.close();
    this.#status.close();
    await this.#seen.close();
    if (removed) this.#parts.kept.forget(this.#parts.node);
  }

  async #start(): Promise<void> {
    const { RED, node, properties, acks, bodies, clock } = this.#parts;
    const { eventTypes, duplicates, respond } = properties;
    const limitBytes =
      numberIn('Size limit', properties.limit, isAbove0, 'a number of MB above 0') * MEGABYTE;
    const ackTimeoutMs = respond === 'handled' ? this.#ackTimeoutMs() : 0;
    if (properties.connection) {
      this.#tenantId = await tenantOf(RED, node, properties).catch(() => '');
    }
    const seen = await this.#seen.load();
    if (this.#closed) return;
    const secrets = [this.#secret(), this.#parts.secrets.previousSecret];
    this.#receiver = new WebhookReceiver({
      ...{ eventTypes, duplicates, seen, secrets, limitBytes, respond, ackTimeoutMs, clock, desk: acks },
      readTimeoutMs: READ_TIMEOUT_MS,
      budget: bodies,
      newId: randomUUID,
      emit: (emission, incoming) => this.#emit(emission, incoming as Request),
      onSettled: () => this.#seen.changed(),
      onOpen: (open) => this.#status.open(open),
      onTimeout: (count) => node.warn(RED._('webhook.notHandled', { count, seconds: ackTimeoutMs / 1000 })),
    });
    if (secrets.every((secret) => secret === '')) {
      throw new FenergoError('FENERGO_CONFIG', RED._('webhook.noSecret'));
    }
    if ((RED.settings as { httpNodeAuth?: unknown }).httpNodeAuth) node.warn(RED._('webhook.httpNodeAuth'));
    this.#status.changed();
    this.#register();
  }

  #ackTimeoutMs(): number {
    const { ackTimeout } = this.#parts.properties;
    return numberIn('Handled within', ackTimeout, isAbove0, 'a number of seconds above 0') * 1000;
  }

  /** What was typed. Where the node tells the sandbox of this process what to sign with, nobody needs to. */
  #secret(): string {
    const { RED, properties, secrets, sandbox } = this.#parts;
    if (secrets.secret !== '' || !properties.register) return secrets.secret;
    return isSandbox(RED, properties.connection) ? sandbox.webhookSecret : '';
  }

  /** Sees to the webhook in Fenergo, but not to that of another: whose path it is. */
  #register(): void {
    const { path, setup } = this.#problems;
    // Where it could take nothing, nothing is to be sent.
    if (this.#parts.properties.register && !path && !setup) void this.#registrar?.run();
  }

  #emit({ deliveryId, batchId, items, answering }: WebhookEmission, request: Request): void {
    const { node, properties } = this.#parts;
    const origin = { webhook: properties.path, deliveryId, ...(batchId ? { batchId } : {}) };
    const messages = messagesOf(items, { ...origin, tenantId: this.#tenantId });
    // The editor shows of a message what can be listed; headers cannot, unless they are told to.
    if (answering) Object.defineProperty(request, 'headers', { value: request.headers, enumerable: true });
    for (const [index, msg] of messages.entries()) {
      const id = items[index]?.notification.id ?? '';
      if (answering && request.res) {
        msg.req = request;
        msg.res = flowResponse(request.res, id, answering);
      }
      node.send(msg);
    }
  }

  async #serve(request: Request, response: Response): Promise<void> {
    try {
      const taken = await (this.#receiver?.receive(request) ?? NOT_READY);
      this.#finish(request, response, taken);
    } catch (error) {
      this.#report('unexpected', error);
      this.#finish(request, response, FAILED);
    }
  }

  #finish(request: Request, response: Response, taken: Taken): void {
    const { status, refusal, notifications, sent, onAnswered } = taken;
    if (onAnswered) response.once('finish', onAnswered);
    if (status !== undefined) answer(request, response, status, this.#parts.clock);
    const eventTypes = notifications.map(({ eventType }) => eventType);
    this.journal.note({ status: status ?? response.statusCode, refusal, eventTypes, sent });
    this.#status.changed();
    if (refusal === 'consumed') {
      this.#report(refusal, new FenergoError('FENERGO_CONFIG', this.#parts.RED._('webhook.consumed')));
    }
  }

  #fail(what: 'path' | 'setup', error: unknown): void {
    this.#problems[what] = error;
    this.#status.failed(this.#problems.path ?? this.#problems.setup);
    if (this.#started) this.#report(what, error);
  }

  /** What goes on at each delivery is told once. */
  #report(kind: string, error: unknown): void {
    if (this.#told.has(kind)) return;
    this.#told.add(kind);
    const { node, properties } = this.#parts;
    const { code = 'UNEXPECTED', message } = error as { code?: string; message?: string };
    node.error(
      error as Error,
      {
        payload: message,
        fenergo: { webhook: properties.path, messages: [], error: { code, messages: [] } },
      } as unknown as FlowMessage,
    );
  }
}

const NOT_READY: Taken = {
  status: STATUS_OF_REFUSAL['not-ready'],
  refusal: 'not-ready',
  notifications: [],
  sent: 0,
};
const FAILED: Taken = { status: 500, notifications: [], sent: 0 };

function isAbove0(value: number): boolean {
  return isSpan(value) && value > 0;
}
