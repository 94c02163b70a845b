import fc from 'fast-check';

const { FUZZ_SEED = '20260109', FUZZ_RUNS = '200' } = process.env;

/** For `fc.assert`: the same inputs in every run, unless FUZZ_SEED or FUZZ_RUNS tell otherwise. */
export const FUZZ = { seed: Number(FUZZ_SEED), numRuns: Number(FUZZ_RUNS) };

/** The same for properties whose every run takes milliseconds, such as a request over the network. */
export const FUZZ_SLOWLY = { ...FUZZ, numRuns: Math.ceil(FUZZ.numRuns / 4) };

/** What has a meaning in a path, a URL, a header or JSON, and what looks like it. */
const DANGEROUS = [
  ...'/\\.?#%:@&=+;{}[]<>\'",* \t\0\u007f',
  ...['..', '//', '%2e', '%2F', '%', '\r\n', '{id}', 'http:', '\u00a0', '\u2025', '\u2028', '\uff0e', '😀'],
];

/** Text that is out for trouble: never half of a Unicode character, often the parts of a way out. */
export const hostileText = fc.string({
  unit: fc.oneof(
    fc.constantFrom(...DANGEROUS),
    fc.string({ unit: 'binary-ascii', minLength: 1, maxLength: 1 }),
    fc.string({ unit: 'binary', minLength: 1, maxLength: 1 }),
  ),
  maxLength: 12,
});

/** The same, also with halves of Unicode characters. */
export const brokenText = fc
  .array(fc.oneof(hostileText, fc.constantFrom('\ud800', '\udc00')), { maxLength: 3 })
  .map((parts) => parts.join(''));

/** Names that objects have or inherit, and that a careless reader falls for. */
export const INHERITED = ['__proto__', 'constructor', 'toString', 'valueOf', 'toJSON', 'length', 'then'];

/**
 * JSON text of any kind of value, also of an object with a property named `__proto__`.
 *
 * @param names of properties, which are taken more often than others
 */
export function jsonText(...names: string[]): fc.Arbitrary<string> {
  const name = fc.oneof(
    { weight: 6, arbitrary: fc.constantFrom(...names) },
    { weight: 1, arbitrary: fc.constantFrom(...INHERITED) },
    { weight: 1, arbitrary: fc.string() },
  );
  const { value } = fc.letrec<{ value: string; list: string; object: string }>((tie) => ({
    value: fc.oneof(
      { depthSize: 'small', withCrossShrink: true },
      fc.constantFrom('null', 'true', 'false', '0', '-1', '1e400', '""', '{}', '[]'),
      fc
        .oneof(fc.double({ noNaN: true, noDefaultInfinity: true }), hostileText)
        .map((leaf) => JSON.stringify(leaf)),
      tie('list'),
      tie('object'),
    ),
    list: fc.array(tie('value'), { maxLength: 4 }).map((items) => `[${items}]`),
    object: fc
      .array(fc.tuple(name, tie('value')), { maxLength: 5 })
      .map((entries) => `{${entries.map(([key, item]) => `${JSON.stringify(key)}:${item}`)}}`),
  }));
  return value;
}

/**
 * JSON text of an object.
 *
 * @param fields the JSON text of each property, some of which are left out
 */
export function jsonObject(fields: Record<string, fc.Arbitrary<string>>): fc.Arbitrary<string> {
  return fc
    .record(fields, { requiredKeys: [] })
    .map((some) => `{${Object.entries(some).map(([key, value]) => `${JSON.stringify(key)}:${value}`)}}`);
}

/** Bytes of any kind: seldom text, hardly ever JSON. */
export const anyBytes = fc.uint8Array({ maxLength: 64 }).map((bytes) => Buffer.from(bytes));
