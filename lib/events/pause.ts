/** After failures: a second at first, then twice as long each time, and never longer than five minutes. */
const FIRST_PAUSE_MS = 1000;
const LONGEST_PAUSE_MS = 300_000;

/**
 * How long to pause after so many failures in a row: between half and the whole of what doubles each time.
 *
 * @param random from 0 up to 1
 */
export function pauseAfterMs(failures: number, random: number): number {
  const most = Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** Math.min(failures - 1, 30));
  return Math.round(most * (0.5 + random / 2));
}
