import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import 'should';
import { TENANT } from '../sandbox/harness.js';
import {
  editNode,
  launchBrowser,
  needsBrowser,
  openEditor,
  pressDeploy,
  pressDone,
  screenshot,
  textOf,
} from '../support/browser.js';
import { connectionTo, sendJson, startServer } from '../support/flow.js';
import { type FlowNode, type RealNodeRed, startNodeRed } from '../support/node-red.js';

const SANDBOX: FlowNode = {
  id: 'connection',
  type: 'fenergo-config',
  name: 'Sandbox',
  region: 'sandbox',
  identityUrl: '',
  apiUrl: '',
  tenantId: TENANT,
  scope: 'fenx.all',
  plan: 'production',
};
const REQUEST: FlowNode = {
  id: 'request',
  type: 'fenergo-request',
  name: '',
  connection: 'connection',
  operation: '',
  method: 'GET',
  path: '',
  params: [],
  tenant: '',
  tenantType: 'str',
  body: 'payload',
  bodyType: 'msg',
  wrap: 'auto',
  check: 'off',
  result: 'data',
  timeout: 120,
  z: 'tab',
  x: 300,
  y: 120,
  wires: [['out']],
};
const FLOW: FlowNode[] = [
  { id: 'tab', type: 'tab', label: 'Flow' },
  SANDBOX,
  REQUEST,
  { id: 'out', type: 'debug', z: 'tab', x: 500, y: 120, wires: [], active: false },
];

const LOANS = `openapi: 3.1.0
info: { title: Loans, version: "1.0" }
servers: [{ url: /loancommand }]
paths:
  /api/loan/{branch}:
    post:
      operationId: CreateLoan
      parameters:
        - { name: branch, in: path, required: true, schema: { type: string } }
      requestBody:
        content:
          application/json:
            schema:
              type: object
              properties:
                data:
                  type: object
                  required: [amount]
                  properties: { amount: { type: number, minimum: 1 }, currency: { enum: [EUR, USD] } }
`;

/** Other editions of it: a parameter has another name; the operation has made room for another one. */
const LOANS_2 = LOANS.replace('name: branch,', 'name: branchId,').replace('{branch}', '{branchId}');
const LOANS_3 = LOANS.replace(/\/api\/loan\/\{branch\}/, '/api/v1/loans/{branch}').replace(
  'CreateLoan',
  'AddLoan',
);
/** One that stands for a service of the vendor, and has none of its operations. */
const SCIM = LOANS.replace('/loancommand', '/scim');

/** What the server tells of a connection that has nothing to tell. */
const QUIET = {
  id: 'connection',
  name: 'Sandbox',
  region: 'sandbox',
  tenantId: TENANT,
  scope: 'fenx.all',
  token: { state: 'valid', secondsLeft: 600, scope: 'fenx.all' },
  circuit: { state: 'closed' },
  waiting: 0,
};

