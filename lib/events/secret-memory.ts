import { randomBytes, scrypt, timingSafeEqual } from 'node:crypto';

/** Where something small is kept; it may be lost. */
export interface Keep {
  load(): Promise<unknown>;
  save(value: unknown): Promise<void>;
}

const BYTES = 32;

/**
 * Knows whether a secret is the one that a webhook was given, without keeping it: the platform does not give it back. What
 * is kept is a salted fingerprint that takes long to work out, since it lies where contexts lie.
 */
export class SecretMemory {
  readonly #keep: Keep;

  constructor(keep: Keep) {
    this.#keep = keep;
  }

  /** Whether the webhook is known to have this secret. */
  async knows(webhookId: string, secret: string): Promise<boolean> {
    const kept = await this.#keep.load();
    if (typeof kept !== 'object' || kept === null) return false;
    const { webhookId: id, salt, fingerprint } = kept as Record<string, unknown>;
    if (id !== webhookId || typeof salt !== 'string' || typeof fingerprint !== 'string') return false;
    const given = Buffer.from(fingerprint, 'base64');
    if (given.length !== BYTES) return false;
    return timingSafeEqual(given, await fingerprintOf(secret, salt));
  }

  async remember(webhookId: string, secret: string): Promise<void> {
    const salt = randomBytes(16).toString('base64');
    const fingerprint = (await fingerprintOf(secret, salt)).toString('base64');
    await this.#keep.save({ webhookId, salt, fingerprint });
  }

  async forget(): Promise<void> {
    await this.#keep.save(undefined);
  }
}

function fingerprintOf(secret: string, salt: string): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    scrypt(secret, salt, BYTES, (error, key) => (error ? reject(error) : resolve(key)));
  });
}
