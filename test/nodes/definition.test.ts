import 'should';
import { type ConfigDef, settingsOf } from '../../nodes/fenergo-config/definition.js';

describe('the settings of a connection', () => {
  const queueOf = (queue: unknown) => settingsOf({ queue } as ConfigDef).maxWaiting;

  for (const [queue, maxWaiting] of [
    [undefined, 10_000],
    [null, 10_000],
    ['', 10_000],
    ['  ', 10_000],
    ['many', 10_000],
    [-1, 10_000],
    [0, 0],
    ['0', 0],
    [' 5 ', 5],
    [7, 7],
  ] as const) {
    it(`let ${maxWaiting} wait where the queue is ${JSON.stringify(queue)}`, () => {
      queueOf(queue).should.equal(maxWaiting);
    });
  }
});
