import { once } from 'node:events';
import type { Browser, Page } from 'playwright-core';
import should from 'should';
import { seedId } from '../../lib/sandbox/sandbox.js';
import { TENANT } from '../sandbox/harness.js';
import {
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

const ENTITY = seedId('entity', 1, 1);

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
  check: 'off',
  result: 'data',
  timeout: 120 as number | string,
  tries: 4 as number | string,
  longestPause: 60 as number | string,
  repeatable: false,
  patience: 600 as number | string,
  priority: 'normal',
};

describe('the dialog of a request', function () {
  this.timeout(60_000);
  let nodeRed: RealNodeRed;
  let browser: Browser;
  let page: Page;
  /** Whether the page may serve the next test, too. */
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
  afterEach(function () {
    reusable &&= this.currentTest?.state === 'passed';
  });

  /** Opens an editor of one's own on these flows. */
  async function openFresh(flows: FlowNode[], look: { dark?: boolean } = {}): Promise<void> {
    reusable = false;
    await page?.close();
    await nodeRed.deploy(flows);
    page = await openEditor(browser, nodeRed.url, look);
  }

  /** Opens the dialog of a node with these properties. */
  async function open(
    properties: Partial<typeof BLANK> = {},
    look: { dark?: boolean } = {},
    blank: object = BLANK,
  ): Promise<void> {
    const flows: FlowNode[] = [
      { id: 'tab', type: 'tab', label: 'Flow' },
      CONNECTION,
      {
        id: 'request',
        type: 'fenergo-request',
        z: 'tab',
        x: 200,
        y: 100,
        wires: [[]],
        ...blank,
        ...properties,
      },
    ];
    if (reusable && !look.dark) await showFlows(page, flows);
    else {
      await openFresh(flows, look);
      reusable = !look.dark;
    }
    await editNode(page, 'request');
  }

  /** Presses Done and Deploy. @returns the properties that the server has */
  async function save(): Promise<Record<string, unknown>> {
    await pressDone(page);
    // The server may still have the flows of another test.
    await page.evaluate('RED.nodes.dirty(true)');
    await pressDeploy(page);
    const saved = (await nodeRed.flows()).find(({ id }) => id === 'request') ?? {};
    return Object.fromEntries(Object.keys(BLANK).map((key) => [key, (saved as FlowNode)[key]]));
  }

  const mode = () => page.locator('#fenergo-request-mode');
  const operation = () => page.locator('#node-input-operation');
  const card = () => page.locator('#fenergo-request-card');
  const search = () => page.locator('#fenergo-request-search');
  const results = () => page.locator('#fenergo-request-results li[role=option]');
  /** What stands in the code editor. */
  const CODE = "document.querySelector('#fenergo-request-body-editor-row .ace_editor').env.editor";
  const body = () => page.evaluate<string>(`${CODE}.getValue()`);
  const writeBody = (text: string) => page.evaluate(`${CODE}.setValue(${JSON.stringify(text)}, -1)`);
  const names = () =>
    page
      .locator('.fenergo-param-name')
      .evaluateAll((inputs) => inputs.map((input) => (input as unknown as { value: string }).value));
  const value = (row: number) =>
    page.locator('.fenergo-param-value-cell input.red-ui-typedInput-input').nth(row);

  /** Searches for a key and takes the first result with the keyboard. */
  async function choose(key: string): Promise<void> {
    await search().fill(key);
    await results().first().waitFor();
    await search().press('Enter');
    await chosen(key);
  }

  /** Waits until an operation is chosen and shown. */
  async function chosen(key: string): Promise<void> {
    await page.waitForFunction(`$('#node-input-operation').val() === '${key}' && $.active === 0`);
  }

  it('finds an operation by what is typed, and takes it with the keyboard', async () => {
    await open();
    await mode().selectOption('catalog');
    await search().pressSequentially('entity by id');
    await results().first().waitFor();
    (await textOf(results().first())).should.containEql('GET').and.containEql('Get entity by id');
    await screenshot(page, 'request-search');
    await search().press('ArrowDown');
    await search().press('ArrowUp');
    await search().press('Enter');
    await chosen('entitydataquery/v2/GetEntityById');
    (await names()).should.deepEqual(['id']);
    await search().pressSequentially('start a journey');
    await results().first().waitFor();
    await search().press('Escape');
    await results().first().waitFor({ state: 'detached' });
    await search().fill('xyzzy');
    await page.locator('#fenergo-request-results li', { hasText: 'Nothing found' }).waitFor();
    await search().fill('start a journey');
    await results().filter({ hasText: 'Create journey' }).first().click();
    await chosen('journeycommand/v1/CreateJourney');
    (await save()).should.have.property('operation', 'journeycommand/v1/CreateJourney');
  });

  it('takes the operation of the words that stand there when Enter is pressed before their results have come', async () => {
    await open();
    await mode().selectOption('catalog');
    await search().fill('entity by id');
    await results().first().waitFor();
    await search().fill('start a journey');
    await search().press('Enter');
    await chosen('journeycommand/v1/CreateJourney');
    await search().fill('xyzzy');
    await search().press('Enter');
    await page.locator('#fenergo-request-results li', { hasText: 'Nothing found' }).waitFor();
    await search().press('Enter');
    (await operation().inputValue()).should.equal('journeycommand/v1/CreateJourney');
  });

  it('takes nothing from a list that is closed, and opens it again for the words that stand there', async () => {
    await open({ operation: 'entitydatacommand/v2/CreateEntity' });
    const closed = async () => {
      await results().first().waitFor({ state: 'detached' });
      should(await search().getAttribute('aria-expanded')).equal('false');
    };
    const opened = async () => {
      await results().first().waitFor();
      (await operation().inputValue()).should.equal('entitydatacommand/v2/CreateEntity');
    };
    await search().pressSequentially('screening');
    await opened();
    for (const key of ['Enter', 'ArrowDown']) {
      await search().press('Escape');
      await closed();
      (await search().inputValue()).should.equal('screening');
      await search().press(key);
      await opened();
    }
    await screenshot(page, 'request-search-again');
    await search().press('Escape');
    await closed();
    await search().click();
    await opened();
    await page.focus('#node-input-name');
    await closed();
    await search().focus();
    await opened();
    await search().press('Escape');
    await closed();
    (await save()).should.have.property('operation', 'entitydatacommand/v2/CreateEntity');

    await editNode(page, 'request');
    await search().fill('search by name');
    await search().press('Enter');
    await results().first().waitFor();
    await search().press('Enter');
    await chosen('entitydataquery/v2/SearchByName');
  });

  it('lets one browse by service', async () => {
    await open();
    await mode().selectOption('catalog');
    const browse = page.locator('#fenergo-request-browse');
    await browse.click();
    const folder = (name: string) =>
      page.locator('.fenergo-tree-folder', {
        has: page.locator('span:first-child', { hasText: new RegExp(`^${name}$`) }),
      });
    await folder('entitydataquery').click();
    await folder('v2').first().click();
    const operations = page.locator('.fenergo-tree-operation');
    await operations.filter({ hasText: 'Get entity by id' }).first().scrollIntoViewIfNeeded();
    await screenshot(page, 'request-browse');
    await operations.filter({ hasText: /^GETGet entity by id$/ }).click();
    await chosen('entitydataquery/v2/GetEntityById');
    await browse.click();
    (await page.locator('#fenergo-request-tree').isVisible()).should.be.false();
  });

  it('lets one browse with the keyboard alone', async () => {
    await open();
    await mode().selectOption('catalog');
    await page.locator('#fenergo-request-browse').press('Enter');
    await page.locator('.fenergo-tree:focus').waitFor();
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('Enter');
    await page.locator('.fenergo-tree-folder', { hasText: 'v2' }).first().waitFor();
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('ArrowRight');
    await page.locator('.fenergo-tree-operation').first().waitFor();
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('Enter');
    await page.waitForFunction("$('#node-input-operation').val().startsWith('associationcommand/v1/')");
  });

  it('saves a chosen operation with its parameters, and shows them again', async () => {
    await open();
    await mode().selectOption('catalog');
    await choose('entitydataquery/v2/GetEntityById');
    const text = await textOf(card());
    text.should.containEql('/entitydataquery/api/v2/entity/{id}');
    text.should.containEql('Needs the scope fenx.entitydata.read.');
    text.should.containEql('As of 2025-01-21');
    should(await card().locator('a').getAttribute('href')).equal(
      'https://api.fenergox.com/entitydataquery/swagger/index.html',
    );
    (await names()).should.eql(['id']);
    (await page.locator('.fenergo-request-body').first().isVisible()).should.be.false();
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
    (await textOf(card())).should.containEql('entitydataquery v2');
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
    await card().getByRole('button', { name: 'use v1' }).click();
    await chosen('entitydataquery/v1/GetEntityById');
    (await names()).should.eql(['id']);
    (await value(0).inputValue()).should.equal('abc');
  });

  it('says when the connection lacks the scope, and when an operation has ended', async () => {
    await open({ operation: 'eventingress/v1/GetEventsByFilter' });
    const text = await textOf(card());
    text.should.containEql("fenx.eventingress, which the connection 'Sandbox' does not ask for");
    text.should.containEql('ended this operation on 2026-02-01: it answers 410');
    (await textOf(card().locator('.fenergo-badge'))).should.equal('ended');
    await search().fill('events by filter');
    (await textOf(results().filter({ hasText: 'ended' }).first())).should.containEql('Get events by filter');
    await screenshot(page, 'request-warnings');
  });

  it('calls a connection without a name as the editor does', async () => {
    await open({ operation: 'eventingress/v1/GetEventsByFilter' });
    await page.evaluate("RED.nodes.node('connection').name = ''");
    await page.locator('#node-input-connection').evaluate((select) => $(select as never).trigger('change'));
    (await textOf(card())).should.containEql("which the connection 'Fenergo (sandbox)' does not ask for");
  });

  it('opens with the catalog as long as nothing says what is called', async () => {
    await open();
    (await mode().inputValue()).should.equal('catalog');
    (await textOf(card())).should.startWith('Nothing is chosen yet: search above');
    await screenshot(page, 'request-none');
    await page.fill('#node-input-name', 'Later');
    (await save()).should.eql({ ...BLANK, name: 'Later' });
    await editNode(page, 'request');
    (await mode().inputValue()).should.equal('catalog');
    await open({ params: [{ name: 'id', in: 'path', type: 'str', value: 'e1' }] });
    (await mode().inputValue()).should.equal('message');
  });

  it('fills in the body of the operation, the inner part first, and shows what will be sent', async () => {
    await open();
    await mode().selectOption('catalog');
    await choose('entitydatacommand/v2/CreateEntity');
    JSON.parse(await body())
      .should.have.properties(['type', 'properties'])
      .and.not.have.property('data');
    (await textOf(page.locator('#fenergo-request-sent'))).should.startWith('Sent:{"data":{"type":""');
    await screenshot(page, 'request-skeleton');
    await page.selectOption('#node-input-wrap', 'never');
    JSON.parse(await body()).should.have.property('data');
    await page.selectOption('#node-input-wrap', 'auto');

    await choose('journeycommand/v1/CreateJourney');
    JSON.parse(await body()).should.not.have.property('targetEntity');
    await writeBody('{ "mine": 1 }');
    await choose('entitydatacommand/v2/CreateEntity');
    (await body()).should.equal('{ "mine": 1 }', 'what a person wrote stays');
    (await textOf(page.locator('#fenergo-request-sent'))).should.equal('Sent:{"data":{"mine":1}}');
    (await save()).should.containEql({ bodyType: 'json', body: '{ "mine": 1 }' });

    await editNode(page, 'request');
    (await body()).should.equal('{ "mine": 1 }');
    const fill = page.locator('#fenergo-request-skeleton');
    await fill.click();
    (await textOf(fill)).should.containEql('Replace what is there?');
    (await body()).should.equal('{ "mine": 1 }');
    await fill.click();
    JSON.parse(await body()).should.have.property('targetEntity');
    await save();
    await editNode(page, 'request');
    await choose('journeycommand/v1/CreateJourney');
    JSON.parse(await body()).should.not.have.property('targetEntity', 'a skeleton that nobody touched goes');
    await choose('entitydataquery/v2/GetEntityById');
    (await page.locator('.fenergo-request-body').first().isVisible()).should.be.false();
    (await save()).should.containEql({ body: 'payload', bodyType: 'msg' });
  });

  it('fills in a body where there was none to write, and where JSON is chosen', async () => {
    await open({ operation: 'entitydataquery/v2/GetEntityById' });
    await choose('entitydatacommand/v2/CreateEntity');
    JSON.parse(await body()).should.have.property('targetEntity');

    await open({ operation: 'journeycommand/v1/CreateJourney', bodyType: 'json', body: '' });
    (await textOf(page.locator('#fenergo-request-sent'))).should.equal('Sent:nothing');
    await choose('entitydatacommand/v2/CreateEntity');
    JSON.parse(await body()).should.have.property('targetEntity');

    await open({ operation: 'entitydatacommand/v2/CreateEntity' });
    await page.locator('.fenergo-request-body .red-ui-typedInput-type-select').first().click();
    await page.locator('.red-ui-typedInput-options a[value="json"]:visible').click();
    JSON.parse(await body()).should.have.property('targetEntity');
    await page.selectOption('#node-input-wrap', 'never');
    await writeBody('{"targetEntity": "x"}');
    (await textOf(page.locator('#fenergo-request-sent'))).should.containEql(
      'The operation takes { "data": … }',
    );
    await screenshot(page, 'request-lacks-envelope');
    await writeBody('');
    await save();
    (await page.evaluate<boolean>("RED.nodes.node('request').valid")).should.be.true();
  });

  it('leaves a body from the message alone when the operation changes', async () => {
    await open({ operation: 'entitydatacommand/v2/CreateEntity' });
    (await textOf(page.locator('#fenergo-request-sent'))).should.equal(
      'Sent:{ "data": msg.payload }If it has data already, it is sent as it is.',
    );
    await choose('journeycommand/v1/CreateJourney');
    (await save()).should.containEql({
      operation: 'journeycommand/v1/CreateJourney',
      body: 'payload',
      bodyType: 'msg',
    });
  });

  it('refuses a body that is no JSON, with the reason', async () => {
    await open({ operation: 'journeycommand/v1/CreateJourney', body: '{"a":1}', bodyType: 'json' });
    await writeBody('{"a":');
    (await textOf(page.locator('#fenergo-request-sent'))).should.startWith('This is no JSON: ');
    await screenshot(page, 'request-no-json');
    await save();
    (await page.evaluate<boolean>("RED.nodes.node('request').valid")).should.be.false();
    await editNode(page, 'request');
    await writeBody('{"a":2}');
    (await save()).should.containEql({ body: '{"a":2}' });
    (await page.evaluate<boolean>("RED.nodes.node('request').valid")).should.be.true();
  });

  it('shows what is sent of a text, and refuses one that is no JSON', async () => {
    const sent = () => textOf(page.locator('#fenergo-request-sent'));
    const text = page.locator('#node-input-body + .red-ui-typedInput-container');
    const write = async (body: string) => {
      await text.locator('input').fill(body);
      await text.locator('input').press('End');
    };
    await open({ operation: 'entitydatacommand/v2/CreateEntity', body: '{"a":1}', bodyType: 'str' });
    (await sent()).should.equal('Sent:{"data":{"a":1}}');
    await write('{"data":{"a":2}}');
    (await sent()).should.equal('Sent:{"data":{"a":2}}');
    await write('hello');
    (await sent()).should.startWith('This is no JSON: ');
    (await reasonFor(page, '#node-input-body + .red-ui-typedInput-container')).should.startWith(
      'The body is no JSON: ',
    );
    await screenshot(page, 'request-text-no-json');
    const environment = '$' + '{BODY}';
    await write(environment);
    (await sent()).should.startWith(`Sent:{ "data": ${environment} }`);
    await page.waitForSelector('#node-input-body + .red-ui-typedInput-container:not(.input-error)');
    await write('');
    (await sent()).should.equal('Sent:nothing');

    await open({ method: 'DELETE', path: '/a/b', body: '{"a":1}', bodyType: 'str' });
    (await sent()).should.equal('Sent:nothing');
    await page.selectOption('#node-input-method', 'POST');
    (await sent()).should.equal('Sent:{"a":1}');
    await open({ operation: 'entitydatacommand/v2/CreateEntity', body: 'hello', bodyType: 'str' });
    await page.fill('#node-input-name', 'Wrong');
    await save();
    (await page.evaluate<boolean>("RED.nodes.node('request').valid")).should.be.false();
  });

  it('shows the tenant that the connection gives', async () => {
    await open();
    const tenant = page
      .locator(
        '.red-ui-typedInput-container:has(~ #node-input-tenant) input, #node-input-tenant ~ .red-ui-typedInput-container input',
      )
      .first();
    should(await tenant.getAttribute('placeholder')).equal('from msg.tenantId or the connection');
    await page.evaluate(`RED.nodes.node('connection').tenantId = '${TENANT}'`);
    await page.locator('#node-input-connection').evaluate((select) => $(select as never).trigger('change'));
    should(await tenant.getAttribute('placeholder')).equal(`msg.tenantId, or ${TENANT}`);
  });

  it('keeps rows that do not belong to the operation, and marks them', async () => {
    await open({
      operation: 'entitydataquery/v2/GetEntityById',
      params: [
        { name: 'id', in: 'path', type: 'str', value: 'e1' },
        { name: 'journeyId', in: 'path', type: 'str', value: 'j1' },
        { name: 'expand', in: 'query', type: 'str', value: 'all' },
        { name: 'x-trace', in: 'header', type: 'str', value: 'yes' },
      ],
    });
    const marks = await page
      .locator('.fenergo-param-stray')
      .evaluateAll((icons) => icons.map((icon) => (icon as unknown as { title: string }).title));
    marks
      .map((mark) => mark.slice(0, 30))
      .should.deepEqual(['', 'Not a parameter of this path: ', 'The catalog does not know this', '']);
    await screenshot(page, 'request-stray-params');
    // A new row is judged as it is written.
    await page.locator('.red-ui-editableList-addButton').click();
    await page.locator('.fenergo-param-name').nth(4).fill('other');
    (await page.locator('.fenergo-param-stray:visible').count()).should.equal(3);
    await page.locator('.fenergo-param-in').nth(4).selectOption('header');
    (await page.locator('.fenergo-param-stray:visible').count()).should.equal(2);
    ((await save()).params as object[]).should.have.length(4);
  });

  it('offers the operation of the catalog for a path written by hand', async () => {
    await open({
      method: 'GET',
      path: '/entitydataquery/api/v2/entity/{id}',
      params: [{ name: 'id', in: 'path', type: 'str', value: 'e1' }],
    });
    const match = page.locator('#fenergo-request-match');
    (await textOf(match)).should.containEql('The catalog knows this one: GETGet entity by id');
    await screenshot(page, 'request-match');
    await match.getByRole('button', { name: 'Use it' }).click();
    await chosen('entitydataquery/v2/GetEntityById');
    (await save()).should.containEql({
      operation: 'entitydataquery/v2/GetEntityById',
      path: '',
      params: [{ name: 'id', in: 'path', type: 'str', value: 'e1' }],
    });
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
    (await textOf(card())).should
      .containEql('DoOurThing (not in the catalog)')
      .and.containEql('It is kept as it is.');
    await screenshot(page, 'request-unknown-operation');
    await page.fill('#node-input-name', 'Ours');
    (await save()).should.eql({ ...BLANK, name: 'Ours', operation: 'ourservice/v9/DoOurThing', params });
  });

  it('keeps the operation when the catalog cannot be loaded', async () => {
    await openFresh([
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
    await page.route('**/fenergo/catalog/**', (route) => route.fulfill({ status: 500, body: '' }));
    await editNode(page, 'request');
    (await textOf(card())).should.containEql('could not be loaded');
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
    const tenant = page.locator('#node-input-tenant + .red-ui-typedInput-container');
    await tenant.locator('input').fill('12345');
    await tenant.locator('input').press('End');
    (await reasonFor(page, '#node-input-tenant + .red-ui-typedInput-container')).should.containEql(
      'is a GUID',
    );
    await type(page, '#node-input-timeout', '0');
    (await reasonFor(page, '#node-input-timeout')).should.containEql('a number of seconds above 0');
    const environment = '$' + '{TIMEOUT}';
    await type(page, '#node-input-timeout', environment);
    await page.waitForSelector('#node-input-timeout:not(.input-error)');
  });

  describe('when it fails or has to wait', () => {
    const section = () => page.locator('#fenergo-request-terms');
    const summary = () => section().locator('summary');
    const isOpen = () => page.evaluate<boolean>("document.querySelector('#fenergo-request-terms').open");
    const repeatable = () => page.locator('#node-input-repeatable');

    it('is folded away while it is as usual, and opens with the keyboard', async () => {
      await open({ operation: 'entitydataquery/v2/GetEntityById' });
      (await isOpen()).should.be.false();
      (await page.locator('#node-input-tries').isVisible()).should.be.false();
      await summary().scrollIntoViewIfNeeded();
      await screenshot(page, 'request-terms-folded');
      await page.focus('#node-input-timeout');
      await page.keyboard.press('Tab');
      await page.keyboard.press('Enter');
      (await isOpen()).should.be.true();
      const reached: string[] = [];
      for (let presses = 0; presses < 5; presses += 1) {
        await page.keyboard.press('Tab');
        reached.push(await page.evaluate<string>('document.activeElement.id'));
      }
      reached.should.eql(
        ['tries', 'longestPause', 'repeatable', 'patience', 'priority'].map((name) => `node-input-${name}`),
      );
      await screenshot(page, 'request-terms-open');
      await pressDone(page);
      (await page.evaluate<boolean>('RED.nodes.dirty()')).should.be.false('nothing was changed');
    });

    it('saves what was chosen, and is open when it holds something unusual', async () => {
      await open({ path: '/entitydatacommand/api/v2/entity', method: 'POST' });
      await summary().click();
      await type(page, '#node-input-tries', '6');
      await type(page, '#node-input-longestPause', '5');
      await page.click('label[for=node-input-repeatable]');
      await type(page, '#node-input-patience', '30');
      await page.selectOption('#node-input-priority', 'first');
      await screenshot(page, 'request-terms-filled');
      const terms = { tries: '6', longestPause: '5', repeatable: true, patience: '30', priority: 'first' };
      (await save()).should.containEql(terms);
      await editNode(page, 'request');
      (await isOpen()).should.be.true();
      (await repeatable().isChecked()).should.be.true();
      await repeatable().uncheck();
      (await save()).should.containEql({ ...terms, repeatable: false });
    });

    it('shows what holds in a flow that was saved before there was such a thing', async () => {
      const old = Object.entries(BLANK).filter(([name]) => !TERMS.includes(name));
      await open({ path: '/a/b' }, {}, Object.fromEntries(old));
      (await isOpen()).should.be.false();
      await page.fill('#node-input-name', 'Renamed');
      (await save()).should.eql({
        ...BLANK,
        name: 'Renamed',
        path: '/a/b',
        tries: '4',
        longestPause: '60',
        patience: '600',
      });
    });

    it('gives the reason for a number out of range, and takes an environment variable', async () => {
      await open({ patience: 601 });
      (await isOpen()).should.be.true();
      const environment = '$' + '{NUMBER}';
      for (const [name, wrong, reason] of [
        ['tries', ['0', '2.5', 'few', ''], 'a whole number from 1'],
        ['longestPause', ['-1', 'long', ''], 'The longest pause is a number of seconds from 0'],
        ['patience', ['-1', 'Infinity', ''], 'The patience is a number of seconds from 0'],
      ] as const) {
        const input = `#node-input-${name}`;
        for (const value of wrong) {
          await type(page, input, value);
          await page.waitForSelector(`${input}.input-error`);
        }
        (await reasonFor(page, input)).should.containEql(reason);
        for (const value of ['7', environment]) {
          await type(page, input, value);
          await page.waitForSelector(`${input}:not(.input-error)`);
        }
      }
      (await save()).should.containEql({
        tries: environment,
        longestPause: environment,
        patience: environment,
      });
      (await page.evaluate<boolean>("RED.nodes.node('request').valid")).should.be.true();
    });
  });

  it('is filled in, deployed and run with the keyboard alone, opened again and changed', async () => {
    await openFresh([
      { id: 'tab', type: 'tab', label: 'Flow' },
      { ...CONNECTION, tenantId: TENANT },
      { id: 'request', type: 'fenergo-request', z: 'tab', x: 200, y: 100, wires: [['out']], ...BLANK },
      { id: 'out', type: 'debug', z: 'tab', x: 400, y: 100, wires: [], active: false },
    ]);
    // The node is chosen as a click would; everything after that is typed.
    await page.evaluate("RED.view.select({ nodes: [RED.nodes.node('request')] }); RED.view.focus()");
    const { keyboard } = page;
    const openDialog = async () => {
      await keyboard.press('Enter');
      await page.locator('#node-dialog-ok').click({ trial: true });
      await page.waitForFunction('$.active === 0');
    };
    const tabTo = async (selector: string) => {
      for (let presses = 0; presses < 40; presses += 1) {
        if (await page.evaluate<boolean>(`document.activeElement.matches(${JSON.stringify(selector)})`))
          return;
        await keyboard.press('Tab');
      }
      throw new Error(`The Tab key does not lead to ${selector}`);
    };
    const doneAndDeploy = async () => {
      await keyboard.press('Control+Enter');
      await page.waitForSelector('#node-dialog-ok', { state: 'detached' });
      await page.evaluate('RED.view.focus()');
      // Node-RED answers the editor before the flows run again.
      const running = once(nodeRed.RED.events, 'flows:started');
      await keyboard.press('Control+d');
      await page.waitForFunction('!RED.nodes.dirty()');
      await running;
    };

    await openDialog();
    await page.focus('#node-input-name');
    await tabTo('#fenergo-request-mode');
    await keyboard.press('Home');
    await tabTo('#fenergo-request-search');
    await keyboard.type('entity by id');
    await results().first().waitFor();
    await keyboard.press('Enter');
    await chosen('entitydataquery/v2/GetEntityById');
    await tabTo('.fenergo-param-value-cell input');
    await keyboard.type(ENTITY);
    await doneAndDeploy();
    const read = nodeRed.nextMessage('out');
    nodeRed.send('request', {});
    (await read).should.have.property('statusCode', 200);
    (await read).payload?.should.have.property('id', ENTITY);

    await page.evaluate("RED.view.select({ nodes: [RED.nodes.node('request')] }); RED.view.focus()");
    await openDialog();
    (await operation().inputValue()).should.equal('entitydataquery/v2/GetEntityById');
    await page.focus('#node-input-name');
    await tabTo('#fenergo-request-search');
    await keyboard.type('search by name');
    await results().first().waitFor();
    await keyboard.press('ArrowDown');
    await keyboard.press('ArrowUp');
    await keyboard.press('Enter');
    await chosen('entitydataquery/v2/SearchByName');
    await doneAndDeploy();
    const again = nodeRed.nextOutcome('request');
    nodeRed.send('request', { payload: { nameToSearch: 'a' } });
    ((await again).msg.fenergo as object).should.have.property(
      'operation',
      'entitydataquery/v2/SearchByName',
    );
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
      'fenergo-request-search',
      'fenergo-request-browse',
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

describe('the dialog of a request, with the Monaco editor', function () {
  this.timeout(60_000);

  it('fills in the body, and saves what is written', async function () {
    needsBrowser.call(this);
    const nodeRed = await startNodeRed({
      settings: { editorTheme: { tours: false, codeEditor: { lib: 'monaco' } } },
    });
    const browser = await launchBrowser();
    try {
      await nodeRed.deploy([
        { id: 'tab', type: 'tab', label: 'Flow' },
        CONNECTION,
        { id: 'request', type: 'fenergo-request', z: 'tab', x: 200, y: 100, wires: [[]], ...BLANK },
      ]);
      const page = await openEditor(browser, nodeRed.url);
      await editNode(page, 'request');
      await page.selectOption('#fenergo-request-mode', 'catalog');
      await page.fill('#fenergo-request-search', 'journeycommand/v1/CreateJourney');
      await page.waitForSelector('#fenergo-request-results li[role=option]');
      await page.press('#fenergo-request-search', 'Enter');
      await page.waitForSelector('#fenergo-request-body-editor .monaco-editor');
      const model = 'monaco.editor.getModels().at(-1)';
      JSON.parse(await page.evaluate<string>(`${model}.getValue()`)).should.be.an.Object();
      await screenshot(page, 'request-monaco');
      await page.evaluate(`${model}.setValue('{"mine": 1}')`);
      (await textOf(page.locator('#fenergo-request-sent'))).should.containEql('{"data":{"mine":1}}');
      await pressDone(page);
      await pressDeploy(page);
      const saved = (await nodeRed.flows()).find(({ id }) => id === 'request');
      should(saved).containEql({ bodyType: 'json', body: '{"mine": 1}' });
    } finally {
      await browser.close();
      await nodeRed.stop();
    }
  });
});

const TERMS = ['tries', 'longestPause', 'repeatable', 'patience', 'priority'];

const DARK = `:root { --red-ui-form-background: #222; --red-ui-primary-background: #222; --red-ui-secondary-background: #222;
  --red-ui-form-input-background: #333; --red-ui-form-text-color: #ddd; --red-ui-primary-text-color: #ddd;
  --red-ui-secondary-text-color: #aaa; --red-ui-form-input-border-color: #555;
  --red-ui-secondary-background-selected: #444; --red-ui-form-input-background-disabled: #2a2a2a; }`;
