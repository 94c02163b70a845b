/** Whether the keyboard's focus is in a list: it is then not drawn anew under the fingers of a person. */
export function isTyping(list: JQuery): boolean {
  return list.find(':focus').length > 0;
}
