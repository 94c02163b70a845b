import { createHash } from 'node:crypto';
import type { Request, Response } from 'express';
import type { NodeAPI } from 'node-red';
import type { Catalog } from '../../lib/catalog/catalog.js';
import type { Operation } from '../../lib/catalog/operation.js';
import { KNOWN_SCOPES } from '../../lib/scopes.js';

/** Who may edit request nodes may read what they can call. */
const PERMISSION = 'fenergo-request.read';

/** A list to choose from; who does not find it there types one more word. */
const MOST_RESULTS = 30;
const LONGEST_QUERY = 200;

/**
 * Hangs the catalog into the admin API, for the edit dialogs:
 * - `GET fenergo/catalog/services`: every service with its versions
 * - `GET fenergo/catalog/services/:service/:version`: its operations, without the shapes of their bodies; 404 if unknown
 * - `GET fenergo/catalog/operations?key=service/version/id`: one operation, with it; 404 if unknown
 * - `GET fenergo/catalog/search?q=words`: the operations for what was typed, best first, without shapes
 * - `GET fenergo/scopes`: the known scopes
 *
 * Call it once, when the node type is registered.
 */
export function registerCatalogRoutes(RED: NodeAPI, catalog: Catalog): void {
  const get = (path: string, answer: (request: Request) => unknown): void => {
    RED.httpAdmin.get(path, RED.auth.needsPermission(PERMISSION), (request: Request, response: Response) => {
      send(request, response, answer(request));
    });
  };
  get('/fenergo/catalog/services', () => catalog.services());
  get('/fenergo/catalog/services/:service/:version', ({ params }) => {
    const operations = catalog.operationsOf(String(params.service), String(params.version));
    return operations.length ? operations.map(withoutBody) : undefined;
  });
  get('/fenergo/catalog/operations', ({ query }) => catalog.find(String(query.key ?? '')));
  get('/fenergo/catalog/search', ({ query }) =>
    catalog.search(String(query.q ?? '').slice(0, LONGEST_QUERY), MOST_RESULTS).map(withoutBody),
  );
  get('/fenergo/scopes', () => KNOWN_SCOPES);
}

/** The answer as JSON which the browser keeps but asks about each time; 404 for undefined. */
function send(request: Request, response: Response, answer: unknown): void {
  if (answer === undefined) {
    response.status(404).json({ code: 'not_found', message: 'Not in the catalog' });
    return;
  }
  const body = JSON.stringify(answer);
  response.set('Cache-Control', 'private, no-cache');
  response.set('ETag', `"${createHash('sha256').update(body).digest('base64url')}"`);
  if (request.fresh) response.status(304).end();
  else response.type('json').send(body);
}

function withoutBody({ body: _, ...operation }: Operation): Omit<Operation, 'body'> {
  return operation;
}
