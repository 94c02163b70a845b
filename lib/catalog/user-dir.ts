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
  if (NODE_RED_HOME && existsSync(join(NODE_RED_HOME, '.config.json'))) return NODE_RED_HOME;
  const home = HOME || USERPROFILE || HOMEPATH || NODE_RED_HOME;
  return home && join(home, '.node-red');
}
