// By keys alone: a dialog keeps the focus and PANIC, pages and their list have keys, times are chosen on the histogram.
import { expect, hydrated, PASSWORD, test, USERNAME } from './fixtures';
import { fed, open, panicButton, startSession } from './support/console';
import type { Page } from '@playwright/test';

/** Where the focus is: in the dialog, on PANIC, or elsewhere. */
function focusOf(page: Page): Promise<string> {
  return page.evaluate(() => {
    const at = document.activeElement;
    if (at?.closest('[data-dialog]')) return 'dialog';
    return at?.classList.contains('panic') ? 'panic' : `${at?.localName} ${at?.textContent?.slice(0, 30)}`;
  });
}

test('Tab stays in the Stop dialog, with PANIC among its stops', async ({ page }) => {
  await open(page);
  await startSession(page);
  await page.getByRole('button', { name: 'Stop…', exact: true }).click();
  const dialog = page.getByRole('dialog', { name: 'Stop this session' });
  await expect(dialog.getByRole('heading', { name: 'Stop this session' })).toBeFocused();
  for (const key of ['Tab', 'Shift+Tab']) {
    const seen = new Set<string>();
    for (let step = 0; step < 12; step += 1) {
      await page.keyboard.press(key);
      seen.add(await focusOf(page));
    }
    expect([...seen].sort(), key).toEqual(['dialog', 'panic']);
  }
  await page.keyboard.press('Escape');
  await expect(dialog).toBeHidden();
  await expect(page.getByRole('button', { name: 'Stop…', exact: true })).toBeFocused();
});

test('keys lead to the pages and are listed', async ({ page }) => {
  await open(page);
  await page.keyboard.press('?');
  const keys = page.getByRole('dialog', { name: 'Keys' });
  await expect(keys).toContainText('g a');
  await page.keyboard.press('Escape');
  await expect(keys).toBeHidden();
  for (const [key, heading] of [['a', 'Analytics'], ['t', 'Trades'], ['e', 'Telemetry'], ['l', 'Alerts'], ['s', 'Settings'], ['c', 'Control']]) {
    await page.keyboard.press('g');
    await page.keyboard.press(key);
    await expect(page.getByRole('heading', { name: heading, level: 1 })).toBeAttached();
    await hydrated(page);
  }
});

test('after the sign-in the focus is on the page that was asked for', async ({ page }) => {
  await page.goto('/trades?result=won');
  await hydrated(page);
  await page.getByRole('textbox', { name: 'User' }).fill(USERNAME);
  await page.getByRole('textbox', { name: 'Password' }).fill(PASSWORD);
  await page.keyboard.press('Enter');
  await expect(page).toHaveURL(/\/trades\?result=won$/);
  await hydrated(page);
  await expect(page.getByRole('heading', { name: 'Trades', level: 1 })).toBeFocused();
});

test('a reason is given by Enter', async ({ page }) => {
  await open(page);
  await startSession(page);
  await page.keyboard.press('Shift+Escape');
  await expect(panicButton(page)).toContainText('Shift+Esc again');
  await page.keyboard.press('Shift+Escape');
  await expect(panicButton(page)).toContainText('verified flat · latched');
  const reason = page.getByRole('textbox', { name: 'Reason' });
  await reason.fill('seen');
  await reason.press('Enter');
  await expect(panicButton(page)).toContainText('hold 1 s');
});

test('a bar of the histogram is a way into its time, by pointer, by key and by drawing', async ({ page }) => {
  await open(page, '/telemetry?range=60');
  const bars = page.getByRole('region', { name: 'Search' }).getByRole('link', { name: /: \d+ records?$/ });
  const span = async () => {
    const query = new URL(page.url()).searchParams;
    return Date.parse(query.get('to') ?? '') - Date.parse(query.get('from') ?? '');
  };
  await bars.last().click();
  await expect(page).toHaveURL(/from=.*to=/);
  expect(await span()).toBe(60_000);
  await page.goto('/telemetry?range=60');
  await hydrated(page);
  await bars.last().focus();
  await page.keyboard.press('Enter');
  await expect(page).toHaveURL(/from=.*to=/);

  await page.goto('/telemetry?range=60');
  await hydrated(page);
  await fed(page);
  const box = await page.getByRole('group', { name: /^Matching records over time/ }).boundingBox();
  if (!box) throw new Error('no histogram');
  await page.mouse.move(box.x + box.width * 0.4, box.y + box.height / 2);
  await page.mouse.down();
  await page.mouse.move(box.x + box.width * 0.7, box.y + box.height / 2, { steps: 5 });
  await page.mouse.up();
  await expect(page).toHaveURL(/from=.*to=/);
  expect(await span()).toBeGreaterThan(10 * 60_000);
});
