import type { Browser, Page } from 'playwright-core';
import 'should';
import {
  dragNode,
  editConnection,
  editNode,
  launchBrowser,
  needsBrowser,
  openEditor,
  pressDeploy,
  pressDone,
  reasonFor,
  screenshot,
  showFlows,
  textOf,
  type,
} from '../support/browser.js';
import { type FlowNode, type RealNodeRed, startNodeRed } from '../support/node-red.js';

const SECRET = 'a secret that nobody sees';
const FLOWS: FlowNode[] = [
  { id: 'tab', type: 'tab', label: 'Flow' },
  {
    id: 'saved',
    type: 'fenergo-config',
    name: 'Saved',
    region: 'sandbox',
    identityUrl: '',
    apiUrl: '',
    tenantId: '',
    publicUrl: '',
    scope: 'fenx.all',
    plan: 'production',
    credentials: { clientId: 'client', clientSecret: SECRET },
  },
  { id: 'request', type: 'fenergo-request', z: 'tab', x: 200, y: 100, wires: [[]], connection: 'saved' },
];

describe('the dialog of a connection', function () {
  this.timeout(60_000);
  let nodeRed: RealNodeRed;
  let browser: Browser;
  let page: Page;
  /** Whether the editor is as good as new: nothing was deployed from it, and no test failed in it. */
  let reusable = false;

  before(async function () {
    needsBrowser.call(this);
    nodeRed = await startNodeRed();
    browser = await launchBrowser();
  });
  after(async () => {
    await browser?.close();
    await nodeRed?.stop();
  });
  beforeEach(async () => {
    if (reusable) {
      await page.unrouteAll();
      await showFlows(page, FLOWS);
      return;
    }
    await page?.close();
    await nodeRed.deploy(FLOWS);
    page = await openEditor(browser, nodeRed.url);
    reusable = true;
  });
  afterEach(function () {
    reusable &&= this.currentTest?.state === 'passed';
  });

  const field = (name: string) => page.locator(`#node-config-input-${name}`);
  const deploy = async () => {
    reusable = false;
    await pressDeploy(page);
  };
  const openSaved = async () => {
    await editNode(page, 'request');
    await editConnection(page, 'edit');
  };

  it('is reached from the palette, and what is typed is what the server gets', async () => {
    (await textOf(page.locator('#red-ui-palette-header-fenergo'))).should.equal('fenergo');
    const id = await dragNode(page, 'fenergo-request');
    await screenshot(page, 'palette');
    await editNode(page, id);
    await screenshot(page, 'request-new');
    await editConnection(page, 'add');
    await screenshot(page, 'config-new');
    await field('name').fill('Production');
    await field('region').selectOption('emea1b');
    (await textOf(page.locator('#fenergo-config-hosts'))).should.equal('https://api.emea1b.fenergox.com');
    await field('clientId').fill(' my client ');
    await field('clientSecret').fill('my secret');
    await field('tenantId').fill('1f9f3a52-5c58-4b73-9c3f-0a6a54b3a0c1');
    await field('scope').fill('fenx.entitydata.read   fenx.journey.read ');
    await field('plan').selectOption('sdlc');
    (await field('queue').inputValue()).should.equal('10000');
    (await field('circuit').isChecked()).should.be.true();
    (await field('answerLimit').inputValue()).should.equal('50');
    await field('queue').fill('500');
    await field('answerLimit').fill('120.5');
    await page.click('label[for=node-config-input-circuit]');
    await screenshot(page, 'config-filled');
    await pressDone(page, 'node-config');
    await pressDone(page);
    await deploy();

    const saved = (await nodeRed.flows()).find((node) => node.name === 'Production');
    saved?.should.containEql({
      type: 'fenergo-config',
      region: 'emea1b',
      identityUrl: '',
      apiUrl: '',
      tenantId: '1f9f3a52-5c58-4b73-9c3f-0a6a54b3a0c1',
      scope: 'fenx.entitydata.read fenx.journey.read',
      plan: 'sdlc',
      queue: '500',
      circuit: false,
      answerLimit: '120.5',
    });
    const { credentials } = nodeRed.node(String(saved?.id)) as unknown as { credentials: unknown };
    (credentials as object).should.eql({ clientId: 'my client', clientSecret: 'my secret' });
  });

  it('shows what holds in a connection that was saved before there was a queue', async () => {
    await openSaved();
    (await field('queue').inputValue()).should.equal('10000');
    (await field('answerLimit').inputValue()).should.equal('50');
    (await field('circuit').isChecked()).should.be.true();
    await field('name').fill('Renamed');
    await pressDone(page, 'node-config');
    await pressDone(page);
    await deploy();
    const saved = (await nodeRed.flows()).find(({ id }) => id === 'saved');
    saved?.should.containEql({ name: 'Renamed', queue: '10000', circuit: true, answerLimit: '50' });
  });

  it('is not changed by opening it', async () => {
    await showFlows(
      page,
      FLOWS.map((node) =>
        node.id === 'saved' ? { ...node, queue: 10_000, circuit: true, answerLimit: 50 } : node,
      ),
    );
    await openSaved();
    await screenshot(page, 'config-saved');
    await pressDone(page, 'node-config');
    const changed = await page.evaluate<boolean>("Boolean(RED.nodes.node('saved').changed)");
    changed.should.be.false();
  });

  it('shows the fields of the chosen region only', async () => {
    await openSaved();
    const shown = async () => [
      await field('identityUrl').isVisible(),
      await page.locator('#fenergo-config-region-other').isVisible(),
      await page.locator('#fenergo-config-tenants').isVisible(),
    ];
    (await shown()).should.eql([false, false, true]);
    await screenshot(page, 'config-sandbox');
    await field('region').selectOption('custom');
    (await shown()).should.eql([true, false, false]);
    await screenshot(page, 'config-custom');
    await field('region').selectOption('_OTHER_');
    (await shown()).should.eql([false, true, false]);
    await field('region').selectOption('');
    (await shown()).should.eql([false, false, false]);
  });

  it('takes a region that is not in the list, and shows it again', async () => {
    await openSaved();
    await field('region').selectOption('_OTHER_');
    (await reasonFor(page, '#node-config-input-region')).should.containEql('Type the name of the region');
    await type(page, '#fenergo-config-region-other', 'emea 9');
    (await reasonFor(page, '#node-config-input-region')).should.containEql("'emea 9' is no region name");
    await screenshot(page, 'config-other-region');
    await page.locator('#fenergo-config-region-other').fill('emea9');
    await page.waitForSelector('#node-config-input-region:not(.input-error)');
    await pressDone(page, 'node-config');
    await editConnection(page, 'edit');
    (await page.locator('#fenergo-config-region-other').inputValue()).should.equal('emea9');
    (await field('region').inputValue()).should.equal('emea9');
  });

  it('offers the tenants of the sandbox', async () => {
    await openSaved();
    await page.getByRole('button', { name: 'Harbour Bank', exact: true }).click();
    (await field('tenantId').inputValue()).should.match(/^[0-9a-f-]{36}$/);
  });

  describe('gives the reason when', () => {
    beforeEach(openSaved);

    it('the tenant is no GUID', async () => {
      await type(page, '#node-config-input-tenantId', '12345');
      (await reasonFor(page, '#node-config-input-tenantId')).should.containEql('A tenant id is a GUID');
      await screenshot(page, 'config-invalid-tenant');
      const environment = '$' + '{TENANT}';
      await type(page, '#node-config-input-tenantId', environment);
      await page.waitForSelector('#node-config-input-tenantId:not(.input-error)');
    });

    it('the queue is no number', async () => {
      for (const wrong of ['', '-1', '1.5', 'long']) {
        await type(page, '#node-config-input-queue', wrong);
        await page.waitForSelector('#node-config-input-queue.input-error');
      }
      (await reasonFor(page, '#node-config-input-queue')).should.containEql('is a whole number from 0');
      for (const right of ['0', '$' + '{QUEUE}']) {
        await type(page, '#node-config-input-queue', right);
        await page.waitForSelector('#node-config-input-queue:not(.input-error)');
      }
    });

    it('the answer limit is no number, or too much', async () => {
      for (const wrong of ['', '0', '-1', 'long', '501']) {
        await type(page, '#node-config-input-answerLimit', wrong);
        await page.waitForSelector('#node-config-input-answerLimit.input-error');
      }
      (await reasonFor(page, '#node-config-input-answerLimit')).should.containEql('above 0, 500 at most');
      for (const right of ['0.5', '500', '$' + '{LIMIT}']) {
        await type(page, '#node-config-input-answerLimit', right);
        await page.waitForSelector('#node-config-input-answerLimit:not(.input-error)');
      }
    });

    it('the scope is too long, and counts its characters', async () => {
      (await textOf(page.locator('#fenergo-config-scope-count'))).should.equal('8 / 300');
      await type(page, '#node-config-input-scope', 'fenx.entitydata.read '.repeat(15));
      const count = page.locator('#fenergo-config-scope-count');
      (await textOf(count)).should.equal('314 / 300');
      (await count.getAttribute('class'))?.should.containEql('fenergo-over');
      (await reasonFor(page, '#node-config-input-scope')).should.containEql('takes 300 at most');
      await screenshot(page, 'config-long-scope');
    });

    it('a URL of one’s own is missing or wrong', async () => {
      await field('region').selectOption('custom');
      (await reasonFor(page, '#node-config-input-apiUrl')).should.containEql('Custom URLs need this address');
      await type(page, '#node-config-input-apiUrl', 'ftp://host');
      (await reasonFor(page, '#node-config-input-apiUrl')).should.containEql('Not a usable address');
    });

    it('id and secret are missing, except in the sandbox', async () => {
      await type(page, '#node-config-input-clientId', '');
      await type(page, '#node-config-input-clientSecret', '');
      await page.waitForSelector('#node-config-input-clientId:not(.input-error)');
      await field('region').selectOption('apac1');
      (await reasonFor(page, '#node-config-input-clientId')).should.containEql('client id is missing');
      (await reasonFor(page, '#node-config-input-clientSecret')).should.containEql('secret is missing');
    });
  });

  it('completes the scope under the cursor with the keyboard', async () => {
    await openSaved();
    await field('scope').fill('');
    await field('scope').pressSequentially('fenx.risk.read journey.w');
    await page.waitForSelector('.red-ui-autoComplete-container');
    await screenshot(page, 'config-scope-suggestions');
    await field('scope').press('Enter');
    (await field('scope').inputValue()).should.equal('fenx.risk.read fenx.journey.write');
    await field('scope').press('End');
    (await textOf(page.locator('#fenergo-config-scope-count'))).should.equal('33 / 300');
  });

  describe('Test connection', () => {
    const result = () => page.locator('#fenergo-config-test-result');
    /** Answers for the route, so that each outcome can be had. @returns what the dialog sent */
    async function answer(body: object, status = 200): Promise<Record<string, unknown>> {
      let sent: Record<string, unknown> = {};
      await page.route('**/fenergo/test-connection', async (route) => {
        sent = route.request().postDataJSON();
        await route.fulfill({ status, json: body });
      });
      await page.click('#fenergo-config-test');
      await page.waitForSelector('#fenergo-config-test:not(:disabled)');
      return sent;
    }

    beforeEach(openSaved);

    it('never sends the placeholder of a stored secret', async () => {
      const sent = await answer({ ok: true, scope: 'fenx.all', expiresInSeconds: 900 });
      sent.should.eql({
        id: 'saved',
        region: 'sandbox',
        identityUrl: '',
        apiUrl: '',
        scope: 'fenx.all',
        clientId: 'client',
      });
      (await textOf(result())).should.equal(
        'It works: an access token was granted.Scope: fenx.all. The token lives 15 minutes (900 s).',
      );
      (await result().getAttribute('role'))?.should.equal('status');
      await screenshot(page, 'config-test-ok');
    });

    it('sends a secret that was typed, and forgets what it said at the next change', async () => {
      await field('clientSecret').fill('typed');
      const sent = await answer({
        ok: false,
        reason: 'oauth',
        error: 'invalid_client',
        message: 'Refused: invalid_client',
      });
      sent.should.have.property('clientSecret', 'typed');
      (await textOf(result())).should.equal(
        'The identity server refused the credentials or the scope.Refused: invalid_client',
      );
      await screenshot(page, 'config-test-refused');
      await field('clientId').fill('another');
      (await textOf(result())).should.equal('');
    });

    it('asks for the secret again when the rest was changed', async () => {
      await answer({ ok: false, reason: 'secret-needed', message: 'not shown' });
      (await textOf(result())).should.equal(
        'The client id, region or URLs were changed: type the secret again to test.',
      );
    });

    it('says in words when Node-RED refuses', async () => {
      await answer({}, 403);
      (await textOf(result())).should.containEql('not allowed to test connections');
    });
  });

  describe('Test connection against the sandbox', () => {
    const press = async () => {
      await page.click('#fenergo-config-test');
      await page.waitForSelector('#fenergo-config-test:not(:disabled)');
      return textOf(page.locator('#fenergo-config-test-result'));
    };
    beforeEach(openSaved);

    it('gets a token with the stored secret', async () => {
      (await press()).should.match(/^It works.*Scope: fenx\.all\. The token lives \d+ minutes/);
    });

    it('is told why not, by what OAuth says', async () => {
      await type(page, '#node-config-input-clientId', 'invalid');
      await type(page, '#node-config-input-clientSecret', 'any');
      (await press()).should.match(/^The identity server refused.*invalid_client/);
    });

    it('does not take the stored secret to another host', async () => {
      await field('region').selectOption('custom');
      await type(page, '#node-config-input-identityUrl', 'https://elsewhere.invalid');
      await type(page, '#node-config-input-apiUrl', 'https://elsewhere.invalid');
      (await press()).should.containEql('type the secret again');
    });
  });

  it('never shows the secret: not in a dialog, the flows, or any answer of the admin API', async () => {
    const bodies: string[] = [];
    page.on('response', async (response) => {
      bodies.push(await response.text().catch(() => ''));
    });
    await page.reload();
    await page.waitForSelector('.red-ui-palette-node', { state: 'attached' });
    await page.waitForSelector('#red-ui-loading-progress', { state: 'hidden' });
    await openSaved();
    (await field('clientSecret').inputValue()).should.equal('__PWRD__');
    for (const path of ['flows', 'credentials/fenergo-config/saved', 'nodes', 'settings']) {
      bodies.push(
        await (await fetch(nodeRed.url + path, { headers: { accept: 'application/json' } })).text(),
      );
    }
    bodies.length.should.be.above(10);
    bodies.filter((body) => body.includes(SECRET)).should.eql([]);
    nodeRed.logs.filter(({ msg }) => String(msg).includes(SECRET)).should.eql([]);
  });
});
