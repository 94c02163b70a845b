/** Somebody who waits for a turn. */
export interface Waiter {
  /** The order in which they came. */
  readonly seq: number;
  /** Has given up: to be passed over. */
  gone: boolean;
  grant: () => void;
}

/** Lines that are shorter than this are not tidied. */
const SHORT = 32;

/** A line in the order in which people came: who comes back has their old place, and anybody may give up. */
export class WaitingLine {
  /** By `seq`; those before the head have had their turn. */
  #items: Waiter[] = [];
  #head = 0;
  #size = 0;

  /** How many wait. */
  get size(): number {
    return this.#size;
  }

  add(waiter: Waiter): void {
    this.#size += 1;
    const last = this.#items.at(-1);
    if (!last || last.seq < waiter.seq) this.#items.push(waiter);
    else this.#items.splice(this.#placeOf(waiter.seq), 0, waiter);
  }

  /** Who is next; undefined when nobody waits. */
  first(): Waiter | undefined {
    while (this.#items[this.#head]?.gone) this.#head += 1;
    return this.#items[this.#head];
  }

  /** Lets the first one go. */
  shift(): Waiter | undefined {
    const first = this.first();
    if (first) {
      this.#head += 1;
      this.#size -= 1;
      this.#tidy();
    }
    return first;
  }

  /** Takes note that somebody who waits here has given up. */
  remove(waiter: Waiter): void {
    waiter.gone = true;
    this.#size -= 1;
    this.#tidy();
  }

  /** How many stand before somebody who came as that one, give or take those who gave up. */
  before(seq: number): number {
    return Math.min(this.#size, this.#placeOf(seq) - this.#head);
  }

  #placeOf(seq: number): number {
    let [from, to] = [this.#head, this.#items.length];
    while (from < to) {
      const middle = (from + to) >> 1;
      if ((this.#items[middle] as Waiter).seq < seq) from = middle + 1;
      else to = middle;
    }
    return from;
  }

  /** Forgets those who are not here any more, when they are the greater part: a line may last for days. */
  #tidy(): void {
    const { length } = this.#items;
    if (this.#size > 0 && (length < SHORT || this.#size * 2 > length)) return;
    this.#items = this.#items.slice(this.#head).filter(({ gone }) => !gone);
    this.#head = 0;
  }
}
