import type { Request, Response } from 'express';
import type { Clock } from '../../lib/clock.js';

/** So long the rest of a request is thrown away as it comes, for its sender to read the answer; then the line is cut. */
const LINGER_MS = 2000;

/** Answers with a status and nothing else, unless it was answered already. */
export function answer(request: Request, response: Response, status: number, clock: Clock): void {
  if (!response.headersSent && !response.destroyed) {
    if (status === 405) response.set('Allow', 'POST');
    response.status(status).end();
  }
  if (request.complete || request.destroyed) return;
  const cancel = clock.setTimer(LINGER_MS, () => request.destroy());
  request.on('error', () => {});
  request.on('end', cancel).on('close', cancel).resume();
}
