import type { SearchResult } from 'minisearch';
import type { Operation } from './operation.js';
import { meaningful, stem, words } from './words.js';

/** What an operation is called, as it is compared. */
export interface Name {
  /** `get entity by id` */
  whole: string;
  /** The same behind its verb. */
  object: string;
  /** Deprecated or ended ones stand behind those that took their place. */
  worth: number;
}

export function nameOf({ id, deprecated }: Operation): Name {
  const [verb = '', ...rest] = words(id).map(stem);
  const object = rest.join(' ');
  return { whole: `${verb} ${object}`.trim(), object, worth: deprecated ? 0.3 : 1 };
}

/** What is telling is said in fewer words; each one costs its time. */
const MOST_WORDS = 6;

/** What was typed, as it is compared with names. */
export class Typed {
  /** What is looked for. */
  readonly query: string;
  /** What may be a name: with its noise, which names have too, and without. */
  readonly #texts: string[];
  readonly #meant: string[];

  constructor(typed: string[]) {
    const meant = meaningful(typed).map(stem);
    this.#texts = [...new Set([typed.map(stem).join(' '), meant.join(' ')])];
    this.#meant = [...new Set(meant)].slice(0, MOST_WORDS);
    this.query = this.#meant.join(' ');
  }

  /** How much a hit counts beside its score: the nearer to the name and the more of the words, the more. */
  worthOf({ queryTerms }: Pick<SearchResult, 'queryTerms'>, name: Name): number {
    const share = Math.min(1, queryTerms.length / this.#meant.length);
    // What it lacks is taken for a slip: "create legal entity" is near to CreateEntity.
    const texts =
      share === 1 ? this.#texts : [this.#meant.filter((word) => queryTerms.includes(word)).join(' ')];
    let near = 0;
    for (const text of texts) near = Math.max(near, closeness(name, text));
    return name.worth * (1 + near) * share * share;
  }
}

/** How much more a hit counts when the name, or the name behind its verb, is what was typed or begins with it. */
function closeness({ whole, object }: Name, typed: string): number {
  if (whole === typed) return 20;
  if (object === typed) return 10;
  return whole.startsWith(typed) || object.startsWith(typed) ? 2 : 0;
}
