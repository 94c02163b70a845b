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
  const proxy: object = new Proxy(response, {
    get(target, name) {
      const value = Reflect.get(target, name, target) as unknown;
      if (name === 'statusCode') return alone ? value : statusCode;
      if (typeof value !== 'function') return value;
      if (name === 'status') {
        return (status: number) => {
          statusCode = status;
          return proxy;
        };
      }
      if (ANSWERING.has(String(name))) {
        return (...args: unknown[]) => {
          const status = name === 'sendStatus' ? Number(args[0]) : name === 'redirect' ? 302 : statusCode;
          if (answered(notificationId, status) && alone && !target.writableEnded) {
            if (!target.headersSent) target.status(status);
            Reflect.apply(value, target, args);
          }
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
      if (name === 'statusCode') statusCode = Number(value);
      return alone ? Reflect.set(target, name, value, target) : true;
    },
  });
  return { _res: proxy };
}
