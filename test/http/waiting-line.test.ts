import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import should from 'should';
import { type Waiter, WaitingLine } from '../../lib/http/waiting-line.js';

const waiter = (seq: number): Waiter => ({ seq, gone: false, grant: () => {} });

function lineOf(...seqs: number[]): { line: WaitingLine; waiters: Map<number, Waiter> } {
  const line = new WaitingLine();
  const waiters = new Map<number, Waiter>();
  for (const seq of seqs) {
    const one = waiter(seq);
    waiters.set(seq, one);
    line.add(one);
  }
  return { line, waiters };
}

function collectGarbage(): void {
  setFlagsFromString('--expose-gc');
  runInNewContext('gc')();
}

/** Lets everybody go. */
function drain(line: WaitingLine): number[] {
  const seqs: number[] = [];
  for (let first = line.shift(); first; first = line.shift()) seqs.push(first.seq);
  return seqs;
}

describe('WaitingLine', () => {
  it('is empty at first, and when all have gone', () => {
    const line = new WaitingLine();
    line.size.should.equal(0);
    should(line.first()).be.undefined();
    should(line.shift()).be.undefined();
    line.size.should.equal(0);
    line.add(waiter(1));
    line.shift();
    should(line.first()).be.undefined();
    should(line.shift()).be.undefined();
    line.size.should.equal(0);
  });

  it('lets them go in the order in which they came', () => {
    drain(lineOf(1, 2, 3).line).should.deepEqual([1, 2, 3]);
  });

  it('gives those who come back their old place, whenever they do', () => {
    const { line } = lineOf(1, 2, 3, 4);
    for (let i = 0; i < 3; i += 1) line.shift();
    line.add(waiter(2));
    line.add(waiter(5));
    line.add(waiter(1));
    line.add(waiter(3));
    line.size.should.equal(5);
    drain(line).should.deepEqual([1, 2, 3, 4, 5]);
  });

  it('takes somebody back who was the last one to go', () => {
    const { line } = lineOf(1);
    line.shift();
    line.add(waiter(1));
    should(line.first()?.seq).equal(1);
    line.size.should.equal(1);
  });

  it('passes over those who have given up: the first, the last, and all', () => {
    const { line, waiters } = lineOf(1, 2, 3, 4);
    line.remove(waiters.get(1) as Waiter);
    line.remove(waiters.get(4) as Waiter);
    line.size.should.equal(2);
    should(line.first()?.seq).equal(2);
    line.add(waiter(5));
    line.remove(waiters.get(3) as Waiter);
    drain(line).should.deepEqual([2, 5]);
    const other = lineOf(1, 2, 3);
    for (const one of other.waiters.values()) other.line.remove(one);
    other.line.size.should.equal(0);
    should(other.line.first()).be.undefined();
    other.line.add(waiter(4));
    drain(other.line).should.deepEqual([4]);
  });

  it('forgets those who have given up though nobody goes', async () => {
    const line = new WaitingLine();
    const forgotten: WeakRef<Waiter>[] = [];
    line.add(waiter(0));
    for (let seq = 1; seq <= 1000; seq += 1) {
      const one = waiter(seq);
      forgotten.push(new WeakRef(one));
      line.add(one);
      line.remove(one);
    }
    await new Promise((resolve) => setImmediate(resolve));
    collectGarbage();
    forgotten.filter((ref) => ref.deref()).length.should.be.below(100);
    line.size.should.equal(1);
    drain(line).should.deepEqual([0]);
  });

  it('takes no longer for each of a hundred thousand than for one', () => {
    const line = new WaitingLine();
    for (let seq = 1; seq <= 100_000; seq += 1) line.add(waiter(seq));
    const startMs = performance.now();
    drain(line).should.have.length(100_000);
    (performance.now() - startMs).should.be.below(1000);
  });
});
