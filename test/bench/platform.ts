import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

/** The smallest platform that there can be, in a process of its own, so that its work is not counted as ours. */
const server: Server = createServer((request, response) => {
  const json = (body: string) => {
    response.setHeader('content-type', 'application/json');
    response.end(body);
  };
  request.resume().on('end', () => {
    if (request.url === '/count') return json(JSON.stringify({ tokens }));
    if (request.url !== '/connect/token') return json(ENTITY);
    tokens += 1;
    // A token takes its time, as the real one does: that is when callers pile up.
    setTimeout(() => json(JSON.stringify({ access_token: `t${tokens}`, expires_in: 900 })), 20);
  });
});

let tokens = 0;
const ENTITY = JSON.stringify({
  data: {
    id: 'e0000001-0000-4000-8000-000000000003',
    type: 'Company',
    properties: Object.fromEntries(
      Array.from({ length: 20 }, (_, i) => [
        `property${i}`,
        { type: 'Single', value: `value of property ${i}` },
      ]),
    ),
    version: 1,
  },
  messages: [],
});

server.keepAliveTimeout = 60_000;
server.listen(0, '127.0.0.1', () => {
  process.send?.((server.address() as AddressInfo).port);
});
process.on('disconnect', () => process.exit());
