import { type Claim, claimOf, type EventMessage, type Part, splitsOf } from './acknowledgement.js';
import type { Delivery, DeliveryEnd } from './delivery.js';

/** What came of an acknowledgement. */
export type AckOutcome =
  /** It counted; so many messages of the delivery are still open. */
  | { kind: 'acknowledged'; open: number }
  /** The message is a part of one that was split, and others have not come yet. */
  | { kind: 'partial'; got: number; of?: number }
  /** It had been acknowledged before. */
  | { kind: 'already' }
  /** The delivery was over: it is known as handled, but what was not completed comes again. */
  | { kind: 'late'; end: DeliveryEnd }
  /** Nothing is known of this delivery: it came from an earlier run, or long ago. */
  | { kind: 'unknown' }
  /** Several deliveries that are open brought the notification, and the message does not say which one it is of. */
  | { kind: 'ambiguous' }
  /** The message carries no notification. */
  | { kind: 'nothing' };

/**
 * So many deliveries of each kind are known when they are over: those that are acknowledged, to tell what comes twice,
 * and those that are not, whose acknowledgements still count. All feeds and webhooks share the desk: a busy webhook whose
 * deliveries are all acknowledged must not make it forget a batch that took too long.
 */
const MOST_ENDED = 200;

/** Where the flow acknowledges what was delivered to it. */
export class AckDesk {
  readonly #deliveries = new Map<string, Delivery>();
  /** Ids of those that are over, oldest first: those that are acknowledged, and those that are not. */
  readonly #acknowledged = new Set<string>();
  readonly #unfinished = new Set<string>();
  /** By delivery, by notification and group of parts: which parts have come. */
  readonly #parts = new Map<string, Map<string, { seen: Set<number>; count?: number }>>();

  /** Takes acknowledgements of a delivery from now on. */
  open(delivery: Delivery): void {
    this.#deliveries.set(delivery.id, delivery);
  }

  /** A delivery is over: acknowledgements of it are late from now on. */
  ended(delivery: Delivery): void {
    if (!this.#deliveries.has(delivery.id)) return;
    const isAcknowledged = delivery.end === 'acknowledged';
    // The parts of a message may come too late, too; of one that is acknowledged they do not count any more.
    if (isAcknowledged) this.#parts.delete(delivery.id);
    const ended = isAcknowledged ? this.#acknowledged : this.#unfinished;
    ended.add(delivery.id);
    if (ended.size <= MOST_ENDED) return;
    const [oldest = ''] = ended;
    ended.delete(oldest);
    this.#deliveries.delete(oldest);
    this.#parts.delete(oldest);
  }

  /**
   * Acknowledges what a message carries.
   *
   * @param whole the whole batch that it came with, not only its own notification
   */
  acknowledge(msg: EventMessage, whole = false): AckOutcome {
    const claim = claimOf(msg);
    if (!claim) return { kind: 'nothing' };
    const [delivery, ...others] = this.#deliveriesOf(claim);
    if (!delivery) return { kind: 'unknown' };
    // To guess could acknowledge what the flow of another node has not handled.
    if (others.length > 0) return { kind: 'ambiguous' };
    const { end } = delivery;
    // It is all acknowledged: parts of it are not to be waited for.
    if (end === 'acknowledged') return { kind: 'already' };
    const { ids, missing } = whole
      ? { ids: delivery.notificationIds, missing: undefined }
      : this.#idsOf(delivery, claim, splitsOf(msg, delivery.id));
    if (missing) return { kind: 'partial', ...missing };
    let counted = 0;
    for (const id of ids) {
      const all = whole || claim.notificationId === undefined;
      while (delivery.acknowledge(id)) {
        counted += 1;
        if (!all) break;
      }
    }
    if (counted === 0) return { kind: 'already' };
    return end ? { kind: 'late', end } : { kind: 'acknowledged', open: delivery.open };
  }

  /** The delivery that a message can be of; several where it does not name one, and more than one is open. */
  #deliveriesOf({ deliveryId, batchId, notificationId, notificationIds }: Claim): Delivery[] {
    const brought = (delivery: Delivery) =>
      notificationId ? delivery.has(notificationId) : notificationIds.some((id) => delivery.has(id));
    if (deliveryId) {
      const delivery = this.#deliveries.get(deliveryId);
      return delivery && brought(delivery) ? [delivery] : [];
    }
    // A flow that kept only what names the notification.
    const candidates = [...this.#deliveries.values()].filter(
      (delivery) => delivery.batchId === batchId && brought(delivery),
    );
    const open = candidates.filter(({ end }) => end === undefined);
    return open.length > 0 ? open : candidates.slice(0, 1);
  }

  /** Which notifications a message acknowledges; or what is missing of one that was split. */
  #idsOf(
    delivery: Delivery,
    { notificationId, notificationIds, inPayload }: Claim,
    splits: readonly Part[],
  ): { ids: string[]; missing?: { got: number; of?: number } } {
    const mine = inPayload.filter((id) => delivery.has(id));
    // Joined: the last one's facts, and all of them in the payload. Or a batch, whole or split into its notifications.
    if (mine.length > 0 && (splits.length === 0 || notificationId === undefined)) {
      return { ids: notificationId && !mine.includes(notificationId) ? [...mine, notificationId] : mine };
    }
    const missing = this.#missing(delivery.id, notificationId ?? '', splits);
    if (missing) return { ids: [], missing };
    return { ids: notificationId ? [notificationId] : notificationIds.filter((id) => delivery.has(id)) };
  }

  /** Notes the part that has come. @returns undefined when there are no others to wait for */
  #missing(
    deliveryId: string,
    notificationId: string,
    splits: readonly Part[],
  ): { got: number; of?: number } | undefined {
    for (const { id, index, count } of splits) {
      let groups = this.#parts.get(deliveryId);
      if (!groups) {
        groups = new Map();
        this.#parts.set(deliveryId, groups);
      }
      const key = JSON.stringify([notificationId, id]);
      const group = groups.get(key) ?? { seen: new Set<number>() };
      groups.set(key, group);
      group.seen.add(index);
      if (count !== undefined) group.count = Math.max(group.count ?? 0, count);
      if (group.count === undefined || group.seen.size < group.count) {
        return { got: group.seen.size, of: group.count };
      }
    }
    return undefined;
  }
}
