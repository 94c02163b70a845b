import type { ImportSummary } from '../../../../lib/catalog/summary.js';
import type { Overview } from '../../../fenergo-config/overview-routes.js';
import type { UpdateState } from '../../catalog-update.js';

export type { ImportSummary, Overview, UpdateState };

/** One of the user's own contracts. */
export type OwnContract = Overview['catalog']['contracts'][number];

/** What runs in this Node-RED. Rejects with the jqXHR. */
export function loadOverview(): JQuery.jqXHR<Overview> {
  return $.getJSON('fenergo/overview');
}

/** How far an import or refresh is. Rejects with the jqXHR. */
export function loadUpdate(): JQuery.jqXHR<UpdateState> {
  return $.getJSON('fenergo/catalog/update');
}

/** Imports one contract. Rejects with the jqXHR. */
export function importContract(file: File): JQuery.jqXHR<ImportSummary> {
  return $.ajax({
    method: 'POST',
    url: `fenergo/catalog/import?name=${encodeURIComponent(file.name)}`,
    contentType: 'application/octet-stream',
    processData: false,
    data: file,
  });
}

/** Starts to download the contracts of a connection's platform. Rejects with the jqXHR. */
export function startRefresh(connection: string): JQuery.jqXHR<void> {
  return $.ajax({
    method: 'POST',
    url: 'fenergo/catalog/refresh',
    contentType: 'application/json',
    data: JSON.stringify({ connection }),
  });
}

/** Ends a running refresh. */
export function cancelUpdate(): JQuery.jqXHR<void> {
  return $.ajax({ method: 'DELETE', url: 'fenergo/catalog/update' });
}

/** Takes one of the user's own contracts away. Rejects with the jqXHR. */
export function removeContract({ service, version }: OwnContract): JQuery.jqXHR<void> {
  const contract = `${encodeURIComponent(service)}/${encodeURIComponent(version)}`;
  return $.ajax({ method: 'DELETE', url: `fenergo/catalog/contracts/${contract}` });
}

/** What a connection is called; as in its dialog where it has no name. */
export function nameOf(_: Translate, { name, region }: Overview['connections'][number]): string {
  return name || _('label.unnamed', { region: region || _('region.default') });
}
