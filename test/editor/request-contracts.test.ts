import type { Browser, Page } from 'playwright-core';
import 'should';
import { editNode, launchBrowser, needsBrowser, openEditor, screenshot, textOf } from '../support/browser.js';
import { type FlowNode, type RealNodeRed, startNodeRed } from '../support/node-red.js';

const LOANS = `openapi: 3.0.3
info: { title: Loans, version: "1.0" }
servers: [{ url: /loanquery }]
paths:
  /api/loan:
    get:
      operationId: GetLoan
      parameters:
        - { name: X-Special, in: header, schema: { type: string } }
        - { name: branch, in: query, schema: { type: string } }
  /api/offer:
    get: { operationId: GetOffer }
  /api/rate:
    get:
      operationId: GetRate
      parameters: [{ name: x-special, in: header, schema: { type: string } }]
  /api/old:
    get: { operationId: GetOld, deprecated: true }
  /api/ending:
    get:
      operationId: GetEnding
      deprecated: true
      description: It will be terminated on 2999-12-31.
`;
/** What the vendor's service has, but for one of its operations. */
const SCIM = `openapi: 3.0.3
info: { title: SCIM, version: "1.0" }
servers: [{ url: /scim }]
paths:
  /api/nothing-else:
    get: { operationId: NothingElse }
`;

const FLOW: FlowNode[] = [
  { id: 'tab', type: 'tab', label: 'Flow' },
  { id: 'connection', type: 'fenergo-config', name: 'Sandbox', region: 'sandbox', scope: 'fenx.all' },
];
const node = (id: string, properties: Record<string, unknown>): FlowNode => ({
  id,
  type: 'fenergo-request',
  z: 'tab',
  x: 200,
  y: 100,
  wires: [[]],
  connection: 'connection',
  ...properties,
});

describe('the dialog of a request, for operations of one’s own contracts', function () {
  this.timeout(60_000);
  let nodeRed: RealNodeRed;
  let browser: Browser;
  let page: Page;
  let withdrawn: string;

  before(async function () {
    needsBrowser.call(this);
    nodeRed = await startNodeRed();
    const services = await fetch(`${nodeRed.url}fenergo/catalog/services/scim/v1`);
    withdrawn = ((await services.json()) as { key: string }[])[0]?.key ?? '';
    for (const [name, text] of Object.entries({ 'loans.yaml': LOANS, 'scim.yaml': SCIM })) {
      const imported = await fetch(`${nodeRed.url}fenergo/catalog/import?name=${name}`, {
        method: 'POST',
        headers: { 'content-type': 'application/octet-stream' },
        body: text,
      });
      ((await imported.json()) as { failed: unknown[] }).failed.should.be.empty();
    }
    await nodeRed.deploy([
      ...FLOW,
      node('loan', {
        operation: 'loanquery/v1/GetLoan',
        params: [
          { name: 'X-Special', in: 'header', type: 'str', value: 'theirs' },
          { name: 'branch', in: 'query', type: 'str', value: 'Dublin' },
          { name: 'x-trace', in: 'header', type: 'str', value: 'my own' },
        ],
      }),
      node('old', { operation: 'loanquery/v1/GetOld' }),
      node('ending', { operation: 'loanquery/v1/GetEnding' }),
      node('withdrawn', { operation: withdrawn }),
    ]);
    browser = await launchBrowser();
    page = await openEditor(browser, nodeRed.url);
  });
  after(async () => {
    await browser?.close();
    await nodeRed?.stop();
  });
  afterEach(async () => {
    await page.click('#node-dialog-cancel');
    await page.waitForSelector('#node-dialog-ok', { state: 'detached' });
  });

  const card = () => page.locator('#fenergo-request-card');
  const badges = () => card().locator('.fenergo-badge');
  const results = () => page.locator('#fenergo-request-results li[role=option]');

  async function choose(key: string): Promise<void> {
    await page.fill('#fenergo-request-search', key);
    await results().first().waitFor();
    await page.press('#fenergo-request-search', 'Enter');
    await page.waitForFunction(`$('#node-input-operation').val() === '${key}' && $.active === 0`);
  }

  /** Each row by its name: whether it is marked, and why. */
  const marks = () =>
    page.evaluate<Record<string, string>>(
      "Object.fromEntries([...document.querySelectorAll('.fenergo-param')].map((row) => [row.querySelector('.fenergo-param-name').value, row.querySelector('.fenergo-param-stray').title]))",
    );

  it('marks what it filled in itself for another operation, headers too, and nothing that a person wrote', async () => {
    await editNode(page, 'loan');
    (await marks()).should.deepEqual({ branch: '', 'X-Special': '', 'x-trace': '' });
    await choose('loanquery/v1/GetOffer');
    const marked = await marks();
    String(marked['X-Special']).should.startWith('The catalog does not know this parameter');
    String(marked.branch).should.startWith('The catalog does not know this parameter');
    String(marked['x-trace']).should.be.empty();
    await screenshot(page, 'request-stray-header');

    await choose('loanquery/v1/GetOld');
    String((await marks())['X-Special']).should.startWith('The catalog', 'also after the next change');
    const name = page.locator('.fenergo-param-name').nth(1);
    await name.fill('X-Mine');
    (await marks()).should.containEql({ 'X-Mine': '' });
    await name.fill('X-Special');
    String((await marks())['X-Special']).should.not.be.empty();
    await choose('loanquery/v1/GetRate');
    (await marks()).should.containEql({ 'x-special': '' });
  });

  it('says that an operation is advised against', async () => {
    await editNode(page, 'old');
    (await textOf(badges())).should.equal('deprecated');
    (await textOf(card())).should.containEql('Fenergo advises against this operation.');
    await page.fill('#fenergo-request-search', 'get old');
    (await textOf(results().first().locator('.fenergo-badge'))).should.equal('deprecated');
    await screenshot(page, 'request-deprecated');
  });

  it('says when an operation will end', async () => {
    await editNode(page, 'ending');
    (await textOf(badges())).should.equal('deprecated');
    (await textOf(card())).should.containEql('The platform ends this operation on 2999-12-31.');
    (await page.locator('.fenergo-badge-ended').count()).should.equal(0);
    await screenshot(page, 'request-sunset');
  });

  it('says that the newest contract no longer has an operation, which is not offered then', async () => {
    await editNode(page, 'withdrawn');
    (await textOf(badges())).should.equal('withdrawn');
    (await textOf(card())).should.containEql(
      'The newest contract of its service no longer has this operation.',
    );
    await screenshot(page, 'request-withdrawn');
    await page.fill('#fenergo-request-search', withdrawn);
    await page.locator('#fenergo-request-results li').first().waitFor();
    const offered = await fetch(`${nodeRed.url}fenergo/catalog/search?q=${encodeURIComponent(withdrawn)}`);
    ((await offered.json()) as { key: string }[]).some(({ key }) => key === withdrawn).should.be.false();
  });
});
