import { createHash } from 'node:crypto';
import { Canceller } from '../cancel.js';
import type { Clock } from '../clock.js';
import type { AckDesk } from './ack-desk.js';
import type { BodyBudget } from './body-budget.js';
import { Delivery, type DeliveryEnd } from './delivery.js';
import { type IntakeOptions, type Item, takeIn } from './intake.js';
import { type Notification, notificationOf } from './notification.js';
import { type BodyRequest, type NoBody, rawBodyOf, saysTooLarge } from './raw-body.js';
import { isSigned, looksSigned, SIGNATURE_HEADER } from './signature.js';

/** When a delivery is answered with 200: once it was sent on, or when the flow has handled all of it. */
export type Respond = 'received' | 'handled';

/** Why a delivery was not taken. */
export type Refusal =
  | NoBody
  | 'method'
  | 'no-secret'
  | 'unsigned'
  | 'unreadable'
  | 'not-ready'
  /** The flow has not handled it in time. */
  | 'timed-out'
  /** The flow has answered with a failure. */
  | 'by-flow';

type OwnRefusal = Exclude<Refusal, 'by-flow'>;

/** What is answered to each; there is nobody to answer where the sender broke off. */
export const STATUS_OF_REFUSAL: Record<OwnRefusal, number> = {
  'no-secret': 401,
  unsigned: 401,
  unreadable: 400,
  method: 405,
  late: 408,
  'too-large': 413,
  aborted: 499,
  consumed: 500,
  busy: 503,
  stopped: 503,
  'not-ready': 503,
  'timed-out': 503,
};

/** What came of a request. */
export interface Taken {
  /** The status to answer with; undefined when the flow answers by itself. */
  status: number | undefined;
  refusal?: Refusal;
  /** The notifications that it brought, wanted or not. */
  notifications: readonly Notification[];
  /** How many of them were sent on. */
  sent: number;
  /** To be called when the answer has gone out. */
  onAnswered?: () => void;
}

/** What is sent on of a delivery. */
export interface WebhookEmission {
  deliveryId: string;
  /** Of a webhook that posts lists: what they are gathered under. */
  batchId?: string;
  items: readonly Item[];
  /** Where the flow may answer by itself; only when the platform waits for what the flow does. */
  answering?: FlowAnswers;
}

/** Where a flow answers a delivery, message by message. */
export interface FlowAnswers {
  /** Whether what is answered to the one message is the answer to the delivery, as it is. */
  alone: boolean;
  /**
   * A message was answered: its notification is handled, or with a status from 400 on it is not, and the platform is to
   * deliver all again.
   *
   * @returns whether it counted; not when the delivery is over
   */
  answered(notificationId: string, status: number): boolean;
}

export interface ReceiverOptions extends IntakeOptions {
  secrets: readonly string[];
  limitBytes: number;
  /** For the body to come in. */
  readTimeoutMs: number;
  respond: Respond;
  ackTimeoutMs: number;
  clock: Clock;
  /** What the bodies of all receivers share. */
  budget: BodyBudget;
  desk: AckDesk;
  newId: () => string;
  /** Sends the messages on. */
  emit: (emission: WebhookEmission, request: BodyRequest) => void;
  /** More ids are settled: to be kept for a later run. */
  onSettled: () => void;
  /** So many messages wait to be handled. */
  onOpen?: (open: number) => void;
  /** A delivery was not handled in time, and is refused: it comes again. */
  onTimeout?: (open: number) => void;
}

/** Takes the deliveries of a webhook into a flow. */
export class WebhookReceiver {
  readonly #options: ReceiverOptions;
  readonly #secrets: readonly string[];
  readonly #closing = new Canceller();
  /** What the flow has not handled yet. */
  readonly #open = new Set<Delivery>();
  /** By notification of these: who is to be told whether it was handled. */
  readonly #waiting = new Map<string, ((handled: boolean) => void)[]>();

  constructor(options: ReceiverOptions) {
    this.#options = options;
    this.#secrets = options.secrets.filter((secret) => secret !== '');
  }