describe('the Fenergo sidebar', function () {
  this.timeout(60_000);
  let nodeRed: RealNodeRed;
  let browser: Browser;
  let page: Page;
  let folder: string;

  before(async function () {
    needsBrowser.call(this);
    folder = mkdtempSync(join(tmpdir(), 'fenergo-sidebar-'));
    browser = await launchBrowser();
  });
  beforeEach(async () => {
    nodeRed = await startNodeRed({ flows: FLOW });
    await openSidebar();
  });
  afterEach(async () => {
    await page?.close();
    await nodeRed?.stop();
  });
  after(async () => {
    await browser?.close();
    if (folder) rmSync(folder, { recursive: true });
  });

  async function openSidebar(look: { dark?: boolean } = {}): Promise<void> {
    await page?.close();
    page = await openEditor(browser, nodeRed.url, look);
    await page.evaluate("RED.sidebar.show('fenergo')");
    await sidebar().locator('h4').first().waitFor();
  }

  const sidebar = () => page.locator('.fenergo-sidebar');
  const section = (index: number) => sidebar().locator('section').nth(index);
  const file = (name: string, text: string) => {
    const path = join(folder, name);
    writeFileSync(path, text);
    return path;
  };
  const importFiles = (...paths: string[]) => page.setInputFiles('.fenergo-sidebar input[type=file]', paths);
  const outcome = (text: string) =>
    sidebar().locator('.fenergo-sidebar-outcome', { hasText: text }).waitFor();

  it('lists connections and requests, and leads to them', async () => {
    // What all nodes share outlives a Node-RED in this process: nobody has been here, as a new user would see it.
    await page.route('**/fenergo/overview', async (route) => {
      const overview = await (await route.fetch()).json();
      await route.fulfill({ json: { ...overview, requests: [] } });
    });
    await section(2).getByText('No request in the last ten minutes').waitFor();
    await section(0).getByText('No access token yet').waitFor();
    await screenshot(page, 'sidebar-new');
    await page.unroute('**/fenergo/overview');
    const done = nodeRed.nextOutcome('request');
    nodeRed.send('request', { operation: 'entitydataquery/v2/GetEntityById', params: { id: 'nobody' } });
    await done;
    await section(0).getByText('Access token for 15 more minutes (fenx.all)').waitFor();
    const newest = section(2).locator('.fenergo-sidebar-entry').first();
    await newest.getByText('not found').waitFor();
    (await textOf(newest)).should.containEql('404').and.containEql('Get entity by id');
    await screenshot(page, 'sidebar-used');

    await newest.getByRole('button', { name: 'Get entity by id' }).click();
    await section(0).getByRole('button', { name: 'Sandbox' }).click();
    await page.locator('#node-config-dialog-ok').waitFor();
    (await page.inputValue('#node-config-input-name')).should.equal('Sandbox');
    await page.click('#node-config-dialog-cancel');
  });

  it('tells of a platform that is taken for dead, and of calls that wait', async () => {
    const overview = (facts: object) => ({
      connections: [
        {
          id: 'connection',
          name: 'Sandbox',
          region: 'sandbox',
          tenantId: TENANT,
          scope: 'fenx.all',
          token: { state: 'valid', secondsLeft: 600, scope: 'fenx.all' },
          ...facts,
        },
      ],
      requests: [],
      catalog: { operations: 1, services: 1, contracts: [], file: 'fenergo-catalog.json' },
    });
    let facts: object = {};
    await page.route('**/fenergo/overview', (route) => route.fulfill({ json: overview(facts) }));
    facts = { circuit: { state: 'open', failures: 23, secondsLeft: 8 }, waiting: 412 };
    await section(0)
      .getByText('Nothing is sent after 23 failures in a row; next try in 8 s', { exact: true })
      .waitFor();
    await section(0).getByText('Waiting for their turn: 412', { exact: true }).waitFor();
    (await section(0).locator('.fenergo-dot-red').count()).should.equal(1);
    await screenshot(page, 'sidebar-dead');
    facts = { circuit: { state: 'probing', failures: 24 }, waiting: 0 };
    await section(0).getByText('one call is trying now').waitFor();
    (await textOf(section(0))).should.not.containEql('Waiting');
    facts = { circuit: { state: 'closed' }, waiting: 0 };
    await section(0).locator('.fenergo-dot-green').waitFor();
    (await textOf(section(0))).should.not.containEql('Nothing is sent');
  });

  it('imports contracts, names what is broken, and one of the operations is found, filled in and called', async () => {
    await importFiles(file('loans.yaml', LOANS), file('broken.json', '{'));
    await outcome('Contracts read: 1. Operations: 1 added, 0 changed, 0 gone.');
    (await textOf(sidebar())).should
      .containEql('broken.json: It is no JSON')
      .and.containEql('added: CreateLoan');
    await sidebar().getByText('1553 operations of 92 services').waitFor();
    await screenshot(page, 'sidebar-imported');

    await editNode(page, 'request');
    await page.selectOption('#fenergo-request-mode', 'catalog');
    await page.locator('#fenergo-request-search').fill('create loan');
    await page.locator('#fenergo-request-results li[role=option]').first().waitFor();
    await page.keyboard.press('Enter');
    await page.waitForFunction(
      "$('#node-input-operation').val() === 'loancommand/v1/CreateLoan' && $.active === 0",
    );
    (await textOf(page.locator('#fenergo-request-card'))).should.containEql('Imported from loans.yaml');
    await page.locator('.fenergo-param-value-cell input.red-ui-typedInput-input').first().fill('Dublin');
    (await textOf(page.locator('#fenergo-request-sent'))).should.equal(
      'Sent:{"data":{"amount":0,"currency":"EUR"}}',
    );
    await page.selectOption('#node-input-check', 'refuse');
    await screenshot(page, 'request-imported');
    await pressDone(page);
    await pressDeploy(page);

    const refused = nodeRed.nextOutcome('request');
    nodeRed.send('request', {});
    ((await refused).error as Error).message.should.equal(
      'CreateLoan does not fit its contract: data.amount has to be >= 1',
    );
    await editNode(page, 'request');
    (await page.inputValue('#node-input-check')).should.equal('refuse');
    await page.evaluate(
      "document.querySelector('#fenergo-request-body-editor-row .ace_editor').env.editor.setValue('{\"amount\": 5}', -1)",
    );
    await pressDone(page);
    await pressDeploy(page);
    const answered = nodeRed.nextMessage('out');
    nodeRed.send('request', {});
    (await answered).should.containEql({ statusCode: 202 });
  });

  it('refreshes the catalog from a connection, and tells what became of it', async () => {
    await sidebar().getByRole('button', { name: 'Refresh from' }).click();
    await outcome('Contracts read: 114. Operations: 0 added, 0 changed, 0 gone.');
    await sidebar().getByText('Your own contracts: 114').waitFor();
    await screenshot(page, 'sidebar-refreshed');
  });

  const own = () => sidebar().locator('.fenergo-sidebar-own');
  const question = () => page.locator('.red-ui-notification', { hasText: 'Remove your contract' });

  it('says what an import took away, lists the contract, and takes it away again when that is confirmed', async () => {
    const offered = async () => {
      const response = await fetch(`${nodeRed.url}fenergo/catalog/services/scim/v1`);
      return ((await response.json()) as unknown[]).length;
    };
    await sidebar().getByText('No contracts of your own').waitFor();
    const before = await offered();
    await importFiles(file('scim.yaml', SCIM));
    await outcome(`Operations: 1 added, 0 changed, ${before} gone.`);
    (await textOf(sidebar())).should
      .match(/scim v1added: CreateLoangone: \w+, \w+, \w+, \w+ \+\d/)
      .and.containEql('To have it back, remove the contract');
    await own().getByText('imported from scim.yaml').waitFor();
    (await offered()).should.equal(1);
    await screenshot(page, 'sidebar-gone');

    await own().getByRole('button', { name: 'Remove scim v1' }).click();
    await question().getByRole('button', { name: 'Remove' }).click({ trial: true });
    await screenshot(page, 'sidebar-remove');
    await page.keyboard.press('Enter');
    await question().waitFor({ state: 'detached' });
    (await offered()).should.equal(1, 'the first button keeps it');
    await own().getByRole('button', { name: 'Remove scim v1' }).click();
    await question().getByRole('button', { name: 'Remove' }).click();
    await outcome('Removed: scim v1');
    await sidebar().getByText('No contracts of your own').waitFor();
    (await own().isVisible()).should.be.false();
    (await offered()).should.equal(before);
  });

  it('names what another edition of a contract changes', async () => {
    await importFiles(file('loans.yaml', LOANS));
    await outcome('1 added, 0 changed, 0 gone.');
    (await textOf(sidebar())).should.not.containEql('To have it back');
    await importFiles(file('loans.yaml', LOANS_2));
    await outcome('0 added, 1 changed, 0 gone.');
    await sidebar().getByText('changed: CreateLoan').waitFor();
    await importFiles(file('loans.yaml', LOANS_3));
    await outcome('1 added, 0 changed, 1 gone.');
    await sidebar().getByText('added: AddLoan').waitFor();
    await sidebar().getByText('gone: CreateLoan').waitFor();
  });

  it('shows how far an update is, also to who opens the editor meanwhile, and cancels it', async () => {
    let given = 5;
    const server = await startServer((_, response) => {
      given -= 1;
      if (given >= 0) sendJson(response, { openapi: '3.0.0', paths: {} }, 200);
    });
    try {
      await nodeRed.deploy([...FLOW, connectionTo(server.url, { id: 'silent', name: 'Silent' })]);
      const select = sidebar().locator('select');
      await select.locator('option[value=silent]').waitFor({ state: 'attached' });
      await select.selectOption('silent');
      await sidebar().getByRole('button', { name: 'Refresh from' }).click();
      const progress = () => sidebar().locator('.fenergo-sidebar-progress');
      await progress()
        .getByText(/^5 of \d+: /)
        .waitFor();
      Number(await progress().locator('progress').getAttribute('value')).should.equal(5);
      (await sidebar().getByRole('button', { name: 'Import contracts' }).isDisabled()).should.be.true();
      await screenshot(page, 'sidebar-progress');

      await openSidebar();
      await progress()
        .getByText(/^5 of \d+: /)
        .waitFor();
      (await sidebar().getByRole('button', { name: 'Refresh from' }).isDisabled()).should.be.true();
      await progress().getByRole('button', { name: 'Cancel' }).click();
      await outcome('The update of the catalog was cancelled');
      await progress().locator('progress').waitFor({ state: 'detached' });
      (await sidebar().getByRole('button', { name: 'Refresh from' }).isEnabled()).should.be.true();
      await screenshot(page, 'sidebar-cancelled');
    } finally {
      await server.close();
    }
  });

  for (const status of [401, 403]) {
    it(`says nothing of an update of others to who may not see it (${status})`, async () => {
      let asked = 0;
      let looked = 0;
      await page.route('**/fenergo/catalog/update', (route) => {
        asked += 1;
        return route.fulfill({ status, body: '' });
      });
      const catalog = { operations: 1234, services: 1, contracts: [], file: '', updating: true };
      await page.route('**/fenergo/overview', (route) => {
        looked += 1;
        return route.fulfill({ json: { connections: [QUIET], requests: [], catalog } });
      });
      await sidebar().getByText('1234 operations').waitFor();
      while (looked < 3) await page.waitForResponse('**/fenergo/overview');
      asked.should.equal(1);
      (await textOf(sidebar())).should.not.containEql('You are not allowed').and.not.containEql('Starting');
      (await sidebar().locator('.fenergo-failed').count()).should.equal(0);
      (await sidebar().getByRole('button', { name: 'Import contracts' }).isEnabled()).should.be.true();

      await page.route('**/fenergo/catalog/refresh', (route) => route.fulfill({ status, body: '' }));
      await sidebar().getByRole('button', { name: 'Refresh from' }).click();
      await outcome('You are not allowed');
    });
  }

  for (const dark of [false, true]) {
    it(`keeps long names and many contracts inside its borders${dark ? ', also in dark' : ''}`, async () => {
      await openSidebar({ dark });
      await page.evaluate(`document.documentElement.classList.toggle('nr-theme-dark', ${dark})`);
      if (dark && nodeRed.version.startsWith('4')) await page.addStyleTag({ content: DARK });
      const long = 'a-very-long-name-that-nobody-would-choose-'.repeat(4);
      const contract = (service: string, name: string) => ({
        service,
        version: 'v1',
        operations: 18,
        source: { from: 'imported', name, at: '2026-11-24T10:00:00Z' },
      });
      const contracts = [contract(long, `${long}.yaml`), contract('odd', 'odd.yaml')];
      const many = Array.from({ length: 40 }, (_, index) => contract(`service${index}`, 'all.yaml'));
      const catalog = { operations: 1, services: 1, contracts, file: '', updating: false };
      await page.route('**/fenergo/overview', (route) =>
        route.fulfill({ json: { connections: [QUIET], requests: [], catalog } }),
      );
      await own().getByText('odd v1').waitFor();
      const overflow = () =>
        page.evaluate<number>(
          "(() => { const tab = document.querySelector('.fenergo-sidebar'); return tab.scrollWidth - tab.clientWidth; })()",
        );
      (await overflow()).should.be.belowOrEqual(0);
      await screenshot(page, `sidebar-own-long${dark ? '-dark' : ''}`);
      catalog.contracts = many;
      await own().getByText('Your own contracts: 40').waitFor();
      await own().getByText('service39 v1').scrollIntoViewIfNeeded();
      (await overflow()).should.be.belowOrEqual(0);
      await own().locator('summary').click();
      (await own().getByText('service39 v1').isVisible()).should.be.false();
      await screenshot(page, `sidebar-own-folded${dark ? '-dark' : ''}`);
    });
  }

  it('tells that nobody answers, and goes on when somebody does', async () => {
    await page.route('**/fenergo/overview', (route) => route.abort());
    await sidebar().getByText('Node-RED did not answer').waitFor();
    await page.unroute('**/fenergo/overview');
    await sidebar().getByText('Node-RED did not answer').waitFor({ state: 'hidden' });
    await page.route('**/fenergo/overview', (route) => route.fulfill({ status: 403, body: '' }));
    await sidebar().getByText('You are not allowed').waitFor();
    await importFiles(file('loans.yaml', LOANS));
    await outcome('Contracts read: 1.');
  });
});

const DARK = `:root { --red-ui-primary-background: #222; --red-ui-secondary-background: #222; --red-ui-form-input-background: #333;
  --red-ui-primary-text-color: #ddd; --red-ui-secondary-text-color: #aaa; --red-ui-form-text-color: #ddd;
  --red-ui-secondary-border-color: #444; --red-ui-workspace-button-background: #333; --red-ui-workspace-button-color: #ddd;
  --red-ui-form-button-background: #333; --red-ui-form-input-border-color: #555; }`;
