// A page that others change: translated before and while it lives, held by a finger, without a clipboard.
import { expect, hydrated, test } from './fixtures';
import { expectPanicked, expectTruths, fed, netNow, newestSession, open, panel, panicButton, startSession } from './support/console';
import type { Page } from '@playwright/test';

/** What a translation and two extensions do to a page: every text wrapped twice, a foreign element first, attributes on the root. */
function meddle(): void {
  const app = document.querySelector('#app')!;
  document.documentElement.setAttribute('data-darkreader-mode', 'dynamic');
  document.documentElement.style.setProperty('--ext', '1');
  const walk = document.createTreeWalker(app, NodeFilter.SHOW_TEXT);
  const texts: Node[] = [];
  while (walk.nextNode()) texts.push(walk.currentNode);
  for (const text of texts.filter((text) => text.nodeValue?.trim() && !text.parentElement?.closest('script, svg'))) {
    const outer = document.createElement('font');
    outer.append(document.createElement('font'));
    text.parentNode!.replaceChild(outer, text);
    outer.firstElementChild!.append(text);
  }
  const foreign = document.createElement('div');
  foreign.className = 'ext';
  app.prepend(foreign);
}

async function hold(page: Page): Promise<void> {
  await panicButton(page).hover();
  await page.mouse.down();
  await expectPanicked(page);
  await page.mouse.up();
}

test('a page that was translated before it woke lives, and PANIC works', async ({ page }) => {
  await open(page);
  await startSession(page);
  // Between the document and its program: modules run when the document has been read.
  await page.addInitScript(`document.addEventListener('readystatechange', () => document.readyState === 'interactive' && (${meddle})())`);
  await page.reload();
  await hydrated(page);
  await expect(page.locator('#app > .ext')).toBeAttached();
  await expect(page.locator('html')).toHaveAttribute('translate', 'no');
  await fed(page);
  const seen = new Set<string>();
  await expect.poll(async () => seen.add(await netNow(page).innerText()).size).toBeGreaterThan(2);
  await page.getByRole('button', { name: 'Pause entries', exact: true }).click();
  await expectTruths(page, { Lifecycle: 'Paused' });
  await hold(page);
});

test('a page that is translated while numbers change lives, and PANIC works', async ({ page }) => {
  await open(page);
  await startSession(page);
  await page.evaluate(meddle);
  const seen = new Set<string>();
  await expect.poll(async () => seen.add(await netNow(page).innerText()).size).toBeGreaterThan(2);
  for (const value of seen) expect(value).toMatch(/^[▲▼]?\s*[+−]\d+\.\d\d$/);
  await page.evaluate(meddle);
  await page.getByRole('button', { name: 'Stop…', exact: true }).click();
  await expect(page.getByRole('dialog', { name: 'Stop this session' })).toContainText('You will end flat');
  await page.keyboard.press('Escape');
  await hold(page);
  expect((await newestSession(page)).exit_reason).toBe('panic');
});

test('without a clipboard an id is copied by a selection', async ({ page }) => {
  await page.addInitScript(() => Object.defineProperty(Navigator.prototype, 'clipboard', { get: () => undefined }));
  await open(page);
  const { correlation_id: id } = await startSession(page);
  await page.goto(`/trace/${id}`);
  await hydrated(page);
  await page.getByRole('button', { name: 'Copy id' }).click();
  await page.goto('/telemetry');
  await hydrated(page);
  const field = page.getByRole('textbox', { name: 'Correlation id' });
  await field.focus();
  await page.keyboard.press('Control+V');
  await expect(field).toHaveValue(id);
});

test.describe('with a finger', () => {
  test.use({ hasTouch: true, viewport: { width: 360, height: 740 } });

  test('a hold that moves a little closes everything, and selects nothing', async ({ page }) => {
    await open(page);
    await startSession(page);
    const style = await panicButton(page).evaluate((button) => {
      const { userSelect, touchAction } = getComputedStyle(button);
      return { userSelect, touchAction };
    });
    expect(style).toEqual({ userSelect: 'none', touchAction: 'none' });
    const box = await panicButton(page).locator('span').first().boundingBox();
    if (!box) throw new Error('no PANIC');
    const cdp = await page.context().newCDPSession(page);
    const [x, y] = [box.x + box.width / 2, box.y + box.height / 2];
    await cdp.send('Input.dispatchTouchEvent', { type: 'touchStart', touchPoints: [{ x, y }] });
    await cdp.send('Input.dispatchTouchEvent', { type: 'touchMove', touchPoints: [{ x: x + 8, y: y + 3 }] });
    await expect(panicButton(page)).toHaveAttribute('data-state', /holding/);
    await expectPanicked(page);
    await cdp.send('Input.dispatchTouchEvent', { type: 'touchEnd', touchPoints: [] });
    expect(await page.evaluate(() => getSelection()?.toString())).toBe('');
  });

  test('a finger that lets go early closes nothing', async ({ page }) => {
    await open(page);
    await startSession(page);
    await panicButton(page).tap();
    await expect(panicButton(page)).toContainText('hold 1 s');
    await expectTruths(page, { Lifecycle: 'Running' });
    await expect(panel(page, 'Legs')).toBeVisible();
  });
});

test('a page of the version before is told to load anew, and goes on', async ({ page }) => {
  await open(page);
  await startSession(page);
  // As a tab that was open while the server was updated: between the document and its program.
  await page.addInitScript(() => {
    if (location.search !== '?old') return;
    document.addEventListener('readystatechange', () => {
      document.querySelector('meta[name="version"]')?.setAttribute('content', '0.0.9+000000000000');
    });
  });
  const told = page.getByRole('status').filter({ hasText: 'The server was updated.' });
  await expect(told).toBeHidden();
  await page.goto('/?old');
  await hydrated(page);
  await expect(told).toBeVisible();
  await fed(page);
  await expectTruths(page, { Lifecycle: 'Running' });
  await expect(told.getByRole('link', { name: 'Load again' })).toHaveAttribute('href', '');
  await page.goto('/');
  await hydrated(page);
  await fed(page);
  await expect(told).toBeHidden();
});
