import { existsSync } from 'node:fs';
import { join } from 'node:path';

/**
 * Node-RED's user directory where nobody names one, as Node-RED finds it by itself (its localfilesystem storage): its
 * home if that is one, else `.node-red` in the person's home.
 *
 * @returns undefined when there is no home
 */
export function defaultUserDir(env: NodeJS.ProcessEnv = process.env): string | undefined {
  const { NODE_RED_HOME, HOME, USERPROFILE, HOMEPATH } = env;
  if (NODE_RED_HOME && isConfigured(NODE_RED_HOME)) return NODE_RED_HOME;
  const inHomePath = HOMEPATH && join(HOMEPATH, '.node-red');
  if (inHomePath && isConfigured(inHomePath)) return inHomePath;
  const home = HOME || USERPROFILE || HOMEPATH || NODE_RED_HOME;
  return home && join(home, '.node-red');
}

function isConfigured(folder: string): boolean {
  return hasAny(folder, ['.config.json', '.config.nodes.json']);
}

/** What Node-RED writes at its start, and what a person puts there before it. */
const WRITTEN = [
  '.config.json',
  '.config.nodes.json',
  '.config.runtime.json',
  '.config.users.json',
  'package.json',
  'settings.js',
  'node_modules',
  'flows.json',
];

/**
 * Whether Node-RED has this folder for its user directory. A folder that is empty is not told from one that somebody
 * made by mistake: Node-RED fills its own at the first start, and this package is installed into it.
 */
export function isUserDir(folder: string): boolean {
  return hasAny(folder, WRITTEN);
}

function hasAny(folder: string, names: string[]): boolean {
  return names.some((name) => existsSync(join(folder, name)));
}
