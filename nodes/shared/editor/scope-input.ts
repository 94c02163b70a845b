import { MAX_SCOPE_LENGTH, scopeList } from '../../../lib/scopes.js';
import { suggestScopes } from './scope-suggestions.js';

/** Suggestions and the count of characters under the scope field. */
export function prepareScope(node: { _: Translate }): void {
  const field = $<HTMLTextAreaElement>('#node-config-input-scope');
  const count = $('#fenergo-config-scope-count');
  field.autoComplete({
    minLength: 1,
    search: (text) => suggestScopes(text, field[0]?.selectionStart ?? text.length),
  });
  const show = (): void => {
    const { length } = scopeList(String(field.val())).join(' ');
    count.text(node._('scope.count', { length, max: MAX_SCOPE_LENGTH }));
    count.toggleClass('fenergo-over', length > MAX_SCOPE_LENGTH);
  };
  field.on('input change keyup', show);
  // One line of words: Enter would put a line break into the scope.
  field.on('keydown', (event) => {
    if (event.key === 'Enter') event.preventDefault();
  });
  show();
}
