import { type Clock, systemClock } from '../clock.js';
import { PLANS, type Plan } from '../plans.js';
import type { CarriedOut } from './api.js';
import type { CompletedBatch } from './feeds.js';
import type { OperationSource } from './offer.js';
import { type Random, secureRandom } from './random.js';
import type { WebhookDelivery } from './webhook-line.js';

export interface SandboxOptions {
  /** Every operation that the sandbox answers; a function is asked again at each request. */
  operations: OperationSource;
  /** The machine's clock unless told. */
  clock?: Clock;
  /** 0, the default, takes any free port. */
  port?: number;
  /** How far the query side is behind the command side; 500 unless told. */
  consistencyMs?: number;
  /** Which published limits are kept to; `production` unless told. */
  plan?: Plan;
  /** Life of a token; 900 unless told. */
  tokenSeconds?: number;
  /** Token requests a minute from one address before 429; 100 unless told, Infinity or 0: no limit. */
  tokenRequestsPerMinute?: number;
  /** Makes ids and tokens; not to be guessed unless told. */
  random?: Random;
  /** Told of each call that is carried out, also when its answer then gets lost by the fault plan. */
  onCarriedOut?: (call: CarriedOut) => void;
  /** The most notifications in one batch of a feed, up to 10,000; 100 unless told. */
  feedBatchSize?: number;
  /** After this time a batch that was not completed is given again; 300,000 unless told. */
  feedRedeliveryMs?: number;
  /** Told of each batch of a feed that is completed. */
  onCompleted?: (batch: CompletedBatch) => void;
  /** How often a webhook's delivery is tried again before the webhook is disabled; 5 unless told. */
  webhookRetries?: number;
  /** The pause before the first of these, doubled before each further one; 1,000 unless told. */
  webhookRetryMs?: number;
  /** The longest wait for a webhook's answer; 30,000 unless told. */
  webhookTimeoutMs?: number;
  /** Told of each delivery that a webhook's receiver has taken. */
  onDelivered?: (delivery: WebhookDelivery) => void;
}

/** The most that `feedBatchSize` may be. */
export const MAX_FEED_BATCH_SIZE = 10_000;

/**
 * What the parts of a sandbox are made with; what is left out gets its default.
 *
 * @throws an error that names the option that makes no sense
 */
export function settingsOf(options: SandboxOptions) {
  const { clock = systemClock, random = secureRandom(), plan = 'production' } = options;
  const { consistencyMs = 500, tokenSeconds = 900, tokenRequestsPerMinute = 100, onCarriedOut } = options;
  if (!PLANS.includes(plan)) throw new Error(`Unknown plan '${plan}': take one of ${PLANS.join(', ')}.`);
  if (!(consistencyMs >= 0)) throw new Error(`consistencyMs must be 0 or more, not ${consistencyMs}.`);
  checkPositive({ tokenSeconds });
  const calls = { plan, consistencyMs, tokenSeconds, tokenRequestsPerMinute, onCarriedOut };
  return { clock, random, ...calls, feeds: feedSettingsOf(options), webhooks: webhookSettingsOf(options) };
}

function feedSettingsOf({ feedBatchSize = 100, feedRedeliveryMs = 300_000, onCompleted }: SandboxOptions) {
  checkWhole({ feedBatchSize }, 1, MAX_FEED_BATCH_SIZE);
  checkPositive({ feedRedeliveryMs });
  return { batchSize: feedBatchSize, redeliveryMs: feedRedeliveryMs, onCompleted };
}

function webhookSettingsOf(options: SandboxOptions) {
  const { webhookRetries = 5, webhookRetryMs = 1000, webhookTimeoutMs = 30_000, onDelivered } = options;
  checkWhole({ webhookRetries }, 0, MAX_WEBHOOK_RETRIES);
  checkPositive({ webhookRetryMs, webhookTimeoutMs });
  return { retries: webhookRetries, retryMs: webhookRetryMs, timeoutMs: webhookTimeoutMs, onDelivered };
}

/** Each pause is twice the one before: more than these never end. */
const MAX_WEBHOOK_RETRIES = 30;

function checkPositive(options: Record<string, number>): void {
  for (const [name, value] of Object.entries(options)) {
    if (!(value > 0)) throw new Error(`${name} must be more than 0, not ${value}.`);
  }
}

function checkWhole(options: Record<string, number>, min: number, max: number): void {
  for (const [name, value] of Object.entries(options)) {
    if (Number.isInteger(value) && value >= min && value <= max) continue;
    throw new Error(`${name} must be a whole number from ${min} to ${max}, not ${value}.`);
  }
}
