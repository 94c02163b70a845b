import { validateHeaderName, validateHeaderValue } from 'node:http';
import fc from 'fast-check';
import should from 'should';
import { FenergoError } from '../../lib/errors.js';
import {
  buildPath,
  buildQuery,
  headerName,
  headerValue,
  isGiven,
  type ManualPath,
  parseManualPath,
} from '../../lib/http/path.js';
import { brokenText, FUZZ, hostileText, INHERITED } from '../support/fuzz.js';

const ORIGIN = 'https://api.example.test';
const BASE = `${ORIGIN}/base`;

/** What came of it; undefined when it was refused as it should be. */
function unlessRefused<T>(make: () => T): T | undefined {
  try {
    return make();
  } catch (error) {
    should(error).be.instanceof(FenergoError).and.have.property('code', 'FENERGO_INPUT');
    return undefined;
  }
}

const name = fc.oneof(fc.constantFrom(...INHERITED, 'id', 'a'), fc.stringMatching(/^[^{}]+$/));
const text = hostileText.filter((value) => !['', '.', '..'].includes(value));
/** A segment that leads upwards, or that a harmless value makes do so: `%2` + `e` is a dot. */
const segment = fc.oneof(
  fc.constantFrom('..', '%2e%2E', '.%2e', '%2{a}', '.%{a}', '%2{a}%2{b}'),
  fc.string({
    unit: fc.constantFrom('.', '%2', '{a}', '%', '2e', '{', '}', '?', '\\', 'x'),
    maxLength: 3,
  }),
);
const value = fc.oneof(fc.constantFrom('e', 'E', '2e', '%2e'), text);

/** A path that a person may have written: its service and segments of words and parameters, or anything. */
const written = fc.oneof(
  fc
    .tuple(fc.constantFrom('/svc/', '/', ''), fc.array(segment, { maxLength: 3 }))
    .map(([start, segments]) => start + segments.join('/')),
  fc.tuple(fc.constantFrom('', '/svc/'), brokenText).map((parts) => parts.join('')),
);

describe('buildPath, of anything', () => {
  it('keeps every text one segment of the same value, whatever the names', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(name, text), { minLength: 1, maxLength: 4 }), (entries) => {
        const values = Object.fromEntries(entries);
        const names = Object.keys(values);
        const path = buildPath(`/svc/api${names.map((one) => `/{${one}}`).join('')}/end`, values);
        const url = new URL(BASE + path);
        url.pathname.should.equal(`/base${path}`);
        url.href.should.equal(BASE + path);
        url.pathname
          .split('/')
          .map(decodeURIComponent)
          .should.deepEqual(['', 'base', 'svc', 'api', ...names.map((one) => values[one]), 'end']);
      }),
      FUZZ,
    );
  });

  it('puts in or refuses whatever is no text', () => {
    fc.assert(
      fc.property(fc.oneof(fc.anything({ withDate: true, withNullPrototype: true }), brokenText), (value) => {
        const path = unlessRefused(() => buildPath('/svc/{id}/end', { id: value }));
        if (path === undefined) return;
        path.should.match(/^\/svc\/[^/?#\\\s]+\/end$/);
        should(
          ['string', 'number', 'bigint', 'boolean'].includes(typeof value) || value instanceof Date,
        ).be.true();
      }),
      FUZZ,
    );
  });

  it('refuses whatever is not given, also what objects inherit', () => {
    fc.assert(
      fc.property(name, fc.dictionary(name, text), (missing, values) => {
        fc.pre(!Object.hasOwn(values, missing));
        should(() => buildPath(`/svc/{${missing}}`, values)).throw({
          code: 'FENERGO_INPUT',
          message: /is missing: set it on the node/,
        });
      }),
      FUZZ,
    );
  });
});

describe('buildQuery, of anything', () => {
  const item = fc.oneof(hostileText, fc.integer(), fc.boolean(), fc.constantFrom(null, undefined, ''));

  it('gives back the pairs that it was given', () => {
    fc.assert(
      fc.property(
        fc.dictionary(fc.oneof(name, hostileText), fc.oneof(item, fc.array(item, { maxLength: 3 }))),
        (values) => {
          const pairs = Object.entries(values).flatMap(([key, value]) =>
            [value]
              .flat()
              .filter(isGiven)
              .map((one) => [key, String(one)]),
          );
          const url = new URL(`${BASE}/svc?${buildQuery(values)}`);
          should([...url.searchParams]).deepEqual(pairs);
          url.hash.should.equal('');
          url.pathname.should.equal('/base/svc');
        },
      ),
      FUZZ,
    );
  });

  it('refuses what it cannot hold, and never lets a line break or blank through', () => {
    fc.assert(
      fc.property(
        fc.dictionary(brokenText, fc.oneof(fc.anything({ withDate: true }), brokenText)),
        (values) => {
          const query = unlessRefused(() => buildQuery(values));
          if (query) query.should.match(/^[\x21-\x7e]*$/).and.not.match(/[/?#\\]/);
        },
      ),
      FUZZ,
    );
  });
});

describe('parseManualPath, of anything', () => {
  /** As the request node does. */
  const urlOf = ({ service, path, query }: ManualPath, values: Record<string, string>) =>
    `/${encodeURIComponent(service)}${buildPath(path, values)}${query && `?${query}`}`;

  it('leads to its service under the base of the API, with whatever values, or is refused', () => {
    fc.assert(
      fc.property(written, value, (typed, filling) => {
        const manual = unlessRefused(() => parseManualPath(typed));
        if (!manual) return;
        const names = [...manual.path.matchAll(/\{([^{}]+)\}/g)].map(([, key]) => key as string);
        const path = unlessRefused(() =>
          urlOf(manual, Object.fromEntries(names.map((key) => [key, filling]))),
        );
        if (path === undefined) return;
        path.should.not.match(/[\r\n]/);
        const url = new URL(BASE + path);
        url.origin.should.equal(ORIGIN);
        url.hash.should.equal('');
        const service = `/base/${encodeURIComponent(manual.service)}/`;
        url.pathname.should.startWith(service);
        // No segment has gone: none of them led upwards.
        url.pathname.split('/').should.have.length(`/base${path}`.split('?')[0]?.split('/').length ?? 0);
      }),
      FUZZ,
    );
  });

  it('takes a path that is encoded already as it is', () => {
    fc.assert(
      fc.property(
        fc.stringMatching(/^[a-z][a-z0-9-]{0,9}$/),
        fc.array(text),
        hostileText,
        (service, values, value) => {
          const path = `/${values.map(encodeURIComponent).join('/')}`;
          const query = `${buildQuery({ q: value })}?/..`;
          parseManualPath(`/${service}${path}?${query}`).should.deepEqual({ service, path, query });
        },
      ),
      FUZZ,
    );
  });
});

describe('headers, of anything', () => {
  it('have values that Node sends as they are, or are refused', () => {
    fc.assert(
      fc.property(fc.oneof(brokenText, fc.stringMatching(/^[\t -~]*$/), fc.anything()), (value) => {
        const checked = unlessRefused(() => headerValue('x-own', value));
        if (checked === undefined) return;
        checked.should.equal(String(value)).and.match(/^[\t -~]*$/);
        validateHeaderValue('x-own', checked);
      }),
      FUZZ,
    );
  });

  it('have names that Node takes, or are refused', () => {
    fc.assert(
      fc.property(fc.oneof(brokenText, fc.string()), (value) => {
        const checked = unlessRefused(() => headerName(value));
        if (checked === undefined) return;
        checked.should.equal(value.toLowerCase());
        validateHeaderName(checked);
      }),
      FUZZ,
    );
  });
});
