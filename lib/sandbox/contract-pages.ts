import type { Answer } from './answer.js';
import { notThere } from './api.js';
import { contractOf, contractVersion } from './contracts.js';
import type { SandboxOperation } from './operation.js';

/** What the address of a contract asks for. */
export interface ContractPage {
  service: string;
  /** As in the address: `1.0`; absent for the page that lists the contracts of the service. */
  version?: string;
}

/** The page that a path leads to; undefined when it has nothing to do with contracts. */
export function contractPageOf(path: string): ContractPage | undefined {
  const found = /^\/([^/]+)\/swagger\/(?:index\.html|([^/]+)\/swagger\.json)$/.exec(path);
  return found?.[1] === undefined ? undefined : { service: found[1], version: found[2] };
}

/**
 * Answers a request for a contract. As with the vendor's, neither a token nor a tenant is asked for.
 *
 * @param operations all that there are
 * @param dateMs the date, in milliseconds since 1970
 */
export function contractAnswer(
  { service, version }: ContractPage,
  method: string,
  operations: readonly SandboxOperation[],
  dateMs: number,
): Answer {
  const own = operations.filter((operation) => operation.service === service);
  const described =
    version === undefined ? own : own.filter((operation) => contractVersion(operation.version) === version);
  if (described.length === 0) return notThere({ kind: 'unknown' });
  if (method !== 'GET' && method !== 'HEAD') return notThere({ kind: 'wrongMethod', allow: ['GET', 'HEAD'] });
  if (version === undefined) return indexPage(service, own);
  return { status: 200, body: contractOf(service, version, described, dateMs) };
}

function indexPage(service: string, operations: readonly SandboxOperation[]): Answer {
  const title = escapeHtml(service);
  const versions = new Set(operations.map(({ version }) => contractVersion(version)));
  const links = [...versions].map(
    (version) => `<li><a href="${version}/swagger.json">${title} ${version}</a>`,
  );
  const body = `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<title>${title}</title>
<h1>${title}</h1>
<ul>
${links.join('\n')}
</ul>
</html>
`;
  return { status: 200, headers: { 'content-type': 'text/html; charset=utf-8' }, body };
}

function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (sign) => `&#${sign.charCodeAt(0)};`);
}
