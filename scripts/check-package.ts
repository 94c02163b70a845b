import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { parse } from 'node:path';

const manifest = JSON.parse(readFileSync('package.json', 'utf8')) as {
  'node-red': { nodes: Record<string, string> };
};
/** What a package of this kind needs, and what has no place in it. */
const NEEDED = [
  'package.json',
  'README.md',
  'LICENSE',
  'CHANGELOG.md',
  'dist/lib/bin/fenergo-catalog.js',
  'dist/lib/bin/fenergo-sandbox.js',
  'dist/lib/catalog/operations.json',
  'dist/nodes/fenergo-config/icons/fenergo.svg',
  ...Object.values(manifest['node-red'].nodes).flatMap(filesOfNode),
];
const EXAMPLES = 8;
const UNWANTED = /^(nodes|lib|test|scripts|docs|icons|\.ci)\/|\.ts$|\.tgz$/;

const output = execFileSync('npm', ['pack', '--dry-run', '--json', '--ignore-scripts'], { encoding: 'utf8' });
const [pack] = JSON.parse(output) as [{ files: { path: string }[]; size: number }];
const paths = pack.files.map((file) => file.path);
const problems = [
  ...NEEDED.filter((path) => !paths.includes(path)).map((path) => `missing: ${path}`),
  ...paths.filter((path) => UNWANTED.test(path)).map((path) => `unwanted: ${path}`),
];
const examples = paths.filter((path) => /^examples\/.*\.json$/.test(path)).length;
if (examples < EXAMPLES) problems.push(`${examples} examples instead of at least ${EXAMPLES}`);
for (const problem of problems) console.error(problem);
console.log(`${paths.length} files, ${Math.round(pack.size / 1024)} KB packed, ${problems.length} problems`);
process.exit(problems.length > 0 ? 1 : 0);

/** A node's code, dialog, words and help, by the path of its code. */
function filesOfNode(path: string): string[] {
  const { dir, name } = parse(path);
  const words = `${dir}/locales/en-US/${name}`;
  return [path, `${dir}/${name}.html`, `${words}.json`, `${words}.html`];
}
