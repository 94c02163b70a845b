/** Words that carry no meaning in what people type. */
const NOISE = new Set(['a', 'an', 'the', 'of', 'for', 'to', 'in', 'with', 'all', 'please']);

/** Splits at case changes and at everything that is neither letter nor digit: `GetEntityById` → get, entity, by, id. */
export function words(text: string): string[] {
  return text
    .replace(/([a-z0-9])([A-Z])/g, '$1 $2')
    .replace(/([A-Z]+)([A-Z][a-z])/g, '$1 $2')
    .toLowerCase()
    .split(/[^\p{L}\p{N}]+/u)
    .filter(Boolean);
}

/** Without the noise, unless there is nothing else. */
export function meaningful(typed: string[]): string[] {
  const meant = typed.filter((word) => !NOISE.has(word));
  return meant.length > 0 ? meant : typed;
}

/** One form for singular and plural: entities and entity, journeys and journey. */
export function stem(word: string): string {
  if (word.length > 4 && word.endsWith('ies')) return `${word.slice(0, -3)}y`;
  return word.length > 3 && word.endsWith('s') && !word.endsWith('ss') ? word.slice(0, -1) : word;
}

/** A name in one piece, however it is spelt: `GetEntityById`, `get entity by id` and `getentitybyid` are one. */
export function squeezed(text: string): string {
  return text.toLowerCase().replace(/[^\p{L}\p{N}]+/gu, '');
}
