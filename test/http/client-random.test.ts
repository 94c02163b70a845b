import should from 'should';
import type { FenergoError } from '../../lib/errors.js';
import { CallGroup } from '../../lib/http/call-group.js';
import { Api, Connection, type Reply, type Seen, seeded, until } from './harness.js';

/** What the platform may do with a request, and whether it has then carried it out. */
const FATES: [Reply, boolean][] = [
  [{ body: { data: 'ok' } }, true],
  [{ status: 202 }, true],
  [{ status: 401 }, false],
  [{ status: 429, headers: { 'retry-after': '3' } }, false],
  [{ status: 429, headers: { 'retry-after': '61' } }, false],
  [{ status: 429 }, false],
  [{ status: 404 }, false],
  [{ status: 500 }, true],
  [{ status: 502, body: '<html>' }, true],
  [{ status: 503, headers: { 'retry-after': '2' } }, true],
  [{ status: 504 }, true],
  [{ status: 307, headers: { location: '/elsewhere' } }, false],
  [{ reset: true }, true],
  [{ body: '{"data":', cut: true }, true],
  [{ body: '{"data":' }, true],
  [{ headers: { 'content-encoding': 'gzip' }, body: 'no gzip' }, true],
];

interface Outcome {
  id: string;
  command: boolean;
  attempts: number;
  error?: FenergoError;
}

// The network decides which request comes first, so the course differs; what is demanded holds for any.
describe('FenergoClient, on any course of events', () => {
  for (const seed of [1, 2, 3, 4, 5, 6, 7, 8]) {
    it(`carries no command out twice, counts its tries and leaves nothing behind (${seed})`, async () => {
      const random = seeded(seed);
      const api = await Api.start();
      const carriedOut = new Map<string, number>();
      const asked = new Map<string, number>();
      const refused = new Map<string, number>();
      let open = 0;
      let most = 0;
      api.answer = (seen: Seen) => {
        const id = String(seen.headers['x-correlation-id']);
        const [reply, done] = FATES[Math.floor(random() * FATES.length)] as [Reply, boolean];
        if (seen.url !== '/elsewhere') asked.set(id, (asked.get(id) ?? 0) + 1);
        if (reply.status === 429) refused.set(id, (refused.get(id) ?? 0) + 1);
        if (done) carriedOut.set(id, (carriedOut.get(id) ?? 0) + 1);
        open += 1;
        most = Math.max(most, open);
        setImmediate(() => {
          open -= 1;
        });
        return reply;
      };
      const connection = new Connection(api.url, { limits: { concurrent: 7 }, random });
      const group = new CallGroup();
      const outcomes = await Promise.all(
        Array.from({ length: 150 }, async (_, n): Promise<Outcome> => {
          const id = `call-${n}`;
          const command = n % 2 === 0;
          const call = { correlationId: id, timeoutMs: 1e9 };
          const hooks = n % 10 === 9 ? { group } : {};
          if (n === 149) setImmediate(() => group.close());
          try {
            const sent = command ? connection.command(call, hooks) : connection.call(call, hooks);
            return { id, command, attempts: (await sent).facts.attempts };
          } catch (thrown) {
            const error = thrown as FenergoError;
            return { id, command, attempts: error.facts.call?.attempts ?? 0, error };
          }
        }),
      );

      for (const { id, command, attempts, error } of outcomes) {
        const times = carriedOut.get(id) ?? 0;
        if (error?.code === 'FENERGO_ABORTED') {
          attempts.should.be.aboveOrEqual(asked.get(id) ?? 0, id);
        } else {
          attempts.should.equal(asked.get(id), id);
        }
        // Four tries and a fresh token; what was refused with 429 has not been tried.
        (attempts - (refused.get(id) ?? 0)).should.be.belowOrEqual(5, id);
        if (command) times.should.be.belowOrEqual(1, id);
        if (!error) times.should.be.aboveOrEqual(1, id);
        if (error) {
          error.code.should.match(/^FENERGO_/);
          error.message.should.not.match(/undefined|\[object|token-\d/);
        }
      }
      outcomes.filter(({ error }) => error?.code === 'FENERGO_ABORTED').should.not.be.empty();
      outcomes.filter(({ error }) => !error).should.not.be.empty();
      const errors = outcomes.flatMap(({ error }) => error ?? []);
      new Set(errors).size.should.equal(errors.length);
      most.should.be.belowOrEqual(7);
      connection.clock.pending.should.equal(0);
      connection.client.close();
      await until(async () => (await api.connections()) === 0);
      should(most).be.above(1);
      await api.close();
    });
  }
});
