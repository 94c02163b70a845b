/** The types of events that a node is to send on, from what was saved: a list, or text with commas, or both of them. */
export function eventTypesOf(saved: unknown): string[] {
  const items = Array.isArray(saved) ? saved : [saved ?? ''];
  // An item may be an environment variable with a list of its own.
  const texts = items.flatMap((item) => String(item).split(','));
  return texts.map((text) => text.trim()).filter(Boolean);
}
