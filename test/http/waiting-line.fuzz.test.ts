import fc from 'fast-check';
import should from 'should';
import { type Waiter, WaitingLine } from '../../lib/http/waiting-line.js';
import { FUZZ_SLOWLY } from '../support/fuzz.js';

interface Real {
  line: WaitingLine;
}

/** A plain sorted list, and those who have gone and may come back. */
interface Model {
  waiting: Waiter[];
  gone: number[];
  seq: number;
}

type Command = fc.Command<Model, Real>;

const waiter = (seq: number): Waiter => ({ seq, gone: false, grant: () => {} });

/** Makes a command of what is done to both; afterwards both have to look alike. */
function command(
  name: string,
  check: (model: Model) => boolean,
  act: (model: Model, line: WaitingLine) => void,
): Command {
  return {
    check,
    run: (model, { line }) => {
      act(model, line);
      line.size.should.equal(model.waiting.length);
      should(line.first()).equal(model.waiting[0]);
    },
    toString: () => name,
  };
}

const come = fc.integer({ min: 1, max: 40 }).map((count) =>
  command(
    `${count} come`,
    () => true,
    (model, line) => {
      for (let n = 0; n < count; n += 1) {
        model.seq += 1;
        const one = waiter(model.seq);
        line.add(one);
        model.waiting.push(one);
      }
    },
  ),
);

const go = fc.integer({ min: 1, max: 40 }).map((count) =>
  command(
    `${count} go`,
    () => true,
    (model, line) => {
      for (let n = 0; n < count; n += 1) {
        const first = model.waiting.shift();
        should(line.shift()).equal(first);
        if (first) model.gone.push(first.seq);
      }
    },
  ),
);

const comeBack = fc.nat().map((nth) =>
  command(
    `${nth} comes back`,
    ({ gone }) => gone.length > 0,
    (model, line) => {
      const one = waiter(model.gone.splice(nth % model.gone.length, 1)[0] as number);
      line.add(one);
      model.waiting.push(one);
      model.waiting.sort((a, b) => a.seq - b.seq);
    },
  ),
);

const giveUp = fc.nat().map((nth) =>
  command(
    `${nth} gives up`,
    ({ waiting }) => waiting.length > 0,
    (model, line) => {
      line.remove(model.waiting.splice(nth % model.waiting.length, 1)[0] as Waiter);
    },
  ),
);

describe('WaitingLine, on any course of events', () => {
  it('does as a plain sorted list does', () => {
    const commands = fc.commands([come, go, comeBack, comeBack, giveUp, giveUp], {
      size: '+1',
      maxCommands: 100,
    });
    fc.assert(
      fc.property(commands, (course) => {
        const model: Model = { waiting: [], gone: [], seq: 0 };
        const line = new WaitingLine();
        fc.modelRun(() => ({ model, real: { line } }), course);
        for (const one of model.waiting) should(line.shift()).equal(one);
        should(line.shift()).be.undefined();
      }),
      FUZZ_SLOWLY,
    );
  });
});
