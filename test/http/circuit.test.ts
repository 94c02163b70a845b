import should from 'should';
import { FenergoError } from '../../lib/errors.js';
import { Circuit, type CircuitOutcome } from '../../lib/http/circuit.js';
import { ManualClock } from '../support/manual-clock.js';

/** A circuit, its clock and its log. */
class Bench {
  readonly clock = new ManualClock();
  readonly log: string[] = [];
  readonly circuit = new Circuit({
    clock: this.clock,
    host: 'api.example.com',
    shortestRowMs: 0,
    log: (line) => this.log.push(line),
  });

  /** So many requests, one after the other. */
  send(outcome: CircuitOutcome, count = 1): void {
    for (let i = 0; i < count; i += 1)
      this.circuit.enter('GetEntityById')(outcome, outcome === 'failed' ? '503' : '200');
  }

  /** Twenty failures in a row. */
  static opened(): Bench {
    const bench = new Bench();
    bench.send('failed', 20);
    return bench;
  }

  refusal(): FenergoError {
    try {
      this.circuit.enter('GetEntityById');
    } catch (error) {
      if (error instanceof FenergoError) return error;
    }
    throw new Error('it was let through');
  }

  get state(): string {
    return this.circuit.state().state;
  }
}

describe('Circuit', () => {
  it('opens after 20 failures in a row, not before', () => {
    const bench = new Bench();
    bench.send('failed', 19);
    bench.circuit.state().should.deepEqual({ state: 'closed' });
    bench.log.should.be.empty();
    bench.send('failed');
    bench.circuit.state().should.deepEqual({ state: 'open', failures: 20, secondsLeft: 1 });
    bench.log.should.deepEqual([
      'api.example.com gave nothing but failures 20 times in a row, the last one 503: calls fail at once for a while',
    ]);
  });

  it('opens after as many as it is told', () => {
    const circuit = new Circuit({ clock: new ManualClock(), host: 'h', failuresToOpen: 2, shortestRowMs: 0 });
    circuit.enter('GetEntityById')('failed');
    circuit.state().state.should.equal('closed');
    circuit.enter('GetEntityById')('failed');
    circuit.state().state.should.equal('open');
  });

  it('counts afresh after an answer, and takes no notice of what says nothing', () => {
    const bench = new Bench();
    bench.send('failed', 19);
    bench.send('answered');
    bench.send('failed', 10);
    bench.send('neither', 100);
    bench.send('failed', 9);
    bench.state.should.equal('closed');
    bench.send('neither');
    bench.send('failed');
    bench.state.should.equal('open');
  });

  it('counts those that are under way together as they end', () => {
    const bench = new Bench();
    const leaves = Array.from({ length: 30 }, () => bench.circuit.enter('GetEntityById'));
    for (const leave of leaves.slice(0, 19)) leave('failed');
    bench.state.should.equal('closed');
    leaves[19]?.('failed');
    bench.state.should.equal('open');
  });

  it('refuses at once while it is open, and says until when', () => {
    const bench = Bench.opened();
    bench.clock.advance(400);
    const error = bench.refusal();
    error.code.should.equal('FENERGO_UNAVAILABLE');
    error.message.should.equal(
      'GetEntityById: api.example.com gave nothing but failures 20 times in a row, the last one 503, so nothing is sent to it: the next try is in 1 s',
    );
    bench.refusal().should.not.equal(error, 'calls hang facts of their own on it');
    (() => bench.circuit.check('GetEntityById')).should.throw({ code: 'FENERGO_UNAVAILABLE' });
  });

  it('lets one probe through after a second, and one at a time', () => {
    const bench = Bench.opened();
    bench.clock.advance(999);
    bench.refusal();
    bench.clock.advance(1);
    bench.circuit.check('GetEntityById');
    bench.circuit.state().should.deepEqual({ state: 'open', failures: 20, secondsLeft: 0 });
    const leave = bench.circuit.enter('GetEntityById');
    bench.circuit.state().should.deepEqual({ state: 'probing', failures: 20 });
    bench.clock.advance(3_600_000);
    bench
      .refusal()
      .message.should.endWith('nothing is sent to it: one call is just trying whether it answers again');
    leave('answered');
    bench.circuit.state().should.deepEqual({ state: 'closed' });
    bench.send('answered', 3);
    bench.log.should.have.length(2);
    bench.log[1]?.should.equal('api.example.com answers again');
  });

  it('doubles the pause after each probe that fails, up to a minute', () => {
    const bench = Bench.opened();
    for (const pauseS of [1, 2, 4, 8, 16, 32, 60, 60]) {
      should(bench.circuit.state()).have.properties({ state: 'open', secondsLeft: pauseS });
      bench.clock.advance(pauseS * 1000 - 1);
      bench.refusal();
      bench.clock.advance(1);
      bench.send('failed');
    }
    bench.log.should.have.length(1);
    bench.clock.advance(60_000);
    bench.send('answered');
    bench.send('failed', 19);
    bench.state.should.equal('closed');
    bench.send('failed');
    should(bench.circuit.state()).have.properties({ state: 'open', secondsLeft: 1 });
    bench.log.should.have.length(3);
  });

  it('lets the next probe through at once when one has said nothing', () => {
    const bench = Bench.opened();
    bench.clock.advance(1000);
    bench.send('neither');
    bench.state.should.equal('open');
    bench.send('answered');
    bench.state.should.equal('closed');
  });

  it('learns nothing from late failures of those that were under way when it opened', () => {
    const bench = new Bench();
    const late = Array.from({ length: 10 }, () => bench.circuit.enter('GetEntityById'));
    bench.send('failed', 20);
    bench.clock.advance(400);
    for (const leave of late.slice(0, 5)) leave('failed');
    bench.clock.advance(600);
    const probe = bench.circuit.enter('GetEntityById');
    for (const leave of late.slice(5)) leave('failed');
    bench.state.should.equal('probing');
    probe('failed');
    should(bench.circuit.state()).have.properties({ state: 'open', secondsLeft: 2 });
    bench.log.should.have.length(1);
  });

  it('closes when a late one is answered, whatever becomes of the probe', () => {
    const bench = new Bench();
    const late = bench.circuit.enter('GetEntityById');
    bench.send('failed', 20);
    bench.clock.advance(1000);
    const probe = bench.circuit.enter('GetEntityById');
    late('answered');
    bench.state.should.equal('closed');
    bench.send('failed', 18);
    probe('failed');
    bench.state.should.equal('closed');
    bench.send('failed');
    should(bench.circuit.state()).have.properties({ state: 'open', secondsLeft: 1 });
    bench.log.should.have.length(3);
  });
});