  /** Takes what a request brings, once it is found to be signed. Never throws for what came from outside. */
  async receive(request: BodyRequest): Promise<Taken> {
    if (request.method !== 'POST') return refused('method');
    if (this.#secrets.length === 0) return refused('no-secret');
    const { limitBytes, readTimeoutMs, clock, budget } = this.#options;
    if (saysTooLarge(request, limitBytes)) return refused('too-large');
    const signature = request.headers[SIGNATURE_HEADER];
    // Whoever knows nothing of signatures does not get to fill the memory.
    if (!looksSigned(signature)) return refused('unsigned');
    const signal = this.#closing;
    const body = await rawBodyOf(request, { limitBytes, timeoutMs: readTimeoutMs, clock, signal, budget });
    if (!Buffer.isBuffer(body)) return refused(body);
    if (!isSigned(body, signature, this.#secrets)) return refused('unsigned');
    const content = contentOf(body);
    if (!content) return refused('unreadable');
    return this.#take(content, request);
  }

  /** Takes no more; what is under way is refused, so that it comes again. */
  close(): void {
    this.#closing.abort(new Error('The node was closed'));
    for (const delivery of this.#open) delivery.stop();
  }

  async #take({ notifications, isBatch }: Content, request: BodyRequest): Promise<Taken> {
    const items = takeIn(notifications, this.#options);
    if (items.length === 0) return { status: 200, notifications, sent: 0 };
    if (this.#options.respond === 'handled') {
      return { notifications, ...(await this.#untilHandled(items, isBatch, request)) };
    }
    const deliveryId = this.#options.newId();
    this.#emit({ deliveryId, items, ...(isBatch ? { batchId: deliveryId } : {}) }, request);
    const ids = items.map(({ notification }) => notification.id);
    this.#note(ids, 'handled');
    const onAnswered = () => this.#note(ids, 'settled');
    return { status: 200, notifications, sent: items.length, onAnswered };
  }

  /**
   * Sends on what nobody handles yet, and waits until all is handled. The platform delivers again what takes it too long:
   * that waits for what is under way, so that a slow flow does not get the same work over and over.
   */
  async #untilHandled(items: readonly Item[], isBatch: boolean, request: BodyRequest): Promise<Handled> {
    const joins = this.#options.duplicates === 'drop';
    const own = items.filter(({ notification }) => !joins || !this.#waiting.has(notification.id));
    const joined = items.filter((item) => !own.includes(item));
    const others = joined.map(
      ({ notification }) =>
        new Promise<boolean>((resolve) => this.#waiting.get(notification.id)?.push(resolve)),
    );
    const end = own.length > 0 ? await this.#deliver(own, joined.length === 0, isBatch, request) : HANDLED;
    const handled = await Promise.all(others);
    if (end.status !== 200 || handled.every(Boolean)) return { ...end, sent: own.length };
    const refusal = this.#closing.aborted ? 'stopped' : 'timed-out';
    return { status: STATUS_OF_REFUSAL[refusal], refusal, sent: own.length };
  }

  #deliver(
    items: readonly Item[],
    isAll: boolean,
    isBatch: boolean,
    request: BodyRequest,
  ): Promise<Omit<Handled, 'sent'>> {
    const { clock, desk, ackTimeoutMs, newId, onTimeout } = this.#options;
    const deliveryId = newId();
    const notificationIds = items.map(({ notification }) => notification.id);
    return new Promise((resolve, reject) => {
      let byFlow: number | undefined;
      const alone = isAll && items.length === 1;
      const delivery = new Delivery({
        ...{ id: deliveryId, batchId: deliveryId, notificationIds, timeoutMs: ackTimeoutMs, clock },
        onAcknowledged: (id) => {
          this.#note([id], 'settled');
          this.#tell(id, true);
          if (this.#options.duplicates === 'drop') this.#acknowledgeElsewhere(id);
          this.#tellOpen();
        },
        onEnd: (end) => {
          this.#open.delete(delivery);
          desk.ended(delivery);
          for (const id of notificationIds) this.#tell(id, false);
          this.#tellOpen();
          if (end === 'timed-out') onTimeout?.(delivery.open);
          resolve(outcomeOf(end, byFlow, alone));
        },
      });
      const answered = (id: string, status: number): boolean => {
        if (delivery.end) return false;
        if (alone || status >= FIRST_FAILURE) byFlow = status;
        if (status >= FIRST_FAILURE) delivery.stop();
        else delivery.acknowledge(id);
        return true;
      };
      this.#open.add(delivery);
      for (const id of notificationIds) this.#waiting.set(id, []);
      desk.open(delivery);
      this.#tellOpen();
      try {
        const batch = isBatch ? { batchId: deliveryId } : {};
        this.#emit({ deliveryId, items, ...batch, answering: { alone, answered } }, request);
      } catch (error) {
        reject(error);
        delivery.stop();
      }
    });
  }

  #emit(emission: WebhookEmission, request: BodyRequest): void {
    const ids = emission.items.map(({ notification }) => notification.id);
    for (const id of ids) this.#options.seen.note(id, 'sent');
    this.#options.emit(emission, request);
  }

  #note(ids: readonly string[], stage: 'handled' | 'settled'): void {
    for (const id of ids) this.#options.seen.note(id, stage);
    // A later run keeps its own ids in the same place.
    if (stage === 'settled' && !this.#closing.aborted) this.#options.onSettled();
  }

  /** Acknowledged late: what has come again meanwhile is handled, too. */
  #acknowledgeElsewhere(id: string): void {
    for (const delivery of this.#open) delivery.acknowledge(id);
  }

  #tell(id: string, handled: boolean): void {
    const waiting = this.#waiting.get(id) ?? [];
    this.#waiting.delete(id);
    for (const tell of waiting) tell(handled);
  }

  #tellOpen(): void {
    let open = 0;
    for (const delivery of this.#open) open += delivery.open;
    this.#options.onOpen?.(open);
  }
}

type Handled = Omit<Taken, 'notifications'>;

const HANDLED = { status: 200 };
/** From this status on the platform takes an answer for a failure. */
const FIRST_FAILURE = 400;

function outcomeOf(end: DeliveryEnd, byFlow: number | undefined, alone: boolean): Omit<Handled, 'sent'> {
  if (byFlow !== undefined) {
    const refusal = byFlow >= FIRST_FAILURE ? 'by-flow' : undefined;
    // What is answered to the only message has gone out as it is.
    return { status: alone ? undefined : byFlow, ...(refusal ? { refusal } : {}) };
  }
  if (end === 'acknowledged') return HANDLED;
  return { status: STATUS_OF_REFUSAL[end], refusal: end };
}

interface Content {
  notifications: Notification[];
  /** Whether it came as a list. */
  isBatch: boolean;
}

/** What a body holds; undefined when it is no notification and no list of them. */
export function contentOf(body: Buffer): Content | undefined {
  let parsed: unknown;
  try {
    parsed = JSON.parse(UTF8.decode(body));
  } catch {
    return undefined;
  }
  if (typeof parsed !== 'object' || parsed === null) return undefined;
  const isBatch = Array.isArray(parsed);
  const values: unknown[] = isBatch ? (parsed as unknown[]) : [parsed];
  let digest: string | undefined;
  const notifications = values.map((value, index) => {
    const notification = notificationOf(value, '');
    if (notification.id !== '') return notification;
    // What has no id gets one by which it is known when the same bytes come again.
    digest ??= createHash('sha256').update(body).digest('hex').slice(0, 32);
    return { ...notification, id: `${digest}#${index}` };
  });
  return { notifications, isBatch };
}

const UTF8 = new TextDecoder('utf-8', { fatal: true });

function refused(refusal: OwnRefusal): Taken {
  return { status: STATUS_OF_REFUSAL[refusal], refusal, notifications: [], sent: 0 };
}
