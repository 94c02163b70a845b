import {
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import should from 'should';
import { withLock } from '../../lib/catalog/file-lock.js';
import { systemClock } from '../../lib/clock.js';

describe('the lock of a file', () => {
  let folder: string;
  let path: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'fenergo-lock-'));
    path = join(folder, 'x.lock');
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  /** What the work gives, and how often it waited. */
  function run(pause: (pauses: number) => void = () => {}): [string, number] {
    let pauses = 0;
    const options = {
      clock: systemClock,
      pause: () => {
        pauses += 1;
        pause(pauses);
      },
    };
    return [withLock(path, options, () => readFileSync(path, 'utf8')), pauses];
  }
  const ours = `${hostname()} ${process.pid}`;
  const other = `${hostname()} ${process.ppid}`;

  it('is there while the work is done, and goes with it', () => {
    run().should.deepEqual([ours, 0]);
    should(() =>
      withLock(path, { clock: systemClock }, () => {
        throw new Error('no');
      }),
    ).throw('no');
    readdirSync(folder).should.be.empty();
  });

  it('is waited for', () => {
    writeFileSync(path, other);
    run((pauses) => {
      if (pauses === 5) rmSync(path);
    }).should.deepEqual([ours, 5]);
  });

  it('is not waited for without end, nor taken from who has it', () => {
    writeFileSync(path, other);
    should(() => run()).throw(`Another process is changing it; if none is, remove ${path}`);
    readFileSync(path, 'utf8').should.equal(other);
  });

  it('is taken from a process that has died', () => {
    // Above the highest that a system gives.
    writeFileSync(path, `${hostname()} 99999999`);
    run().should.deepEqual([ours, 0]);
    existsSync(path).should.be.false();
  });

  it('is left to a process of another machine, until it is old', () => {
    writeFileSync(path, 'elsewhere 99999999');
    should(() => run()).throw(/Another process/);
    const longAgo = new Date(Date.now() - 60_000);
    utimesSync(path, longAgo, longAgo);
    run().should.deepEqual([ours, 0]);
  });

  it('is old at some time when nobody has written into it', () => {
    writeFileSync(path, '');
    should(() => run()).throw(/Another process/);
    const longAgo = new Date(Date.now() - 60_000);
    utimesSync(path, longAgo, longAgo);
    run().should.deepEqual([ours, 0]);
    readdirSync(folder).should.be.empty();
  });

  it('says why it cannot be had', () => {
    path = join(folder, 'none/x.lock');
    should(() => run()).throw(/ENOENT/);
  });
});
