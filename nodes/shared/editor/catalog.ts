import type { ServiceSummary } from '../../../lib/catalog/catalog.js';
import type { OperationDetails, OperationSummary } from '../catalog-routes.js';

export type { OperationDetails, OperationSummary, ServiceSummary };

/** Every service with its versions. Rejects with the jqXHR. */
export function loadServices(): JQuery.jqXHR<ServiceSummary[]> {
  return $.getJSON('fenergo/catalog/services');
}

/** The operations for what was typed, best first. Rejects with the jqXHR. */
export function searchOperations(text: string): JQuery.jqXHR<OperationSummary[]> {
  return $.getJSON('fenergo/catalog/search', { q: text });
}

/** The operations of one version of a service. Rejects with the jqXHR. */
export function loadOperations(service: string, version: string): JQuery.jqXHR<OperationSummary[]> {
  return $.getJSON(`fenergo/catalog/services/${encodeURIComponent(service)}/${encodeURIComponent(version)}`);
}

/** One operation; undefined when the catalog does not have it. Rejects with the jqXHR for other reasons. */
export function loadOperation(key: string): Promise<OperationDetails | undefined> {
  return orNone($.getJSON('fenergo/catalog/operations', { key }));
}

/** The operation that a method and a path lead to; undefined when there is none. */
export function matchOperation(method: string, path: string): Promise<OperationDetails | undefined> {
  return orNone($.getJSON('fenergo/catalog/match', { method, path }));
}

async function orNone<T>(request: JQuery.jqXHR<T>): Promise<T | undefined> {
  try {
    return await request;
  } catch (error) {
    if ((error as JQuery.jqXHR).status === 404) return undefined;
    throw error;
  }
}
