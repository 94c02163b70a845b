import type { Request, Response } from 'express';
import type { NodeAPI } from 'node-red';
import type { Catalog } from '../../lib/catalog/catalog.js';
import { documentationUrl } from '../../lib/catalog/documentation.js';
import type { Operation } from '../../lib/catalog/operation.js';
import { KNOWN_SCOPES } from '../../lib/scopes.js';
import { AdminAnswers } from './admin-answer.js';

/** Who may edit request nodes may read what they can call. */
const PERMISSION = 'fenergo-request.read';

/** A list to choose from; who does not find it there types one more word. */
const MOST_RESULTS = 30;
const LONGEST_QUERY = 200;

/** An operation in a list. */
export type OperationSummary = Pick<
  Operation,
  'key' | 'service' | 'version' | 'id' | 'method' | 'path' | 'deprecated' | 'sunset'
>;

/** An operation with all that a dialog shows of it. Its schemas stay here: they are large. */
export type OperationDetails = Omit<Operation, 'rules'> & {
  /** Names of query parameters and headers that the contract requires. */
  required: string[];
  /** Whether calls can be checked before they are sent. */
  checkable: boolean;
  /** Keys of the same operation in other versions. */
  otherVersions: string[];
  /** The vendor's page about its service; absent for services that are not the vendor's. */
  documentation?: string;
};

/**
 * Hangs the catalog into the admin API, for the edit dialogs:
 * - `GET fenergo/catalog/services`: every service with its versions
 * - `GET fenergo/catalog/services/:service/:version`: its operations; 404 if unknown
 * - `GET fenergo/catalog/operations?key=service/version/id`: one operation with all its details; 404 if unknown
 * - `GET fenergo/catalog/search?q=words`: the operations for what was typed, best first
 * - `GET fenergo/catalog/match?method=GET&path=/service/…`: the operation that a request leads to; 404 if none
 * - `GET fenergo/scopes`: the known scopes
 *
 * Call it once, when the node type is registered.
 */
export function registerCatalogRoutes(RED: NodeAPI, catalog: Catalog): void {
  const answers = new AdminAnswers();
  const get = (path: string, answer: (request: Request) => unknown): void => {
    RED.httpAdmin.get(path, RED.auth.needsPermission(PERMISSION), (request: Request, response: Response) => {
      answers.send(request, response, answer(request));
    });
  };
  const details = (operation: Operation | undefined) => operation && detailsOf(catalog, operation);
  get('/fenergo/catalog/services', () => catalog.services());
  get('/fenergo/catalog/services/:service/:version', ({ params }) => {
    const operations = catalog.operationsOf(String(params.service), String(params.version));
    return operations.length > 0 ? operations.map(summaryOf) : undefined;
  });
  get('/fenergo/catalog/operations', ({ query }) => details(catalog.find(String(query.key ?? ''))));
  get('/fenergo/catalog/search', ({ query }) =>
    catalog.search(String(query.q ?? '').slice(0, LONGEST_QUERY), MOST_RESULTS).map(summaryOf),
  );
  get('/fenergo/catalog/match', ({ query }) =>
    details(catalog.match(String(query.method ?? ''), String(query.path ?? ''))),
  );
  get('/fenergo/scopes', () => KNOWN_SCOPES);
}

function summaryOf(operation: Operation): OperationSummary {
  const { key, service, version, id, method, path, deprecated, sunset } = operation;
  return { key, service, version, id, method, path, deprecated, sunset };
}

function detailsOf(catalog: Catalog, operation: Operation): OperationDetails {
  const { rules, ...rest } = operation;
  const required = (rules?.params ?? []).filter((param) => param.required && param.in !== 'path');
  return {
    ...rest,
    required: required.map(({ name }) => name),
    checkable: rules !== undefined,
    otherVersions: catalog.otherVersions(operation),
    documentation: catalog.isVendors(operation.service) ? documentationUrl(operation.service) : undefined,
  };
}
