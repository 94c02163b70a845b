import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import should from 'should';
import { Import, incomingFile } from '../../lib/catalog/import.js';
import { catalogOf } from '../catalog/harness.js';
import { TENANT } from '../sandbox/harness.js';
import {
  type Answering,
  connectionTo,
  factsOf,
  flow,
  goodToken,
  type OwnServer,
  row,
  startServer,
} from '../support/flow.js';

/** What would change every object, were it merged into one without care. */
const POLLUTION =
  '"__proto__":{"polluted":1,"message":"polluted","toString":1},' +
  '"constructor":{"prototype":{"polluted":1},"polluted":1},"prototype":{"polluted":1}';
const POLLUTED = `{${POLLUTION}}`;

const PROTOTYPES = [
  Object.prototype,
  Array.prototype,
  Function.prototype,
  String.prototype,
  Buffer.prototype,
  Object,
];

function ownNames(): string[][] {
  return PROTOTYPES.map((prototype) => Object.getOwnPropertyNames(prototype));
}

describe('objects that would change all others', function () {
  this.timeout(20_000);
  let server: OwnServer;
  let answer: Answering;
  let token: Answering;
  let clients = 0;
  const namesBefore = ownNames();

  before(async () => {
    server = await startServer(
      (arrived, response) => answer(arrived, response),
      (arrived, response) => token(arrived, response),
    );
  });
  beforeEach(() => {
    clients += 1;
    server.arrived.length = 0;
    token = goodToken;
    answer = (_, response) => response.end('{"data":1}');
  });
  afterEach(() => {
    ownNames().should.deepEqual(namesBefore);
    should(({} as Record<string, unknown>).polluted).be.undefined();
  });
  after(async () => {
    await flow.unload();
    await server.close();
  });

  const load = (request: Record<string, unknown> = {}, connection: Record<string, unknown> = {}) => {
    const credentials = { clientId: `me-${clients}`, clientSecret: 'hush' };
    const properties = { method: 'POST', path: '/entitydataquery/api/x', tries: 1, ...request };
    return flow.load(
      [connectionTo(server.url, { tenantId: TENANT, credentials, ...connection })],
      properties,
    );
  };
  const calls = () => server.arrived.filter(({ url }) => !url.endsWith('/connect/token'));

  for (const [where, body] of [
    ['at the top', `{"data":1,"messages":[],${POLLUTION}}`],
    ['in data', `{"data":${POLLUTED}}`],
    ['in messages', `{"data":1,"messages":[${POLLUTED},{"message":"said",${POLLUTION}}]}`],
    [
      'in a list of refusals',
      `{"data":[${POLLUTED},{"propertyName":"__proto__","errorMessage":"no",${POLLUTION}}]}`,
    ],
    ['in errors', `{"title":"no","errors":{"__proto__":["no"],"constructor":["no"],"x":${POLLUTED}}}`],
    ['in detail', `{"detail":[{"loc":["__proto__","constructor"],"msg":"no",${POLLUTION}}]}`],
    ['alone', POLLUTED],
    ['in a list', `[${POLLUTED}]`],
  ]) {
    for (const status of [200, 400, 401, 403, 404, 409, 500]) {
      it(`are an answer's own affair: ${status}, ${where}`, async () => {
        answer = (_, response) =>
          response
            .writeHead(
              status,
              [
                ['__proto__', 'x'],
                ['constructor', 'y'],
              ].flat(),
            )
            .end(body);
        await load({ result: 'envelope' });
        const { msg, error } = await flow.run({});
        const came = status === 200 ? msg.payload : factsOf(msg).error?.body;
        JSON.stringify(came).should.equal(JSON.stringify(JSON.parse(String(body))));
        should(error === undefined).equal(status === 200);
        Object.getPrototypeOf(msg).should.equal(Object.prototype);
        for (const facts of [msg.fenergo, msg.headers ?? {}, ...factsOf(msg).messages]) {
          should((facts as Record<string, unknown>).polluted).be.undefined();
        }
        if (error) error.message.should.not.containEql('polluted');
      });
    }
  }

  it('give no token', async () => {
    token = (_, response) => response.end('{"__proto__":{"access_token":"x","error":"y"}}');
    await load();
    const { error } = await flow.run({});
    should(error?.code).equal('FENERGO_AUTH');
    should(error?.message).match(/its answer holds no access_token/);
    calls().should.be.empty();
  });

  it('beside a token do not matter', async () => {
    token = (_, response) => response.end(`{"access_token":"tok",${POLLUTION}}`);
    await load();
    should((await flow.run({})).msg.payload).equal(1);
    should(calls()[0]?.headers.authorization).equal('Bearer tok');
  });

  for (const error of ['constructor', '__proto__', 'toString', 'hasOwnProperty']) {
    it(`are no OAuth error that advice is known for: ${error}`, async () => {
      token = (_, response) => response.writeHead(400).end(JSON.stringify({ error }));
      await load();
      const failure = (await flow.run({})).error;
      should(failure?.code).equal('FENERGO_AUTH');
      should(failure?.message).endWith(`: ${error}`);
    });
  }

  it('in msg.params are names and values like any other', async () => {
    await load();
    const said = '{"__proto__":"a","constructor":"b","prototype":["c","d"],"toString":"e"}';
    await flow.run({ params: JSON.parse(said) });
    should(calls()[0]?.url).endWith('/x?__proto__=a&constructor=b&prototype=c&prototype=d&toString=e');
    const { error } = await flow.run({ params: JSON.parse(POLLUTED) });
    should(error?.code).equal('FENERGO_INPUT');
    should(error?.message).match(/^Query parameter '__proto__' is an object/);
  });

  it('in msg.params do not stand in for a path parameter that is missing', async () => {
    await load({ path: '/entitydataquery/api/{id}/{constructor}' });
    for (const params of ['{"__proto__":{"id":"x","constructor":"y"}}', '{"id":"x"}', '{}']) {
      const { error } = await flow.run({ params: JSON.parse(params) });
      should(error?.code).equal('FENERGO_INPUT');
    }
    await flow.run({ params: JSON.parse('{"id":"a","constructor":"b"}') });
    should(calls().at(-1)?.url).endWith('/api/a/b');
  });

  it('in the table are parameters like any other', async () => {
    const rows = [row('__proto__', 'query', 'str', 'q'), row('constructor', 'header', 'str', 'h')];
    await load({
      params: [...rows, row('__proto__', 'path', 'str', 'p')],
      path: '/entitydataquery/api/{__proto__}',
    });
    await flow.run({});
    should(calls()[0]?.url).endWith('/api/p?__proto__=q');
    should(calls()[0]?.headers).have.property('constructor', 'h');
  });

  it('as a header name are refused, since they would get lost', async () => {
    await load({ params: [row('__proto__', 'header', 'json', '{"polluted":1}')] });
    should((await flow.run({})).error?.code).equal('FENERGO_INPUT');
    await load({ params: [row('__proto__', 'header', 'str', 'h')] });
    const { error } = await flow.run({});
    should(error?.code).equal('FENERGO_INPUT');
    should(error?.message).equal("Header name '__proto__' is not allowed");
  });

  it('in a body are sent as they are', async () => {
    await load();
    await flow.run({ payload: JSON.parse(POLLUTED) });
    should(calls()[0]?.body).equal(POLLUTED);
    should(calls()[0]?.headers.authorization).equal('Bearer tok');
  });

  it('in what a message says of its call do nothing', async () => {
    await load();
    for (const name of ['fenergo', 'headers', 'tenantId', 'correlationId', 'operation', 'error']) {
      const { dones } = await flow.run({ [name]: JSON.parse(POLLUTED) });
      dones.should.equal(1, name);
    }
  });

  for (const plan of ['__proto__', 'constructor', 'toString']) {
    it(`are no plan, so that the published limits hold: ${plan}`, async () => {
      await load({}, { plan });
      should((await flow.run({})).msg.payload).equal(1);
    });
  }

  describe('in an imported contract', () => {
    let folder: string;
    before(() => {
      folder = mkdtempSync(join(tmpdir(), 'fenergo-pollution-'));
    });
    after(() => rmSync(folder, { recursive: true }));

    const schema = `{"type":"object","required":["__proto__"],"properties":{"__proto__":{"type":"object","default":{"polluted":1},"properties":{"polluted":{"type":"string","default":"x"}}},"constructor":{"$ref":"#/components/schemas/__proto__"}},${POLLUTION}}`;
    const operation = `{"operationId":"__proto__","tags":["constructor"],"parameters":[{"name":"__proto__","in":"query","schema":${schema}},{"name":"constructor","in":"header","schema":{"type":"string"}}],"requestBody":{"content":{"application/json":{"schema":{"$ref":"#/components/schemas/constructor"}}}},${POLLUTION}}`;
    const document = `{"openapi":"3.0.1","info":{"version":"1.0",${POLLUTION}},"servers":[{"url":"/constructor"}],"paths":{"/a":{"post":${operation},"__proto__":${operation}},"__proto__":{"get":${operation}}},"components":{"schemas":{"__proto__":${schema},"constructor":${schema}}},${POLLUTION}}`;

    for (const [name, text] of [
      ['contract.json', document],
      // JSON is YAML; the parser is another one.
      ['contract.yaml', document],
      [
        'other.yaml',
        `openapi: 3.1.0\ninfo: &x {version: 1, ${POLLUTION}}\n<<: *x\nservers: [{url: /__proto__}]\npaths: {/b: {get: {}}, <<: *x}`,
      ],
    ] as const) {
      it(`do nothing: ${name}`, async () => {
        const path = join(folder, name);
        writeFileSync(path, text);
        const importing = new Import(catalogOf([]));
        await importing.add(incomingFile(path, '2026-01-01T00:00:00.000Z'));
        const { contracts, summary } = importing.result();
        // Whether it is taken or refused: the file that is written is read again as plain JSON.
        (contracts.length + summary.failed.length).should.equal(1);
        const overlay = { contracts: () => JSON.parse(JSON.stringify(contracts)), lookAgain: () => {} };
        const catalog = catalogOf([], overlay as never);
        for (const { key } of catalog.all()) should(catalog.find(key)).have.property('key', key);
        catalog.services().length.should.equal(contracts.length);
      });
    }
  });
});
