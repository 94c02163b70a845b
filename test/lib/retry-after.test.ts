import should from 'should';
import { retryAfterMs } from '../../lib/retry-after.js';

const NOW = Date.UTC(2026, 0, 1, 12, 0, 0);
const DAY = 24 * 3600 * 1000;

describe('retryAfterMs', () => {
  for (const [value, ms] of [
    ['0', 0],
    ['7', 7000],
    [' 7 ', 7000],
    ['007', 7000],
    ['1.5', 1500],
    ['86400', DAY],
    ['86401', DAY],
    ['9'.repeat(400), undefined],
    ['Thu, 01 Jan 2026 12:00:09 GMT', 9000],
    ['Thursday, 01-Jan-26 12:00:09 GMT', 9000],
    ['Thu Jan  1 12:00:09 2026 GMT', 9000],
    ['2026-01-01T12:00:09Z', 9000],
    ['Thu, 01 Jan 2026 11:59:00 GMT', 0],
    ['Fri, 01 Jan 2027 12:00:00 GMT', DAY],
    ['', undefined],
    ['  ', undefined],
    [undefined, undefined],
    ['-5', undefined],
    ['+5', undefined],
    ['5s', undefined],
    ['in 7', undefined],
    ['soon', undefined],
    ['May 7', undefined],
    ['wait 5 1:00', undefined],
    ['1e3', undefined],
    ['0x10', undefined],
    ['NaN', undefined],
    ['Infinity', undefined],
    ['120, 60', undefined],
    [['7', '9'], 7000],
    [[], undefined],
  ] as const) {
    it(`is ${ms} for ${JSON.stringify(value)?.slice(0, 50)}`, () => {
      should(retryAfterMs(value as string | string[] | undefined, NOW)).equal(ms);
    });
  }
});
