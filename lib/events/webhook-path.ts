/**
 * The path of a webhook in the form in which paths are compared: decoded, one slash at its beginning, none at its end.
 *
 * @returns undefined when it is none: empty, with `?` or `#`, with a control character, or with `.` or `..` as a segment
 */
export function normalPath(path: string): string | undefined {
  let decoded: string;
  try {
    decoded = decodeURIComponent(path.trim());
  } catch {
    return undefined;
  }
  const segments = decoded.split('/').filter(Boolean);
  if (segments.length === 0 || segments.some((segment) => segment === '.' || segment === '..'))
    return undefined;
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for.
  if (/[?#\u0000-\u001f\u007f]/.test(decoded)) return undefined;
  return `/${segments.join('/')}`;
}

/**
 * Where the platform finds a webhook.
 *
 * @param baseUrl how this Node-RED is reached from outside
 * @param root Node-RED's httpNodeRoot
 * @returns undefined when `baseUrl` is no http or https URL
 */
export function publicUrl(baseUrl: string, root: string, path: string): string | undefined {
  const base = baseUrl.trim();
  if (!/^https?:\/\/[^/]/i.test(base) || !URL.canParse(base)) return undefined;
  const url = new URL(base);
  if (url.search || url.hash || url.username || url.password) return undefined;
  const segments = `${url.pathname}/${encodeURI(`${root}/${path}`)}`.split('/').filter(Boolean);
  return `${url.origin}/${segments.join('/')}`;
}

/** Whether two URLs lead to the same webhook: a slash at the end and the case of the host make no difference. */
export function sameUrl(one: string, other: string): boolean {
  return normalUrl(one) === normalUrl(other);
}

function normalUrl(text: string): string {
  if (!URL.canParse(text)) return text;
  const { origin, pathname, search } = new URL(text);
  return `${origin}${normalPath(pathname) ?? '/'}${search}`;
}
