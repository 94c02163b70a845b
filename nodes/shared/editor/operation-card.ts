import { grants } from '../../../lib/scopes.js';
import type { OperationDetails } from './catalog.js';
import { isEnv } from './env.js';
import { inWords, splitKey } from './operation-key.js';
import type { Choice } from './operation-picker.js';

type Node = { _: Translate };

/** A connection, as far as it tells what it may call. */
export interface GrantedScopes {
  name: string;
  scope: string;
}

export interface CardOptions {
  /** The chosen connection, when its scopes are known. */
  connection: GrantedScopes | undefined;
  /** Called with the key of another version. */
  onVersion: (key: string) => void;
}

/** Shows the chosen operation: what it is, where it leads, what it needs, and what to be warned of. */
export function drawCard(card: JQuery, node: Node, choice: Choice, options: CardOptions): void {
  card.empty().toggleClass('fenergo-operation-none', choice.state === 'none');
  const { operation, key } = choice;
  if (operation) {
    card.append(title(node, operation), address(operation), facts(node, operation, options.onVersion));
    card.append(...warnings(node, operation, options.connection));
    return;
  }
  if (choice.state === 'none') return void card.append($('<span>').text(node._('catalog.none')));
  const { id, service, version } = splitKey(key);
  const name = choice.state === 'unknown' ? node._('catalog.unknownEntry', { name: id }) : inWords(id);
  card.append($('<div class="fenergo-operation-title">').append($('<b>').text(name || key)));
  card.append($('<div class="fenergo-operation-facts">').text(`${service} ${version}`.trim()));
  if (choice.state !== 'loading') card.append(warning(node._(`catalog.${choice.state}`)));
}

/** A method, as everywhere in the dialogs. */
export function methodBadge(method: string): JQuery {
  return $('<span class="fenergo-request-method">')
    .addClass(`fenergo-method-${method.toLowerCase()}`)
    .text(method);
}

/** What a person should know before choosing: `deprecated`, or since when the operation has ended; else nothing. */
export function lifeBadge(
  node: Node,
  { deprecated, sunset }: { deprecated: boolean; sunset?: string },
): JQuery | undefined {
  const ended = sunset !== undefined && hasPassed(sunset);
  if (!ended && !deprecated) return undefined;
  const text = ended ? node._('catalog.badge.ended') : node._('catalog.badge.deprecated');
  return $('<span class="fenergo-badge">').toggleClass('fenergo-badge-ended', ended).text(text);
}

/** Whether a day has begun, in UTC as the platform counts. */
function hasPassed(day: string): boolean {
  return day <= new Date().toISOString().slice(0, 10);
}

function title(node: Node, operation: OperationDetails): JQuery {
  const line = $('<div class="fenergo-operation-title">');
  line.append(
    methodBadge(operation.method),
    $('<b>').text(inWords(operation.id)).attr('title', operation.id),
  );
  const life = lifeBadge(node, operation);
  if (life) line.append(life);
  if (operation.withdrawn)
    line.append(
      $('<span class="fenergo-badge fenergo-badge-ended">').text(node._('catalog.badge.withdrawn')),
    );
  return line;
}

function address({ service, path }: OperationDetails): JQuery {
  return $('<code class="fenergo-operation-path">').text(`/${service}${path}`);
}

function facts(node: Node, operation: OperationDetails, onVersion: (key: string) => void): JQuery {
  const { service, version, otherVersions, scope, source, documentation: url } = operation;
  const place = $('<span>').text(`${service} ${version}`);
  for (const key of otherVersions) {
    const text = node._('catalog.version', { version: splitKey(key).version });
    const button = $('<button type="button" class="fenergo-link">').text(text);
    place.append(
      ' ',
      button.on('click', () => onVersion(key)),
    );
  }
  const origin = node._(`catalog.source.${source.from}`, {
    at: source.at.slice(0, 10),
    name: source.name ?? '',
  });
  const documentation = $('<a target="_blank" rel="noopener noreferrer">')
    .attr('href', url ?? '')
    .text(`${node._('catalog.documentation')} `)
    .append('<i class="fa fa-external-link" aria-hidden="true"></i>');
  return $('<div class="fenergo-operation-facts">').append(
    place,
    scope ? $('<span>').text(node._('catalog.scope', { scope })) : '',
    $('<span>').text(origin),
    url ? $('<span>').append(documentation) : '',
  );
}

function warnings(node: Node, operation: OperationDetails, connection: GrantedScopes | undefined): JQuery[] {
  const { scope, sunset, deprecated, withdrawn } = operation;
  const found: JQuery[] = [];
  if (scope && connection && !isEnv(connection.scope) && !grants(connection.scope, scope)) {
    found.push(warning(node._('catalog.scopeMissing', { scope, connection: connection.name })));
  }
  if (sunset) found.push(warning(node._(hasPassed(sunset) ? 'catalog.ended' : 'catalog.sunset', { sunset })));
  else if (deprecated) found.push(warning(node._('catalog.deprecated')));
  if (withdrawn) found.push(warning(node._('catalog.withdrawn')));
  return found;
}

function warning(text: string): JQuery {
  return $('<div class="fenergo-request-warning">')
    .append('<i class="fa fa-exclamation-triangle" aria-hidden="true"></i> ')
    .append($('<span>').text(text));
}
