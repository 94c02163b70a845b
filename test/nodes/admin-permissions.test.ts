import should from 'should';
import { adminRoutes, bearerAuth, type RealNodeRed, startNodeRed } from '../support/node-red.js';

/** What each route of the admin API needs; one that is registered and not listed here fails the first test. */
const NEEDED: Record<string, string> = {
  'POST /fenergo/test-connection': 'fenergo-config.write',
  'GET /fenergo/overview': 'fenergo-config.read',
  'POST /fenergo/catalog/import': 'fenergo-catalog.write',
  'POST /fenergo/catalog/refresh': 'fenergo-catalog.write',
  'GET /fenergo/catalog/update': 'fenergo-catalog.write',
  'DELETE /fenergo/catalog/update': 'fenergo-catalog.write',
  'DELETE /fenergo/catalog/contracts/:service/:version': 'fenergo-catalog.write',
  'GET /fenergo/catalog/services': 'fenergo-request.read',
  'GET /fenergo/catalog/services/:service/:version': 'fenergo-request.read',
  'GET /fenergo/catalog/operations': 'fenergo-request.read',
  'GET /fenergo/catalog/search': 'fenergo-request.read',
  'GET /fenergo/catalog/match': 'fenergo-request.read',
  'GET /fenergo/scopes': 'fenergo-request.read',
  'GET /fenergo/webhooks/:id': 'fenergo-webhook.read',
  'GET /fenergo/webhooks/:id/platform': 'fenergo-webhook.read',
  'POST /fenergo/webhooks/:id/test': 'fenergo-webhook.write',
  'POST /fenergo/webhooks/:id/enable': 'fenergo-webhook.write',
  'POST /fenergo/webhooks/:id/remove': 'fenergo-webhook.write',
};

const USERS: Record<string, string> = {
  reader: 'read',
  editor: 'flows.write',
  boss: '*',
  ...Object.fromEntries([...new Set(Object.values(NEEDED))].map((permission) => [permission, permission])),
};

describe('the admin routes where people log in', function () {
  this.timeout(30_000);
  let nodeRed: RealNodeRed;

  before(async () => {
    nodeRed = await startNodeRed({ adminAuth: bearerAuth(USERS) });
  });
  after(() => nodeRed.stop());

  it('are all known', () => {
    const routes = adminRoutes(nodeRed).map(({ method, path }) => `${method} ${path}`);
    routes.sort().should.deepEqual(Object.keys(NEEDED).sort());
  });

  function mayUse(user: string, needed: string): boolean {
    const has = USERS[user];
    return has === '*' || has === needed || (has === 'read' && needed.endsWith('.read'));
  }

  for (const [route, needed] of Object.entries(NEEDED)) {
    const [method = '', path = ''] = route.split(' ');
    const ask = (user: string) =>
      fetch(nodeRed.url + path.slice(1).replace(':service', 'scim').replace(':version', 'v1'), {
        method,
        headers: {
          'content-type': 'application/json',
          ...(user ? { authorization: `Bearer ${user}` } : {}),
        },
        body: method === 'POST' ? '{"region":"custom"}' : undefined,
      });

    it(`${route} needs ${needed}`, async () => {
      for (const user of ['', 'stranger', ...Object.keys(USERS)]) {
        const response = await ask(user);
        const body = await response.text();
        if (mayUse(user, needed)) should(response.status).not.equal(401, user);
        else {
          response.status.should.equal(401, user);
          body.should.match(/^(Unauthorized)?$/);
        }
      }
    });
  }
});
