import { fork } from 'node:child_process';
import { once } from 'node:events';
import {
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import should from 'should';
import { Catalog } from '../../lib/catalog/catalog.js';
import { OVERLAY_FILE, OverlayFile } from '../../lib/catalog/overlay.js';
import type { StoredContract } from '../../lib/catalog/stored.js';
import { ManualClock } from '../support/manual-clock.js';
import { contract, operation } from './harness.js';

describe('the catalog file in the user directory', () => {
  let folder: string;
  let clock: ManualClock;
  let problems: string[];
  let overlay: OverlayFile;
  let catalog: Catalog;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'fenergo-overlay-'));
    clock = new ManualClock();
    problems = [];
    overlay = new OverlayFile(folder, clock, (problem) => problems.push(problem));
    catalog = new Catalog({ bundled: () => ({ contracts: [] }), overlay });
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  const write = (content: unknown) =>
    writeFileSync(
      join(folder, OVERLAY_FILE),
      typeof content === 'string' ? content : JSON.stringify(content),
    );
  const ids = () => catalog.all().map(({ id }) => id);

  it('need not be there', () => {
    ids().should.be.empty();
    problems.should.be.empty();
  });

  it('is read when it comes, when it changes, and when it goes, within a second', () => {
    ids().should.be.empty();
    write({ contracts: [contract([operation('A', '/a')])] });
    clock.advance(999);
    ids().should.be.empty();
    clock.advance(1);
    ids().should.deepEqual(['A']);
    write({ contracts: [contract([operation('A', '/a'), operation('B', '/b')])] });
    clock.advance(1000);
    ids().should.deepEqual(['A', 'B']);
    rmSync(join(folder, OVERLAY_FILE));
    clock.advance(1000);
    ids().should.be.empty();
  });

  it('stays in force as it was while it is broken, which is told once', () => {
    write({ contracts: [contract([operation('A', '/a')])] });
    ids().should.deepEqual(['A']);
    for (const broken of ['{"contracts":', '[]', 'null', '{"contracts":{}}']) {
      write(broken);
      clock.advance(1000);
      ids().should.deepEqual(['A'], broken);
      clock.advance(1000);
      ids().should.deepEqual(['A'], broken);
    }
    problems.should.have.length(4);
    for (const problem of problems) problem.should.containEql(OVERLAY_FILE).and.containEql('cannot be read');
  });

  it('is used as far as it can be used', () => {
    const good = contract([operation('A', '/a')]);
    const bad = [
      null,
      7,
      { ...good, service: '../evil' },
      { ...good, version: 'v 1' },
      { ...good, source: undefined },
      { ...good, operations: {} },
    ];
    const operations = [
      operation('A', '/a'),
      operation('Up', '/../b'),
      operation('Query', '/b?c=d'),
      operation('a/b', '/c'),
      { ...operation('Odd', '/d'), method: 'TRACE' },
      { ...operation('Query', '/e'), query: 'x' },
      { ...operation('Query', '/e'), query: [1] },
      { ...operation('Rules', '/f'), paramRules: [null] },
      { ...operation('Rules', '/f'), paramRules: 'x' },
      { ...operation('Rules', '/f'), bodyRule: { schema: 7 } },
      { ...operation('At', '/g'), at: 5 },
      { ...operation('Sunset', '/h'), sunset: {} },
      null,
    ];
    write({ contracts: [...bad, { ...good, operations }] });
    ids().should.deepEqual(['A']);
    problems.should.be.empty();
  });

  it('takes contracts in the place of older ones of the same service and version, at once', () => {
    overlay.put([contract([operation('A', '/a')]), contract([operation('Z', '/z')], { service: 'other' })]);
    ids().should.deepEqual(['Z', 'A']);
    overlay.put([contract([operation('B', '/b')])]);
    ids().should.deepEqual(['Z', 'B']);
    readdirSync(folder).should.deepEqual([OVERLAY_FILE], 'nothing is left beside it');
    const { contracts } = JSON.parse(readFileSync(overlay.path, 'utf8')) as { contracts: StoredContract[] };
    contracts.map(({ service }) => service).should.deepEqual(['other', 'svc']);
  });

  it('is not written over while it is broken, and keeps what cannot be used for who wrote it', () => {
    write('{"contracts": [');
    should(() => overlay.put([contract([operation('A', '/a')])])).throw(
      /cannot be read: .*\. Mend or remove it first/,
    );
    readFileSync(overlay.path, 'utf8').should.equal('{"contracts": [');
    const odd = { service: 'x y', note: 'mine' };
    write({ contracts: [odd] });
    overlay.put([contract([operation('A', '/a')])]);
    (JSON.parse(readFileSync(overlay.path, 'utf8')) as { contracts: unknown[] }).contracts.should.containDeep(
      [odd],
    );
    ids().should.deepEqual(['A']);
  });

  it('gives contracts away again, of a service or of a version', () => {
    const of = (service: string, version: string) => contract([operation('A', '/a')], { service, version });
    overlay.put([of('one', 'v1'), of('one', 'v2'), of('two', 'v1')]);
    overlay.remove('one', 'v2').should.equal(1);
    overlay.contracts().should.have.length(2);
    overlay.remove('one').should.equal(1);
    overlay.remove('none').should.equal(0);
    overlay
      .contracts()
      .map(({ service }) => service)
      .should.deepEqual(['two']);
  });

  it('stays a link where it is one', () => {
    const elsewhere = join(folder, 'elsewhere');
    mkdirSync(elsewhere);
    writeFileSync(join(elsewhere, 'shared.json'), '{"contracts":[]}');
    symlinkSync(join(elsewhere, 'shared.json'), overlay.path);
    overlay.put([contract([operation('A', '/a')])]);
    lstatSync(overlay.path).isSymbolicLink().should.be.true();
    readFileSync(join(elsewhere, 'shared.json'), 'utf8').should.containEql('"svc"');
    readdirSync(elsewhere).should.deepEqual(['shared.json']);
    ids().should.deepEqual(['A']);
  });

  it('loses nothing when several processes change it at once', async function () {
    this.timeout(60_000);
    const each = 10;
    const script = `
      const { OverlayFile } = require(${JSON.stringify(join(__dirname, '../../lib/catalog/overlay.ts'))});
      const { systemClock } = require(${JSON.stringify(join(__dirname, '../../lib/clock.ts'))});
      const overlay = new OverlayFile(${JSON.stringify(folder)}, systemClock, console.error);
      const source = { from: 'imported', at: '2026-01-01' };
      process.send('ready');
      process.once('message', () => {
        for (let i = 0; i < ${each}; i += 1) {
          overlay.put([{ service: process.argv.at(-1), version: 'v' + i, source, operations: [] }]);
        }
        process.disconnect();
      });`;
    writeFileSync(join(folder, 'put.cjs'), script);
    const children = ['one', 'two', 'three'].map((service) =>
      fork(join(folder, 'put.cjs'), [service], { execArgv: ['--require', require.resolve('tsx/cjs')] }),
    );
    await Promise.all(children.map((child) => once(child, 'message')));
    const ends = children.map((child) => once(child, 'exit'));
    for (const child of children) child.send('go');
    for (const [code] of await Promise.all(ends)) should(code).equal(0);
    overlay.contracts().should.have.length(3 * each);
  });

  it('makes its folder', () => {
    const deep = new OverlayFile(join(folder, 'a', 'b'), clock, (problem) => problems.push(problem));
    deep.put([contract([operation('A', '/a')])]);
    existsSync(deep.path).should.be.true();
    deep.contracts().should.have.length(1);
  });

  it('stays as it was when it cannot be written', () => {
    overlay.put([contract([operation('A', '/a')])]);
    const endless = contract([operation('B', '/b')]);
    endless.operations[0] = { ...operation('B', '/b'), body: { self: 1n } };
    should(() => overlay.put([endless])).throw(/BigInt/);
    clock.advance(1000);
    ids().should.deepEqual(['A']);
    readdirSync(folder).should.deepEqual([OVERLAY_FILE]);
  });
});
