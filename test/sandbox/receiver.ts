import { createServer, type IncomingHttpHeaders, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A request that a webhook's receiver got. */
export interface Received {
  body: Buffer;
  headers: IncomingHttpHeaders;
  method: string | undefined;
  // biome-ignore lint/suspicious/noExplicitAny: tests look into bodies of many shapes.
  json: any;
}

/** What a receiver does with a request: answers with a status, or leaves the answer to the test. */
type Behaviour = number | ((response: ServerResponse) => void);

/** What a webhook posts to: keeps every request, and answers as told. */
export class Receiver {
  readonly received: Received[] = [];
  /** For the next requests; then 200. */
  behaviours: Behaviour[] = [];
  /** Answers that ended before they were given. */
  brokenOff = 0;
  readonly #server: Server;

  private constructor(server: Server) {
    this.#server = server;
  }

  static async start(): Promise<Receiver> {
    const server = createServer();
    const receiver = new Receiver(server);
    server.on('request', async (request, response) => {
      const chunks: Buffer[] = [];
      for await (const chunk of request) chunks.push(chunk);
      const body = Buffer.concat(chunks);
      const { headers, method } = request;
      receiver.received.push({ body, headers, method, json: JSON.parse(body.toString('utf8')) });
      response.on('close', () => {
        if (!response.writableFinished) receiver.brokenOff++;
      });
      const behaviour = receiver.behaviours.shift() ?? 200;
      if (typeof behaviour === 'function') behaviour(response);
      else response.writeHead(behaviour, behaviour === 302 ? { location: '/elsewhere' } : {}).end('ok');
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return receiver;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/hook`;
  }

  /** Ids of everything that came, in its order. */
  get ids(): string[] {
    return this.received.flatMap(({ json }) => [json].flat().map(({ id }: { id: string }) => id));
  }

  clear(): void {
    this.received.length = 0;
    this.behaviours = [];
    this.brokenOff = 0;
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}

/** Lets the loop turn until something is so; no clock is asked. */
export async function until(isSo: () => boolean): Promise<void> {
  while (!isSo()) await new Promise((resolve) => setImmediate(resolve));
}
