import { type IncomingHttpHeaders, request } from 'node:http';
import { buffer } from 'node:stream/consumers';
import { gzipSync } from 'node:zlib';
import 'should';
import { 'node-red' as MANIFEST, name as PACKAGE } from '../../package.json';
import { type RealNodeRed, startNodeRed } from '../support/node-red.js';

const MOST_BYTES = 100 * 1024;
const TYPES = Object.keys(MANIFEST.nodes);

describe('what the browser loads at once', function () {
  this.timeout(30_000);
  let nodeRed: RealNodeRed;

  before(async () => {
    nodeRed = await startNodeRed();
  });
  after(() => nodeRed.stop());

  /** The bytes of an answer's body as they travel, or as a proxy would have them travel where Node-RED sends them plain. */
  async function weigh(path: string, accept: string): Promise<number> {
    const headers = { accept, 'accept-encoding': 'gzip', 'accept-language': 'en-US' };
    const answer = await new Promise<{ status?: number; headers: IncomingHttpHeaders; body: Buffer }>(
      (resolve, reject) => {
        request(`${nodeRed.url}${path}`, { headers }, async (response) => {
          resolve({ status: response.statusCode, headers: response.headers, body: await buffer(response) });
        })
          .on('error', reject)
          .end();
      },
    );
    String(answer.status).should.equal('200', path);
    answer.body.length.should.be.above(100, path);
    return answer.headers['content-encoding'] ? answer.body.length : gzipSync(answer.body).length;
  }

  it('has 100 KB at most, compressed: all dialogs, and what the picker asks for when it opens', async () => {
    TYPES.length.should.be.above(4);
    const dialogs = TYPES.map((type) => weigh(`nodes/${PACKAGE}/${type}`, 'text/html'));
    const answers = [
      'fenergo/catalog/operations?key=entitydatacommand/v2/CreateEntity',
      'fenergo/catalog/search?q=entity',
      'fenergo/catalog/services',
      'fenergo/scopes',
    ].map((path) => weigh(path, 'application/json'));
    const sizes = await Promise.all([...dialogs, ...answers]);
    const sum = sizes.reduce((before, size) => before + size);
    sum.should.be.belowOrEqual(MOST_BYTES, sizes.join(' + '));
  });
});
