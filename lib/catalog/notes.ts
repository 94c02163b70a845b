const MOST_NOTES = 20;
const MOST_NAMES = 10;

/** What had to be left out of a contract, for people: what is so in every operation is said once. */
export class Notes {
  readonly #notes: string[] = [];
  readonly #methods = new Map<string, number>();
  readonly #cookies = new Set<string>();

  add(text: string): void {
    if (this.#notes.length < MOST_NOTES) this.#notes.push(text);
  }

  /** An operation with a method that nodes cannot call with. */
  method(method: string): void {
    this.#methods.set(method, (this.#methods.get(method) ?? 0) + 1);
  }

  /** A parameter that would be sent as a cookie. */
  cookie(name: string): void {
    this.#cookies.add(name);
  }

  all(): string[] {
    const methods = [...this.#methods].map(
      ([method, count]) =>
        `${count} ${method} operation${count === 1 ? ' was' : 's were'} left out: nodes do not call with ${method}`,
    );
    const names = [...this.#cookies].slice(0, MOST_NAMES).map((name) => name.slice(0, 120));
    const cookies =
      names.length > 0 ? [`Cookies were left out, which nodes do not send: ${names.join(', ')}`] : [];
    return [...this.#notes, ...methods, ...cookies];
  }
}
