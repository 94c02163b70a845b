import { Catalog } from '../../lib/catalog/catalog.js';
import type { Overlay } from '../../lib/catalog/overlay.js';
import type { CatalogFile, StoredContract, StoredOperation } from '../../lib/catalog/stored.js';

/** A contract of a service `svc`, version `v1`, unless told. */
export function contract(operations: StoredOperation[], rest: Partial<StoredContract> = {}): StoredContract {
  return {
    service: 'svc',
    version: 'v1',
    source: { from: 'imported', name: 'svc.json', at: '2026-01-01T00:00:00Z' },
    operations,
    ...rest,
  };
}

/** An operation of the API, as a catalog file holds it. */
export function operation(id: string, path: string, rest: Partial<StoredOperation> = {}): StoredOperation {
  return { id, method: 'GET', path, ...rest };
}

/** A catalog of these operations alone. */
export function catalogOf(operations: StoredOperation[], overlay?: Overlay): Catalog {
  const file: CatalogFile = { contracts: operations.length > 0 ? [contract(operations)] : [] };
  return new Catalog({ bundled: () => file, overlay });
}
