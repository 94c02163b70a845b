import should from 'should';
import { customEndpoints, KNOWN_REGIONS, regionEndpoints } from '../../lib/regions.js';
import { isGuid } from '../../lib/tenant.js';

function config(message: RegExp): { code: string; message: RegExp } {
  return { code: 'FENERGO_CONFIG', message };
}

describe('regionEndpoints', () => {
  it('gives the hosts of the default region without a region part', () => {
    for (const region of ['', '  ']) {
      regionEndpoints(region).should.deepEqual({
        tokenUrl: 'https://identity.fenergox.com/connect/token',
        apiUrl: 'https://api.fenergox.com',
      });
    }
  });

  for (const [region, part] of [
    ['emea1b', 'emea1b'],
    [' APAC1 ', 'apac1'],
    ['nar1', 'nar1'],
    ['some-new-9', 'some-new-9'],
    ['x', 'x'],
    ['a'.repeat(63), 'a'.repeat(63)],
  ] as const) {
    it(`gives the hosts of '${region}'`, () => {
      regionEndpoints(region).should.deepEqual({
        tokenUrl: `https://identity.${part}.fenergox.com/connect/token`,
        apiUrl: `https://api.${part}.fenergox.com`,
      });
    });
  }

  for (const region of [
    'a.b',
    'evil.test/',
    'a/b',
    'a#',
    'a?',
    'a b',
    '-a',
    'a-',
    'a@b',
    'ä',
    'a:1',
    'a\\b',
    'a'.repeat(64),
    'a\nb',
    '%2e',
  ]) {
    it(`refuses ${JSON.stringify(region)}`, () => {
      should(() => regionEndpoints(region)).throw(
        config(/cannot be part of a host name: use a name such as 'emea1b'/),
      );
    });
  }

  it('knows regions that are all allowed', () => {
    for (const region of KNOWN_REGIONS) regionEndpoints(region).apiUrl.should.startWith('https://api.');
  });
});

describe('customEndpoints', () => {
  for (const [identity, api, tokenUrl, apiUrl] of [
    ['https://id.test', 'https://api.test', 'https://id.test/connect/token', 'https://api.test'],
    ['https://id.test/', 'https://api.test///', 'https://id.test/connect/token', 'https://api.test'],
    [
      'https://gw.test/sts/',
      'https://gw.test/fen/api/',
      'https://gw.test/sts/connect/token',
      'https://gw.test/fen/api',
    ],
    [' http://127.0.0.1:8080 ', 'http://[::1]:81', 'http://127.0.0.1:8080/connect/token', 'http://[::1]:81'],
    ['HTTPS://ID.test:443', 'https://API.test:443/A', 'https://id.test/connect/token', 'https://api.test/A'],
    ['https://id.test/a/../b', 'https://api.test', 'https://id.test/b/connect/token', 'https://api.test'],
  ] as const) {
    it(`reads ${identity} and ${api}`, () => {
      customEndpoints(identity, api).should.deepEqual({ tokenUrl, apiUrl });
    });
  }

  for (const [url, why] of [
    ['', /is empty/],
    ['  ', /is empty/],
    ['nonsense', /is not a URL/],
    ['//host', /is not a URL/],
    ['https://', /is not a URL/],
    ['ftp://host', /does not start with https/],
    ['file:///etc', /does not start with https/],
    ['javascript:1', /does not start with https/],
    ['https://me:p1anted@host', /carries a user name or password/],
    ['https://me@host', /carries a user name or password/],
    ['https://host/?a=p1anted', /has a '\?' or '#' part/],
    ['https://host/#a', /has a '\?' or '#' part/],
  ] as const) {
    it(`refuses ${JSON.stringify(url)}, naming the field and not the value`, () => {
      for (const [label, make] of [
        ['Identity URL', () => customEndpoints(url, 'https://api.test')],
        ['API URL', () => customEndpoints('https://id.test', url)],
      ] as const) {
        should(make).throw(config(why));
        should(make).throw(config(new RegExp(`^${label} (?!.*p1anted)`)));
      }
    });
  }
});

describe('isGuid', () => {
  for (const [text, is] of [
    ['11111111-2222-3333-4444-555555555555', true],
    ['ABCDEF01-2222-3333-4444-abcdefabcdef', true],
    ['', false],
    ['11111111222233334444555555555555', false],
    ['{11111111-2222-3333-4444-555555555555}', false],
    ['11111111-2222-3333-4444-555555555555 ', false],
    ['11111111-2222-3333-4444-555555555555\n', false],
    ['g1111111-2222-3333-4444-555555555555', false],
  ] as const) {
    it(`says ${is} of ${JSON.stringify(text)}`, () => {
      isGuid(text).should.equal(is);
    });
  }
});
