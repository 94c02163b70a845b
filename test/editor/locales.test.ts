import { readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import 'should';

const NODES = join(__dirname, '../../nodes');
/** Node types with a dialog of their own. */
const TYPES = readdirSync(NODES).filter((name) => name.startsWith('fenergo-'));

type Strings = { [key: string]: string | Strings };

/** Every key of a locale file, with dots. */
function keysOf(strings: Strings, prefix = ''): string[] {
  return Object.entries(strings).flatMap(([key, value]) =>
    typeof value === 'string' ? [prefix + key] : keysOf(value, `${prefix}${key}.`),
  );
}

function stringsOf(type: string, language: string): string[] {
  const file = join(NODES, type, 'locales', language, `${type}.json`);
  return keysOf(JSON.parse(readFileSync(file, 'utf8')) as Strings);
}

/** The file and what it imports of the shared editor code. */
function sources(file: string, seen = new Set<string>()): string[] {
  if (seen.has(file)) return [];
  seen.add(file);
  const text = readFileSync(file, 'utf8');
  const imports = [...text.matchAll(/from '(\.[^']*\/?(?:shared\/editor\/[^']+|[^'/]+))\.js'/g)]
    .map(([, path]) => join(file, '..', `${path}.ts`))
    .filter((path) => relative(NODES, path).startsWith('shared'));
  return [text, ...imports.flatMap((path) => sources(path, seen))];
}

/** The keys that markup and code ask for; those put together at run time end in `*`. */
function keysUsed(type: string): string[] {
  const markup = readFileSync(join(NODES, type, `${type}.html`), 'utf8');
  const code = sources(join(NODES, type, 'editor.ts')).join('\n');
  const inMarkup = [...markup.matchAll(/data-i18n="([^"]+)"/g)].flatMap(([, value = '']) =>
    value.split(';').map((part) => part.replace(/^\[[^\]]+\]/, '')),
  );
  const inCode = [...code.matchAll(/(?:\b_|\.#warn|\brequired)\(\s*(?:'([^']+)'|`([^`]+)`)/g)].map(
    ([, literal, template]) => literal ?? String(template).replace(/\$\{[^}]*\}/g, '*'),
  );
  return [...inMarkup, ...inCode].filter((key) => !key.includes(':'));
}

describe('strings of the dialogs', () => {
  for (const type of TYPES) {
    const languages = readdirSync(join(NODES, type, 'locales'));

    it(`${type}: every key that is used exists`, () => {
      const known = stringsOf(type, 'en-US');
      const used = keysUsed(type);
      used.length.should.be.above(10);
      const missing = used.filter((key) => {
        const pattern = new RegExp(`^${key.replace(/\./g, '\\.').replace(/\*/g, '[^.]+')}$`);
        return !known.some((candidate) => pattern.test(candidate));
      });
      missing.should.eql([]);
    });

    it(`${type}: every string is used`, () => {
      const patterns = keysUsed(type).map(
        (key) => new RegExp(`^${key.replace(/\./g, '\\.').replace(/\*/g, '[^.]+')}$`),
      );
      // Not the dialog's: the runtime and the palette ask for them.
      const elsewhere = /^(status|palette)\./;
      const unused = stringsOf(type, 'en-US').filter(
        (key) => !elsewhere.test(key) && !patterns.some((pattern) => pattern.test(key)),
      );
      unused.should.eql([]);
    });

    it(`${type}: every language has the same keys, and help`, () => {
      const keys = stringsOf(type, 'en-US').sort();
      for (const language of languages) {
        stringsOf(type, language).sort().should.eql(keys, language);
        readFileSync(join(NODES, type, 'locales', language, `${type}.html`), 'utf8').should.containEql(
          `data-help-name="${type}"`,
        );
      }
    });
  }
});
