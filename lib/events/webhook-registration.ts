import { Canceller, type CancelSignal } from '../cancel.js';
import { type Clock, wait } from '../clock.js';
import { FenergoError } from '../errors.js';
import { EVENT_TYPES } from '../event-types.js';
import { pauseAfterMs } from './pause.js';
import type { SecretMemory } from './secret-memory.js';
import { sameUrl } from './webhook-path.js';

/** What a webhook is set to in the platform. */
export interface WebhookConfig {
  name: string;
  url: string;
  /** Left out of an update: it stays as it is. The platform never gives it back. */
  secret?: string;
  enabled: boolean;
  eventTypes: readonly string[];
  emailAddresses: readonly string[];
  type: 'Single' | 'Batch';
  batchSize?: number;
}

/** A webhook as the platform shows it. */
export interface WebhookView {
  id: string;
  name?: string | null;
  url: string;
  /** Enabled, Retrying, SystemDisabled, UserDisabled. */
  status?: string;
  eventTypes?: readonly string[] | null;
  emailAddresses?: readonly string[] | null;
  type?: string | null;
  batchSize?: number | null;
  /** Newest first. */
  lastDeliveries?: readonly WebhookAttempt[] | null;
}

/** A try to deliver, as the platform shows it. */
export interface WebhookAttempt {
  when?: string;
  status?: string;
  httpStatusCode?: number | null;
}

/** The platform's API for the webhooks of a tenant. */
export interface WebhookApi {
  list(signal: CancelSignal): Promise<WebhookView[]>;
  /** @returns its id */
  add(config: WebhookConfig, signal: CancelSignal): Promise<string>;
  get(id: string, signal: CancelSignal): Promise<WebhookView>;
  update(id: string, config: WebhookConfig, signal: CancelSignal): Promise<void>;
  remove(id: string, signal: CancelSignal): Promise<void>;
  /** Has the platform post a notification now. @returns how that went */
  test(id: string, signal: CancelSignal): Promise<WebhookAttempt>;
}

/** What a webhook is to be. */
export interface WebhookWish {
  name: string;
  url: string;
  secret: string;
  /** As `isWanted` takes them; none: all. */
  eventTypes: readonly string[];
  type: 'Single' | 'Batch';
  batchSize: number;
}

export type RegistrationState =
  | { state: 'registering' }
  | { state: 'registered'; webhookId: string; did: 'added' | 'updated' | 'nothing' }
  /** `againInMs` is absent when it does not help itself: somebody has to do something. */
  | { state: 'failed'; error: unknown; againInMs?: number }
  | { state: 'removed' };

export interface RegistrationOptions {
  api: WebhookApi;
  wish: WebhookWish;
  memory: SecretMemory;
  clock: Clock;
  random: () => number;
  onState: (state: RegistrationState) => void;
}

/** In the messages of the error that tells of too many webhooks. */
export const WEBHOOK_LIMIT = 'WEBHOOK_LIMIT';

/** A tenant may have this many (vendor's documentation of webhooks, surveyed 2026-09-09). */
const MOST_WEBHOOKS = 10;
const MOST_NAME_CHARACTERS = 128;

/** Sees to it that a tenant has the webhook of a node, as the node wishes it. Removes it only when told to. */
export class WebhookRegistration {
  readonly #options: RegistrationOptions;
  readonly #closing = new Canceller();
  #state: RegistrationState = { state: 'registering' };
  #running: Promise<void> | undefined;

  constructor(options: RegistrationOptions) {
    this.#options = options;
  }

  get state(): RegistrationState {
    return this.#state;
  }

