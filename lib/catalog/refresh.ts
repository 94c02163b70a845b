import type { Clock } from '../clock.js';
import { exchange, TransportError } from '../transport.js';
import type { Catalog } from './catalog.js';
import { MAX_CONTRACT_BYTES } from './document.js';
import { Import, type Imported, type Progress } from './import.js';

export interface RefreshOptions {
  catalog: Catalog;
  clock: Clock;
  /** Base of the APIs, without a slash at its end. */
  apiUrl: string;
  /** Only these services; all that the catalog knows unless told. */
  services?: readonly string[];
  /** Told of each contract that was asked for. */
  onProgress?: (progress: Progress) => void;
}

const AT_ONCE = 4;
const WITHIN_MS = 60_000;

/** One version of a service, which may or may not be there. */
interface Wanted {
  service: string;
  version: string;
  /** The catalog has it, so that its absence is worth telling. */
  known: boolean;
}

/**
 * Downloads the contracts of the services and versions that the catalog knows, and of one version further, and goes on
 * from there while there is one. No login is needed for them, and no token is sent.
 *
 * @throws an error when a service is asked for by a name that makes no URL
 */
export async function refresh(options: RefreshOptions): Promise<Imported> {
  const { catalog, clock, onProgress } = options;
  const importing = new Import(catalog);
  const queue = wantedOf(catalog, options.services);
  let total = queue.length;
  let done = 0;
  const worker = async () => {
    for (let wanted = queue.shift(); wanted; wanted = queue.shift()) {
      const { service, version, known } = wanted;
      const found = await download(options, wanted);
      const at = new Date(clock.dateMs()).toISOString();
      const incoming = {
        source: { from: 'live' as const, name: found.url, at },
        place: { service },
        bytes: () => bytesOf(found),
      };
      if (known) await importing.add({ ...incoming, place: { service, version } });
      else if (await importing.addIf(version, incoming)) {
        queue.push({ service, version: next(version), known: false });
        total += 1;
      }
      done += 1;
      onProgress?.({ done, total, name: `${service} ${version}` });
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
  return importing.result();
}

function wantedOf(catalog: Catalog, only?: readonly string[]): Wanted[] {
  const known = new Map(
    catalog.services().map((entry) => [entry.service, entry.versions.map((one) => one.version)]),
  );
  const services = only ?? [...known.keys()];
  return services.flatMap((service) => {
    if (!/^[a-z0-9][a-z0-9_.-]*$/i.test(service)) throw new Error(`'${service}' is no name of a service`);
    const versions = known.get(service) ?? [];
    // Of a service that the catalog does not know, the first version is as good as known: it was asked for.
    const sure = versions.length > 0 ? versions : ['v1'];
    const further = next(sure.at(-1) ?? '');
    return [
      ...sure.map((version) => ({ service, version, known: true })),
      { service, version: further, known: false },
    ];
  });
}

function next(version: string): string {
  return `v${Number(/\d+/.exec(version)?.[0] ?? 0) + 1}`;
}

interface Download {
  url: string;
  bytes?: Buffer;
  problem?: string;
}

async function bytesOf({ bytes, problem }: Download): Promise<Buffer> {
  if (bytes) return bytes;
  throw new Error(problem ?? 'The platform has no contract of this version (404)');
}

/**
 * The vendor's documents are called `1.0` for `v1`; other spellings are tried where there is none.
 * Source: the vendor's public contracts, surveyed 2026-09-09.
 */
async function download({ apiUrl, clock }: RefreshOptions, { service, version }: Wanted): Promise<Download> {
  const number = /\d+/.exec(version)?.[0] ?? '1';
  const urls = [`${number}.0`, version, `${number}.0.0`].map(
    (name) => `${apiUrl}/${encodeURIComponent(service)}/swagger/${encodeURIComponent(name)}/swagger.json`,
  );
  for (const url of urls) {
    const found = await get(clock, url);
    if (found.bytes || found.problem) return found;
  }
  return { url: urls[0] ?? '' };
}

async function get(clock: Clock, url: string): Promise<Download> {
  const controller = new AbortController();
  const cancelTimer = clock.setTimer(WITHIN_MS, () => controller.abort());
  try {
    const headers = { accept: 'application/json', 'user-agent': 'node-red-fenergo' };
    const request = { method: 'GET', url, headers, signal: controller.signal, maxBytes: MAX_CONTRACT_BYTES };
    const { statusCode, body } = await exchange(request);
    if (statusCode === 200) return { url, bytes: body };
    return statusCode === 404 ? { url } : { url, problem: `The platform answered ${statusCode}` };
  } catch (error) {
    return { url, problem: reasonOf(error) };
  } finally {
    cancelTimer();
  }
}

function reasonOf(error: unknown): string {
  if (!(error instanceof TransportError)) return (error as Error).message;
  if (error.kind === 'too-large') return 'It is larger than a contract may be';
  if (error.kind === 'aborted') return `There was no whole answer within ${WITHIN_MS / 1000} s`;
  return `The platform could not be reached or did not answer (${error.code})`;
}
