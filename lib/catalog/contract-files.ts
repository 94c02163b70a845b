import { readdir, realpath, stat } from 'node:fs/promises';
import { join } from 'node:path';

const CONTRACT_FILE = /\.(json|ya?ml)$/i;

/**
 * The files of an import: files as they are named, there or not, and folders with all the contracts in them. A folder
 * that cannot be read stands for what is in it.
 */
export async function contractFiles(paths: readonly string[]): Promise<string[]> {
  const files: string[] = [];
  const seen = new Set<string>();
  for (const path of paths) {
    // What does not exist is named when it is to be read: the others still go in.
    if (!(await isFolder(path))) files.push(path);
    else for await (const file of filesIn(path, seen)) files.push(file);
  }
  return [...new Set(files)];
}

/** @param seen where links have led: each file and folder counts once, so that a circle of links ends */
async function* filesIn(folder: string, seen: Set<string>): AsyncGenerator<string> {
  if (await isSeen(folder, seen)) return;
  const names = await readdir(folder).catch(() => undefined);
  if (!names) return yield folder;
  for (const name of names.sort()) {
    const path = join(folder, name);
    if (await isFolder(path)) {
      // Kubernetes keeps what it mounts in folders of such names, and links to it beside them.
      if (name !== 'node_modules' && !name.startsWith('..')) yield* filesIn(path, seen);
    } else if (CONTRACT_FILE.test(name) && !(await isSeen(path, seen))) yield path;
  }
}

/** Whether it is a folder, or a link to one. */
async function isFolder(path: string): Promise<boolean> {
  return (await stat(path).catch(() => undefined))?.isDirectory() ?? false;
}

async function isSeen(path: string, seen: Set<string>): Promise<boolean> {
  const real = await realpath(path).catch(() => path);
  if (seen.has(real)) return true;
  seen.add(real);
  return false;
}
