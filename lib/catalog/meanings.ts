/** What the API's operations are called, and what people say for it. Some words have two meanings. */
const SAID_FOR = {
  create: ['start', 'begin', 'new', 'add', 'open', 'launch', 'make', 'register', 'insert'],
  search: ['find'],
  get: ['read', 'fetch', 'load', 'show', 'list', 'download', 'view', 'retrieve', 'display'],
  update: ['change', 'edit', 'modify', 'amend'],
  delete: ['remove', 'erase'],
  abort: ['cancel', 'stop'],
  verify: ['approve', 'accept', 'confirm'],
  sign: ['approve'],
  start: ['launch'],
  complete: ['finish'],
  clone: ['copy', 'duplicate'],
  unpause: ['resume', 'continue'],
  pause: ['suspend', 'hold'],
};

const MEANS = new Map<string, string[]>();
for (const [meaning, said] of Object.entries(SAID_FOR)) {
  for (const word of said) MEANS.set(word, [...(MEANS.get(word) ?? []), meaning]);
}

/** What the words may mean: themselves, and the words of the API that they stand for. */
export function meaningsOf(typed: string[]): string[][] {
  const most = Math.max(0, ...typed.map((word) => MEANS.get(word)?.length ?? 0));
  const others = Array.from({ length: most }, (_, nth) =>
    typed.map((word) => {
      const meanings = MEANS.get(word) ?? [word];
      return meanings[Math.min(nth, meanings.length - 1)] as string;
    }),
  );
  return [typed, ...others];
}
