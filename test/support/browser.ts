import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Browser, Locator, Page } from 'playwright-core';
import { chromium } from 'playwright-core';
import type { FlowNode } from './node-red.js';

const ARTEFACTS = join(__dirname, '../artefacts');
const CANDIDATES = [
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
  '/usr/bin/google-chrome-stable',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
];
const FLAGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

/** Where the browser is: `CHROMIUM_PATH`, or one of the usual places; undefined when there is none. */
export function chromiumPath(): string | undefined {
  return [process.env.CHROMIUM_PATH, ...CANDIDATES].find((path) => path && existsSync(path));
}

/**
 * For a suite's `before` hook: marks the whole suite pending where no browser is installed.
 *
 * @throws when `CI` is set: there, a missing browser must not pass for success
 */
export function needsBrowser(this: Mocha.Context): void {
  if (chromiumPath()) return;
  if (process.env.CI) throw new Error('No chromium: install it or set CHROMIUM_PATH');
  this.skip();
}

/** A browser with a profile of its own, which goes with it. */
export function launchBrowser(): Promise<Browser> {
  return chromium.launch({ executablePath: chromiumPath(), args: FLAGS });
}

/** Opens the editor in a new page (a fresh session each time) and waits until it can be used. */
export async function openEditor(
  browser: Browser,
  url: string,
  { dark = false, width = 1280, height = 900 }: { dark?: boolean; width?: number; height?: number } = {},
): Promise<Page> {
  const page = await browser.newPage({
    viewport: { width, height },
    colorScheme: dark ? 'dark' : 'light',
    locale: 'en-US',
  });
  // tsx keeps function names with a helper of its own, which functions handed to the page then miss.
  await page.addInitScript('globalThis.__name = (value) => value');
  await page.goto(url);
  // The progress bar is hidden before it starts, too: it has ended when the palette is filled and it is gone.
  await page.waitForSelector('.red-ui-palette-node', { state: 'attached' });
  await page.waitForSelector('#red-ui-loading-progress', { state: 'hidden' });
  return page;
}

/**
 * Puts other flows into an open editor, as if it had loaded them; dialogs that are open are cancelled. Much quicker than to
 * open the editor anew. Nothing is deployed.
 */
export async function showFlows(page: Page, flows: readonly FlowNode[]): Promise<void> {
  // Only the dialog on top is in the page; it gives way to the one below.
  for (;;) {
    const top = await page.$('.red-ui-tray');
    if (!top) break;
    await page.click('.red-ui-tray-toolbar button[id$=-dialog-cancel]');
    await top.waitForElementState('hidden');
  }
  const loaded = flows.map(({ credentials: _, ...node }) => node);
  await page.evaluate(
    `RED.nodes.clear(); RED.nodes.import(${JSON.stringify(loaded)}); RED.nodes.dirty(false)`,
  );
  const tab = flows.find(({ type }) => type === 'tab');
  if (tab) await page.evaluate(`RED.workspaces.show('${tab.id}'); RED.view.redraw(true, true)`);
  await page.evaluate(
    "RED.notifications?.close?.(); document.querySelector('#red-ui-notifications').replaceChildren()",
  );
}

/** Keeps a picture of the page for people to look at. @returns where it lies */
export async function screenshot(page: Page, name: string): Promise<string> {
  mkdirSync(ARTEFACTS, { recursive: true });
  const path = join(ARTEFACTS, `${name}.png`);
  await page.screenshot({ path });
  return path;
}

/** Drags a node out of the palette onto the workspace. @returns its id */
export async function dragNode(page: Page, type: string, x = 450, y = 250): Promise<string> {
  const entry = page.locator(`.red-ui-palette-node[data-palette-type="${type}"]`);
  await entry.scrollIntoViewIfNeeded();
  await entry.hover();
  await page.mouse.down();
  await page.mouse.move(x - 10, y - 10, { steps: 5 });
  await page.mouse.move(x, y, { steps: 5 });
  await page.mouse.up();
  return page.evaluate<string>(`RED.nodes.filterNodes({ type: '${type}' }).at(-1).id`);
}

/** Opens a node's dialog and waits until it has slid in and loaded what it shows. */
export async function editNode(page: Page, id: string): Promise<void> {
  await page.evaluate(`RED.editor.edit(RED.nodes.node('${id}'))`);
  await settled(page, '#node-dialog-ok');
}

/** Opens the connection in an open dialog: the pencil, or the plus for a new one. */
export async function editConnection(page: Page, button: 'edit' | 'add'): Promise<void> {
  await page.click(`#node-input-btn-connection-${button}`);
  await settled(page, '#node-config-dialog-ok');
}

/** Presses Done (or Add, or Update) and waits until the dialog is gone. */
export async function pressDone(page: Page, dialog: 'node' | 'node-config' = 'node'): Promise<void> {
  await page.click(`#${dialog}-dialog-ok`);
  await page.waitForSelector(`#${dialog}-dialog-ok`, { state: 'detached' });
}

/** Deploys and waits until the server has taken the flows. */
export async function pressDeploy(page: Page): Promise<void> {
  await page.click('#red-ui-header-button-deploy');
  // Nodes that are not set up make the editor ask.
  const confirm = page.locator('#red-ui-notifications button.primary');
  await page.waitForFunction(
    "!RED.nodes.dirty() || document.querySelector('#red-ui-notifications button.primary')",
  );
  if (await page.evaluate<boolean>('RED.nodes.dirty()')) await confirm.first().click();
  await page.waitForFunction('!RED.nodes.dirty()');
}

/** Types into a field and leaves a key press behind: the editor judges its fields at those, not at mere input. */
export async function type(page: Page, field: string, text: string): Promise<void> {
  await page.fill(field, text);
  await page.press(field, 'End');
}

/** The text of an element, empty when it has none. */
export async function textOf(locator: Locator): Promise<string> {
  return (await locator.textContent()) ?? '';
}

/** The reason that the editor gives for a field, as it shows it to somebody who points at the field. */
export async function reasonFor(page: Page, field: string): Promise<string> {
  await page.waitForSelector(`${field}.input-error`);
  // The last field's tooltip has to be gone, and none comes to a pointer that is there already.
  const tooltip = page.locator('.red-ui-popover:visible');
  await page.mouse.move(0, 0);
  await tooltip.waitFor({ state: 'hidden' });
  await page.hover(field);
  await tooltip.waitFor();
  return textOf(tooltip);
}

/** Waits until a dialog with this button stands still and its requests are answered. */
async function settled(page: Page, button: string): Promise<void> {
  await page.locator(button).click({ trial: true });
  await page.waitForFunction('$.active === 0');
}
