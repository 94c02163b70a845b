import { type Duplicates, takeIn } from '../../lib/events/intake.js';
import { SeenIds } from '../../lib/events/seen-ids.js';
import { notification } from './harness.js';

function taken(duplicates: Duplicates, ids: string[], eventTypes: string[] = [], seen = known()): string[] {
  return takeIn(
    ids.map((id) => notification(id)),
    { duplicates, eventTypes, seen },
  ).map(({ notification: { id }, duplicate }) => `${id} ${duplicate}`);
}

function known(): SeenIds {
  const seen = new SeenIds();
  for (const stage of ['sent', 'handled', 'settled'] as const) seen.note(stage, stage);
  return seen;
}

describe('takeIn', () => {
  it('drops what was handled, and what is there twice; not what was sent and never acknowledged', () => {
    taken('drop', ['a', 'sent', 'handled', 'a', 'settled', 'b', 'sent']).should.deepEqual([
      'a false',
      'sent false',
      'b false',
    ]);
  });

  it('marks what came before, in this batch or an earlier one', () => {
    taken('mark', ['a', 'sent', 'handled', 'a', 'settled', 'b']).should.deepEqual([
      'a false',
      'sent true',
      'handled true',
      'a true',
      'settled true',
      'b false',
    ]);
  });

  it('passes all of them, and says nothing', () => {
    taken('pass', ['a', 'settled', 'a']).should.deepEqual([
      'a undefined',
      'settled undefined',
      'a undefined',
    ]);
  });

  it('takes the types that are wanted only', () => {
    const notifications = [
      notification('a', { eventType: 'journey:started' }),
      notification('b'),
      notification('c', { eventType: 'JOURNEY:ended' }),
    ];
    const options = { duplicates: 'drop', eventTypes: ['journey:*'], seen: new SeenIds() } as const;
    takeIn(notifications, options)
      .map((item) => item.notification.id)
      .should.deepEqual(['a', 'c']);
  });

  it('takes note of nothing: nothing is sent yet', () => {
    const seen = new SeenIds();
    taken('drop', ['a'], [], seen).should.deepEqual(['a false']);
    taken('drop', ['a'], [], seen).should.deepEqual(['a false']);
  });
});
