import { inWords, splitKey } from '../operation-key.js';
import { isTyping } from './focus.js';
import type { Overview } from './overview.js';

type Request = Overview['requests'][number];

/** Lists the last requests, the newest first; a click leads to the node. */
export function drawRequests(list: JQuery, _: Translate, requests: readonly Request[]): void {
  if (isTyping(list)) return;
  list.empty();
  if (requests.length === 0)
    list.append($('<p class="fenergo-sidebar-empty">').text(_('sidebar.noRequests')));
  for (const request of requests) list.append(entry(_, request));
}

function entry(_: Translate, request: Request): JQuery {
  const { at, nodeId, nodeName, operation, label, code, statusCode, durationMs, attempts } = request;
  const failed = code !== undefined;
  const what = operation ? inWords(splitKey(operation).id) : label || _('sidebar.notSent');
  const name = $('<button type="button" class="fenergo-sidebar-name">').text(what);
  const node = RED.nodes.node(nodeId);
  if (node) name.attr('title', _('sidebar.reveal')).on('click', () => RED.view.reveal(nodeId));
  else name.prop('disabled', true);
  const status = $('<span class="fenergo-sidebar-status">').text(statusCode ?? (failed ? '–' : ''));
  const detail = [
    new Date(at).toLocaleTimeString(),
    nodeName || (operation || label ? '' : labelOf(node)),
    failed ? _(`status.reason.${code}`) : '',
    _('sidebar.duration', { milliseconds: Math.round(durationMs) }),
    attempts > 1 ? _('sidebar.attempts', { attempts }) : '',
  ];
  return $('<div class="fenergo-sidebar-entry">').append(
    status.toggleClass('fenergo-failed', failed),
    $('<div class="fenergo-sidebar-text">').append(
      name,
      $('<div class="fenergo-sidebar-detail">').text(detail.filter(Boolean).join(' · ')),
    ),
  );
}

/** What the editor calls a node. */
function labelOf(node: Record<string, unknown> | null): string {
  return node ? RED.utils.getNodeLabel(node as never) : '';
}
