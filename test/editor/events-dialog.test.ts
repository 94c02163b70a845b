import type { Browser, Page } from 'playwright-core';
import should from 'should';
import { TENANT } from '../sandbox/harness.js';
import {
  dragNode,
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
  tenantId: TENANT,
  scope: 'fenx.all',
  plan: 'production',
  queue: 10_000,
  circuit: true,
  credentials: { clientId: 'client', clientSecret: 'secret' },
};
/** A node as it leaves the palette, with a connection. */
const BLANK = {
  name: '',
  connection: 'connection',
  tenant: '',
  tenantType: 'str',
  feed: 'all',
  eventTypes: [] as string[],
  interval: 30 as number | string,
  emit: 'each',
  acknowledge: 'auto',
  ackTimeout: 300 as number | string,
  duplicates: 'drop',
  fetch: false,
};
const LONG = 'a-very-long-name-that-nobody-would-choose-'.repeat(4);
/** What a dialog has to cope with; a node for each test, since they share an editor. */
const NODES: Record<string, object> = {
  filled: BLANK,
  keyboard: BLANK,
  tags: BLANK,
  judged: BLANK,
  tenant: BLANK,
  manual: { ...BLANK, acknowledge: 'manual' },
  named: { ...BLANK, name: 'What happened' },
  one: { ...BLANK, eventTypes: ['entitydata:dataPublished'] },
  source: { ...BLANK, eventTypes: ['journey:*'] },
  feed: { ...BLANK, feed: 'document', eventTypes: ['*'] },
  long: {
    ...{ ...BLANK, name: LONG, tenant: LONG, feed: LONG, acknowledge: 'manual' },
    eventTypes: [`entitydata:${LONG}`, LONG, 'entitydata:draftverified', 'entitydata:draftrejected', '*'],
  },
  old: { connection: 'connection' },
  byHand: { ...BLANK, feed: '', eventTypes: 'journey:taskstarted, journey:taskcompleted', fetch: 'false' },
};

/** The properties of a node that another object has, too. */
function pick(node: FlowNode, like: object): Record<string, unknown> {
  return Object.fromEntries(Object.keys(like).map((key) => [key, node[key]]));
}

