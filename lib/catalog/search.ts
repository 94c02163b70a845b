import MiniSearch from 'minisearch';
import { Addresses } from './addresses.js';
import { meaningsOf } from './meanings.js';
import { type Name, nameOf, Typed } from './names.js';
import type { Operation } from './operation.js';
import { squeezed, stem, words } from './words.js';

const FIELDS = ['name', 'service', 'path', 'method'];
/** Names in one piece are looked through for long words only: every beginning of a name is the beginning of many. */
const LONG_WORD = /^[a-z0-9]{6,}$|[a-z0-9]{9}/i;

/** Nobody types more, noise and all. */
const MOST_WORDS = 16;
/** The longest paths have some hundred characters, and a host goes before them. */
const MOST_CHARACTERS = 1000;

const SERVICE_KIND = /^(.+?)(command|query|receptor|bff|logicengine)$/;

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
  readonly #operations: readonly Operation[];
  #addresses: Addresses | undefined;
  /** Worked out once: a search for "get" ranks a thousand operations. */
  readonly #names: ReadonlyMap<string, Name>;
  /** Keys by what is the operation and nothing else: its key, and its id however it is spelt. */
  readonly #exact = new Map<string, string[]>();

  constructor(operations: readonly Operation[]) {
    this.#operations = operations;
    this.#names = new Map(operations.map((operation) => [operation.key, nameOf(operation)]));
    for (const { key, id } of operations) {
      this.#exact.set(key.toLowerCase(), [key]);
      this.#exact.set(squeezed(id), [...(this.#exact.get(squeezed(id)) ?? []), key]);
    }
    this.#index = new MiniSearch<Entry>({
      idField: 'key',
      fields: [...FIELDS, 'pieces'],
      tokenize: words,
      processTerm: stem,
      searchOptions: {
        prefix: isBeginning,
        boost: { name: 4, pieces: 4, service: 1.5, path: 1, method: 1 },
      },
    });
    this.#index.addAll(operations.map(entryOf));
  }

  /**
   * Operations for a text, best first: several words in any order, parts of names, services, paths or methods; or a key,
   * a name, a path or a URL as it is.
   *
   * @param text what was typed
   * @param most how many to give
   * @returns the keys
   */
  search(text: string, most: number): string[] {
    const asked = text.slice(0, MOST_CHARACTERS);
    const led = this.#ledToBy(asked);
    const texts = meaningsOf(words(withoutApi(asked)).slice(0, MOST_WORDS)).map((typed) => new Typed(typed));
    const fields = LONG_WORD.test(asked) ? [...FIELDS, 'pieces'] : FIELDS;
    const having = this.#ranked(texts, fields, 'AND');
    const ranked = having.length > 0 || led.length > 0 ? having : this.#havingAny(texts, fields);
    const exact = new Set(this.#exact.get(asked.trim().toLowerCase()) ?? this.#exact.get(squeezed(asked)));
    const named = ranked.filter((key) => exact.has(key));
    return [...new Set([...named, ...exact, ...led, ...ranked])].slice(0, most);
  }

  /** Nothing has all of the words: whatever has any of them, in the API's own words where it has such. */
  #havingAny(texts: Typed[], fields: string[]): string[] {
    return this.#ranked(texts.length > 1 ? texts.slice(1) : texts, fields, 'OR');
  }

  #ledToBy(text: string): string[] {
    if (!text.includes('/')) return [];
    this.#addresses ??= new Addresses(this.#operations);
    return this.#addresses.ledToBy(text).map(({ key }) => key);
  }

  #ranked(texts: Typed[], fields: string[], combineWith: 'AND' | 'OR'): string[] {
    const scores = new Map<string, number>();
    for (const typed of texts) {
      for (const hit of this.#index.search(typed.query, { combineWith, fields })) {
        const score = hit.score * typed.worthOf(hit, this.#names.get(hit.id) as Name);
        scores.set(hit.id, Math.max(scores.get(hit.id) ?? 0, score));
      }
    }
    return [...scores].sort(([a, x], [b, y]) => y - x || (a < b ? 1 : -1)).map(([key]) => key);
  }
}

/** A letter begins hundreds of words: it counts as a beginning only where somebody is still typing. */
function isBeginning(word: string, place: number, typed: string[]): boolean {
  return word.length > 1 || place === typed.length - 1;
}

/** A pasted path says `api` and a version, which are in nearly every path and therefore in no index. */
function withoutApi(text: string): string {
  return text.includes('/') ? text.replace(/\/(api|v\d+)(?=\/|$)/gi, '') : text;
}
