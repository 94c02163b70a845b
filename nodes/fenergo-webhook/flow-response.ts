import type { Response } from 'express';
import type { FlowAnswers } from '../../lib/events/webhook-receiver.js';

/** What of a response the flow may use to answer: what the core's http response node calls, and its like. */
const ANSWERING = new Set(['send', 'json', 'jsonp', 'end', 'sendStatus', 'redirect', 'sendFile', 'render']);

/**
 * A `msg.res` for the message of one notification, in the form that the core's http response node wants. It stands between
 * the flow and the response: a delivery of many messages has one answer, and one that was answered takes no second.
 */
export function flowResponse(
  response: Response,
  notificationId: string,
  { alone, answered }: FlowAnswers,
): { _res: object } {
  let statusCode = 200;
  const nothing = () => proxy;
  const finish = (target: Response, status: number, send: () => void) => {
    if (!answered(notificationId, status) || !alone || target.writableEnded) return;
    if (!target.headersSent) target.status(status);
    try {
      send();
    } catch (error) {
      endBare(target, status);
      throw error;
    }
  };
  const proxy: object = new Proxy(response, {
    get(target, name) {
      const value = Reflect.get(target, name, target) as unknown;
      if (name === 'statusCode') return alone ? value : statusCode;
      if (typeof value !== 'function') return value;
      if (name === 'status') {
        return (status: number) => {
          statusCode = finalStatus(status);
          return proxy;
        };
      }
      if (ANSWERING.has(String(name))) {
        return (...args: unknown[]) => {
          // Its head may have gone out by hand: that is what the platform sees.
          const status = alone && target.headersSent ? target.statusCode : statusOf(name, args, statusCode);
          const rest = name === 'sendStatus' ? [status] : args;
          finish(target, status, () => Reflect.apply(value, target, rest));
          return proxy;
        };
      }
      if (name === 'get' || name === 'getHeader') return (header: string) => target.getHeader(header);
      // Headers and the like: of one message among many they would come from whichever was last.
      if (!alone || target.headersSent) return nothing;
      return (...args: unknown[]) => {
        const result = Reflect.apply(value, target, args) as unknown;
        return result === target ? proxy : result;
      };
    },
    set(target, name, value) {
      if (name === 'statusCode') statusCode = finalStatus(value);
      return alone ? Reflect.set(target, name, name === 'statusCode' ? statusCode : value, target) : true;
    },
  });
  return { _res: proxy };
}

const LEAST_STATUS = 200;
const MOST_STATUS = 599;
/** What a status counts as that cannot be an answer: the flow has failed, so the platform is to deliver again. */
const FAILURE = 500;

/** Flows put anything into a status; Node throws at what HTTP has no place for, and 1xx never ends a request. */
function finalStatus(status: unknown): number {
  const number = Number(status);
  return Number.isInteger(number) && number >= LEAST_STATUS && number <= MOST_STATUS ? number : FAILURE;
}

function statusOf(name: string | symbol, args: readonly unknown[], given: number): number {
  if (name === 'sendStatus') return finalStatus(args[0]);
  if (name !== 'redirect') return given;
  return args.length > 1 ? finalStatus(args[0]) : 302;
}

/** What was to be said cannot be written: the status alone goes out, so that the platform does not wait for the rest. */
function endBare(response: Response, status: number): void {
  if (response.headersSent) {
    response.destroy();
    return;
  }
  for (const header of response.getHeaderNames()) response.removeHeader(header);
  response.statusMessage = '';
  response.status(status).end();
}
