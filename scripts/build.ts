import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { buildSync } from 'esbuild';

const root = join(__dirname, '..');
const dist = join(root, 'dist');
const SOURCES = [
  'nodes',
  'lib',
  'icons',
  'scripts/build.ts',
  'package.json',
  'tsconfig.json',
  'tsconfig.build.json',
];

/**
 * Builds `dist/`: compiled nodes and library, each node's dialog with its script bundled in, strings, icons, catalog.
 * Works in a folder beside it and swaps at the end: a failed build leaves the last good one, and a Node-RED that
 * starts meanwhile never sees half of one.
 *
 * @throws when a step fails
 */
export function build(): void {
  const out = `${dist}.${process.pid}`;
  try {
    compile(out);
    for (const type of nodeTypes()) {
      assembleNode(type, join(out, 'nodes', type));
    }
    copy('icons', join(out, 'nodes/fenergo-config/icons')); // looked up per module: one copy serves all
    copy('lib/catalog/operations.json', join(out, 'lib/catalog/operations.json'));
    for (const file of list(join(out, 'lib/bin')).filter((name) => name.endsWith('.js'))) {
      chmodSync(join(out, 'lib/bin', file), 0o755);
    }
    rmSync(dist, { recursive: true, force: true });
    renameSync(out, dist);
  } finally {
    rmSync(out, { recursive: true, force: true });
  }
}

/** Builds when a source is newer than the last build. @returns whether it built */
export function buildIfStale(): boolean {
  const built = existsSync(dist) ? statSync(dist).mtimeMs : 0;
  const stale = SOURCES.some((path) => newest(join(root, path)) > built);
  if (stale) build();
  return stale;
}

function compile(out: string): void {
  const tsc = join(dirname(require.resolve('typescript/package.json')), 'bin/tsc');
  execFileSync(process.execPath, [tsc, '-p', join(root, 'tsconfig.build.json'), '--outDir', out], {
    stdio: 'inherit',
  });
}

/** The folders of `nodes/` that hold a node type, not code that several share. */
function nodeTypes(): string[] {
  return list(join(root, 'nodes')).filter((name) => existsSync(join(root, 'nodes', name, `${name}.html`)));
}

function assembleNode(type: string, out: string): void {
  const source = join(root, 'nodes', type);
  const markup = stylesFor(type) + readFileSync(join(source, `${type}.html`), 'utf8');
  const bundle = buildSync({
    entryPoints: [join(source, 'editor.ts')],
    bundle: true,
    minify: true,
    format: 'iife',
    target: 'es2022',
    write: false,
    logLevel: 'warning',
  }).outputFiles[0]?.text;
  mkdirSync(out, { recursive: true });
  writeFileSync(
    join(out, `${type}.html`),
    `${markup}\n<script type="text/javascript">\n${bundle}</script>\n`,
  );
  cpSync(join(source, 'locales'), join(out, 'locales'), { recursive: true });
}

/** The styles that all dialogs share, once: the editor loads the dialogs of a package together. */
function stylesFor(type: string): string {
  if (type !== 'fenergo-config') return '';
  return `<style>\n${readFileSync(join(root, 'nodes/shared/editor/dialog.css'), 'utf8')}</style>\n`;
}

function copy(from: string, to: string): void {
  cpSync(join(root, from), to, { recursive: true });
}

function list(folder: string): string[] {
  return existsSync(folder) ? readdirSync(folder) : [];
}

/** The time of the last change in a file or in a folder, files taken away included, in ms. */
function newest(path: string): number {
  const stat = statSync(path);
  if (!stat.isDirectory()) return stat.mtimeMs;
  return Math.max(stat.mtimeMs, ...list(path).map((name) => newest(join(path, name))));
}

if (require.main === module) build();
