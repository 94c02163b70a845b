import type { Node, NodeAPI } from 'node-red';
import type { Clock } from '../../lib/clock.js';
import { FenergoError } from '../../lib/errors.js';
import { SecretMemory } from '../../lib/events/secret-memory.js';
import { publicUrl } from '../../lib/events/webhook-path.js';
import {
  type RegistrationState,
  WebhookRegistration,
  type WebhookWish,
} from '../../lib/events/webhook-registration.js';
import { type Connection, connectionOf } from '../shared/connection.js';
import { ContextKeep } from '../shared/events/context-keep.js';
import { tenantOf } from '../shared/events/tenant.js';
import { ConnectionWebhooks } from '../shared/events/webhook-api.js';
import type { Kept } from '../shared/kept.js';
import { isCount, numberIn } from '../shared/number-property.js';
import type { RegistrationOverview } from './admin-routes.js';
import type { WebhookProperties } from './definition.js';
import type { WebhookStatus } from './webhook-status.js';

const KEY = 'registeredWebhook';
const SANDBOX = 'sandbox';
const MIN_BATCH_SIZE = 10;
const MAX_BATCH_SIZE = 100;

export interface RegistrarParts {
  RED: NodeAPI;
  node: Node;
  properties: WebhookProperties;
  /** In its normal form. */
  path: string;
  /** What Fenergo is to sign with, once the connection is there; empty: nothing. */
  secret: () => string;
  clock: Clock;
  kept: Kept;
  status: WebhookStatus;
  /** Reports an error of the node, once for each kind. */
  report: (kind: string, error: unknown) => void;
}

/** Sees to a node's webhook in Fenergo, as node and connection say. Whatever comes of it, deliveries are taken. */
export class WebhookRegistrar {
  readonly #parts: RegistrarParts;
  #registration: WebhookRegistration | undefined;
  /** Why there is none. */
  #error: Error | undefined;
  #closed = false;

  constructor(parts: RegistrarParts) {
    this.#parts = parts;
  }

  /** Once what node and connection say was found complete. */
  get registration(): WebhookRegistration | undefined {
    return this.#registration;
  }

  /** Where the platform finds the webhook, as far as that is known. */
  get url(): string | undefined {
    try {
      return this.#url();
    } catch {
      return undefined;
    }
  }

  /** Adds or updates the webhook. Never rejects. */
  async run(): Promise<void> {
    try {
      this.#error = undefined;
      this.#registration ??= await this.#make();
      if (this.#closed) this.#registration.close();
      else await this.#registration.run();
    } catch (error) {
      this.#error = error as Error;
      this.#changed({ state: 'failed', error });
    }
  }

  /** What the dialog shows of it. */
  overview(): RegistrationOverview | undefined {
    if (this.#error) return { state: 'failed', message: this.#error.message };
    const state = this.#registration?.state;
    if (state?.state === 'registered') return { state: 'registered', did: state.did };
    if (state?.state !== 'failed') return state;
    const { error, againInMs } = state;
    const again = againInMs === undefined ? {} : { againInSeconds: Math.round(againInMs / 1000) };
    return { state: 'failed', message: (error as Error).message, ...again };
  }

  /** Breaks off what is under way. The webhook stays. */
  close(): void {
    this.#closed = true;
    this.#registration?.close();
  }

  /** @throws FENERGO_CONFIG, FENERGO_INPUT with what is missing or wrong */
  async #make(): Promise<WebhookRegistration> {
    const { RED, node, properties, clock, kept } = this.#parts;
    const tenantId = await tenantOf(RED, node, properties);
    return new WebhookRegistration({
      api: new ConnectionWebhooks(RED, properties.connection, tenantId),
      wish: this.#wish(),
      memory: new SecretMemory(new ContextKeep(node, KEY, kept)),
      clock,
      random: Math.random,
      onState: (state) => this.#changed(state),
    });
  }

  #wish(): WebhookWish {
    const { RED, node, properties } = this.#parts;
    const secret = this.#parts.secret();
    if (secret === '') throw new FenergoError('FENERGO_CONFIG', RED._('webhook.noSecret'));
    const { webhookName, eventTypes, deliveries } = properties;
    const isBatch = deliveries === 'batch';
    return {
      name: webhookName || node.name || 'Node-RED',
      url: this.#url(),
      secret,
      eventTypes,
      type: isBatch ? 'Batch' : 'Single',
      batchSize: isBatch ? this.#batchSize() : MAX_BATCH_SIZE,
    };
  }

  #batchSize(): number {
    const isSize = (size: number) => isCount(size) && size >= MIN_BATCH_SIZE && size <= MAX_BATCH_SIZE;
    const range = `between ${MIN_BATCH_SIZE} and ${MAX_BATCH_SIZE}`;
    return numberIn('Batch size', this.#parts.properties.batchSize, isSize, range);
  }

  #url(): string {
    const { RED, properties, path } = this.#parts;
    const base = properties.baseUrl || this.#baseUrlOf(connectionOf(RED, properties.connection));
    const url = publicUrl(base, String(RED.settings.httpNodeRoot ?? '/'), path);
    if (url) return url;
    throw new FenergoError('FENERGO_INPUT', RED._('webhook.badBaseUrl', { url: base.slice(0, 200) }));
  }

  #baseUrlOf(connection: Connection): string {
    const { RED } = this.#parts;
    if (connection.publicUrl) return connection.publicUrl;
    const isInSandbox = connection.facts().region === SANDBOX;
    const { uiPort, https } = RED.settings as { uiPort?: unknown; https?: unknown };
    // The sandbox is on this machine, and finds Node-RED there.
    if (isInSandbox && uiPort && !https) return `http://127.0.0.1:${uiPort}`;
    const problem = isInSandbox ? 'webhook.noSandboxUrl' : 'webhook.noBaseUrl';
    throw new FenergoError('FENERGO_CONFIG', RED._(problem, { connection: connection.label }));
  }

  #changed(state: RegistrationState): void {
    if (this.#closed) return;
    const { RED, node, properties, status, report } = this.#parts;
    if (state.state === 'failed') {
      status.unregistered(state.error);
      report(`registration ${(state.error as { code?: string }).code}`, state.error);
      return;
    }
    status.unregistered(undefined);
    if (state.state === 'registered' && state.did !== 'nothing') {
      node.log(RED._(`webhook.${state.did}`, { url: this.url ?? properties.path }));
    }
  }
}

/** Whether a connection leads to the sandbox of this process. */
export function isSandbox(RED: NodeAPI, connectionId: string): boolean {
  try {
    return connectionOf(RED, connectionId).facts().region === SANDBOX;
  } catch {
    // What is wrong with it is told where it is used.
    return false;
  }
}
