import type { Browser, Page } from 'playwright-core';
import 'should';
import {
  editNode,
  launchBrowser,
  needsBrowser,
  openEditor,
  pressDeploy,
  pressDone,
  reasonFor,
  screenshot,
  textOf,
  type,
} from '../support/browser.js';
import { type FlowNode, type RealNodeRed, startNodeRed } from '../support/node-red.js';

const CONNECTION: FlowNode = {
  id: 'connection',
  type: 'fenergo-config',
  name: 'Sandbox',
  region: 'sandbox',
  identityUrl: '',
  apiUrl: '',
  tenantId: '',
  scope: 'fenx.entitydata.read',
  plan: 'production',
  credentials: { clientId: 'client', clientSecret: 'secret' },
};
/** A node as it leaves the palette, with a connection. */
const BLANK = {
  name: '',
  connection: 'connection',
  operation: '',
  method: 'GET',
  path: '',
  params: [] as object[],
  tenant: '',
  tenantType: 'str',
  body: 'payload',
  bodyType: 'msg',
  wrap: 'auto',
  result: 'data',
  timeout: 120 as number | string,
};

describe('the dialog of a request', function () {
  this.timeout(60_000);
  let nodeRed: RealNodeRed;
  let browser: Browser;
  let page: Page;

  before(async function () {
    needsBrowser.call(this);
    nodeRed = await startNodeRed();
    browser = await launchBrowser();
  });
  after(async () => {
    await browser?.close();
    await nodeRed?.stop();
  });
  afterEach(() => page?.close());

  /** Opens the dialog of a node with these properties. */
  async function open(properties: Partial<typeof BLANK> = {}, look: { dark?: boolean } = {}): Promise<void> {
    await nodeRed.deploy([
      { id: 'tab', type: 'tab', label: 'Flow' },
      CONNECTION,
      {
        id: 'request',
        type: 'fenergo-request',
        z: 'tab',
        x: 200,
        y: 100,
        wires: [[]],
        ...BLANK,
        ...properties,
      },
    ]);
    page = await openEditor(browser, nodeRed.url, look);
    await editNode(page, 'request');
  }

  /** Presses Done and Deploy. @returns the properties that the server has */
  async function save(): Promise<Record<string, unknown>> {
    await pressDone(page);
    await pressDeploy(page);
    const saved = (await nodeRed.flows()).find(({ id }) => id === 'request') ?? {};
    return Object.fromEntries(Object.keys(BLANK).map((key) => [key, (saved as FlowNode)[key]]));
  }

  const mode = () => page.locator('#fenergo-request-mode');
  const operation = () => page.locator('#node-input-operation');
  const facts = () => page.locator('#fenergo-request-facts');
  const names = () =>
    page
      .locator('.fenergo-param-name')
      .evaluateAll((inputs) => inputs.map((input) => (input as unknown as { value: string }).value));
  const value = (row: number) =>
    page.locator('.fenergo-param-value-cell input.red-ui-typedInput-input').nth(row);

  async function choose(service: string, version: string, key: string): Promise<void> {
    await page.selectOption('#fenergo-request-service', service);
    await page.selectOption('#fenergo-request-version', version);
    await page.waitForSelector(`#node-input-operation option[value="${key}"]`, { state: 'attached' });
    await operation().selectOption(key);
  }

  it('finds an operation by what is typed, and takes it with the keyboard', async () => {
    await open();
    await mode().selectOption('catalog');
    const search = page.locator('#fenergo-request-search');
    const results = page.locator('#fenergo-request-results li[role=option]');
    await search.pressSequentially('entity by id');
    await results.first().waitFor();
    (await textOf(results.first())).should.containEql('GET').and.containEql('Get entity by id');
    await screenshot(page, 'request-search');
    await search.press('ArrowDown');
    await search.press('ArrowUp');
    await search.press('Enter');
    await page.waitForFunction(() => $('#node-input-operation').val() === 'entitydataquery/v2/GetEntityById');
    (await names()).should.deepEqual(['id']);
    await search.pressSequentially('start a journey');
    await results.first().waitFor();
    await search.press('Escape');
    await results.first().waitFor({ state: 'detached' });
    await search.fill('xyzzy');
    await page.locator('#fenergo-request-results li', { hasText: 'Nothing found' }).waitFor();
    await search.fill('start a journey');
    await results.filter({ hasText: 'Create journey' }).first().click();
    await page.waitForFunction(() => $('#node-input-operation').val() === 'journeycommand/v1/CreateJourney');
    (await save()).should.have.property('operation', 'journeycommand/v1/CreateJourney');
  });

  it('saves a chosen operation with its parameters, and shows them again', async () => {
    await open();
    await mode().selectOption('catalog');
    await choose('entitydataquery', 'v2', 'entitydataquery/v2/GetEntityById');
    (await textOf(facts())).should.containEql('/entitydataquery/api/v2/entity/{id}');
    (await textOf(facts())).should.containEql('Needs the scope fenx.entitydata.read.');
    (await names()).should.eql(['id']);
    (await page.locator('.fenergo-request-body').isVisible()).should.be.false();
    await value(0).fill('abc');
    await page.locator('.red-ui-editableList-addButton').click();
    await page.locator('.fenergo-param-name').nth(1).fill('x-trace');
    await page.locator('.fenergo-param-in').nth(1).selectOption('header');
    await value(1).fill('yes');
    await page.selectOption('#node-input-result', 'envelope');
    await page.fill('#node-input-timeout', '30');
    await screenshot(page, 'request-catalog');

    const expected = {
      ...BLANK,
      operation: 'entitydataquery/v2/GetEntityById',
      params: [
        { name: 'id', in: 'path', type: 'str', value: 'abc' },
        { name: 'x-trace', in: 'header', type: 'str', value: 'yes' },
      ],
      result: 'envelope',
      timeout: '30',
    };
    (await save()).should.eql(expected);
    (await page.evaluate<string>("RED.utils.getNodeLabel(RED.nodes.node('request'))")).should.equal(
      'Get entity by id',
    );

    await editNode(page, 'request');
    (await mode().inputValue()).should.equal('catalog');
    (await page.inputValue('#fenergo-request-service')).should.equal('entitydataquery');
    (await operation().inputValue()).should.equal('entitydataquery/v2/GetEntityById');
    (await names()).should.eql(['id', 'x-trace']);
    (await value(1).inputValue()).should.equal('yes');
    await pressDone(page);
    (await page.evaluate<boolean>('RED.nodes.dirty()')).should.be.false('nothing was changed');
  });

  it('gives a parameter the type that was chosen', async () => {
    await open({ operation: 'entitydataquery/v2/GetEntityById' });
    await page.locator('.fenergo-param-value-cell .red-ui-typedInput-type-select').first().click();
    await page.locator('.red-ui-typedInput-options a[value="msg"]:visible').click();
    await value(0).fill('payload.entityId');
    (await save()).params?.should.eql([{ name: 'id', in: 'path', type: 'msg', value: 'payload.entityId' }]);
  });

  it('keeps a value when the operation changes and the name matches', async () => {
    await open({
      operation: 'entitydataquery/v2/GetEntityById',
      params: [{ name: 'id', in: 'path', type: 'str', value: 'abc' }],
    });
    await page.selectOption('#fenergo-request-version', 'v1');
    await page.waitForSelector('#node-input-operation option[value="entitydataquery/v1/GetEntityById"]', {
      state: 'attached',
    });
    (await operation().inputValue()).should.equal('entitydataquery/v1/GetEntityById', 'the same in v1');
    (await names()).should.eql(['id']);
    (await value(0).inputValue()).should.equal('abc');
  });

  it('says when the connection lacks the scope, and when an operation ends', async () => {
    await open({ operation: 'eventingress/v1/GetEventsByFilter' });
    const text = await textOf(facts());
    text.should.containEql("fenx.eventingress, which the connection 'Sandbox' does not ask for");
    text.should.containEql('ends this operation on 2026-02-01');
    await screenshot(page, 'request-warnings');
  });

  it('saves a method and path of one’s own', async () => {
    await open();
    await mode().selectOption('manual');
    await page.selectOption('#node-input-method', 'POST');
    await page.fill('#node-input-path', ' /entitydatacommand/api/v3/entity/{entityId}/draft ');
    await page.locator('#node-input-path').press('Tab');
    (await names()).should.eql(['entityId']);
    await value(0).fill('e1');
    await screenshot(page, 'request-manual');
    (await save()).should.eql({
      ...BLANK,
      method: 'POST',
      path: '/entitydatacommand/api/v3/entity/{entityId}/draft',
      params: [{ name: 'entityId', in: 'path', type: 'str', value: 'e1' }],
    });
    await editNode(page, 'request');
    (await mode().inputValue()).should.equal('manual');
    await mode().selectOption('message');
    await screenshot(page, 'request-message');
    (await save()).should.eql({
      ...BLANK,
      params: [{ name: 'entityId', in: 'path', type: 'str', value: 'e1' }],
    });
    await editNode(page, 'request');
    (await mode().inputValue()).should.equal('message');
  });

  it('keeps an operation that the catalog does not know', async () => {
    const params = [{ name: 'id', in: 'path', type: 'str', value: 'abc' }];
    await open({ operation: 'ourservice/v9/DoOurThing', params });
    (await operation().inputValue()).should.equal('ourservice/v9/DoOurThing');
    (await textOf(operation().locator('option:checked'))).should.equal('DoOurThing (not in the catalog)');
    await screenshot(page, 'request-unknown-operation');
    await page.fill('#node-input-name', 'Ours');
    (await save()).should.eql({ ...BLANK, name: 'Ours', operation: 'ourservice/v9/DoOurThing', params });
  });

  it('keeps the operation when the catalog cannot be loaded', async () => {
    await nodeRed.deploy([
      { id: 'tab', type: 'tab', label: 'Flow' },
      CONNECTION,
      {
        id: 'request',
        type: 'fenergo-request',
        z: 'tab',
        x: 200,
        y: 100,
        wires: [[]],
        ...BLANK,
        operation: 'entitydataquery/v2/GetEntityById',
      },
    ]);
    page = await openEditor(browser, nodeRed.url);
    await page.route('**/fenergo/catalog/**', (route) => route.fulfill({ status: 500, body: '' }));
    await editNode(page, 'request');
    (await textOf(facts())).should.containEql('could not be loaded');
    await page.fill('#node-input-name', 'Kept');
    (await save()).should.containEql({ name: 'Kept', operation: 'entitydataquery/v2/GetEntityById' });
  });

  it('gives the reason for a wrong path, tenant and timeout', async () => {
    await open();
    await mode().selectOption('manual');
    await type(page, '#node-input-path', 'https://api.fenergox.com/x');
    (await reasonFor(page, '#node-input-path')).should.containEql(
      'the host is the connection’s'.replace('’', "'"),
    );
    await type(page, '#node-input-path', 'entity/1');
    (await reasonFor(page, '#node-input-path')).should.containEql('starts with a slash');
    await type(page, '#node-input-timeout', '0');
    (await reasonFor(page, '#node-input-timeout')).should.containEql('a number of seconds above 0');
    const environment = '$' + '{TIMEOUT}';
    await type(page, '#node-input-timeout', environment);
    await page.waitForSelector('#node-input-timeout:not(.input-error)');
  });

  it('goes by the keyboard alone', async () => {
    await open({ operation: 'entitydataquery/v2/GetEntityById' });
    await page.focus('#node-input-name');
    const reached: string[] = [];
    for (let presses = 0; presses < 25; presses++) {
      await page.keyboard.press('Tab');
      reached.push(
        await page.evaluate<string>(
          "document.activeElement.id || document.activeElement.className.split(' ').at(-1) || ''",
        ),
      );
    }
    reached.should.containDeepOrdered([
      'node-input-connection',
      'fenergo-request-mode',
      'fenergo-request-service',
      'fenergo-request-version',
      'node-input-operation',
      'red-ui-typedInput-input',
      'node-input-result',
      'node-input-timeout',
    ]);
  });

  it('keeps long values inside its borders, also in dark', async () => {
    const long = 'a-very-long-name-of-a-parameter-that-nobody-would-choose-'.repeat(3);
    await open(
      {
        operation: 'productcommand/v1/UpdateProductRequirementsDataProtectionJurisdiction',
        params: [{ name: long, in: 'query', type: 'str', value: long }],
        tenant: long,
      },
      { dark: true },
    );
    // Node-RED 5 has a dark theme of its own; for 4.1 the variables that such a theme sets are set here.
    await page.evaluate("document.documentElement.classList.add('nr-theme-dark')");
    if (nodeRed.version.startsWith('4')) await page.addStyleTag({ content: DARK });
    await screenshot(page, 'request-long-dark');
    const overflow = await page.evaluate<number>(
      "(() => { const tray = document.querySelector('#dialog-form').parentElement; return tray.scrollWidth - tray.clientWidth; })()",
    );
    overflow.should.be.belowOrEqual(0);
  });
});

const DARK = `:root { --red-ui-form-background: #222; --red-ui-primary-background: #222; --red-ui-secondary-background: #222;
  --red-ui-form-input-background: #333; --red-ui-form-text-color: #ddd; --red-ui-primary-text-color: #ddd;
  --red-ui-secondary-text-color: #aaa; --red-ui-form-input-border-color: #555;
  --red-ui-secondary-background-selected: #444; --red-ui-form-input-background-disabled: #2a2a2a; }`;
