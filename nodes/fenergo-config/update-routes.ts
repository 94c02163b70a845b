import type { Request, Response } from 'express';
import type { NodeAPI } from 'node-red';
import { MAX_CONTRACT_BYTES } from '../../lib/catalog/document.js';
import { FenergoError } from '../../lib/errors.js';
import { type CatalogUpdate, UpdateError, type UpdateErrorCode } from '../shared/catalog-update.js';
import type { Services } from '../shared/services.js';

const PERMISSION = 'fenergo-catalog.write';

const STATUS_OF: Record<UpdateErrorCode, number> = { busy: 409, cancelled: 409, too_long: 504, failed: 500 };

/** A request that is not carried out. */
class Refusal extends Error {
  readonly status: number;
  readonly code: string;

  constructor(status: number, code: string, message: string) {
    super(message);
    this.status = status;
    this.code = code;
  }
}

/**
 * Adds the update of the catalog to the admin API; refusals are `{ code, message }`:
 * - `POST fenergo/catalog/import?name=file.yaml`, the contract as `application/octet-stream`: answers its ImportSummary
 * - `POST fenergo/catalog/refresh` with `{ "connection": id }`: 202; from the platform of a connection that runs
 * - `GET fenergo/catalog/update`: the UpdateState
 * - `DELETE fenergo/catalog/update`: cancels what is under way; 204
 * - `DELETE fenergo/catalog/contracts/:service/:version`: takes one of the user's own contracts away; 204, or 404
 */
export function registerUpdateRoutes(RED: NodeAPI, services: Services): void {
  const { update } = services;
  const permitted = RED.auth.needsPermission(PERMISSION);
  const answering = (answer: (request: Request, response: Response) => unknown) => {
    return async (request: Request, response: Response) => {
      response.set('Cache-Control', 'no-store');
      try {
        await answer(request, response);
      } catch (error) {
        refuse(request, response, error);
      }
    };
  };
  RED.httpAdmin.post(
    '/fenergo/catalog/import',
    permitted,
    answering(async (request, response) => {
      const bytes = await contractIn(request, update);
      const release = endWithRuntime(RED, update);
      response.json(await update.importFile(String(request.query.name ?? ''), bytes).finally(release));
    }),
  );
  RED.httpAdmin.post(
    '/fenergo/catalog/refresh',
    permitted,
    answering(async (request, response) => {
      await startRefresh(RED, services, connectionIn(request));
      response.sendStatus(202);
    }),
  );
  RED.httpAdmin.get(
    '/fenergo/catalog/update',
    permitted,
    answering((_, response) => response.json(update.state())),
  );
  RED.httpAdmin.delete(
    '/fenergo/catalog/update',
    permitted,
    answering((_, response) => {
      update.cancel();
      response.status(204).end();
    }),
  );
  RED.httpAdmin.delete(
    '/fenergo/catalog/contracts/:service/:version',
    permitted,
    answering(({ params }, response) => {
      removeContract(services, String(params.service), String(params.version));
      response.status(204).end();
    }),
  );
}

function removeContract({ update, overlay }: Services, service: string, version: string): void {
  update.refuseWhileRunning();
  if (overlay.remove(service, version) > 0) return;
  throw new Refusal(404, 'not_found', 'There is no such contract of your own');
}

/** The body of a request; Node-RED's parsers leave this type alone, and pages of other sites cannot send it. */
async function contractIn(request: Request, update: CatalogUpdate): Promise<Buffer> {
  requireType(request, 'application/octet-stream');
  update.refuseWhileRunning();
  const chunks: Buffer[] = [];
  let size = Number(request.headers['content-length'] ?? 0);
  if (size > MAX_CONTRACT_BYTES) throw tooLarge();
  size = 0;
  for await (const chunk of request.iterator({ destroyOnReturn: false })) {
    size += (chunk as Buffer).length;
    if (size > MAX_CONTRACT_BYTES) throw tooLarge();
    chunks.push(chunk as Buffer);
  }
  if (size === 0) throw new Refusal(400, 'empty', 'The file is empty');
  return Buffer.concat(chunks);
}

function connectionIn(request: Request): string {
  requireType(request, 'application/json');
  return String((request.body as { connection?: unknown } | undefined)?.connection ?? '');
}

/** The URL comes from the connection, never from the request: else Node-RED could be sent to any address. */
async function startRefresh(RED: NodeAPI, { connections, update }: Services, id: string): Promise<void> {
  const node = [...connections].find((one) => one.id === id);
  if (!node) throw new Refusal(404, 'not_found', 'There is no such connection: deploy it first');
  update.refuseWhileRunning();
  const { apiUrl, release } = await node.connection.acquireApi();
  const stopListening = endWithRuntime(RED, update);
  const onEnd = () => {
    stopListening();
    release();
  };
  try {
    update.refresh(apiUrl, onEnd);
  } catch (error) {
    onEnd();
    throw error;
  }
}

/**
 * Cancels the run when the flows are stopped otherwise than by a deploy: Node-RED has no event of its own end alone.
 *
 * @returns to be called when the run is over
 */
function endWithRuntime(RED: NodeAPI, update: CatalogUpdate): () => void {
  const listen = ({ id, payload }: { id: string; payload?: { state?: string; deploy?: boolean } }) => {
    if (id === 'runtime-state' && payload?.state === 'stop' && !payload.deploy) update.cancel();
  };
  RED.events.on('runtime-event', listen);
  return () => RED.events.off('runtime-event', listen);
}

function requireType(request: Request, type: string): void {
  const given = String(request.headers['content-type'] ?? '').split(';')[0];
  if (given?.trim().toLowerCase() !== type) throw new Refusal(415, 'wrong_type', `Send it as ${type}`);
}

function tooLarge(): Refusal {
  const megabytes = MAX_CONTRACT_BYTES / 1024 / 1024;
  return new Refusal(413, 'too_large', `A contract may have ${megabytes} MB at most`);
}

function refuse(request: Request, response: Response, error: unknown): void {
  const { code = 'failed', message } = error as { code?: string; message: string };
  // What is still on its way is read and dropped: the sender would not see the answer otherwise.
  request.resume();
  response.status(statusOf(error)).json({ code, message });
}

function statusOf(error: unknown): number {
  if (error instanceof Refusal) return error.status;
  if (error instanceof UpdateError) return STATUS_OF[error.code];
  return error instanceof FenergoError && error.code === 'FENERGO_CONFIG' ? 400 : 500;
}
