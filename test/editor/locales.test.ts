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

/** The file and what it imports from these folders of `nodes/`; imports of mere types do not count. */
function sources(file: string, folders: readonly string[], seen = new Set<string>()): string[] {
  if (seen.has(file)) return [];
  seen.add(file);
  const text = readFileSync(file, 'utf8');
  const imports = [...text.matchAll(/^import (?!type\b)[^;]*? from '(\.[^']+)\.js';$/gm)]
    .map(([, path]) => join(file, '..', `${path}.ts`))
    .filter((path) => folders.some((folder) => relative(NODES, path).startsWith(join(folder, '/'))));
  return [text, ...imports.flatMap((path) => sources(path, folders, seen))];
}

/** The literals of a capture; what is put together at run time ends up as `*`. */
function literals(code: string, pattern: RegExp): string[] {
  return [...code.matchAll(pattern)].map(
    ([, literal, template]) => literal ?? String(template).replace(/\$\{[^}]*\}/g, '*'),
  );
}

/** The keys that markup and code of the dialog ask for. */
function keysOfDialog(type: string): string[] {
  const markup = readFileSync(join(NODES, type, `${type}.html`), 'utf8');
  const code = sources(join(NODES, type, 'editor.ts'), ['shared']).join('\n');
  const inMarkup = [...markup.matchAll(/data-i18n="([^"]+)"/g)].flatMap(([, value = '']) =>
    value.split(';').map((part) => part.replace(/^\[[^\]]+\]/, '')),
  );
  const inCode = literals(code, /(?:\b_|\.#warn|\brequired)\(\s*(?:'([^']+)'|`([^`]+)`)/g);
  return [...inMarkup, ...inCode].filter((key) => !key.includes(':'));
}

/**
 * The keys in the code that a node runs, of its own folder and of what nodes share: whatever has their form, since a key
 * may be chosen before it is translated, or be the text of a status, which the editor translates.
 *
 * @param sections the first parts of its keys
 */
function keysOfRuntime(type: string, sections: readonly string[]): string[] {
  const code = sources(join(NODES, type, `${type}.ts`), [type, 'shared']).join('\n');
  return literals(code, /(?:'([\w.-]+)'|`([^`\n]+)`)/g).filter((text) =>
    sections.some((section) => text.startsWith(`${section}.`)),
  );
}

/** All keys that somebody asks for: the dialog, the node, and the palette for its category. */
function keysUsed(type: string): string[] {
  const sections = [...new Set(stringsOf(type, 'en-US').map((key) => key.split('.')[0] ?? ''))];
  const keys = [...keysOfDialog(type), ...keysOfRuntime(type, sections)];
  const [, category] =
    /category: '([\w-]+)'/.exec(readFileSync(join(NODES, type, 'editor.ts'), 'utf8')) ?? [];
  return category === 'config' ? keys : [...keys, `palette.label.${category}`];
}

function patternOf(key: string): RegExp {
  return new RegExp(`^${key.replace(/\./g, '\\.').replace(/\*/g, '[^.]+')}$`);
}

describe('strings of the dialogs', () => {
  for (const type of TYPES) {
    const languages = readdirSync(join(NODES, type, 'locales'));

    it(`${type}: every key that is used exists`, () => {
      const used = keysUsed(type);
      used.length.should.be.above(10);
      const known = stringsOf(type, 'en-US');
      const missing = used.filter((key) => !known.some((candidate) => patternOf(key).test(candidate)));
      missing.should.eql([]);
    });

    it(`${type}: every string is used`, () => {
      const patterns = keysUsed(type).map(patternOf);
      const known = stringsOf(type, 'en-US');
      const unused = known.filter((key) => !patterns.some((pattern) => pattern.test(key)));
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
