import { regionEndpoints } from '../../../lib/regions.js';
import { SANDBOX_TENANTS } from '../../../lib/sandbox/seed.js';
import { isEnv } from './env.js';

/** What the list holds while another region is wanted but not named: no region can be called so. */
export const NO_REGION_NAME = '_OTHER_';

/**
 * The list of regions with its followers: the field for another name, the URLs of one's own, the hosts in words.
 * The entry "another region" carries the typed name as its value, so that the list is the property itself.
 */
export function prepareRegion(node: { _: Translate }, saved: string): void {
  const region = $('#node-config-input-region');
  const option = $('#fenergo-config-region-other-option');
  const name = $('#fenergo-config-region-other');
  const known = region.find('option').filter((_, { value }) => value === saved).length > 0;
  if (!known) {
    option.val(saved);
    name.val(saved);
    region.val(saved);
  }

  const show = (): void => {
    const value = String(region.val());
    const other = option.is(':selected');
    $('#fenergo-config-region-other-row').toggle(other);
    $('.fenergo-config-custom').toggle(value === 'custom');
    $('#fenergo-config-tenants').toggle(value === 'sandbox');
    $('#fenergo-config-hosts').text(hosts(node, value));
    name.toggleClass('input-error', other && region.hasClass('input-error'));
  };
  for (const { id, name: label } of SANDBOX_TENANTS) {
    $('<button type="button" class="red-ui-button red-ui-button-small">')
      .text(label.replace(/ \(sandbox\)$/, ''))
      .on('click', () => $('#node-config-input-tenantId').val(id).trigger('change'))
      .appendTo('#fenergo-config-tenants');
  }
  name.on('input', () => {
    option.val(String(name.val()).trim() || NO_REGION_NAME);
    region.trigger('change');
  });
  region.on('change', () => {
    show();
    // The editor judges the fields in a handler of its own, some of them by the region.
    queueMicrotask(show);
  });
  show();
}

/** Where calls go, or what to know of the choice. */
function hosts(node: { _: Translate }, region: string): string {
  if (region === 'sandbox') return node._('hint.sandbox');
  if (region === 'custom' || region === NO_REGION_NAME) return '';
  if (isEnv(region)) return node._('hint.env');
  try {
    return regionEndpoints(region).apiUrl;
  } catch {
    return '';
  }
}
