import type { ServiceSummary } from '../../../lib/catalog/catalog.js';
import type { Operation } from '../../../lib/catalog/operation.js';

/** An operation without the shape of its body. */
export type OperationSummary = Omit<Operation, 'body'>;

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
