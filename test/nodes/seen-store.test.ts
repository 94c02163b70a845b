import type { Node } from 'node-red';
import should from 'should';
import { SeenStore } from '../../nodes/shared/events/seen-store.js';
import { Kept } from '../../nodes/shared/kept.js';
import { ManualClock } from '../support/manual-clock.js';

describe('what a node keeps of the notifications it has seen', () => {
  let clock: ManualClock;
  let written: unknown[];
  let store: SeenStore;
  beforeEach(() => {
    clock = new ManualClock();
    written = [];
    const context = {
      get: (_key: string, got: (error: unknown) => void) => got(undefined),
      set: (_key: string, value: unknown, done: () => void) => {
        written.push(value);
        done();
      },
    };
    const node = { id: 'hook', context: () => context, warn: () => {} } as unknown as Node;
    store = new SeenStore(node, clock, new Kept());
  });

  it('is written soon after a change, once for many', async () => {
    const seen = await store.load();
    for (const id of ['1', '2']) {
      seen.note(id, 'settled');
      store.changed();
    }
    written.should.be.empty();
    clock.advance(1000);
    written.should.deepEqual([['1', '2']]);
  });

  it('is written at the end, and not after it', async () => {
    const seen = await store.load();
    seen.note('1', 'settled');
    store.changed();
    await store.close();
    written.should.deepEqual([['1']]);
    // Acknowledged late.
    seen.note('2', 'settled');
    store.changed();
    should(clock.pending).equal(0);
    clock.advance(10_000);
    written.should.have.length(1);
  });
});
