import MiniSearch from 'minisearch';
import type { Operation } from './operation.js';

/** Words that carry no meaning in what people type. */
const NOISE = new Set(['a', 'an', 'the', 'of', 'for', 'to', 'in', 'with', 'all', 'please']);

const FIELDS = ['name', 'service', 'path', 'method'];
/** Names in one piece are looked through for long words only: every beginning of a name is the beginning of many. */
const LONG_WORD = /^[a-z0-9]{6,}$|[a-z0-9]{9}/i;

/** Nobody types more; each word costs its time. */
const MOST_WORDS = 16;

/** What people say, and what the API's operations are called. */
const MEANS = new Map(
  Object.entries({
    start: 'create',
    begin: 'create',
    new: 'create',
    add: 'create',
    find: 'search',
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
  pieces: string;
  service: string;
  path: string;
  method: string;
}

function entryOf({ key, id, service, version, path, method }: Operation): Entry {
  const [, subject = service, kind = ''] = SERVICE_KIND.exec(service) ?? [];
  // People type names in one piece, too: getentitybyid, or entitybyid.
  const pieces = [id, id.replace(/^[A-Z]?[a-z]+/, '')].map((piece) => piece.toLowerCase()).join(' ');
  // Every path begins so; a version in it would rank the first version above the later ones.
  const telling = path.replace(/^\/(api\/)?(v\d+\/)?/, '');
  return {
    key,
    name: id,
    pieces,
    service: `${service} ${subject} ${kind} ${version}`,
    path: telling,
    method,
  };
}

/** Finds operations by what a person types. Made once, at the first search. */
export class OperationSearch {
  readonly #index: MiniSearch<Entry>;
  /** Worked out once: a search for "get" ranks a thousand operations. */
  readonly #names: ReadonlyMap<string, Name>;

  constructor(operations: readonly Operation[]) {
    this.#names = new Map(operations.map((operation) => [operation.key, nameOf(operation)]));
    this.#index = new MiniSearch<Entry>({
      idField: 'key',
      fields: [...FIELDS, 'pieces'],
      tokenize: (text) => words(text),
      processTerm: stem,
      searchOptions: {
        tokenize: meaningful,
        prefix: true,
        combineWith: 'AND',
        fields: FIELDS,
        boost: { name: 4, pieces: 4, service: 1.5, path: 1, method: 1 },
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
    const asked = text.length > MOST_WORDS ? text.split(/\s+/).slice(0, MOST_WORDS).join(' ') : text;
    const meaning = translated(asked);
    const ranked = this.#ranked(meaning === asked ? [asked] : [asked, meaning]);
    // Nothing has all of the words: whatever has any of them.
    const found = ranked.length > 0 ? ranked : this.#ranked([meaning], 'OR');
    return found.slice(0, most);
  }

  #ranked(texts: string[], combineWith: 'AND' | 'OR' = 'AND'): string[] {
    const scores = new Map<string, number>();
    for (const text of texts) {
      const typed = { text: text.trim().toLowerCase(), words: meaningful(text).map(stem).join(' ') };
      const fields = LONG_WORD.test(text) ? [...FIELDS, 'pieces'] : FIELDS;
      for (const { id, score } of this.#index.search(withoutApi(text), { combineWith, fields })) {
        const name = this.#names.get(id) as Name;
        const total = score * name.worth * (1 + closeness(name, typed));
        scores.set(id, Math.max(scores.get(id) ?? 0, total));
      }
    }
    return [...scores].sort(([a, x], [b, y]) => y - x || (a < b ? 1 : -1)).map(([key]) => key);
  }
}

/** What an operation is called, as it is compared. */
interface Name {
  key: string;
  /** With and without its service. */
  paths: string[];
  /** `get entity by id` */
  whole: string;
  /** The same behind its verb. */
  object: string;
  /** Deprecated or ended ones stand behind those that took their place. */
  worth: number;
}

function nameOf({ key, id, service, path, deprecated }: Operation): Name {
  const [verb = '', ...rest] = words(id).map(stem);
  const object = rest.join(' ');
  const paths = [path, `/${service}${path}`].map((text) => text.toLowerCase());
  return {
    key: key.toLowerCase(),
    paths,
    whole: `${verb} ${object}`.trim(),
    object,
    worth: deprecated ? 0.3 : 1,
  };
}

/** How much more a hit counts when the name, or the name behind its verb, is what was typed or begins with it. */
function closeness({ key, paths, whole, object }: Name, typed: { text: string; words: string }): number {
  if (key === typed.text) return 100;
  if (paths.includes(typed.text)) return 50;
  if (whole === typed.words) return 20;
  if (object === typed.words) return 10;
  return whole.startsWith(typed.words) || object.startsWith(typed.words) ? 2 : 0;
}

/** A pasted path says `api` and a version, which are in nearly every path and therefore in no index. */
function withoutApi(text: string): string {
  return text.includes('/') ? text.replace(/\/(api|v\d+)(?=\/|$)/gi, '') : text;
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
