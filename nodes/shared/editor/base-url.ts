/** Why a base URL cannot be used, as the last part of a key of the locale files; undefined when it can. */
export function urlProblem(text: string): 'empty' | 'form' | undefined {
  if (!text) return 'empty';
  try {
    const url = new URL(text);
    const plain = !url.username && !url.password && !url.search && !url.hash;
    return /^https?:$/.test(url.protocol) && plain ? undefined : 'form';
  } catch {
    return 'form';
  }
}
