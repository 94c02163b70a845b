import type { Progress } from '../catalog/import.js';
import type { ContractSummary, ImportSummary } from '../catalog/summary.js';

const WIDTH = 24;
const MOST_NAMES = 6;

/** A line that fills up; only on a terminal, so that logs stay readable. */
export class ProgressBar {
  readonly #stream: NodeJS.WriteStream;

  constructor(stream: NodeJS.WriteStream = process.stderr) {
    this.#stream = stream;
  }

  show({ done, total, name }: Progress): void {
    if (!this.#stream.isTTY) return;
    const filled = Math.round((done / Math.max(1, total)) * WIDTH);
    const bar = `${'█'.repeat(filled)}${'░'.repeat(WIDTH - filled)} ${done}/${total}`;
    this.#stream.write(`\r\u001b[2K${bar} ${printable(name).slice(0, 50)}`);
  }

  end(): void {
    if (this.#stream.isTTY) this.#stream.write('\r\u001b[2K');
  }
}

/** What has changed, for people. */
export function printSummary({ contracts, failed }: ImportSummary, path: string): void {
  const lines: string[] = [];
  for (const contract of contracts) lines.push(...linesOf(contract));
  for (const { name, reason } of failed) lines.push(`✗ ${name}: ${reason}`);
  const count = (list: 'added' | 'changed' | 'gone') =>
    contracts.reduce((sum, contract) => sum + contract[list].length, 0);
  const totals = `${count('added')} added, ${count('changed')} changed, ${count('gone')} gone`;
  lines.push('', `${counted(contracts.length, 'contract')} read, ${failed.length} failed: ${totals}`);
  lines.push(contracts.length > 0 ? `Written to ${path}` : 'Nothing was written');
  process.stdout.write(`${lines.map(printable).join('\n')}\n`);
}

function linesOf({ service, version, operations, added, changed, gone, notes }: ContractSummary): string[] {
  const lines = [`✓ ${service} ${version}: ${counted(operations, 'operation')}`];
  for (const [what, ids] of Object.entries({ added, changed, gone })) {
    if (ids.length > 0) lines.push(`    ${what}: ${named(ids)}`);
  }
  return [...lines, ...notes.map((note) => `    note: ${note}`)];
}

function counted(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? '' : 's'}`;
}

function named(ids: string[]): string {
  const rest = ids.length - MOST_NAMES;
  return ids.slice(0, MOST_NAMES).join(', ') + (rest > 0 ? ` and ${rest} more` : '');
}

/** Names come from contracts, which must not steer the terminal. */
function printable(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is taken out
  return text.replace(/[\x00-\x1f\x7f-\x9f]/g, '·');
}
