import { isTyping } from './focus.js';
import { nameOf, type Overview } from './overview.js';

type Connection = Overview['connections'][number];

/** The dots of the sidebar: the colours of a node's status. */
const DOT: Record<string, string> = {
  valid: 'green',
  requesting: 'blue',
  'held-back': 'red',
  incomplete: 'red',
  none: 'grey',
};

/** Lists the running connections, each with what is known of its token. */
export function drawConnections(list: JQuery, _: Translate, connections: readonly Connection[]): void {
  if (isTyping(list)) return;
  list.empty();
  if (connections.length === 0)
    list.append($('<p class="fenergo-sidebar-empty">').text(_('sidebar.noConnections')));
  for (const connection of connections) list.append(entry(_, connection));
}

function entry(_: Translate, connection: Connection): JQuery {
  const { id, name, region, token, circuit } = connection;
  const open = $('<button type="button" class="fenergo-sidebar-name">').text(nameOf(_, connection));
  // One that was deleted in the editor runs until the next deploy; the editor would make a new one of it.
  if (RED.nodes.node(id)) {
    open.attr('title', _('sidebar.edit')).on('click', () => RED.editor.editConfig('', 'fenergo-config', id));
  } else open.prop('disabled', true);
  return $('<div class="fenergo-sidebar-entry">').append(
    $('<span class="fenergo-dot" aria-hidden="true">').addClass(
      `fenergo-dot-${circuit.state === 'closed' ? (DOT[token.state] ?? 'grey') : 'red'}`,
    ),
    $('<div class="fenergo-sidebar-text">').append(
      open,
      $('<span class="fenergo-sidebar-aside">').text(name ? region || _('region.default') : ''),
      $('<div class="fenergo-sidebar-detail">').text(tokenInWords(_, token)),
      ...traffic(_, connection),
    ),
  );
}

/** What is out of the ordinary on the way to the API. */
function traffic(_: Translate, { circuit, waiting }: Connection): JQuery[] {
  const lines: JQuery[] = [];
  if (circuit.state !== 'closed') {
    const { failures } = circuit;
    const text =
      circuit.state === 'open'
        ? _('sidebar.circuit.open', { failures, seconds: circuit.secondsLeft })
        : _('sidebar.circuit.probing', { failures });
    lines.push($('<div class="fenergo-sidebar-detail fenergo-failed">').text(text));
  }
  if (waiting > 0) {
    lines.push($('<div class="fenergo-sidebar-detail">').text(_('sidebar.waiting', { count: waiting })));
  }
  return lines;
}

function tokenInWords(_: Translate, token: Connection['token']): string {
  switch (token.state) {
    case 'valid':
      return token.secondsLeft >= 90
        ? _('sidebar.token.minutes', { minutes: Math.round(token.secondsLeft / 60), scope: token.scope })
        : _('sidebar.token.seconds', { seconds: Math.round(token.secondsLeft), scope: token.scope });
    case 'held-back':
      return _('sidebar.token.heldBack', { seconds: Math.round(token.secondsLeft), reason: token.reason });
    case 'incomplete':
      return token.reason;
    case 'requesting':
      return _('sidebar.token.requesting');
    default:
      return _('sidebar.token.none');
  }
}
