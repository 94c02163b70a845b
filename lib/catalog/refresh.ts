import { type Clock, wait } from '../clock.js';
import { retryAfterMs } from '../retry-after.js';
import { exchange, TransportError } from '../transport.js';
import type { Catalog } from './catalog.js';
import { MAX_CONTRACT_BYTES } from './document.js';
import { Import, type Imported, type Incoming, type Progress } from './import.js';

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
/** The platform's own versions go up to four; a server that answers everything must not lead us on for ever. */
const MOST_FURTHER = 5;
/** So many without any answer, and the rest is not asked for: each could take a minute. */
const MOST_UNREACHABLE = 3;
const BUSY = new Set([429, 502, 503, 504]);
const TRIES = 3;
const PAUSE_MS = 2000;
const LONGEST_PAUSE_MS = 30_000;

/** One version of a service, which may or may not be there. */
interface Wanted {
  service: string;
  version: string;
  /** The catalog has it, so that its absence is worth telling. */
  known: boolean;
  /** How many versions beyond the known ones it is. */
  further: number;
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
  let unreachable = 0;
  const worker = async () => {
    for (let wanted = queue.shift(); wanted; wanted = queue.shift()) {
      const { service, version, known, further } = wanted;
      const found =
        unreachable < MOST_UNREACHABLE ? await download(options, wanted) : notAsked(options, wanted);
      unreachable = found.unreachable ? unreachable + 1 : 0;
      const incoming = incomingOf(found, service, clock);
      if (known) await importing.add({ ...incoming, expectedVersion: version });
      else if (await importing.addIf(version, incoming)) {
        if (further < MOST_FURTHER) {
          queue.push({ service, version: next(version), known: false, further: further + 1 });
          total += 1;
        }
      }
      done += 1;
      onProgress?.({ done, total, name: `${service} ${version}` });
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
  return importing.result();
}

function incomingOf(found: Download, service: string, clock: Clock): Incoming {
  return {
    source: { from: 'live', name: found.url, at: new Date(clock.dateMs()).toISOString() },
    place: { service },
    bytes: () => bytesOf(found),
  };
}

function wantedOf(catalog: Catalog, only?: readonly string[]): Wanted[] {
  const known = new Map(
    catalog.services().map((entry) => [entry.service, entry.versions.map((one) => one.version)]),
  );
  const services = new Set(only ?? known.keys());
  return [...services].flatMap((service) => {
    if (!/^[a-z0-9][a-z0-9_.-]*$/i.test(service)) throw new Error(`'${service}' is no name of a service`);
    const versions = known.get(service) ?? [];
    // Of a service that the catalog does not know, the first version is as good as known: it was asked for.
    const sure = versions.length > 0 ? versions : ['v1'];
    const further = next(sure.at(-1) ?? '');
    return [
      ...sure.map((version) => ({ service, version, known: true, further: 0 })),
      { service, version: further, known: false, further: 1 },
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
  /** There was no answer at all. */
  unreachable?: boolean;
}

async function bytesOf({ bytes, problem }: Download): Promise<Buffer> {
  if (bytes) return bytes;
  throw new Error(problem ?? 'The platform has no contract of this version (404)');
}

/**
 * The vendor's documents are called `1.0` for `v1`; other spellings are tried where there is none.
 * Source: the vendor's public contracts, surveyed 2026-09-09.
 */
async function download({ apiUrl, clock }: RefreshOptions, wanted: Wanted): Promise<Download> {
  const urls = urlsOf(apiUrl, wanted);
  for (const url of urls) {
    const found = await getPatiently(clock, url);
    if (found.bytes || found.problem) return found;
  }
  return { url: urls[0] ?? '' };
}

function urlsOf(apiUrl: string, { service, version }: Wanted): string[] {
  const number = /\d+/.exec(version)?.[0] ?? '1';
  return [`${number}.0`, version, `${number}.0.0`].map(
    (name) => `${apiUrl}/${encodeURIComponent(service)}/swagger/${encodeURIComponent(name)}/swagger.json`,
  );
}

function notAsked({ apiUrl }: RefreshOptions, wanted: Wanted): Download {
  const problem = 'It was not asked for, since the platform did not answer several times in a row';
  return { url: urlsOf(apiUrl, wanted)[0] ?? '', problem, unreachable: true };
}

/** What is busy is asked again, as late as it says. */
async function getPatiently(clock: Clock, url: string): Promise<Download> {
  for (let tried = 1; ; tried += 1) {
    const { busyMs, ...found } = await get(clock, url);
    if (busyMs === undefined || tried === TRIES) return found;
    await wait(clock, Math.min(busyMs, LONGEST_PAUSE_MS));
  }
}

async function get(clock: Clock, url: string): Promise<Download & { busyMs?: number }> {
  const controller = new AbortController();
  const cancelTimer = clock.setTimer(WITHIN_MS, () => controller.abort());
  try {
    const headers = { accept: 'application/json', 'user-agent': 'node-red-fenergo' };
    const { signal } = controller;
    const request = { method: 'GET', url, headers, signal, maxBytes: MAX_CONTRACT_BYTES, clock };
    const answer = await exchange(request);
    const { statusCode, body } = answer;
    if (statusCode === 200) return { url, bytes: body };
    if (statusCode === 404) return { url };
    const askedMs = retryAfterMs(answer.headers['retry-after'], clock.dateMs());
    const busyMs = BUSY.has(statusCode) ? (askedMs ?? PAUSE_MS) : undefined;
    return { url, problem: `The platform answered ${statusCode}`, busyMs };
  } catch (error) {
    const unreachable =
      error instanceof TransportError && (error.kind === 'unreachable' || error.kind === 'aborted');
    return { url, problem: reasonOf(error), unreachable };
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
