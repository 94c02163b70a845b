import type { FaultRule, SandboxStats } from '../../lib/sandbox/sandbox.js';
import { reads } from './messages.js';
import { NEVER, type Scenario } from './scenarios.js';

/** What became of the messages of a scenario. */
export interface Row {
  sent: number;
  answered: number;
  /** How many failed with which code. */
  errors: Record<string, number>;
  /** Those that failed with a code that the scenario does not allow. */
  unexpected: number;
  /** Commands that the platform carried out more than once. */
  twice: number;
  /** Messages of which nothing more was heard. */
  lost: number;
  /** Calls that the platform refused for its limits, not for the fault plan. */
  limitsBroken: number;
  /** How often something went wrong as the scenario wants it. */
  faults: number;
  /** Faults of the scenario that never came about: it has not tested what it says. */
  idle: number;
  /** The longest time in which no message came to its end, in milliseconds. */
  longestStallMs: number;
  seconds: number;
}

/** How the messages of a run ended. */
export interface Ends {
  sent: number;
  /** By number of the message: `ok`, or the code of its error. */
  codes: Map<number, string>;
  longestStallMs: number;
  startMs: number;
  endMs: number;
}

/** What the platform tells after a run. */
export interface Seen {
  /** Of the platform that stands at the end. */
  stats: SandboxStats;
  rules: readonly (FaultRule & { used: number })[];
  /** Answers with 429 that no rule has given. */
  refused: number;
  /** How often each command was carried out. */
  carriedOut: Iterable<number>;
}

/** What is 0 in every row where all is well. */
export const FAILINGS = ['unexpected', 'twice', 'lost', 'limitsBroken', 'idle'] as const;

export function rowOf(scenario: Scenario, ends: Ends, seen: Seen): Row {
  const { sent, codes, longestStallMs, startMs, endMs } = ends;
  const errors: Record<string, number> = {};
  let answered = 0;
  let unexpected = 0;
  for (const [number, code] of codes) {
    if (code === 'ok') answered += 1;
    else {
      errors[code] = (errors[code] ?? 0) + 1;
      if (!mayFail(scenario, number).test(code)) unexpected += 1;
    }
  }
  return {
    ...{ sent, answered, errors, unexpected },
    twice: [...seen.carriedOut].filter((times) => times > 1).length,
    lost: sent - codes.size,
    limitsBroken: seen.refused,
    ...firedOf(scenario, errors, seen),
    longestStallMs: Math.round(longestStallMs),
    seconds: Math.round((endMs - startMs) / 100) / 10,
  };
}

function mayFail({ mayFail, readsMayFail = NEVER }: Scenario, number: number): RegExp {
  return reads(number) ? readsMayFail : mayFail;
}

function firedOf(
  { faults, effect }: Scenario,
  errors: Record<string, number>,
  { rules, stats }: Seen,
): Pick<Row, 'faults' | 'idle'> {
  if (effect) {
    const times = effect(errors, stats);
    return { faults: times, idle: times > 0 ? 0 : 1 };
  }
  if (!faults) return { faults: 0, idle: 0 };
  return {
    faults: rules.reduce((sum, { used }) => sum + used, 0),
    // Dice that give no rule at all would test nothing either.
    idle: rules.length === 0 ? 1 : rules.filter(unused).length,
  };
}

function unused({ times = 1, used }: FaultRule & { used: number }): boolean {
  return used < (times === 'always' ? 1 : times);
}