  /** Adds or updates the webhook; failures are tried again, unless they do not help themselves. Never rejects. */
  run(): Promise<void> {
    this.#running ??= this.#run().finally(() => {
      this.#running = undefined;
    });
    return this.#running;
  }

  /** The webhook as it is in the platform now; undefined when there is none for this URL. */
  async look(): Promise<WebhookView | undefined> {
    const found = await this.#find();
    return found && this.#options.api.get(found.id, this.#closing);
  }

  /** Has the platform post a notification now. @throws FENERGO_NOT_FOUND */
  async test(): Promise<WebhookAttempt> {
    return this.#options.api.test((await this.#known()).id, this.#closing);
  }

  /**
   * Enables the webhook, after whoever disabled it: what waits in the platform is delivered then. The secret goes with it
   * in any case: who changed it there has left no trace, and this is the way to mend it.
   */
  async enable(): Promise<void> {
    const { id } = await this.#known();
    const view = await this.#options.api.get(id, this.#closing);
    await this.#update(view, true, false);
    this.#tell({ state: 'registered', webhookId: id, did: 'updated' });
  }

  /** Takes the webhook away, and what waits for it in the platform. @throws FENERGO_NOT_FOUND */
  async remove(): Promise<void> {
    const { api, memory } = this.#options;
    await api.remove((await this.#known()).id, this.#closing);
    await memory.forget();
    this.#tell({ state: 'removed' });
  }

  /** Breaks off what is under way. The webhook stays. */
  close(): void {
    this.#closing.abort(new FenergoError('FENERGO_ABORTED', 'The node was closed'));
  }

  async #run(): Promise<void> {
    const { clock, random } = this.#options;
    this.#tell({ state: 'registering' });
    for (let failures = 1; !this.#closing.aborted; failures += 1) {
      try {
        this.#tell(await this.#register());
        return;
      } catch (error) {
        if (!helpsItself(error)) {
          this.#tell({ state: 'failed', error });
          return;
        }
        const againInMs = pauseAfterMs(failures, random());
        this.#tell({ state: 'failed', error, againInMs });
        await wait(clock, againInMs, this.#closing).catch(() => {});
      }
    }
  }

  async #register(): Promise<RegistrationState> {
    const { api, wish, memory } = this.#options;
    const all = await api.list(this.#closing);
    const found = this.#among(all);
    if (!found) {
      const webhookId = await this.#add(all);
      await memory.remember(webhookId, wish.secret);
      return { state: 'registered', webhookId, did: 'added' };
    }
    const webhookId = found.id;
    const view = await api.get(webhookId, this.#closing);
    const isSecretKnown = await memory.knows(webhookId, wish.secret);
    if (isSecretKnown && isAsWished(view, wish)) return { state: 'registered', webhookId, did: 'nothing' };
    // Who disabled it by hand had a reason. Whatever made the platform disable it may be mended now.
    await this.#update(view, view.status !== 'UserDisabled', isSecretKnown);
    return { state: 'registered', webhookId, did: 'updated' };
  }

  async #add(all: readonly WebhookView[]): Promise<string> {
    const { api, wish } = this.#options;
    if (all.length >= MOST_WEBHOOKS) throw limitError(all);
    try {
      return await api.add({ ...configOf(wish), enabled: true, emailAddresses: [] }, this.#closing);
    } catch (error) {
      // Somebody else was faster.
      if (error instanceof FenergoError && /maximum number/i.test(error.message)) throw limitError(all);
      throw error;
    }
  }

  async #update(view: WebhookView, enabled: boolean, isSecretKnown: boolean): Promise<void> {
    const { api, wish, memory } = this.#options;
    const { secret, ...config } = configOf(wish);
    const emailAddresses = view.emailAddresses ?? [];
    const update = { ...config, enabled, emailAddresses, ...(isSecretKnown ? {} : { secret }) };
    await api.update(view.id, update, this.#closing);
    if (!isSecretKnown) await memory.remember(view.id, wish.secret);
  }

  async #known(): Promise<WebhookView> {
    const found = await this.#find();
    if (found) return found;
    const { url } = this.#options.wish;
    throw new FenergoError('FENERGO_NOT_FOUND', `The tenant has no webhook for ${url}: deploy to add it`);
  }

  async #find(): Promise<WebhookView | undefined> {
    return this.#among(await this.#options.api.list(this.#closing));
  }

  #among(all: readonly WebhookView[]): WebhookView | undefined {
    return all.find(({ url }) => sameUrl(url, this.#options.wish.url));
  }

  #tell(state: RegistrationState): void {
    if (this.#closing.aborted) return;
    this.#state = state;
    this.#options.onState(state);
  }
}

function configOf({ name, url, secret, eventTypes, type, batchSize }: WebhookWish) {
  return {
    name: name.slice(0, MOST_NAME_CHARACTERS),
    url,
    secret,
    eventTypes: platformTypes(eventTypes),
    type,
    ...(type === 'Batch' ? { batchSize } : {}),
  };
}

/**
 * Types as the platform takes them: it knows `*`, but not `domain:*`. Of a domain that is not known here all types are
 * asked for; the node leaves out what it does not want.
 */
export function platformTypes(wanted: readonly string[]): string[] {
  const types = new Set<string>();
  for (const pattern of wanted.length > 0 ? wanted : ['*']) {
    const small = pattern.trim().toLowerCase();
    if (small === '*') return ['*'];
    const known = small.endsWith(':*')
      ? EVENT_TYPES.filter((type) => type.toLowerCase().startsWith(small.slice(0, -1)))
      : [EVENT_TYPES.find((type) => type.toLowerCase() === small) ?? pattern.trim()];
    if (known.length === 0) return ['*'];
    for (const type of known) types.add(type);
  }
  return [...types];
}

function isAsWished(view: WebhookView, wish: WebhookWish): boolean {
  const { name, url, eventTypes, type, batchSize } = configOf(wish);
  return (
    view.name === name &&
    view.url === url &&
    view.type === type &&
    (batchSize === undefined || view.batchSize === batchSize) &&
    [...(view.eventTypes ?? [])].sort().join() === [...eventTypes].sort().join()
  );
}

function limitError(all: readonly WebhookView[]): FenergoError {
  const names = all.map(({ name, url }) => name || url).join(', ');
  const message =
    `The tenant has ${MOST_WEBHOOKS} webhooks already, and Fenergo allows no more: remove one of them there ` +
    `(${names.slice(0, 500)}), or let one webhook take what two nodes want`;
  return new FenergoError('FENERGO_VALIDATION', message, {
    messages: [{ message, errorCode: WEBHOOK_LIMIT }],
  });
}

/** What stays as it is until somebody does something. */
const HOPELESS: ReadonlySet<string> = new Set([
  'FENERGO_CONFIG',
  'FENERGO_INPUT',
  'FENERGO_FORBIDDEN',
  'FENERGO_NOT_FOUND',
  'FENERGO_GONE',
  'FENERGO_VALIDATION',
]);

function helpsItself(error: unknown): boolean {
  const { code } = error as { code?: string };
  return code !== undefined && !HOPELESS.has(code);
}
