// axe finds nothing on any page in either theme, and a phone of 360 px need not scroll sideways.
import { expect, expectAccessible, expectFits, hydrated, test } from './fixtures';
import { expectPanicked, open, orderRows, panel, panicButton, startBeside, startSession } from './support/console';
import type { Page } from '@playwright/test';

async function inspect(page: Page, name: string): Promise<void> {
  await test.step(name, async () => {
    await expectAccessible(page);
    await expectFits(page);
  });
}

test('the pages while nothing runs', async ({ page }) => {
  await page.goto('/login');
  await hydrated(page);
  await inspect(page, 'Sign in');
  await open(page);
  await expect(page.getByRole('table', { name: 'Legs that a start would sell' })).toBeVisible();
  await inspect(page, 'Control, idle');
  for (const path of ['/analytics', '/trades', '/alerts', '/settings', '/telemetry/kpis']) {
    await page.goto(path);
    await hydrated(page);
    await inspect(page, `${path}, empty`);
  }
  await page.getByRole('button', { name: 'Switch to the light theme' }).click();
  await page.reload();
  await expect(page.locator('html')).toHaveAttribute('data-theme', 'light');
});

/** What has the focus and cannot be seen, because something lies over it or it is outside of the window. */
async function hiddenFocus(page: Page): Promise<string> {
  return page.evaluate(() => {
    const focused = document.activeElement;
    if (!focused || focused === document.body) return '';
    const { left, top, width, height } = focused.getBoundingClientRect();
    const over = document.elementFromPoint(left + width / 2, top + height / 2);
    const label = focused.getAttribute('aria-label') || focused.closest('label')?.textContent || focused.textContent;
    return over && (focused.contains(over) || over.contains(focused)) ? '' : `${focused.localName} ${label?.trim().slice(0, 40)}`;
  });
}

test('what a key brings the focus to lies under no bar of a phone', async ({ page }) => {
  await page.setViewportSize({ width: 360, height: 640 });
  await open(page);
  await expect(page.getByRole('table', { name: 'Legs that a start would sell' })).toBeVisible();
  for (const path of ['/', '/alerts', '/settings']) {
    if (path !== '/') {
      await page.goto(path);
      await hydrated(page);
    }
    for (const key of ['Tab', 'Shift+Tab']) {
      const hidden = new Set<string>();
      for (let press = 0; press < 45; press += 1) {
        await page.keyboard.press(key);
        hidden.add(await hiddenFocus(page));
      }
      hidden.delete('');
      expect([...hidden], `${path}, ${key}`).toEqual([]);
    }
  }
});

test('the page of two sessions', async ({ page }) => {
  await open(page);
  await startSession(page);
  await startBeside(page, 'Short strangle ETH · quick');
  await inspect(page, 'Control, two sessions');
  await page.getByRole('button', { name: 'Start another…' }).click();
  await expect(page.getByRole('table', { name: 'Legs that a start would sell' })).toBeVisible();
  await inspect(page, 'Control, the form beside two sessions');
});

test('the pages of a session', async ({ page }) => {
  await open(page);
  const session = await startSession(page);
  await inspect(page, 'Control, running');
  await page.getByRole('button', { name: 'Stop…', exact: true }).click();
  await inspect(page, 'Control, stop dialog');
  await test.step('nothing of the dialog lies under the strip of a phone, nor the strip under the dialog', async () => {
    await page.setViewportSize({ width: 360, height: 640 });
    for (const name of ['Close, keep running', 'Exit and close']) await page.getByRole('button', { name }).click({ trial: true });
    await panicButton(page).click({ trial: true });
    await page.setViewportSize({ width: 1440, height: 900 });
  });
  await page.getByRole('button', { name: 'Close, keep running' }).click();
  await panicButton(page).hover();
  await page.mouse.down();
  await expectPanicked(page);
  await page.mouse.up();
  await expect(orderRows(page)).toHaveCount(4);
  await inspect(page, 'Control, panic');

  await page.goto('/telemetry');
  await hydrated(page);
  await panel(page, 'Records').getByRole('button', { name: /^Record/ }).first().click();
  await inspect(page, 'Telemetry, a record opened');
  await page.goto(`/trace/${session.correlation_id}`);
  await hydrated(page);
  await page.getByRole('listitem').filter({ hasText: 'order.filled' }).first().getByText(/^Filled/).click();
  await inspect(page, 'Trace, a line opened');

  await expect(async () => {
    await page.goto('/trades');
    await expect(page.getByRole('link', { name: `Session ${session.session_id}` })).toBeVisible({ timeout: 1_000 });
  }).toPass();
  await inspect(page, 'Trades');
  await page.goto('/analytics');
  await hydrated(page);
  await page.getByText('Days as a table').click();
  await inspect(page, 'Analytics, days as a table');
  await page.goto(`/sessions/${session.session_id}`);
  await hydrated(page);
  await inspect(page, 'Session');
  await page.goto('/alerts?silence=panic_started');
  await hydrated(page);
  await expect(page.getByRole('article', { name: 'critical: Panic started' })).toBeVisible();
  await inspect(page, 'Alerts, one fires');
  await page.goto('/runbook');
  await inspect(page, 'Runbook');
});
