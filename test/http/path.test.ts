import { runInNewContext } from 'node:vm';
import should from 'should';
import {
  buildPath,
  buildQuery,
  headerName,
  headerValue,
  isGiven,
  type ParamValues,
  parseManualPath,
} from '../../lib/http/path.js';

const BASE = 'https://api.example.test';
const TEMPLATE = '/svc/api/entity/{id}/part';

function input(words: RegExp): { code: string; message: RegExp } {
  return { code: 'FENERGO_INPUT', message: words };
}

describe('buildPath', () => {
  for (const value of [
    'plain',
    'a/b',
    '../../other',
    '...',
    'a?b=c',
    'a#b',
    '100%',
    '%2e%2e',
    '%2F',
    'a b',
    ' ',
    'tab\tnew\r\nline\0',
    'naïve',
    '日本',
    '😀',
    'a\\b',
    'a:b@c',
    '{id}',
    '$&',
    "~!*()'",
  ]) {
    it(`keeps ${JSON.stringify(value)} one segment of the same value`, () => {
      const path = buildPath(TEMPLATE, { id: value });
      const segments = path.split('/');
      segments.should.have.length(6);
      decodeURIComponent(segments[4] ?? '').should.equal(value);
      const url = new URL(BASE + path);
      url.host.should.equal('api.example.test');
      url.pathname.split('/').should.have.length(6);
      url.pathname.should.endWith('/part');
      url.search.should.equal('');
      url.hash.should.equal('');
    });
  }

  for (const template of ['/svc/%2{id}/x', '/svc/.%2{id}/x']) {
    it(`refuses a value that makes a dot of ${template}`, () => {
      should(() => buildPath(template, { id: 'e' })).throw(
        input(/becomes one with a '\.' or '\.\.' segment/),
      );
      buildPath(template, { id: 'f' }).should.match(/%2f/);
    });
  }

  for (const value of ['.', '..']) {
    it(`refuses '${value}'`, () => {
      should(() => buildPath(TEMPLATE, { id: value })).throw(
        input(/'id' is '\.+', which would lead to another path/),
      );
    });
  }

  for (const value of ['\ud800', 'a\udfffb', '\ude00\ud83d']) {
    it(`refuses half a character: ${JSON.stringify(value)}`, () => {
      should(() => buildPath(TEMPLATE, { id: value })).throw(input(/'id' holds half of a Unicode character/));
    });
  }

  for (const [value, kind] of [
    [['a', 'b'], 'a list'],
    [[], 'a list'],
    [{ toString: () => 'x' }, 'an object'],
    [() => 'x', 'a function'],
    [Symbol('x'), 'a symbol'],
    [new Date(Number.NaN), 'an object'],
    [Buffer.from('x'), 'an object'],
  ] as const) {
    it(`refuses ${kind}`, () => {
      should(() => buildPath(TEMPLATE, { id: value })).throw(
        input(new RegExp(`'id' is ${kind}: it has to be text`)),
      );
    });
  }

  for (const value of [undefined, null, '']) {
    it(`names the parameter that is ${JSON.stringify(value)}`, () => {
      should(() => buildPath(TEMPLATE, { id: value })).throw(
        input(/^Path parameter 'id' is missing: set it on the node or in msg\.params\.id$/),
      );
    });
  }

  for (const name of ['__proto__', 'constructor', 'toString', 'hasOwnProperty']) {
    it(`takes nothing from the prototype: ${name}`, () => {
      should(() => buildPath(`/svc/{${name}}`, {})).throw(input(/is missing/));
    });

    it(`takes a parameter that is really named ${name}`, () => {
      const values = JSON.parse(`{"${name}":"own"}`) as ParamValues;
      buildPath(`/svc/{${name}}`, values).should.equal('/svc/own');
    });
  }

  it('takes values without a prototype', () => {
    buildPath('/{a}', Object.assign(Object.create(null), { a: 1 })).should.equal('/1');
  });

  it('takes numbers, booleans, big integers and dates, also of another realm', () => {
    const values = { a: 0, b: false, c: 12n, d: new Date(0), e: runInNewContext('new Date(0)') as unknown };
    buildPath('/{a}/{b}/{c}/{d}/{e}', values).should.equal(
      '/0/false/12/1970-01-01T00%3A00%3A00.000Z/1970-01-01T00%3A00%3A00.000Z',
    );
  });

  it('puts several parameters in, the same twice, and leaves other values alone', () => {
    buildPath('/{a}-{b}/{a}', { a: '{b}', b: 2, c: 3 }).should.equal('/%7Bb%7D-2/%7Bb%7D');
    buildPath('/none', { a: 1 }).should.equal('/none');
  });
});

