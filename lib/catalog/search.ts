import MiniSearch from 'minisearch';
import type { Operation } from './operation.js';

/** Words that carry no meaning in what people type. */
const NOISE = new Set(['a', 'an', 'the', 'of', 'for', 'to', 'in', 'with', 'all', 'please']);

/** What people say, and what the API's operations are called. */
const MEANS = new Map(
  Object.entries({
    start: 'create',
    begin: 'create',
    new: 'create',
    add: 'create',
    find: 'search',
    lookup: 'search',
    read: 'get',
    fetch: 'get',
    load: 'get',
    show: 'get',
    list: 'get',
    change: 'update',
    edit: 'update',
    modify: 'update',
    remove: 'delete',
    cancel: 'abort',
  }),
);

const SERVICE_KIND = /^(.+?)(command|query|receptor|bff|logicengine)$/;

/** Splits at case changes and at everything that is neither letter nor digit: `GetEntityById` → get, entity, by, id. */
function words(text: string): string[] {
  return text
    .replace(/([a-z0-9])([A-Z])/g, '$1 $2')
    .replace(/([A-Z]+)([A-Z][a-z])/g, '$1 $2')
    .toLowerCase()
    .split(/[^\p{L}\p{N}]+/u)
    .filter(Boolean);
}

/** One form for singular and plural: entities and entity, journeys and journey. */
function stem(word: string): string {
  if (word.length > 4 && word.endsWith('ies')) return `${word.slice(0, -3)}y`;
  return word.length > 3 && word.endsWith('s') && !word.endsWith('ss') ? word.slice(0, -1) : word;
}

interface Entry {
  key: string;
  name: string;
  service: string;
  path: string;
  method: string;
}

function entryOf({ key, id, service, version, path, method }: Operation): Entry {
  const [, subject = service, kind = ''] = SERVICE_KIND.exec(service) ?? [];
  // Every path begins so; a version in it would rank the first version above the later ones.
  const telling = path.replace(/^\/(api\/)?(v\d+\/)?/, '');
  return { key, name: id, service: `${service} ${subject} ${kind} ${version}`, path: telling, method };
}

/** Finds operations by what a person types. Made once, at the first search. */
export class OperationSearch {
  readonly #index: MiniSearch<Entry>;
  /** Worked out once: a search for "get" ranks a thousand operations. */
  readonly #names: ReadonlyMap<string, Name>;

  constructor(operations: readonly Operation[]) {
    this.#names = new Map(operations.map(({ key, id }) => [key, nameOf(key, id)]));
    this.#index = new MiniSearch<Entry>({
      idField: 'key',
      fields: ['name', 'service', 'path', 'method'],
      tokenize: (text) => words(text),
      processTerm: stem,
      searchOptions: {
        tokenize: meaningful,
        prefix: true,
        combineWith: 'AND',
        boost: { name: 4, service: 1.5, path: 1, method: 1 },
      },
    });
    this.#index.addAll(operations.map(entryOf));
  }

  /**
   * Operations for a text, best first: several words in any order, parts of names, services, paths or methods.
   *
   * @param text what was typed
   * @param most how many to give
   * @returns the keys
   */
  search(text: string, most: number): string[] {
    const meaning = translated(text);
    const ranked = this.#ranked(meaning === text ? [text] : [text, meaning]);
    // Nothing has all of the words: whatever has any of them.
    const found = ranked.length > 0 ? ranked : this.#ranked([meaning], 'OR');
    return found.slice(0, most);
  }

  #ranked(texts: string[], combineWith: 'AND' | 'OR' = 'AND'): string[] {
    const scores = new Map<string, number>();
    for (const text of texts) {
      const typed = { key: text.trim().toLowerCase(), words: meaningful(text).map(stem).join(' ') };
      for (const { id, score } of this.#index.search(text, { combineWith })) {
        const total = score * (1 + closeness(this.#names.get(id) as Name, typed));
        scores.set(id, Math.max(scores.get(id) ?? 0, total));
      }
    }
    return [...scores].sort(([a, x], [b, y]) => y - x || (a < b ? 1 : -1)).map(([key]) => key);
  }
}

/** What an operation is called, in words as they are compared. */
interface Name {
  key: string;
  /** `get entity by id` */
  whole: string;
  /** The same behind its verb. */
  object: string;
}

function nameOf(key: string, id: string): Name {
  const [verb = '', ...rest] = words(id).map(stem);
  const object = rest.join(' ');
  return { key: key.toLowerCase(), whole: `${verb} ${object}`.trim(), object };
}

/** How much more a hit counts when the name, or the name behind its verb, is what was typed or begins with it. */
function closeness({ key, whole, object }: Name, typed: { key: string; words: string }): number {
  if (key === typed.key) return 100;
  if (whole === typed.words) return 20;
  if (object === typed.words) return 10;
  return whole.startsWith(typed.words) || object.startsWith(typed.words) ? 2 : 0;
}

function meaningful(text: string): string[] {
  const typed = words(text);
  const meant = typed.filter((word) => !NOISE.has(word));
  return meant.length > 0 ? meant : typed;
}

function translated(text: string): string {
  return words(text)
    .map((word) => MEANS.get(word) ?? word)
    .join(' ');
}
