import { loadOperation, type OperationDetails } from './catalog.js';

/** What is chosen: a key, and what the catalog knows of it. */
export interface Choice {
  /** Empty when nothing is chosen. */
  key: string;
  operation?: OperationDetails;
  /** `unknown`: the catalog does not have it; `failed`: the catalog could not be asked. */
  state: 'none' | 'loading' | 'known' | 'unknown' | 'failed';
}

/**
 * The chosen operation. A saved key stays whatever the catalog says: a flow must not lose what it calls.
 *
 * @param field holds the key, which is the saved property
 * @param onChange told of every change; `byHand` when a person made it
 */
export class OperationPicker {
  readonly #field: JQuery;
  readonly #onChange: (choice: Choice, byHand: boolean) => void;
  /** Counts loads: the answer to an overtaken one is thrown away. */
  #load = 0;
  choice: Choice = { key: '', state: 'none' };

  constructor(field: JQuery, onChange: (choice: Choice, byHand: boolean) => void) {
    this.#field = field;
    this.#onChange = onChange;
  }

  /** Shows a saved key. */
  start(key: string): Promise<void> {
    return this.#set(key, false);
  }

  /** Takes the choice of a person. */
  choose(key: string): Promise<void> {
    return this.#set(key, true);
  }

  async #set(key: string, byHand: boolean): Promise<void> {
    const load = ++this.#load;
    this.#field.val(key).trigger('change');
    if (!key) return this.#tell({ key, state: 'none' }, byHand);
    this.#tell({ key, state: 'loading' }, byHand);
    const choice = await loadOperation(key).then(
      (operation): Choice => ({ key, operation, state: operation ? 'known' : 'unknown' }),
      (): Choice => ({ key, state: 'failed' }),
    );
    if (load === this.#load) this.#tell(choice, byHand);
  }

  #tell(choice: Choice, byHand: boolean): void {
    this.choice = choice;
    this.#onChange(choice, byHand);
  }
}
