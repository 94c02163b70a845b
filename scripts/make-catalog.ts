import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { addressOf } from '../lib/catalog/layers.js';
import type { StoredContract, StoredOperation } from '../lib/catalog/stored.js';
import { parseCatalogFile } from '../lib/catalog/stored.js';

/** What was gathered of the vendor's public contracts: service → version → operations. */
interface Facts {
  surveyed: { most: string };
  services: Record<string, Record<string, StoredOperation[]>>;
}

const FACTS = join(__dirname, 'facts/operations.json');
const CATALOG = join(__dirname, '../lib/catalog/operations.json');

/** What was surveyed again, later than the rest: the facts say so in words ("surveyed"). */
const SURVEYED_AGAIN = '2026-09-09';

function surveyedAgain(service: string, version: string, { id, path }: StoredOperation): boolean {
  if (/^screening/.test(service)) return version === 'v3' || version === 'v4';
  if (/^policy/.test(service)) return version === 'v2';
  if (service === 'entitydatacommand') return version === 'v3' && path.includes('/draft');
  return service === 'eventingress' && id.endsWith('Paginated');
}

/**
 * The bundled catalog as text: one contract for each service and version, one line for each operation.
 *
 * @throws an error that names each operation that could not be called, or that stands there twice
 */
export function makeCatalog(facts: Facts): string {
  const contracts = Object.entries(facts.services).flatMap(([service, versions]) =>
    Object.entries(versions).map(([version, operations]): StoredContract => {
      const source = { from: 'bundled', at: facts.surveyed.most } as const;
      const dated = operations.map((operation) =>
        surveyedAgain(service, version, operation) ? { ...operation, at: SURVEYED_AGAIN } : operation,
      );
      return { service, version, source, operations: dated };
    }),
  );
  const text = `{"contracts":[\n${contracts.map(lines).join(',\n')}\n]}\n`;
  check(contracts, text);
  return text;
}

function lines({ operations, ...contract }: StoredContract): string {
  const head = JSON.stringify(contract).slice(0, -1);
  return `${head},"operations":[\n${operations.map((one) => JSON.stringify(one)).join(',\n')}\n]}`;
}

function check(contracts: StoredContract[], text: string): void {
  const kept = parseCatalogFile(text).contracts;
  const problems: string[] = [];
  for (const [index, { service, version, operations }] of contracts.entries()) {
    const callable = new Set(kept[index]?.operations.map(({ id }) => id));
    for (const { id } of operations) {
      if (!callable.has(id)) problems.push(`${service}/${version}/${id} cannot be called`);
    }
    if (callable.size < operations.length) problems.push(`${service}/${version} has an id twice`);
  }
  const addresses = contracts.flatMap(({ service, operations }) =>
    operations.map((operation) => `${service} ${addressOf(operation)}`),
  );
  const twice = addresses.filter((address, index) => addresses.indexOf(address) !== index);
  problems.push(...twice.map((address) => `${address} is there twice`));
  if (problems.length > 0) throw new Error(problems.join('\n'));
}

if (require.main === module) {
  writeFileSync(CATALOG, makeCatalog(JSON.parse(readFileSync(FACTS, 'utf8'))));
}
