import { mkdirSync, mkdtempSync, promises, rmSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import should from 'should';
import { contractFiles } from '../../lib/catalog/contract-files.js';
import { Import, type Imported, incomingFile } from '../../lib/catalog/import.js';
import { catalogOf, operation } from './harness.js';

const AT = '2026-01-01T00:00:00.000Z';

function text(service: string, paths: object, version = '1.0'): string {
  return JSON.stringify({ openapi: '3.0.1', info: { version }, servers: [{ url: `/${service}` }], paths });
}
const get = (operationId?: string, rest: object = {}) => ({ get: { operationId, ...rest } });

describe('importing contracts', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'fenergo-import-'));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  const file = (name: string, content: string) => {
    const path = join(folder, name);
    mkdirSync(join(path, '..'), { recursive: true });
    writeFileSync(path, content);
    return path;
  };

  async function run(files: string[], known = catalogOf([])): Promise<Imported> {
    const importing = new Import(known);
    for (const path of files) await importing.add(incomingFile(path, AT));
    return importing.result();
  }

  it('takes files as named, and folders with all contracts in them', async () => {
    const odd = file('odd.txt', 'x');
    file('in/b.yaml', 'x');
    file('in/a.json', 'x');
    file('in/deep/c.YML', 'x');
    file('in/readme.md', 'x');
    file('in/node_modules/d.json', 'x');
    symlinkSync(join(folder, 'in'), join(folder, 'in/again'));
    (await contractFiles([odd, join(folder, 'in'), odd])).should.deepEqual([
      odd,
      ...['a.json', 'b.yaml', 'deep/c.YML'].map((name) => join(folder, 'in', name)),
    ]);
    (await contractFiles([join(folder, 'none')])).should.deepEqual([join(folder, 'none')]);
    mkdirSync(join(folder, 'empty'));
    (await contractFiles([join(folder, 'empty')])).should.be.empty();
  });

  it('follows links, each file once, as Kubernetes mounts them', async () => {
    file('mount/..2026_01_01/a.json', 'x');
    symlinkSync('..2026_01_01', join(folder, 'mount/..data'));
    symlinkSync('..data/a.json', join(folder, 'mount/a.json'));
    symlinkSync(file('elsewhere/b.yaml', 'x'), join(folder, 'mount/b.yaml'));
    symlinkSync(join(folder, 'elsewhere'), join(folder, 'mount/c'));
    symlinkSync(join(folder, 'mount'), join(folder, 'elsewhere/back'));
    symlinkSync(join(folder, 'gone.json'), join(folder, 'mount/gone.json'));
    (await contractFiles([join(folder, 'mount')])).should.deepEqual(
      ['a.json', 'b.yaml', 'gone.json'].map((name) => join(folder, 'mount', name)),
    );
  });

  it('names a folder that cannot be read, and takes the others', async () => {
    const good = file('in/good.json', text('good', { '/a': get('A') }));
    file('in/locked/b.json', 'x');
    const locked = join(folder, 'in/locked');
    const { readdir } = promises;
    // The super-user, who may run this, can read all folders.
    promises.readdir = ((path: string) =>
      path === locked ? Promise.reject(new Error('EACCES')) : readdir(path)) as typeof readdir;
    const files = await contractFiles([join(folder, 'in')]).finally(() => {
      promises.readdir = readdir;
    });
    files.should.deepEqual([good, locked]);
    const { contracts, summary } = await run(files);
    contracts.should.have.length(1);
    summary.failed.should.deepEqual([{ name: 'locked', reason: 'The folder cannot be read' }]);
  });

  it('names what is broken with the reason, and takes the others', async () => {
    const huge = file('huge.json', '{');
    truncateSync(huge, 30 * 1024 * 1024);
    const { contracts, summary } = await run([
      file('broken.json', '{"openapi":'),
      file('good.json', text('good', { '/a': get('A') })),
      huge,
      join(folder, 'missing.json'),
      file('other.yaml', 'openapi: 3.1.0\nservers: [{url: /other}]\npaths: {/b: {get: {}}}'),
    ]);
    contracts.map(({ service }) => service).should.deepEqual(['good', 'other']);
    summary.failed.map(({ name }) => name).should.deepEqual(['broken.json', 'huge.json', 'missing.json']);
    summary.failed[2]?.reason.should.equal('It does not exist');
    summary.failed[1]?.reason.should.match(/30 MB; a contract may have 20 MB/);
    should(contracts[0]?.source).deepEqual({ from: 'imported', name: 'good.json', at: AT });
  });

  it('tells what was added, changed and gone', async () => {
    const known = catalogOf([
      operation('Same', '/same/{id}'),
      operation('More', '/more'),
      operation('Old', '/old'),
      operation('Body', '/body', { method: 'POST', body: { data: { name: '', list: [{ a: 1 }] } } }),
      operation('Values', '/values', { method: 'POST', body: { data: { name: '' } } }),
      operation('Unknown', '/unknown', { method: 'POST', body: null }),
      operation('Ends', '/ends'),
    ]);
    const post = (example: object) => ({
      post: { requestBody: { content: { 'application/json': { example } } } },
    });
    const { summary } = await run(
      [
        file(
          'svc.json',
          text('svc', {
            '/same/{id}': get('Renamed'),
            '/more': get('More', { parameters: [{ name: 'size', in: 'query' }] }),
            '/new': get('New'),
            '/body': post({ data: { name: '', list: [{ b: 1 }] } }),
            '/values': post({ data: { name: 'Luis' } }),
            '/unknown': post({ data: {} }),
            '/ends': get('Ends', { deprecated: true }),
          }),
        ),
      ],
      known,
    );
    should(summary.contracts).deepEqual([
      {
        service: 'svc',
        version: 'v1',
        name: 'svc.json',
        operations: 7,
        added: ['New'],
        changed: ['More', 'Body', 'Ends'],
        gone: ['Old'],
        notes: [],
      },
    ]);
  });

  it('keeps the key of an operation that flows may call, also from another version', async () => {
    const known = catalogOf([operation('Ours', '/thing/{id}')]);
    const { contracts } = await run([file('svc.json', text('svc', { '/thing/{x}': get('Theirs') }))], known);
    should(contracts[0]?.operations[0]).containEql({ id: 'Ours', path: '/thing/{x}' });
  });

  it('tells what another version of the service has already, and does not count it', async () => {
    const known = catalogOf([operation('Ours', '/thing')]);
    const { summary } = await run(
      [file('v2.json', text('svc', { '/thing': get('Theirs'), '/new': get('New') }, '2.0'))],
      known,
    );
    should(summary.contracts[0]).containEql({
      operations: 1,
      added: ['New'],
      notes: ['Theirs was left out: svc/v1/Ours has its method and path'],
    });
  });

  it('knows the services of the catalog behind a gateway', async () => {
    const contract = text('fenergo/svc', { '/a': get('A') });
    const { contracts } = await run([file('svc.json', contract)], catalogOf([operation('A', '/a')]));
    should(contracts[0]).containDeep({ service: 'svc', operations: [{ id: 'A', path: '/a' }] });
  });

  it('does not mix two contracts of one service and version', async () => {
    const { contracts, summary } = await run([
      file('a.json', text('svc', { '/a': get('A') })),
      file('b.json', text('svc', { '/b': get('B') })),
      file('c.json', text('svc', { '/c': get('C') }, '2.0')),
    ]);
    contracts.map(({ version }) => version).should.deepEqual(['v1', 'v2']);
    summary.failed.should.deepEqual([
      { name: 'b.json', reason: 'It describes svc v1 like a.json: give one of them another version' },
    ]);
  });
});
