import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { launchBrowser, needsBrowser, openEditor, screenshot, showFlows } from '../support/browser.js';
import { type FlowNode, type RealNodeRed, startNodeRed } from '../support/node-red.js';

const FOLDER = join(__dirname, '../../examples');

describe('example flows in the editor', function () {
  this.timeout(30_000);
  let nodeRed: RealNodeRed;
  let browser: Browser;
  let page: Page;

  before(async function () {
    needsBrowser.call(this);
    nodeRed = await startNodeRed();
    browser = await launchBrowser();
    page = await openEditor(browser, nodeRed.url, { width: 1280, height: 620 });
    await page.keyboard.press('Control+g');
    await page.keyboard.press('d');
    await page.locator('#red-ui-sidebar').waitFor();
  });

  after(async () => {
    await browser?.close();
    await nodeRed?.stop();
  });

  for (const file of readdirSync(FOLDER).sort()) {
    it(`${file} fits on the canvas, nothing covers anything, and nothing is marked as wrong`, async () => {
      const flow = JSON.parse(readFileSync(join(FOLDER, file), 'utf8')) as FlowNode[];
      await nodeRed.deploy(flow);
      await showFlows(page, flow);
      const boxes = await page.locator('.red-ui-flow-node-group').evaluateAll((nodes) =>
        nodes.map((node) => {
          const { x, y, width, height } = node.getBoundingClientRect();
          return { x, y, right: x + width, bottom: y + height };
        }),
      );
      boxes.length.should.equal(flow.filter(({ z, type }) => z && type !== 'group').length);
      (await page.locator('.red-ui-flow-node-error:not(.hide)').count()).should.equal(0);
      const canvas = await page.locator('#red-ui-workspace-chart').boundingBox();
      for (const [index, a] of boxes.entries()) {
        a.right.should.be.belowOrEqual((canvas?.x ?? 0) + (canvas?.width ?? 0));
        for (const b of boxes.slice(index + 1)) {
          const apart = a.right <= b.x || b.right <= a.x || a.bottom <= b.y || b.bottom <= a.y;
          apart.should.be.true(`${JSON.stringify(a)} ${JSON.stringify(b)}`);
        }
      }
      await page.click('#red-ui-sidebar-debug-clear');
      await page.locator('.red-ui-flow-node-button-button').first().click();
      const message = page.locator('.red-ui-debug-msg').first();
      await message.waitFor();
      await message.locator('.red-ui-debug-msg-object-handle').first().click();
      await page.locator('#red-ui-notifications').evaluate((notes) => notes.replaceChildren());
      await page.mouse.move(600, 500);
      await screenshot(page, `example-${file.slice(0, 2)}`);
    });
  }
});
