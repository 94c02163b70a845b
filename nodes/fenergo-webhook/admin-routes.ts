import type { Request, Response } from 'express';
import type { NodeAPI } from 'node-red';
import { FenergoError } from '../../lib/errors.js';
import type { JournalEntry } from '../../lib/events/webhook-journal.js';
import type { WebhookAttempt, WebhookRegistration } from '../../lib/events/webhook-registration.js';
import type { Doors } from './doors.js';
import type { WebhookDoor } from './webhook-door.js';

/** What the dialog shows of a node; nothing secret, and nothing of what deliveries brought. */
export interface WebhookOverview {
  /** Whether Node-RED asks for a password where Fenergo is to post. */
  httpNodeAuth: boolean;
  /** Absent while the node does not run. */
  running?: RunningWebhook;
}

export interface RunningWebhook {
  /** Why it takes nothing. */
  problem?: string;
  /** Where it is registered, or would be. */
  url?: string;
  /** In a subflow with several instances: how many, and the path of the one that is shown, which the buttons act on. */
  instance?: { count: number; path: string };
  taken: number;
  /** By status. */
  refused: Record<string, number>;
  /** Newest first. */
  deliveries: readonly JournalEntry[];
  /** Where it sees to its webhook in Fenergo. */
  registration?: RegistrationOverview;
}

export type RegistrationOverview =
  | { state: 'registering' | 'removed' }
  | { state: 'registered'; did: string }
  | { state: 'failed'; message: string; againInSeconds?: number };

/** What the platform says of a webhook, or why it says nothing. */
export type PlatformOverview =
  | { ok: true; status?: string; deliveries: readonly WebhookAttempt[] }
  | { ok: false; message: string };

/** What came of a button. */
export type ButtonOutcome = { ok: true; delivery?: WebhookAttempt } | { ok: false; message: string };

const READ = 'fenergo-webhook.read';
const WRITE = 'fenergo-webhook.write';

/** Adds what the dialog asks for: `GET fenergo/webhooks/:id` and `…/platform`, `POST …/test`, `…/enable`, `…/remove`. */
export function registerWebhookRoutes(RED: NodeAPI, doors: Doors): void {
  const { httpAdmin, auth, settings } = RED;
  const base = '/fenergo/webhooks/:id';
  const doorsOf = ({ params }: Request) => doors.of(String(params.id));
  const doorOf = (request: Request) => doorsOf(request).at(-1);
  const reply = (response: Response, answer: unknown) =>
    response.set('Cache-Control', 'no-store').json(answer);

  httpAdmin.get(base, auth.needsPermission(READ), (request: Request, response: Response) => {
    const httpNodeAuth = Boolean((settings as { httpNodeAuth?: unknown }).httpNodeAuth);
    reply(response, { httpNodeAuth, running: runningOf(doorsOf(request)) } satisfies WebhookOverview);
  });

  httpAdmin.get(
    `${base}/platform`,
    auth.needsPermission(READ),
    async (request: Request, response: Response) => {
      const answer = await attempt(RED, doorOf(request), async (registration) => {
        const view = await registration.look();
        if (!view) throw new FenergoError('FENERGO_NOT_FOUND', RED._('webhook.notThere'));
        return { ok: true as const, status: view.status, deliveries: view.lastDeliveries ?? [] };
      });
      reply(response, answer satisfies PlatformOverview);
    },
  );

  const buttons: Record<string, (registration: WebhookRegistration) => Promise<ButtonOutcome>> = {
    test: async (registration) => ({ ok: true, delivery: await registration.test() }),
    enable: (registration) => registration.enable().then(() => ({ ok: true })),
    remove: (registration) => registration.remove().then(() => ({ ok: true })),
  };
  for (const [name, press] of Object.entries(buttons)) {
    httpAdmin.post(
      `${base}/${name}`,
      auth.needsPermission(WRITE),
      async (request: Request, response: Response) => {
        reply(response, (await attempt(RED, doorOf(request), press)) satisfies ButtonOutcome);
      },
    );
  }
}

function runningOf(doors: readonly WebhookDoor[]): RunningWebhook | undefined {
  const door = doors.at(-1);
  if (!door) return undefined;
  const instance = { count: doors.length, path: door.path };
  return { ...door.overview(), ...(doors.length > 1 ? { instance } : {}) };
}

async function attempt<T>(
  RED: NodeAPI,
  door: WebhookDoor | undefined,
  act: (registration: WebhookRegistration) => Promise<T>,
): Promise<T | { ok: false; message: string }> {
  const registration = door?.registration;
  if (!registration) return { ok: false, message: RED._('webhook.notRegistered') };
  try {
    return await act(registration);
  } catch (error) {
    return { ok: false, message: (error as Error).message };
  }
}
