/** The three parts of an operation's key. */
export function splitKey(key: string): { service: string; version: string; id: string } {
  const [service = '', version = '', ...id] = key.split('/');
  return { service, version, id: id.join('/') };
}

/** An operation's id in words: `GetEntityById` becomes `Get entity by id`. */
export function inWords(id: string): string {
  const words = id.match(/V\d+|[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+/g) ?? [id];
  const text = words.map((word) => (/^[A-Z]{2,}$/.test(word) ? word : word.toLowerCase())).join(' ');
  return text.charAt(0).toUpperCase() + text.slice(1);
}
