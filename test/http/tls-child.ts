import { readFileSync } from 'node:fs';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { systemClock } from '../../lib/clock.js';
import { FenergoClient } from '../../lib/http/client.js';
import { callOf, trafficOf, until } from './harness.js';

/** Run by a test as a process of its own, which trusts the certificate: Node reads that at its start only. */
async function main(): Promise<void> {
  const [certFile = '', keyFile = ''] = process.argv.slice(2);
  const server = createServer(
    { cert: readFileSync(certFile), key: readFileSync(keyFile), keepAliveTimeout: 60_000 },
    (request, response) => response.end(JSON.stringify({ data: request.headers.authorization })),
  );
  let sockets = 0;
  let opened = 0;
  server.on('secureConnection', (socket) => {
    sockets += 1;
    opened += 1;
    socket.on('close', () => {
      sockets -= 1;
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const client = new FenergoClient({
    apiUrl: `https://localhost:${(server.address() as AddressInfo).port}`,
    tokens: { get: async () => 'token-1', reject: () => {} },
    scope: 'fenx.all',
    traffic: trafficOf(systemClock, { concurrent: 5 }),
    userAgent: 'test/1',
  });
  const payloads: unknown[] = [];
  for (let i = 0; i < 3; i += 1) payloads.push((await client.call(callOf())).payload);
  const idle = sockets;
  const startMs = performance.now();
  client.close();
  await until(() => sockets === 0);
  // An idle connection would also end by itself, after four seconds.
  const atOnce = performance.now() - startMs < 3000;
  server.close();
  process.stdout.write(JSON.stringify({ payloads, opened, idle, left: sockets, atOnce }));
}

void main();
