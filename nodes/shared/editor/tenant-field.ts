import { isGuid } from '../../../lib/tenant.js';
import { isEnv } from './env.js';

type TenantType = 'msg' | 'flow' | 'global' | 'env' | 'jsonata';

/** Whether a field of type `str` holds a tenant, or nothing, or an environment variable. */
export function isTenant(value: unknown): boolean {
  const tenant = String(value ?? '').trim();
  return !tenant || isGuid(tenant) || isEnv(tenant);
}

/**
 * Makes the field of the tenant, and shows in it where the tenant comes from when none is given there.
 *
 * @param types what may be chosen beside a tenant in the clear
 */
export function prepareTenant(node: { _: Translate }, types: TenantType[]): void {
  const clear = {
    value: 'str',
    label: RED._('editor:typedInput.type.str'),
    icon: 'red/images/typedInput/az.svg',
    // The editor shows the reason that the node's own validator gives at a field that lies hidden behind this one.
    validate: (value: string) => (isTenant(value) ? true : node._('error.tenant')) as boolean,
  };
  $('#node-input-tenant').typedInput({
    default: 'str',
    types: [clear, ...types],
    typeField: '#node-input-tenantType',
  });
  const connection = $('#node-input-connection');
  const show = (): void => {
    const tenant = String(RED.nodes.node(String(connection.val()))?.tenantId ?? '');
    const text = tenant ? node._('placeholder.tenantOfConnection', { tenant }) : node._('placeholder.tenant');
    const field = $('#node-input-tenant').siblings('.red-ui-typedInput-container').find('input');
    field.attr({ placeholder: text, title: text });
  };
  connection.on('change', show);
  show();
}

/** The type that the field has now. */
export function tenantType(): string {
  return $('#node-input-tenant').typedInput('type');
}
