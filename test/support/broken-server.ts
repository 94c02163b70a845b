import { once } from 'node:events';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';

/** What is done with a whole request: write bytes of any kind, end, reset, or nothing. */
export type Breakage = (socket: Socket, request: string) => void;

/** A TCP server that answers HTTP requests with bytes of the test's choosing, also with what is no HTTP. */
export class BrokenServer {
  /** Every request as it came, head and body. */
  readonly requests: string[] = [];
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  breakage: Breakage;

  private constructor(breakage: Breakage) {
    this.breakage = breakage;
    this.#server = createServer((socket) => this.#connected(socket));
  }

  static async start(breakage: Breakage, port = 0): Promise<BrokenServer> {
    const broken = new BrokenServer(breakage);
    broken.#server.listen(port, '127.0.0.1');
    await once(broken.#server, 'listening');
    return broken;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  async close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    this.#server.close();
    await once(this.#server, 'close');
  }

  #connected(socket: Socket): void {
    this.#sockets.add(socket);
    let received = '';
    socket.on('close', () => this.#sockets.delete(socket));
    socket.on('error', () => {});
    socket.on('data', (chunk) => {
      received += chunk.toString('latin1');
      if (!isWhole(received)) return;
      const request = received;
      received = '';
      this.requests.push(request);
      this.breakage(socket, request);
    });
  }
}

function isWhole(received: string): boolean {
  const end = received.indexOf('\r\n\r\n');
  if (end < 0) return false;
  const length = Number(/^content-length: (\d+)$/im.exec(received.slice(0, end))?.[1] ?? 0);
  return received.length >= end + 4 + length;
}

/** A loopback port on which nobody listens. */
export async function closedPort(): Promise<number> {
  const server = await BrokenServer.start(() => {});
  const { port } = server;
  await server.close();
  return port;
}
