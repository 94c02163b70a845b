/** An id is a part of a key, a URL and a file: letters, digits and a few signs. */
const LONGEST = 120;

/**
 * The id of an operation: its own, made fit, or one made of its method and path, as `GetEntityDraftById` for
 * `GET /api/v2/entity/{id}/draft`.
 */
export function idOf(operationId: unknown, method: string, path: string): string {
  const own = typeof operationId === 'string' ? operationId.replace(/[^A-Za-z0-9_.-]+/g, '_') : '';
  const id = own.replace(/^[_.-]+/, '').slice(0, LONGEST);
  return id || madeOf(method, path);
}

/** The id, or with a number behind it where it is taken already. */
export function freeId(id: string, taken: Set<string>): string {
  let free = id;
  for (let count = 2; taken.has(free); count += 1) free = `${id}${count}`;
  taken.add(free);
  return free;
}

function madeOf(method: string, path: string): string {
  const segments = path.split('/').filter((segment) => segment && !/^(api|v\d+)$/i.test(segment));
  const named = segments.filter((segment) => !segment.includes('{')).map(capitalised);
  const by = segments.filter((segment) => segment.includes('{')).map(capitalised);
  const suffix = by.length > 0 ? `By${by.join('And')}` : '';
  return `${capitalised(method.toLowerCase())}${named.join('')}${suffix}`.slice(0, LONGEST);
}

function capitalised(text: string): string {
  return text
    .split(/[^A-Za-z0-9]+/)
    .filter(Boolean)
    .map((word) => word.charAt(0).toUpperCase() + word.slice(1))
    .join('');
}
