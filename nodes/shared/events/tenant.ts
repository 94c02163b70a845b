import type { Node, NodeAPI } from 'node-red';
import { FenergoError } from '../../../lib/errors.js';
import { isGuid } from '../../../lib/tenant.js';
import { connectionOf } from '../connection.js';
import { typedValue } from '../typed-value.js';

/** What a node without an input says of its tenant. */
export interface TenantProperties {
  connection: string;
  tenant: string;
  tenantType: string;
}

/**
 * The tenant that a node without an input works for: its own, else the connection's.
 *
 * @throws FENERGO_CONFIG, FENERGO_INPUT
 */
export async function tenantOf(RED: NodeAPI, node: Node, properties: TenantProperties): Promise<string> {
  const connection = connectionOf(RED, properties.connection);
  const read = typedValue(RED, node, 'Tenant', properties.tenantType, properties.tenant);
  const tenant = String((await read({})) || connection.tenantId).trim();
  if (!tenant) {
    const where = `set it on the node or in the connection '${connection.label}'`;
    throw new FenergoError('FENERGO_INPUT', `Tenant is empty: ${where}`);
  }
  if (isGuid(tenant)) return tenant;
  throw new FenergoError(
    'FENERGO_INPUT',
    `Tenant '${tenant.slice(0, 60)}' is not a GUID: it looks like 11111111-2222-3333-4444-555555555555`,
  );
}
