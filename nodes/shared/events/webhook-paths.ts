import type { Application, NextFunction, Request, Response } from 'express';
import type { NodeAPI } from 'node-red';
import { normalPath } from '../../../lib/events/webhook-path.js';

/** Who answers at a path. */
export interface PathHolder {
  /** How error messages name it. */
  readonly label: string;
  /** Answers a request. Never rejects. */
  serve(request: Request, response: Response): void;
  /** The path is its own now. */
  granted(): void;
  /** Another one holds the path; should that one leave, `granted` follows. */
  refused(other: PathHolder): void;
}

/**
 * The paths below httpNodeRoot that webhooks answer at. There is one handler for all of them: Express forgets no handler,
 * and nodes come and go.
 */
export class WebhookPaths {
  /** By path: who holds it, and behind that one who would like to. */
  readonly #lines = new Map<string, PathHolder[]>();
  readonly #apps = new WeakSet<object>();

  /** Hangs the handler into a Node-RED, once. @returns whether it serves anything: not where httpNodeRoot is false */
  listen({ settings, httpNode }: NodeAPI): boolean {
    // Node-RED has the application all the same.
    if ((settings.httpNodeRoot as unknown) === false || typeof httpNode !== 'function') return false;
    if (this.#apps.has(httpNode)) return true;
    this.#apps.add(httpNode);
    this.#keepUnread(httpNode);
    httpNode.use((request: Request, response: Response, next: NextFunction) => {
      const holder = this.#lines.get(normalPath(request.path) ?? '')?.[0];
      if (holder) holder.serve(request, response);
      else next();
    });
    return true;
  }

  /**
   * Asks for a path, in its normal form.
   *
   * @returns gives it back, or up
   */
  claim(path: string, holder: PathHolder): () => void {
    const line = this.#lines.get(path) ?? [];
    this.#lines.set(path, line);
    line.push(holder);
    const [first] = line;
    if (first === holder) holder.granted();
    else if (first) holder.refused(first);
    return () => this.#leave(path, holder);
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

  #leave(path: string, holder: PathHolder): void {
    const line = this.#lines.get(path) ?? [];
    const place = line.indexOf(holder);
    if (place < 0) return;
    line.splice(place, 1);
    const [next] = line;
    if (!next) this.#lines.delete(path);
    else if (place === 0) {
      next.granted();
      for (const waiting of line.slice(1)) waiting.refused(next);
    }
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
