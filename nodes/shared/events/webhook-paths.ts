import type { Application, NextFunction, Request, Response } from 'express';
import type { NodeAPI } from 'node-red';
import { normalPath } from '../../../lib/events/webhook-path.js';

/** Who answers at a path. */
export interface PathHolder {
  /** The same before and after a deploy. */
  readonly id: string;
  /** How error messages name it. */
  readonly label: string;
  /** Answers a request. Never rejects. */
  serve(request: Request, response: Response): void;
  /** The path is its own now. */
  granted(): void;
  /** Another one holds the path; should that one be gone for good, `granted` follows. */
  refused(other: PathHolder): void;
}

/** A place in the line for a path. */
interface Place {
  holder: PathHolder;
  /** It is gone: for good, or until a deploy has made it anew. */
  vacant: boolean;
}

/**
 * The paths below httpNodeRoot that webhooks answer at. There is one handler for all of them: Express forgets no handler,
 * and nodes come and go.
 */
export class WebhookPaths {
  /** By path: who holds it, and behind that one who would like to. */
  readonly #lines = new Map<string, Place[]>();
  readonly #apps = new WeakSet<object>();

  /** Hangs the handler into a Node-RED, once. @returns whether it serves anything: not where httpNodeRoot is false */
  listen({ settings, httpNode }: NodeAPI): boolean {
    // Node-RED has the application all the same.
    if ((settings.httpNodeRoot as unknown) === false || typeof httpNode !== 'function') return false;
    if (this.#apps.has(httpNode)) return true;
    this.#apps.add(httpNode);
    this.#keepUnread(httpNode);
    httpNode.use((request: Request, response: Response, next: NextFunction) => {
      const [place] = this.#lines.get(normalPath(request.path) ?? '') ?? [];
      if (place && !place.vacant) place.holder.serve(request, response);
      else next();
    });
    return true;
  }

  /**
   * Asks for a path, in its normal form. Who comes back in a deploy has the place that it had before.
   *
   * @returns gives it back, or up
   */
  claim(path: string, holder: PathHolder): () => void {
    const line = this.#lines.get(path) ?? [];
    this.#lines.set(path, line);
    const place = this.#placeFor(holder, line);
    const [first] = line;
    if (first && first !== place) {
      holder.refused(first.holder);
    } else {
      holder.granted();
      this.#refuseRest(line);
    }
    return () => {
      if (place.holder === holder) place.vacant = true;
    };
  }

  /**
   * Gives the paths of those that are gone to the next in line: to be called when a deploy is over. In the middle of it
   * nobody can tell who comes back; a path that changed hands then would go to the one that was refused.
   */
  settle(): void {
    for (const [path, line] of this.#lines) {
      const left = line.filter(({ vacant }) => !vacant);
      const [first] = left;
      if (!first) {
        this.#lines.delete(path);
        continue;
      }
      this.#lines.set(path, left);
      if (first === line[0]) continue;
      first.holder.granted();
      this.#refuseRest(left);
    }
  }

  #placeFor(holder: PathHolder, line: Place[]): Place {
    const before = line.find((place) => place.vacant && place.holder.id === holder.id);
    if (before) return Object.assign(before, { holder, vacant: false });
    const place = { holder, vacant: false };
    line.push(place);
    return place;
  }

  /** Tells those that wait who it is that they wait for. */
  #refuseRest([first, ...rest]: readonly Place[]): void {
    for (const { holder, vacant } of rest) if (first && !vacant) holder.refused(first.holder);
  }

  /**
   * Keeps body parsers away from the bodies of deliveries, whose bytes are signed: Node-RED's own admin API parses every
   * body below its root, which is where flows answer, too. Only the parsers are kept away: whatever guards Node-RED sees
   * the request before this package does.
   */
  #keepUnread(httpNode: Application): void {
    const root = rootOf(httpNode);
    const mark = (request: Request & { _body?: boolean }, _response: Response, next: NextFunction) => {
      const mount = httpNode.path().replace(/\/+$/, '');
      // So early, the request has nothing of Express yet.
      const [path = ''] = request.url.split('?');
      const isBelow = path.startsWith(mount);
      if (isBelow && this.#lines.has(normalPath(path.slice(mount.length)) ?? '')) request._body = true;
      next();
    };
    root.use(mark);
    // To the front of the line, as the core's http in node does it.
    const stack = stackOf(root);
    const place = stack.findIndex(({ handle }) => handle === mark);
    if (place > 0) stack.unshift(...stack.splice(place, 1));
  }
}

/** The application that a Node-RED hangs in, or its own. */
function rootOf(app: Application): Application {
  const { parent } = app as Application & { parent?: Application };
  return parent ? rootOf(parent) : app;
}

/** The handlers of an application, in their order, where Express 4 and 5 keep them. */
function stackOf(app: Application): { handle: unknown }[] {
  const { _router } = app as Application & { _router?: { stack: { handle: unknown }[] } };
  if (_router) return _router.stack;
  return (app.router as unknown as { stack?: { handle: unknown }[] }).stack ?? [];
}