describe('buildQuery', () => {
  for (const [what, values, query] of [
    ['nothing', {}, ''],
    ['what is given only', { a: undefined, b: null, c: '', d: 0, e: false }, 'd=0&e=false'],
    ['a list, each item by name', { a: [1, 'two', null, '', undefined, 3] }, 'a=1&a=two&a=3'],
    ['an empty list', { a: [] }, ''],
    ['a date', { a: new Date(0) }, 'a=1970-01-01T00%3A00%3A00.000Z'],
    [
      'what has a meaning in a URL',
      { 'a&b': 'c=d&e#f?g+h i/é😀' },
      'a%26b=c%3Dd%26e%23f%3Fg%2Bh%20i%2F%C3%A9%F0%9F%98%80',
    ],
    ['half characters as U+FFFD', { 'a\ud800': 'b\udc00' }, 'a%EF%BF%BD=b%EF%BF%BD'],
    ['line breaks', { a: 'b\r\nc' }, 'a=b%0D%0Ac'],
  ] as const) {
    it(`holds ${what}`, () => {
      buildQuery(values).should.equal(query);
    });
  }

  it('takes nothing from the prototype, and own names of that kind', () => {
    buildQuery(Object.create({ inherited: 1 }) as ParamValues).should.equal('');
    buildQuery(JSON.parse('{"__proto__":"x","constructor":"y"}') as ParamValues).should.equal(
      '__proto__=x&constructor=y',
    );
  });

  for (const [value, kind] of [
    [{ a: 1 }, 'an object'],
    [[['nested']], 'a list'],
    [[{ a: 1 }], 'an object'],
    [() => 1, 'a function'],
    [Buffer.from('x'), 'an object'],
  ] as const) {
    it(`refuses ${kind}: ${JSON.stringify(value)}`, () => {
      should(() => buildQuery({ filter: value })).throw(input(new RegExp(`'filter' is ${kind}`)));
    });
  }
});

