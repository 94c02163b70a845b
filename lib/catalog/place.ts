import { ContractError } from './contract-error.js';
import { type ContractDocument, isObject } from './document.js';
import { isName } from './stored.js';

/** What is known of a contract beside its text; it wins over the text. */
export interface PlaceHints {
  service?: string;
  version?: string;
  /** Whether a service of this name is known: it is found behind what a gateway puts before it. */
  isService?: (name: string) => boolean;
}

/** Where the operations of a contract belong. */
export interface Place {
  service: string;
  version: string;
  /** What stands before each of its paths, behind the service. */
  prefix: string;
  /** What is taken off each of its paths: the service, where the paths bear it. */
  strip: string;
}

/**
 * The service and version of a contract: as the vendor has it, `servers: [{ "url": "/entitydatacommand" }]` and
 * `info: { "version": "2.0" }` for `v2`.
 *
 * @throws ContractError when it does not tell its service
 */
export function placeOf(document: ContractDocument, hints: PlaceHints): Place {
  const paths = isObject(document.paths) ? Object.keys(document.paths) : [];
  const version = hints.version === undefined ? versionOf(document) : checkedVersion(hints.version);
  const segments = basePath(document).split('/').filter(Boolean);
  const shared = sharedSegment(paths);
  const { service: hint } = hints;
  if (hint !== undefined && !isName(hint)) throw new ContractError(`'${hint}' is no name of a service`);
  const inBase = hint === undefined ? serviceIn(segments, shared, hints) : segments.lastIndexOf(hint);
  // What stands before it is the gateway's: that belongs to the connection, which names the API's address.
  const named = segments[inBase];
  if (named !== undefined) {
    return { service: named, version, prefix: joined(segments.slice(inBase + 1)), strip: '' };
  }
  if (hint !== undefined) {
    const strip = shared === hint ? `/${shared}` : '';
    return { service: hint, version, prefix: strip ? '' : joined(segments), strip };
  }
  if (shared) return { service: shared, version, prefix: '', strip: `/${shared}` };
  throw new ContractError(
    `It does not tell its service: its 'servers' should name it, as in "/entitydatacommand", or --service of fenergo-catalog`,
  );
}

/** Where in the base the service stands: one that is known, else the first segment; -1 when it is in the paths. */
function serviceIn(segments: string[], shared: string | undefined, { isService }: PlaceHints): number {
  const known = segments.findLastIndex((segment) => isService?.(segment));
  if (known >= 0) return known;
  if (shared !== undefined && isService?.(shared)) return -1;
  return isName(segments[0]) ? 0 : -1;
}

function joined(segments: string[]): string {
  return segments.map((segment) => `/${segment}`).join('');
}

/** `2` and `v2` are both `v2`. */
function checkedVersion(version: string): string {
  const [, number] = /^v?(\d{1,9})$/.exec(version) ?? [];
  if (number !== undefined) return `v${Number(number)}`;
  if (!isName(version)) throw new ContractError(`'${version}' is no name of a version`);
  return version;
}

/** The path of the first server, without a slash at its end; variables take their defaults. */
function basePath({ servers }: ContractDocument): string {
  const [server] = Array.isArray(servers) ? servers : [];
  if (!isObject(server) || typeof server.url !== 'string') return '';
  const variables = isObject(server.variables) ? server.variables : {};
  const url = server.url.replace(/\{([^{}]+)\}/g, (_, name: string) => {
    const variable = Object.hasOwn(variables, name) ? variables[name] : undefined;
    return isObject(variable) ? String(variable.default ?? '') : '';
  });
  try {
    return new URL(url, 'https://host.invalid').pathname.replace(/\/+$/, '');
  } catch {
    return '';
  }
}

/** `1.7.2` and `v1` are both `v1`; without a number it is `v1` too. */
function versionOf({ info }: ContractDocument): string {
  const [major = '1'] = /\d{1,9}/.exec(String((isObject(info) && info.version) ?? '')) ?? [];
  return `v${Number(major)}`;
}

/** The first segment of every path, where all have the same. */
function sharedSegment(paths: string[]): string | undefined {
  const firsts = new Set(paths.map((path) => path.split('/')[1] ?? ''));
  const [only] = firsts;
  const behind = paths.every((path) => path.split('/').length > 2);
  return firsts.size === 1 && behind && isName(only) && !/^(api|v\d+)$/i.test(only) ? only : undefined;
}
