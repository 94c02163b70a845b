import 'should';
import { TENANT } from '../sandbox/harness.js';
import { type Arrived, connectionTo, echo, flow, type OwnServer, startServer } from '../support/flow.js';

const CREATE_ENTITY = 'entitydatacommand/v2/CreateEntity';

describe('fenergo-request: the envelope of the body', () => {
  let server: OwnServer;

  before(async () => {
    server = await startServer(echo);
  });
  after(async () => {
    await flow.unload();
    await server.close();
  });

  async function bodyFor(properties: Record<string, unknown>, payload: unknown): Promise<unknown> {
    await flow.load([connectionTo(server.url, { tenantId: TENANT })], properties);
    const { msg, error } = await flow.run({ payload });
    if (error) throw error;
    return JSON.parse((msg.payload as Arrived).body);
  }

  it('is put around a body that lacks it', async () => {
    ((await bodyFor({ operation: CREATE_ENTITY }, { type: 'Company' })) as object).should.deepEqual({
      data: { type: 'Company' },
    });
  });

  it('is not doubled', async () => {
    ((await bodyFor({ operation: CREATE_ENTITY }, { data: { type: 'Company' } })) as object).should.deepEqual(
      {
        data: { type: 'Company' },
      },
    );
  });

  it('is left to the flow when the node says so', async () => {
    (
      (await bodyFor({ operation: CREATE_ENTITY, wrap: 'never' }, { type: 'Company' })) as object
    ).should.deepEqual({
      type: 'Company',
    });
  });

  it('is not made up where the operation takes none, or its body is not known', async () => {
    const unknown = { operation: 'entitydatacommand/v3/VerifyEntityDraftV3', params: [] };
    const params = ['entityId', 'id'].map((name) => ({ name, in: 'path', type: 'str', value: 'x' }));
    ((await bodyFor({ ...unknown, params }, { version: 1 })) as object).should.deepEqual({ version: 1 });
    ((await bodyFor({ operation: 'webhooks/v1/AddWebhook' }, { name: 'x' })) as object).should.deepEqual({
      name: 'x',
    });
    ((await bodyFor({ method: 'POST', path: '/x/api' }, { name: 'x' })) as object).should.deepEqual({
      name: 'x',
    });
  });
});
