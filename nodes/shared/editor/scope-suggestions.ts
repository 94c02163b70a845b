import { KNOWN_SCOPES, scopeList } from '../../../lib/scopes.js';

const MOST_SUGGESTIONS = 30;

/**
 * Known scopes that go on from the word under the cursor and are not in the text yet.
 *
 * @param text the whole field
 * @param cursor place of the cursor in it
 * @returns for each the scope, and the field as it is after choosing it
 */
export function suggestScopes(text: string, cursor: number): { label: string; value: string }[] {
  const start = text.slice(0, cursor).search(/\S*$/);
  const end = cursor + text.slice(cursor).search(/\s|$/);
  const word = text.slice(start, end).toLowerCase();
  const others = scopeList(`${text.slice(0, start)} ${text.slice(end)}`);
  if (!word || KNOWN_SCOPES.includes(word)) return [];
  return KNOWN_SCOPES.filter((scope) => scope.includes(word) && !others.includes(scope))
    .slice(0, MOST_SUGGESTIONS)
    .map((scope) => ({ label: scope, value: text.slice(0, start) + scope + text.slice(end) }));
}
