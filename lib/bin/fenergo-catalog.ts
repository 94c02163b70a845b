#!/usr/bin/env node
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { Catalog } from '../catalog/catalog.js';
import { contractFiles } from '../catalog/contract-files.js';
import { Import, type Imported, incomingFile, type Progress } from '../catalog/import.js';
import { OverlayFile } from '../catalog/overlay.js';
import { refresh } from '../catalog/refresh.js';
import { defaultUserDir, isUserDir } from '../catalog/user-dir.js';
import { systemClock } from '../clock.js';
import { customEndpoints, regionEndpoints } from '../regions.js';
import { ProgressBar, printSummary } from './catalog-report.js';

const HELP = `Usage: fenergo-catalog import <files or folders> [options]
       fenergo-catalog refresh --region <region> [options]
       fenergo-catalog remove <services> [options]

Adds operations to the catalog of the Fenergo nodes, from OpenAPI 3.0 or 3.1 contracts (JSON or YAML).
They go to fenergo-catalog.json in Node-RED's user directory; a running Node-RED takes them at once.

import    reads contracts from files, and from all .json, .yaml and .yml files of folders
refresh   downloads the platform's contracts of the known services and versions, and of newer versions
remove    takes what was imported or refreshed away again, of services or of versions of them (entitydataquery/v2)

Options:
  --user-dir <dir>      Node-RED's user directory (default: Node-RED's own, if it is there)
  --service <name>      import: the service of one contract, if it does not tell it
                        refresh: only these services, separated by commas
  --version <v1>        import: the version of one contract
  --region <region>     refresh: for example emea1b, or "" for the default region
  --api-url <url>       refresh: base of the APIs, instead of a region
  --help                this text

Ends with 0 when every contract was read, with 1 when one was not (the others still go in).
`;

const USAGE_ERROR = 2;

/** A mistake on the command line. */
class UsageError extends Error {}

const TEXT = { type: 'string' } as const;
const OPTIONS = {
  'user-dir': TEXT,
  service: TEXT,
  version: TEXT,
  region: TEXT,
  'api-url': TEXT,
  help: { type: 'boolean', short: 'h' },
} as const;

type Values = ReturnType<typeof parseCommandLine>['values'];

async function main(args: string[]): Promise<void> {
  const { values, positionals } = parseCommandLine(args);
  const [command, ...paths] = positionals;
  if (values.help || (!command && args.length === 0)) return void process.stdout.write(HELP);
  checkOptions(command, values);
  const overlay = new OverlayFile(userDir(values['user-dir']), systemClock, warn);
  if (command === 'remove') return remove(overlay, paths);
  const catalog = new Catalog({ overlay });
  const progress = new ProgressBar();
  const onProgress = (state: Progress) => {
    progress.show(state);
    process.send?.({ progress: state });
  };
  const imported = await carryOut({ command, paths, values, catalog, onProgress }).finally(() =>
    progress.end(),
  );
  if (imported.contracts.length > 0) overlay.put(imported.contracts);
  process.send?.({ summary: imported.summary });
  printSummary(imported.summary, overlay.path);
  if (imported.summary.failed.length > 0) process.exitCode = 1;
}

interface Task {
  command: string | undefined;
  paths: string[];
  values: Values;
  catalog: Catalog;
  onProgress: (progress: Progress) => void;
}

function carryOut(task: Task): Promise<Imported> {
  if (task.command === 'import') return importFiles(task);
  return refreshFrom(task);
}

/** The options of each command. */
const OPTIONS_OF = new Map<string | undefined, (keyof typeof OPTIONS)[]>([
  ['import', ['user-dir', 'service', 'version']],
  ['refresh', ['user-dir', 'service', 'region', 'api-url']],
  ['remove', ['user-dir']],
]);

/** An option that does nothing would let somebody think that it did. */
function checkOptions(command: string | undefined, values: Values): void {
  const allowed = OPTIONS_OF.get(command);
  if (!allowed) throw new UsageError(`'${command}' is not one of ${[...OPTIONS_OF.keys()].join(', ')}`);
  for (const [name, value] of Object.entries(values)) {
    const option = name as keyof typeof OPTIONS;
    if (!allowed.includes(option)) throw new UsageError(`--${name} is not for ${command}`);
    // The default region has an empty name.
    if (value === '' && option !== 'region') throw new UsageError(`--${name} is empty`);
  }
}

async function importFiles({ paths, values, catalog, onProgress }: Task): Promise<Imported> {
  if (paths.length === 0) throw new UsageError('Name the files or folders to import');
  const files = await contractFiles(paths);
  const { service, version } = values;
  if ((service || version) && files.length !== 1) {
    throw new UsageError('--service and --version are for the import of one file');
  }
  if (files.length === 0) throw new Error('No .json, .yaml or .yml file was found');
  const importing = new Import(catalog);
  const at = new Date(systemClock.dateMs()).toISOString();
  for (const [index, file] of files.entries()) {
    await importing.add(incomingFile(file, at, { service, version }));
    onProgress({ done: index + 1, total: files.length, name: file });
  }
  return importing.result();
}

function remove(overlay: OverlayFile, names: string[]): void {
  if (names.length === 0) throw new UsageError('Name the services, or versions of them: entitydataquery/v2');
  for (const name of names) {
    const [service = '', version] = name.split('/');
    const removed = overlay.remove(service, version);
    process.stdout.write(`${name}: ${removed === 0 ? 'nothing of your own' : `${removed} removed`}\n`);
  }
}

function refreshFrom({ paths, values, catalog, onProgress }: Task): Promise<Imported> {
  if (paths.length > 0) throw new UsageError(`refresh takes no files: '${paths[0]}'`);
  const services = values.service
    ?.split(',')
    .map((name) => name.trim())
    .filter(Boolean);
  if (services?.length === 0) throw new UsageError('--service names no service');
  return refresh({ catalog, clock: systemClock, apiUrl: apiUrlOf(values), services, onProgress });
}

function apiUrlOf({ region, 'api-url': apiUrl }: Values): string {
  if (apiUrl !== undefined) return customEndpoints('https://unused.invalid', apiUrl).apiUrl;
  if (region === undefined)
    throw new UsageError('Name the region: --region emea1b, or --region "" for the default one');
  if (region === 'sandbox') throw new UsageError('The sandbox has no address of its own: give --api-url');
  return regionEndpoints(region).apiUrl;
}

function parseCommandLine(args: string[]) {
  try {
    return parseArgs({ args, options: OPTIONS, allowPositionals: true });
  } catch (error) {
    throw new UsageError((error as Error).message);
  }
}

function userDir(given: string | undefined): string {
  if (given) return resolve(given);
  const folder = defaultUserDir();
  if (!folder) throw new UsageError("Node-RED's user directory is not known: name it with --user-dir");
  // What is written where no Node-RED looks would seem to be taken, and is not.
  if (!isUserDir(folder)) {
    throw new UsageError(`${folder} is no user directory of a Node-RED: name it with --user-dir`);
  }
  return folder;
}

function warn(problem: string): void {
  process.stderr.write(`fenergo-catalog: ${problem}\n`);
}

/** Started by Node-RED, it does not outlive it. */
function orphaned(): void {
  process.exit(1);
}

process.once('disconnect', orphaned);
main(process.argv.slice(2))
  .finally(() => process.off('disconnect', orphaned))
  .catch((error: Error) => {
    process.send?.({ error: error.message });
    const hint = error instanceof UsageError ? '\nSee fenergo-catalog --help' : '';
    warn(`${error.message}${hint}`);
    process.exitCode = error instanceof UsageError ? USAGE_ERROR : 1;
  });
