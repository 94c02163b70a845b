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
    page = await openEditor(browser, nodeRed.url);
    await page.evaluate("RED.sidebar.show('fenergo')");
    await sidebar().locator('h4').first().waitFor();
  });
  afterEach(async () => {
    await page?.close();
    await nodeRed?.stop();
  });
  after(async () => {
    await browser?.close();
    if (folder) rmSync(folder, { recursive: true });
  });

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