describe('the dialogs of events', function () {
  this.timeout(60_000);
  let nodeRed: RealNodeRed;
  let browser: Browser;
  let page: Page;

  before(async function () {
    needsBrowser.call(this);
    nodeRed = await startNodeRed();
    browser = await launchBrowser();
    await nodeRed.deploy([
      // Nothing has to run for its dialog to be seen.
      { id: 'tab', type: 'tab', label: 'Flow', disabled: true },
      CONNECTION,
      { ...CONNECTION, id: 'tenantless', name: 'Without a tenant', tenantId: '' },
      ...Object.entries(NODES).map(([id, properties], index) => ({
        ...{ id, type: 'fenergo-events', z: 'tab', x: 200, y: 40 + 40 * index, wires: [[]] },
        ...properties,
      })),
      {
        id: 'ack',
        type: 'fenergo-ack',
        z: 'tab',
        x: 500,
        y: 40,
        wires: [[]],
        name: '',
        acknowledge: 'message',
      },
      { id: 'oldAck', type: 'fenergo-ack', z: 'tab', x: 500, y: 80, wires: [[]] },
    ]);
    page = await openEditor(browser, nodeRed.url);
  });
  after(async () => {
    await browser?.close();
    await nodeRed?.stop();
  });
  afterEach(async () => {
    // A test that failed leaves its dialog open.
    if (!(await page?.locator('#node-dialog-cancel').isVisible())) return;
    await page.evaluate("$('#node-dialog-cancel').trigger('click')");
    await page.waitForSelector('#node-dialog-ok', { state: 'detached' });
  });

  const field = (name: string) => page.locator(`#node-input-${name}`);
  const isShown = (name: string) => field(name).isVisible();
  const choices = (list: string) => page.locator(`${list} li[role=option]:visible`);
  const chosen = (list: string) =>
    textOf(page.locator(`${list} li[aria-selected=true] .fenergo-combobox-value`));
  const FEEDS = '#fenergo-events-feeds';
  const EVENTS = '#fenergo-events-suggestions';
  const typed = () => page.locator('#fenergo-events-type');
  const tags = () =>
    page
      .locator('.fenergo-tags-list > li')
      .allTextContents()
      .then((all) => all.map((tag) => tag.trim()));
  const problems = () => textOf(page.locator('#fenergo-events-problems'));
  const labelOf = (id: string) => page.evaluate<string>(`RED.utils.getNodeLabel(RED.nodes.node('${id}'))`);
  const isValid = (id: string) => page.evaluate<boolean>(`RED.nodes.node('${id}').valid`);
  const isDirty = () => page.evaluate<boolean>('RED.nodes.dirty()');
  const tenantField = () => page.locator('#node-input-tenant ~ .red-ui-typedInput-container input').first();

  /** Presses Done. @returns the properties that the editor has now, of those that `like` has */
  async function done(id: string, like: object = BLANK): Promise<Record<string, unknown>> {
    await pressDone(page);
    const node = await page.evaluate<FlowNode>(
      `RED.nodes.createExportableNodeSet([RED.nodes.node('${id}')])[0]`,
    );
    return pick(node, like);
  }

  it('come out of the palette with their defaults', async () => {
    const id = await dragNode(page, 'fenergo-events', 700, 400);
    await editNode(page, id);
    for (const [name, value] of Object.entries({
      ...{ tenant: '', feed: 'all', interval: '30', emit: 'each', acknowledge: 'auto', ackTimeout: '300' },
      duplicates: 'drop',
    })) {
      (await field(name).inputValue()).should.equal(value, name);
    }
    (await field('fetch').isChecked()).should.be.false();
    (await tags()).should.eql([]);
    should(await typed().getAttribute('placeholder')).equal('all events of the feed');
    await screenshot(page, 'events-new');
    (await done(id)).should.eql({ ...BLANK, connection: '' });
    (await labelOf(id)).should.equal('fenergo events');
    (await textOf(page.locator('.red-ui-palette-node[data-palette-type=fenergo-ack]'))).should.match(
      /^fenergo\s+ack$/,
    );
  });

  it('save every field, and show it again', async () => {
    await editNode(page, 'filled');
    await field('name').fill('Drafts');
    await page.selectOption('#node-input-connection', 'tenantless');
    await page
      .locator('#node-input-tenant ~ .red-ui-typedInput-container .red-ui-typedInput-type-select')
      .click();
    (await page.locator('.red-ui-typedInput-options a:visible').allTextContents())
      .map((text) => text.trim())
      .should.deepEqual(['string', 'flow.', 'global.', 'env variable', 'expression']);
    await page.locator('.red-ui-typedInput-options a[value="env"]:visible').click();
    await tenantField().fill('TENANT');
    await field('feed').fill(' entitydata ');
    await typed().fill('entitydata:draftcreated');
    await typed().press('Enter');
    await field('interval').fill('5');
    await field('emit').selectOption('batch');
    await field('acknowledge').selectOption('manual');
    await field('ackTimeout').fill('60');
    await field('duplicates').selectOption('mark');
    await page.click('label[for=node-input-fetch]');
    await screenshot(page, 'events-filled');
    const expected = {
      ...{
        name: 'Drafts',
        connection: 'tenantless',
        tenant: 'TENANT',
        tenantType: 'env',
        feed: 'entitydata',
      },
      ...{ eventTypes: ['entitydata:draftcreated'], interval: '5', emit: 'batch', acknowledge: 'manual' },
      ...{ ackTimeout: '60', duplicates: 'mark', fetch: true },
    };
    (await done('filled')).should.eql(expected);
    await pressDeploy(page);
    const saved = (await nodeRed.flows()).find(({ id }) => id === 'filled') as FlowNode;
    pick(saved, BLANK).should.eql(expected);

    await editNode(page, 'filled');
    for (const name of [
      'name',
      'connection',
      'feed',
      'interval',
      'emit',
      'acknowledge',
      'ackTimeout',
      'duplicates',
    ]) {
      (await field(name).inputValue()).should.equal(expected[name as 'name'], name);
    }
    (await tenantField().inputValue()).should.equal('TENANT');
    (await tags()).should.eql(['entitydata:draftcreated']);
    (await field('fetch').isChecked()).should.be.true();
    await pressDone(page);
    (await isDirty()).should.be.false('nothing was changed');
  });

  it('are filled in with the keyboard alone', async () => {
    await editNode(page, 'keyboard');
    const { keyboard } = page;
    await field('feed').focus();
    await keyboard.press('ArrowDown');
    (await choices(FEEDS).count()).should.be.above(15);
    (await chosen(FEEDS)).should.equal('all');
    await screenshot(page, 'events-feeds');
    await keyboard.press('ArrowUp');
    (await chosen(FEEDS)).should.equal('transaction');
    await keyboard.press('Escape');
    (await choices(FEEDS).count()).should.equal(0);
    (await field('feed').inputValue()).should.equal('all');
    await keyboard.press('Control+a');
    await keyboard.type('ney');
    (await chosen(FEEDS)).should.equal('journey');
    should(await field('feed').getAttribute('aria-activedescendant')).equal('fenergo-events-feeds-0');
    await keyboard.press('Enter');
    (await field('feed').inputValue()).should.equal('journey');

    await keyboard.press('Tab');
    (await page.evaluate<string>('document.activeElement.id')).should.equal('fenergo-events-type');
    await keyboard.type('task');
    const offered = await choices(EVENTS).allTextContents();
    offered.should.containEql('journey:taskstarted').and.matchEach(/^journey:.*task/i);
    await keyboard.press('ArrowDown');
    await screenshot(page, 'events-suggestions');
    await keyboard.press('Enter');
    await keyboard.type('stage paused');
    await keyboard.press('Enter');
    (await tags()).should.eql(['journey:taskcompleted', 'journey:stagePaused']);
    // What was chosen is not offered again.
    await keyboard.press('ArrowDown');
    (await chosen(EVENTS)).should.equal('*');
    (await choices(EVENTS).allTextContents()).should.not.containEql('journey:taskcompleted');
    await keyboard.press('Escape');
    // What is typed and left counts.
    await keyboard.type('journey:slapastdue');
    await keyboard.press('Tab');
    (await tags()).should.have.length(3);
    (await page.evaluate<string>('document.activeElement.id')).should.equal('node-input-interval');
    await keyboard.press('Control+Enter');
    await page.waitForSelector('#node-dialog-ok', { state: 'detached' });
    (await page.evaluate<object>("RED.nodes.node('keyboard').eventTypes")).should.eql([
      ...['journey:taskcompleted', 'journey:stagePaused', 'journey:slapastdue'],
    ]);
  });

  it('take events that are pasted, clicked and taken away again, and tell what is the matter with them', async () => {
    await editNode(page, 'tags');
    await typed().fill(
      'entitydata:created, journey:taskstarted dataPublished entitydata:CREATED ourown:thing',
    );
    await typed().press('Enter');
    (await tags()).should.eql(['entitydata:created', 'journey:taskstarted', 'dataPublished', 'ourown:thing']);
    (await problems()).should
      .containEql("'dataPublished' is no type of event")
      .and.containEql('ourown:thing is not among the known events');
    (await page.locator('.fenergo-tag-wrong').count()).should.equal(1);
    await field('feed').fill('entity');
    (await textOf(page.locator('#fenergo-events-feed-problem'))).should.containEql("'entity' is not among");
    await field('feed').fill('entitydata');
    (await textOf(page.locator('#fenergo-events-feed-problem'))).should.equal('');
    (await problems()).should.containEql("journey:taskstarted does not come with the feed 'entitydata'");
    await screenshot(page, 'events-problems');
    // The field of the feed is left with the click, and tells of its change before it.
    await page.getByRole('button', { name: 'Remove journey:taskstarted' }).click();
    (await page.evaluate<string>('document.activeElement.id')).should.equal('fenergo-events-type');
    await typed().press('Backspace');
    (await tags()).should.eql(['entitydata:created', 'dataPublished']);
    await typed().click();
    await choices(EVENTS).filter({ hasText: 'entitydata:*' }).click();
    (await done('tags')).should.containEql({
      feed: 'entitydata',
      eventTypes: ['entitydata:created', 'dataPublished', 'entitydata:*'],
    });
    (await isValid('tags')).should.be.false();
    await editNode(page, 'tags');
    await page.getByRole('button', { name: 'Remove dataPublished' }).press('Enter');
    await typed().fill('$' + '{TYPES}');
    await pressDone(page);
    (await isValid('tags')).should.be.true();
    (await page.evaluate<object>("RED.nodes.node('tags').eventTypes")).should.eql([
      ...['entitydata:created', 'entitydata:*', '$' + '{TYPES}'],
    ]);
  });

  it('give the reason for what is wrong, and take an environment variable', async () => {
    await editNode(page, 'judged');
    await field('acknowledge').selectOption('manual');
    const environment = '$' + '{ANY}';
    for (const [name, wrong, right, reason] of [
      ['feed', ['two words', 'entity/data'], ['journey', ''], 'one word'],
      [
        'interval',
        ['', '0', '-1', 'often'],
        ['0.5', '7'],
        'between two polls is a number of seconds above 0',
      ],
      ['ackTimeout', ['', '0', '-1', 'long'], ['0.5', '7'], 'to acknowledge is a number of seconds above 0'],
    ] as const) {
      const input = `#node-input-${name}`;
      for (const value of wrong) {
        await type(page, input, value);
        await page.waitForSelector(`${input}.input-error`);
      }
      (await reasonFor(page, input)).should.containEql(reason);
      for (const value of [...right, environment]) {
        await type(page, input, value);
        await page.waitForSelector(`${input}:not(.input-error)`);
      }
    }
    await tenantField().fill('12345');
    await tenantField().press('End');
    const frame = '#node-input-tenant ~ .red-ui-typedInput-container';
    (await reasonFor(page, frame)).should.containEql('A tenant id is a GUID');
    await screenshot(page, 'events-invalid');
    for (const value of [environment, TENANT]) {
      await tenantField().fill(value);
      await tenantField().press('End');
      await page.waitForSelector(`${frame}:not(.input-error)`);
    }
    const given = { tenant: TENANT, feed: environment, interval: environment, ackTimeout: environment };
    (await done('judged')).should.containEql(given);
    (await isValid('judged')).should.be.true();
  });

  it('show the time to acknowledge, and what is needed for it, only where the flow acknowledges', async () => {
    const hint = () => page.locator('#fenergo-events-manual-hint');
    await editNode(page, 'manual');
    (await isShown('ackTimeout')).should.be.true();
    (await textOf(hint())).should.containEql('fenergo ack');
    await field('ackTimeout').fill('never');
    await field('acknowledge').selectOption('auto');
    (await isShown('ackTimeout')).should.be.false();
    (await hint().isVisible()).should.be.false();
    // What nobody sees cannot be wrong.
    (await done('manual')).should.containEql({ acknowledge: 'auto', ackTimeout: 300 });
    (await isValid('manual')).should.be.true();
  });

  it('show the tenant that the connection gives', async () => {
    await editNode(page, 'tenant');
    should(await tenantField().getAttribute('placeholder')).equal(TENANT);
    await page.selectOption('#node-input-connection', 'tenantless');
    should(await tenantField().getAttribute('placeholder')).equal('from the connection');
    await pressDone(page);
  });

  it('give the node a label that tells what it is there for', async () => {
    const labels = await Promise.all(['named', 'one', 'source', 'feed', 'old', 'byHand'].map(labelOf));
    labels.should.eql([
      ...['What happened', 'entitydata:dataPublished', 'journey events', 'document events'],
      ...['fenergo events', 'fenergo events'],
    ]);
  });

  it('show what holds in a flow that lacks the properties, or was written by hand', async () => {
    await editNode(page, 'old');
    await screenshot(page, 'events-old');
    await field('name').fill('Renamed');
    (await done('old')).should.eql({ ...BLANK, name: 'Renamed', interval: '30', ackTimeout: '300' });
    await editNode(page, 'byHand');
    (await tags()).should.eql(['journey:taskstarted', 'journey:taskcompleted']);
    await field('name').fill('By hand');
    (await done('byHand')).should.containEql({
      ...{ feed: 'all', fetch: false, eventTypes: ['journey:taskstarted', 'journey:taskcompleted'] },
    });
  });

  it('let one choose what is acknowledged', async () => {
    const like = { name: '', acknowledge: '' };
    const hint = () => textOf(page.locator('#fenergo-ack-hint'));
    await editNode(page, 'ack');
    (await field('acknowledge').inputValue()).should.equal('message');
    (await hint()).should.containEql('all parts have to arrive');
    await field('name').fill('Done');
    await field('acknowledge').selectOption('batch');
    (await hint()).should.containEql('put it behind a Join');
    await screenshot(page, 'ack');
    (await done('ack', like)).should.eql({ name: 'Done', acknowledge: 'batch' });
    await editNode(page, 'ack');
    (await field('acknowledge').inputValue()).should.equal('batch');
    await pressDone(page);
    (await labelOf('oldAck')).should.equal('fenergo ack');
    await editNode(page, 'oldAck');
    await field('name').fill('Old');
    (await done('oldAck', like)).should.eql({ name: 'Old', acknowledge: 'message' });
  });

  it('keep long values inside their borders, also in dark', async () => {
    await page.emulateMedia({ colorScheme: 'dark' });
    // Node-RED 5 has a dark theme of its own; for 4.1 the variables that such a theme sets are set here.
    await page.evaluate("document.documentElement.classList.add('nr-theme-dark')");
    if (nodeRed.version.startsWith('4')) await page.addStyleTag({ content: DARK });
    await editNode(page, 'long');
    await screenshot(page, 'events-long-dark');
    await typed().fill('draft');
    await screenshot(page, 'events-suggestions-dark');
    const overflow = await page.evaluate<number>(
      "(() => { const tray = document.querySelector('#dialog-form').parentElement; return tray.scrollWidth - tray.clientWidth; })()",
    );
    overflow.should.be.belowOrEqual(0);
    // The editor makes a dialog as wide as its contents ask for.
    (await page.evaluate<number>("$('.red-ui-tray').width()")).should.be.below(600);
  });
});

const DARK = `:root { --red-ui-form-background: #222; --red-ui-primary-background: #222; --red-ui-secondary-background: #222;
  --red-ui-form-input-background: #333; --red-ui-form-text-color: #ddd; --red-ui-primary-text-color: #ddd;
  --red-ui-secondary-text-color: #aaa; --red-ui-form-input-border-color: #555;
  --red-ui-list-item-background-hover: #3a3a3a; --red-ui-list-item-background-selected: #4a4a4a;
  --red-ui-secondary-background-selected: #444; --red-ui-form-input-background-disabled: #2a2a2a; }`;
