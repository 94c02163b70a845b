import type { Browser, Page } from 'playwright-core';
import should from 'should';
import { Harness, TENANT } from '../sandbox/harness.js';
import { until } from '../sandbox/receiver.js';
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
import { connectionTo } from '../support/flow.js';
import { type FlowNode, type RealNodeRed, startNodeRed } from '../support/node-red.js';
import { deliver, notification, SECRET } from '../support/webhook.js';

/** A node as it leaves the palette, but for its path. */
const BLANK = {
  name: '',
  path: '/fenergo/abc',
  eventTypes: [] as string[],
  duplicates: 'drop',
  respond: 'received',
  ackTimeout: 60 as number | string,
  limit: 5 as number | string,
  register: false,
  connection: '',
  tenant: '',
  tenantType: 'str',
  baseUrl: '',
  webhookName: '',
  deliveries: 'single',
  batchSize: 100 as number | string,
};

describe('the dialog of a webhook', function () {
  this.timeout(90_000);
  let nodeRed: RealNodeRed;
  let harness: Harness;
  let browser: Browser;
  let page: Page;
  const origin = () => new URL(nodeRed.url).origin;

  before(async function () {
    needsBrowser.call(this);
    harness = await Harness.start({ tokenSeconds: 1_000_000, webhookRetries: 0 });
    nodeRed = await startNodeRed({ httpNodeRoot: '/red/api' });
    browser = await launchBrowser();
    const { url, apiUrl } = harness.sandbox;
    await nodeRed.deploy([
      { id: 'tab', type: 'tab', label: 'Flow' },
      connectionTo(url, {
        ...{ name: 'Sandbox', apiUrl, tenantId: TENANT, publicUrl: '', scope: 'fenx.all' },
        ...{ queue: 10_000, circuit: true },
      }),
      node('plain'),
      node('registered', {
        ...{ path: '/fenergo/registered', register: true, connection: 'connection' },
        ...{ baseUrl: origin(), webhookName: 'Mine', respond: 'handled', ackTimeout: 0.01 },
      }),
      node('judged', { path: '/fenergo/judged' }),
      node('filled', { path: '/fenergo/filled' }),
      { id: 'offTab', type: 'tab', label: 'Off', disabled: true },
      { ...node('off', { path: '/fenergo/off' }), z: 'offTab' },
      { ...node('switchedOff', { path: '/fenergo/off' }), d: true },
      { id: 'old', type: 'fenergo-webhook', z: 'tab', x: 400, y: 40, wires: [[]], path: '/fenergo/old' },
    ]);
    page = await openEditor(browser, nodeRed.url);
  });
  after(async () => {
    await browser?.close();
    await nodeRed?.stop();
    await harness?.close();
  });
  afterEach(async () => {
    // A test that failed leaves its dialog open.
    if (!(await page?.locator('#node-dialog-cancel').isVisible())) return;
    await page.evaluate("$('#node-dialog-cancel').trigger('click')");
    await page.waitForSelector('#node-dialog-ok', { state: 'detached' });
  });

  let rows = 0;
  function node(id: string, given: Record<string, unknown> = {}): FlowNode {
    rows += 1;
    return {
      ...{ id, type: 'fenergo-webhook', z: 'tab', x: 200, y: 40 * rows, wires: [[]] },
      ...{ ...BLANK, ...given, credentials: { secret: SECRET } },
    };
  }
  const field = (name: string) => page.locator(`#node-input-${name}`);
  const part = (name: string) => page.locator(`#fenergo-webhook-${name}`);
  const pathOf = (id: string) => page.evaluate<string>(`RED.nodes.node('${id}').path`);
  const state = () => harness.sandbox.webhooks(TENANT).find(({ name }) => name === 'Mine');

  it('comes from the palette with a path that nobody guesses, and works when it has a secret', async () => {
    const ids = [await dragNode(page, 'fenergo-webhook'), await dragNode(page, 'fenergo-webhook', 450, 350)];
    const [one = '', other] = await Promise.all(ids.map(pathOf));
    one.should.match(/^\/fenergo\/[0-9a-f]{32}$/);
    should(other)
      .match(/^\/fenergo\/[0-9a-f]{32}$/)
      .and.not.equal(one);
    const [id = ''] = ids;
    await editNode(page, id);
    await screenshot(page, 'webhook-new');
    (await field('path').inputValue()).should.equal(one);
    (await textOf(part('url'))).should.equal(`${origin()}/red/api${one}`);
    (await textOf(part('url-hint'))).should.match(/As this browser reaches Node-RED/);
    (await textOf(part('here'))).should.equal('Deploy the node to see what comes.');
    (await reasonFor(page, '#node-input-secret')).should.containEql('The secret is missing');
    await type(page, '#node-input-secret', SECRET);
    await page.waitForSelector('#node-input-secret:not(.input-error)');
    await pressDone(page);
    await pressDeploy(page);
    const answer = await deliver(`${nodeRed.nodeUrl.slice(0, -1)}${one}`, notification('1'));
    should(answer.status).equal(200);
    await editNode(page, id);
    (await field('secret').inputValue()).should.equal('__PWRD__');
    await page.waitForSelector('.fenergo-webhook-deliveries li');
    (await textOf(part('here'))).should.match(/Taken: 1\..*2001: entitydata:created/);
    await pressDone(page);
  });

  it('gets another path when it is copied beside its original, and keeps it when it is moved', async () => {
    const paste = (json: string) =>
      page.evaluate<string>(
        `(() => {
          RED.view.importNodes(${json}, { generateIds: true, touchImport: true });
          return RED.nodes.filterNodes({ type: 'fenergo-webhook' }).at(-1).path;
        })()`,
      );
    const copy = { id: 'x', type: 'fenergo-webhook', z: 'tab', x: 9, y: 9, wires: [[]], ...BLANK };
    (await paste(JSON.stringify([copy]))).should.match(/^\/fenergo\/[0-9a-f]{32}$/);
    (await paste(JSON.stringify([{ ...copy, path: '/fenergo/elsewhere' }]))).should.equal(
      '/fenergo/elsewhere',
    );
  });

  it('says why a field cannot be as it is', async () => {
    await editNode(page, 'judged');
    for (const [path, reason] of [
      ['', 'The path is empty'],
      ['/a?b', 'Not a usable path'],
      ['fenergo//abc/', 'Another webhook node has this path: plain'],
    ] as const) {
      await type(page, '#node-input-path', path);
      (await reasonFor(page, '#node-input-path')).should.containEql(reason);
    }
    await screenshot(page, 'webhook-path-taken');
    // Of a tab or a node that is switched off it is free.
    await type(page, '#node-input-path', '/fenergo/off');
    await page.waitForSelector('#node-input-path:not(.input-error)');
    await page.click('#fenergo-webhook-new-path');
    (await field('path').inputValue()).should.match(/^\/fenergo\/[0-9a-f]{32}$/);
    await page.waitForSelector('#node-input-path:not(.input-error)');
    await type(page, '#node-input-path', '${' + 'HOOK}');
    await page.waitForSelector('#node-input-path:not(.input-error)');
    await type(page, '#node-input-limit', '0');
    (await reasonFor(page, '#node-input-limit')).should.containEql('above 0');
    await field('respond').selectOption('handled');
    await type(page, '#node-input-ackTimeout', 'soon');
    (await reasonFor(page, '#node-input-ackTimeout')).should.containEql('above 0');
    await page.click('label[for=node-input-register]');
    await type(page, '#node-input-baseUrl', 'example.com');
    (await reasonFor(page, '#node-input-baseUrl')).should.containEql('Not a usable address');
    await field('deliveries').selectOption('batch');
    await type(page, '#node-input-batchSize', '101');
    (await reasonFor(page, '#node-input-batchSize')).should.containEql('10 to 100');
    await type(page, '#node-input-webhookName', 'x'.repeat(129));
    (await reasonFor(page, '#node-input-webhookName')).should.containEql('128');
    await type(page, '#node-input-secret', 'x'.repeat(129));
    (await reasonFor(page, '#node-input-secret')).should.containEql('128');
  });

  it('saves what is typed, and shows only what counts', async () => {
    await editNode(page, 'filled');
    const shown = async () => [
      await field('ackTimeout').isVisible(),
      await field('baseUrl').isVisible(),
      await field('batchSize').isVisible(),
    ];
    (await shown()).should.deepEqual([false, false, false]);
    await field('respond').selectOption('handled');
    await page.click('label[for=node-input-register]');
    await field('deliveries').selectOption('batch');
    (await shown()).should.deepEqual([true, true, true]);
    await field('connection').selectOption({ label: 'Sandbox' });
    await field('ackTimeout').fill('20');
    await field('baseUrl').fill(' https://hooks.example.com/proxy/ ');
    (await textOf(part('url'))).should.equal('https://hooks.example.com/proxy/red/api/fenergo/filled');
    (await textOf(part('url-hint'))).should.equal('');
    await field('webhookName').fill('Filled');
    await field('batchSize').fill('20');
    await field('limit').fill('1');
    await field('duplicates').selectOption('mark');
    await part('type').fill('journey:*');
    await field('previousSecret').fill('an old one');
    await screenshot(page, 'webhook-filled');
    await pressDone(page);
    await pressDeploy(page);
    const saved = (await nodeRed.flows()).find(({ id }) => id === 'filled');
    should(saved).have.properties({
      ...{
        respond: 'handled',
        ackTimeout: '20',
        register: true,
        connection: 'connection',
        duplicates: 'mark',
      },
      ...{ baseUrl: ' https://hooks.example.com/proxy/ ', webhookName: 'Filled', deliveries: 'batch' },
      ...{ batchSize: '20', limit: '1', eventTypes: ['journey:*'] },
    });
    // Until then it may not run yet.
    await until(() => harness.sandbox.webhooks(TENANT).some(({ name }) => name === 'Filled'));
    const { credentials } = nodeRed.node('filled') as unknown as { credentials: object };
    should(credentials).deepEqual({ secret: SECRET, previousSecret: 'an old one' });
    const { webhookId = '' } = harness.sandbox.webhooks(TENANT).find(({ name }) => name === 'Filled') ?? {};
    await harness.call('DELETE', `/webhooks/v1/webhooks/${webhookId}`);
  });

  it('copies the URL', async () => {
    await editNode(page, 'plain');
    const copied = page.evaluate<string>(
      "new Promise((resolve) => document.addEventListener('copy', () => resolve(String(document.activeElement.value || getSelection())), { once: true }))",
    );
    await page.click('#fenergo-webhook-copy');
    (await copied).should.equal(`${origin()}/red/api/fenergo/abc`);
  });

  it('is not changed by opening it', async () => {
    for (const id of ['plain', 'old']) {
      await editNode(page, id);
      if (id === 'old') {
        (await field('ackTimeout').inputValue()).should.equal('60');
        (await field('limit').inputValue()).should.equal('5');
        (await field('duplicates').inputValue()).should.equal('drop');
        await page.click('#node-dialog-cancel');
        await page.waitForSelector('#node-dialog-ok', { state: 'detached' });
      } else {
        await pressDone(page);
        (await page.evaluate<boolean>(`Boolean(RED.nodes.node('${id}').changed)`)).should.be.false();
      }
    }
  });

  it('shows how the webhook fares in Fenergo, tests it, enables it, and removes it after a question', async () => {
    await until(() => state()?.name === 'Mine');
    harness.sandbox.makeHappen({ tenantId: TENANT, eventType: 'entitydata:created' });
    await until(() => state()?.status === 'SystemDisabled');
    await editNode(page, 'registered');
    await page.waitForSelector('.fenergo-webhook-platform');
    (await textOf(part('there'))).should.match(/disabled after too many failures.*503Failed/);
    (await textOf(part('here'))).should.match(/Refused: 503 × 1.*503not handled in time/);
    await part('test').scrollIntoViewIfNeeded();
    await screenshot(page, 'webhook-disabled');

    await part('test').click();
    await page.waitForSelector('#fenergo-webhook-outcome.fenergo-failed');
    (await textOf(part('outcome'))).should.equal("Fenergo's test was answered with 503.");
    await page.waitForFunction('$.active === 0');
    await field('respond').selectOption('received');
    await pressDone(page);
    await pressDeploy(page);

    await editNode(page, 'registered');
    await page.waitForSelector('.fenergo-webhook-platform');
    await part('enable').click();
    await page.waitForSelector('#fenergo-webhook-outcome.fenergo-ok');
    await until(() => state()?.status === 'Enabled');
    await page.waitForFunction('$.active === 0');
    (await part('enable').isDisabled()).should.be.true();
    await part('test').click();
    await page.waitForFunction("/It works/.test($('#fenergo-webhook-outcome').text())");
    await page.waitForFunction('$.active === 0');
    await part('test').scrollIntoViewIfNeeded();
    await screenshot(page, 'webhook-enabled');

    // Somebody changes the secret there: Fenergo tells nobody, but what comes is refused.
    const { webhookId = '' } = state() ?? {};
    const path = `/webhooks/v1/webhooks/${webhookId}`;
    const { webhook } = (await harness.get(path)).json;
    await harness.call('PUT', path, { body: { ...webhook, enabled: true, secret: 'another' } });
    await part('test').click();
    await page.waitForFunction("/answered with 401/.test($('#fenergo-webhook-outcome').text())");
    await page.waitForFunction('$.active === 0');
    should(state()?.status).equal('Enabled');
    (await textOf(part('enable'))).trim().should.equal('Send the secret again');
    await screenshot(page, 'webhook-resend');
    await part('enable').click();
    await page.waitForFunction("/has the secret/.test($('#fenergo-webhook-outcome').text())");
    await page.waitForFunction('$.active === 0');
    await part('test').click();
    await page.waitForFunction("/It works/.test($('#fenergo-webhook-outcome').text())");
    await page.waitForFunction('$.active === 0');

    await part('remove').click();
    await screenshot(page, 'webhook-remove');
    await part('remove-no').click();
    should(state()).not.equal(undefined);
    await part('remove').click();
    await part('remove-yes').click();
    await page.waitForFunction("/Removed/.test($('#fenergo-webhook-outcome').text())");
    should(state()).equal(undefined);
    await page.waitForFunction('$.active === 0');
    (await part('test').isDisabled()).should.be.true();
  });

  it('has help', async () => {
    await page.evaluate("RED.sidebar.help.show('fenergo-webhook')");
    await page.waitForFunction('/What the status says/.test(document.body.innerText)');
    await screenshot(page, 'webhook-help');
  });
});