describe('parseManualPath', () => {
  for (const [text, service, path, query] of [
    ['/svc/api/entity/{id}', 'svc', '/api/entity/{id}', ''],
    ['svc/api', 'svc', '/api', ''],
    ['  /svc/api  ', 'svc', '/api', ''],
    ['/svc', 'svc', '/', ''],
    ['/svc/', 'svc', '/', ''],
    ['/svc/api?x=1&y=2', 'svc', '/api', 'x=1&y=2'],
    ['/svc/api?x=1?2', 'svc', '/api', 'x=1?2'],
    ['/svc/api?', 'svc', '/api', ''],
    ['/svc/a?next=//x/../y', 'svc', '/a', 'next=//x/../y'],
    ['/svc/{entity id}/x', 'svc', '/{entity id}/x', ''],
    ['/svc/a%20b', 'svc', '/a%20b', ''],
    ['/svc/...', 'svc', '/...', ''],
    ['/svc/.well-known', 'svc', '/.well-known', ''],
    ['/svc/a:b', 'svc', '/a:b', ''],
  ] as const) {
    it(`reads ${JSON.stringify(text)}`, () => {
      parseManualPath(text).should.deepEqual({ service, path, query });
    });
  }

  for (const text of [
    'https://evil.test/x',
    'HTTP://evil.test/x',
    'http:/evil.test',
    'javascript:alert(1)',
    'file:///etc/passwd',
    'c:\\x',
    '//evil.test/x',
    '  //evil.test/x',
    '///evil.test/x',
  ]) {
    it(`refuses the absolute ${JSON.stringify(text)}`, () => {
      should(() => parseManualPath(text)).throw(
        input(/is an absolute URL, which would send the token elsewhere/),
      );
    });
  }

  for (const text of [
    '/svc/../other',
    '/../svc',
    '/svc/..',
    '/svc/.',
    '/./svc',
    '/svc/%2e%2e/x',
    '/svc/%2E%2e/x',
    '/svc/.%2E/x',
    '/svc/%2e/x',
    '..',
    '/svc/..?x=1',
  ]) {
    it(`refuses the dots of ${text}`, () => {
      should(() => parseManualPath(text)).throw(input(/holds a '\.' or '\.\.' segment/));
    });
  }

  for (const text of [
    '/svc/a b',
    '/svc/a#b',
    '/svc/a\\b',
    '\\\\evil.test\\x',
    '/\\evil.test',
    '/svc/a\tb',
    '/svc/a\r\nx: y',
    '/svc/a\0b',
    '/svc/a\u007fb',
    '/svc/a?b c',
    '/svc/a?b#c',
    '/svc/a?b\\c',
  ]) {
    it(`refuses what has to be encoded in ${JSON.stringify(text)}`, () => {
      should(() => parseManualPath(text)).throw(
        input(/holds a blank, a backslash, a '#' or a control character/),
      );
    });
  }

  for (const text of ['', '   ', '\n']) {
    it(`refuses the empty ${JSON.stringify(text)}`, () => {
      should(() => parseManualPath(text)).throw(input(/^Path is empty: write it service first/));
    });
  }

  it('refuses half a character', () => {
    should(() => parseManualPath('/s\ud800/x')).throw(input(/holds half of a Unicode character/));
  });

  for (const text of ['/', '/?x=1', '/{service}/x', '{service}/x']) {
    it(`refuses ${text}, which names no service`, () => {
      should(() => parseManualPath(text)).throw(input(/does not start with a service/));
    });
  }

  it('shows no control characters and not more than a beginning of what it refuses', () => {
    should(() => parseManualPath(`/svc/\u001b[31m${'x'.repeat(500)}`)).throw(
      // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what must not be there
      { message: /^[^\x00-\x1f]{1,200}$/ },
    );
  });
});

describe('headers', () => {
  for (const value of ['plain', '', 'a b\tc', '~!@#', 7, true, 12n]) {
    it(`may hold ${JSON.stringify(String(value))}`, () => {
      headerValue('x', value).should.equal(String(value));
    });
  }

  it('may hold a date', () => {
    headerValue('x', new Date(0)).should.equal('1970-01-01T00:00:00.000Z');
  });

  for (const value of ['a\rb', 'a\nb', 'a\r\nx-evil: 1', 'a\0b', 'a\u007f', 'é', '😀', '\u2028', '\ud800']) {
    it(`may not hold ${JSON.stringify(value)}`, () => {
      should(() => headerValue('x-own', value)).throw(
        input(/^Header 'x-own' holds a line break, a control character/),
      );
    });
  }

  for (const value of [undefined, null, {}, ['a'], () => 1]) {
    it(`may not be ${typeof value} ${JSON.stringify(value)}`, () => {
      should(() => headerValue('x-own', value)).throw(input(/'x-own' is (a|an) \w+: it has to be text/));
    });
  }

  it('have names in small letters', () => {
    headerName('X-Own_Name.1').should.equal('x-own_name.1');
  });

  for (const name of ['', 'a b', 'a:', 'a\r\n', 'é', 'a\0', '(a)', 'a/b', '"a"']) {
    it(`may not be named ${JSON.stringify(name)}`, () => {
      should(() => headerName(name)).throw(input(/^Header name '.*' is not allowed$/));
    });
  }
});

describe('isGiven', () => {
  it('takes undefined, null and "" for nothing, and everything else for a value', () => {
    for (const value of [undefined, null, '']) isGiven(value).should.be.false();
    for (const value of [0, false, ' ', [], {}, Number.NaN]) isGiven(value).should.be.true();
  });
});
