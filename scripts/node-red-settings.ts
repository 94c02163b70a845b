import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { name as PACKAGE } from '../package.json';

const ROOT = join(__dirname, '..');
/** Where the example flows are; another folder only for tests. */
const EXAMPLES = process.env.FENERGO_EXAMPLES || join(ROOT, 'examples');
const FLOWS = 'flows.json';

/** A node as a flow file holds it. */
export interface FlowNode {
  id: string;
  type: string;
  [property: string]: unknown;
}

/** The example flows, in the order of their numbers. */
export function examples(): FlowNode[][] {
  const files = readdirSync(EXAMPLES).filter((file) => file.endsWith('.json'));
  return files.sort().map((file) => JSON.parse(readFileSync(join(EXAMPLES, file), 'utf8')) as FlowNode[]);
}

/** Puts this package into a user directory, and the example flows where there are none: a user's changes stay. */
export function prepareUserDir(userDir: string): void {
  const link = join(userDir, 'node_modules', PACKAGE);
  mkdirSync(dirname(link), { recursive: true });
  rmSync(link, { recursive: true, force: true });
  symlinkSync(ROOT, link, 'junction');
  const manifest = join(userDir, 'package.json');
  const content = existsSync(manifest) ? JSON.parse(readFileSync(manifest, 'utf8')) : {};
  const dependencies = { ...content.dependencies, [PACKAGE]: `file:${ROOT}` };
  const named = { name: 'fenergo-examples', private: true, ...content, dependencies };
  writeFileSync(manifest, JSON.stringify(named, null, 2));
  const flows = join(userDir, FLOWS);
  if (!existsSync(flows)) writeFileSync(flows, JSON.stringify(examples().flat(), null, 2));
}

/** Node-RED's settings: this machine only, no telemetry, no tours, no palette catalogue; errors only, for a first start warns of many things. */
export function settings(userDir: string, uiHost: string, uiPort: number) {
  return {
    userDir,
    flowFile: FLOWS,
    uiHost,
    uiPort,
    telemetry: { enabled: false, updateNotification: false },
    editorTheme: { tours: false, palette: { catalogues: [] }, projects: { enabled: false } },
    logging: { console: { level: 'error', metrics: false, audit: false } },
  };
}
