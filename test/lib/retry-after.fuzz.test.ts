import fc from 'fast-check';
import should from 'should';
import { retryAfterMs } from '../../lib/retry-after.js';
import { FUZZ, hostileText } from '../support/fuzz.js';

const DAY_MS = 24 * 3600 * 1000;
const NOW = Date.UTC(2026, 0, 1, 12, 0, 0);

const DAYS = ['Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday'];
const two = (value: number | string) => String(value).padStart(2, '0');

/** The forms of a date that a server may send (RFC 9110, 5.6.7; ISO 8601), to the second. */
const FORMS: Record<string, (date: Date) => string> = {
  'an HTTP date': (date) => date.toUTCString(),
  'a date of RFC 850': (date) => {
    const [, day = '', month, year = '', time] = date.toUTCString().split(' ');
    return `${DAYS[date.getUTCDay()]}, ${day}-${month}-${year.slice(2)} ${time} GMT`;
  },
  'a date of asctime': (date) => {
    const [name = '', day = '', month, year, time] = date.toUTCString().split(' ');
    return `${name.slice(0, 3)} ${month} ${String(Number(day)).padStart(2)} ${time} ${year}`;
  },
  'an ISO date': (date) => date.toISOString(),
  'an ISO date without milliseconds': (date) => `${date.toISOString().slice(0, 19)}Z`,
  'an ISO date without a zone': (date) => date.toISOString().slice(0, 19),
  'an ISO date of another zone': (date) =>
    `${new Date(date.getTime() - 5.5 * 3_600_000).toISOString().slice(0, 19)}-05:30`,
  'an ISO date with a blank': (date) => date.toISOString().replace('T', ' '),
};

/** Text of the parts of dates and numbers. */
const nearlyDate = fc.string({
  unit: fc.oneof(
    fc.constantFrom(
      'Thu',
      'Thursday',
      'Jan',
      'GMT',
      'Z',
      'T',
      ' ',
      ', ',
      ':',
      '-',
      '+',
      '.',
      '2026',
      '01',
      '12:00',
      '60',
    ),
    fc.nat({ max: 99 }).map(two),
    hostileText,
  ),
});

describe('retryAfterMs, of anything', () => {
  const zone = process.env.TZ;

  afterEach(() => {
    if (zone === undefined) delete process.env.TZ;
    else process.env.TZ = zone;
  });

  it('is undefined, or from nothing to a day', () => {
    const text = fc.oneof(
      nearlyDate,
      hostileText,
      fc.string(),
      fc.double().map(String),
      fc.bigInt().map(String),
    );
    const value = fc.oneof(text, fc.array(text, { maxLength: 2 }), fc.constant(undefined));
    fc.assert(
      fc.property(value, fc.date({ noInvalidDate: true }), (given, date) => {
        const ms = retryAfterMs(given, date.getTime()) ?? 0;
        should(ms).be.within(0, DAY_MS);
        should(Object.is(ms, -0)).be.false();
      }),
      FUZZ,
    );
  });

  it('gives seconds back, in a list too', () => {
    fc.assert(
      fc.property(fc.nat({ max: 100_000 }), fc.constantFrom('', '0', ' '), (seconds, before) => {
        const ms = Math.min(seconds * 1000, DAY_MS);
        should(retryAfterMs(`${before}${seconds}`, NOW)).equal(ms);
        should(retryAfterMs([`${seconds}`, 'soon'], NOW)).equal(ms);
      }),
      FUZZ,
    );
  });

  for (const [what, write] of Object.entries(FORMS)) {
    it(`gives the time until ${what} back, wherever the machine stands`, () => {
      fc.assert(
        fc.property(
          fc.integer({ min: Date.UTC(2024, 0, 1) / 1000, max: Date.UTC(2049, 0, 1) / 1000 }),
          fc.integer({ min: -DAY_MS * 2, max: DAY_MS * 2 }),
          fc.constantFrom('UTC', 'Asia/Kolkata', 'America/New_York', 'Pacific/Auckland'),
          (second, agoMs, timeZone) => {
            process.env.TZ = timeZone;
            const ms = Math.min(Math.max(0, -agoMs), DAY_MS);
            should(retryAfterMs(write(new Date(second * 1000)), second * 1000 + agoMs)).equal(ms);
          },
        ),
        FUZZ,
      );
    });
  }

  it('is undefined for words, also when they have a number or a time behind them', () => {
    const word = fc.stringMatching(/^[A-Za-z]{1,9}[,:]? ?$/);
    const rest = fc.oneof(
      nearlyDate,
      fc.constantFrom('5 1:00', '5 12:00', '7', '2027 1:00', '1 Jan 2027 12:00:00 GMT'),
    );
    fc.assert(
      fc.property(word, rest, (one, end) => {
        const text = `${one}${end}`;
        fc.pre(!/^(sun|mon|tue|wed|thu|fri|sat)/i.test(text));
        should(retryAfterMs(text, NOW)).be.undefined();
      }),
      FUZZ,
    );
  });

  it('is undefined for numbers that are no count of seconds', () => {
    fc.assert(
      fc.property(
        fc.nat(),
        fc.constantFrom('-#', '+#', '#s', '#e3', '0x#', '#,#', '# #', '.#', '#.', '1.#.2'),
        (n, form) => {
          should(retryAfterMs(form.replaceAll('#', `${n}`), NOW)).be.undefined();
        },
      ),
      FUZZ,
    );
  });
});
