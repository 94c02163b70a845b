import { FenergoError } from './errors.js';

/** Regions seen in the vendor's public material; a client may be told of others. `''` is the default region. */
export const KNOWN_REGIONS: readonly string[] = ['', 'emea1b', 'apac1', 'nar1'];

/** Where a connection's calls go. */
export interface Endpoints {
  /** The token endpoint, in full. */
  tokenUrl: string;
  /** The base of every API call, without a slash at its end. */
  apiUrl: string;
}

const REGION = /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/i;

/**
 * The hosts of a region, as the source document names them: `identity.{region}.fenergox.com`,
 * `api.{region}.fenergox.com`, both without the region part for the default region.
 *
 * @throws FENERGO_CONFIG when the name cannot be a part of a host name
 */
export function regionEndpoints(region: string): Endpoints {
  const name = region.trim();
  if (name && !REGION.test(name)) {
    throw new FenergoError(
      'FENERGO_CONFIG',
      `Region '${name}' cannot be part of a host name: use a name such as 'emea1b', or 'custom' with your own URLs`,
    );
  }
  const middle = name ? `${name.toLowerCase()}.` : '';
  return {
    tokenUrl: `https://identity.${middle}fenergox.com/connect/token`,
    apiUrl: `https://api.${middle}fenergox.com`,
  };
}

/**
 * The hosts of a private link, a gateway or the sandbox.
 *
 * @param identityUrl base of the identity server; `/connect/token` is put behind it
 * @param apiUrl base of the APIs
 * @throws FENERGO_CONFIG when one is missing or is no http(s) URL, or carries a user name, a query or a fragment
 */
export function customEndpoints(identityUrl: string, apiUrl: string): Endpoints {
  return {
    tokenUrl: `${baseUrl(identityUrl, 'Identity URL')}/connect/token`,
    apiUrl: baseUrl(apiUrl, 'API URL'),
  };
}

function baseUrl(text: string, label: string): string {
  const wrong = (why: string) =>
    new FenergoError('FENERGO_CONFIG', `${label} ${why}: give it as https://host, with a path if need be`);
  if (!text.trim()) throw wrong('is empty');
  let url: URL;
  try {
    url = new URL(text.trim());
  } catch {
    throw wrong('is not a URL');
  }
  if (url.protocol !== 'https:' && url.protocol !== 'http:') throw wrong('does not start with https://');
  if (url.username || url.password) throw wrong('carries a user name or password');
  if (url.search || url.hash) throw wrong("has a '?' or '#' part");
  return url.origin + url.pathname.replace(/\/+$/, '');
}
