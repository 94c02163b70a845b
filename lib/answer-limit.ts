/** Answers beyond this many megabytes (of a million bytes) are cut off, unless the connection says otherwise. */
export const DEFAULT_ANSWER_LIMIT_MB = 50;
/** No connection may say more: an answer becomes one text, and a text of Node.js has 512 MiB at most. */
export const MOST_ANSWER_LIMIT_MB = 500;

/** Whether a connection may say so. */
export function isAnswerLimit(megabytes: number): boolean {
  return megabytes > 0 && megabytes <= MOST_ANSWER_LIMIT_MB;
}
