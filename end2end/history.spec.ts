// What has been is found again: a session that ran to its end is in the ledger, on its own page, in the figures and in
// the file; a wrong address says what is wrong, with PANIC at its place.
import { readFile } from 'node:fs/promises';
import { expect, hydrated, test } from './fixtures';
import { expectTruths, newestSession, open, panel, panicButton, startSession } from './support/console';
import type { Page } from '@playwright/test';

async function stop(page: Page): Promise<void> {
  await page.getByRole('button', { name: 'Stop…', exact: true }).click();
  await page.getByRole('dialog', { name: 'Stop this session' }).getByRole('button', { name: 'Exit and close' }).click();
  await expectTruths(page, { Lifecycle: 'Stopped', Exposure: 'Flat' });
}

/** Money as the page writes it, with its sign. */
function written(amount: string): RegExp {
  const value = Number(amount);
  return new RegExp(`${value < 0 ? '−' : '\\+'}${Math.abs(value).toFixed(2).replace('.', '\\.')}`);
}

test('a finished session is in the ledger, on its page, in the figures and in the file', async ({ page }) => {
  await open(page);
  await test.step('before anything ended the pages say what will be there', async () => {
    await page.getByRole('navigation', { name: 'Pages' }).getByRole('link', { name: 'Trades' }).click();
    await expect(page.getByRole('heading', { name: 'No session has ended yet' })).toBeVisible();
    await page.getByRole('navigation', { name: 'Pages' }).getByRole('link', { name: 'Analytics' }).click();
    await expect(page.getByRole('heading', { name: 'No trades yet' })).toBeVisible();
    await page.getByRole('link', { name: 'Start a session' }).click();
    await hydrated(page);
  });

  await startSession(page);
  await stop(page);
  const session = await newestSession(page);
  const net = session.pnl.realized;

  await test.step('in the ledger', async () => {
    await expect(async () => {
      await page.goto('/trades');
      await expect(page.getByRole('link', { name: `Session ${session.session_id}` })).toBeVisible({ timeout: 1_000 });
    }).toPass();
    await expect(panel(page, 'Finished sessions')).toContainText(written(net));
  });

  await test.step('filters are links and a form', async () => {
    await page.getByRole('combobox', { name: 'Exit reason' }).selectOption('operator');
    await page.getByRole('button', { name: 'Show' }).click();
    await expect(page).toHaveURL(/exit_reason=operator/);
    await expect(panel(page, 'Finished sessions')).toContainText('1 session');
    await page.getByRole('combobox', { name: 'Result' }).selectOption('untraded');
    await page.getByRole('button', { name: 'Show' }).click();
    await expect(page.getByRole('heading', { name: 'Nothing matches' })).toBeVisible();
    await page.getByRole('link', { name: 'Clear the filters' }).click();
    await page.getByRole('link', { name: 'Net', exact: true }).click();
    await expect(page.getByRole('columnheader', { name: 'Net' })).toHaveAttribute('aria-sort', 'descending');
  });

  await test.step('in a file', async () => {
    const [download] = await Promise.all([
      page.waitForEvent('download'),
      page.getByRole('link', { name: 'CSV', exact: true }).click(),
    ]);
    const lines = (await readFile(await download.path(), 'utf8')).trimEnd().split('\r\n').map((line) => line.split(','));
    expect(lines).toHaveLength(2);
    const cell = (name: string) => lines[1][lines[0].indexOf(name)];
    expect(cell('session_id')).toBe(session.session_id);
    expect(Number(cell('net_usd'))).toBeCloseTo(Number(net), 6);
    expect(cell('exit_reason')).toBe('operator');
  });

  await test.step('on its own page, from click to flat', async () => {
    await page.getByRole('link', { name: `Session ${session.session_id}` }).click();
    await expect(panel(page, 'Outcome')).toContainText(written(net));
    await expect(panel(page, 'Outcome')).toContainText('Stopped by hand, after');
    const story = panel(page, 'From click to flat');
    for (const act of ['Start', 'Exit']) await expect(story.getByRole('heading', { name: act })).toBeVisible();
    await expect(story).toContainText('Entry complete');
    await expect(story).toContainText('Verified flat');
    await expect(panel(page, 'Configuration')).toContainText('as the preset has it');
    // On a phone it is wider than the window: its beginning must be in reach.
    await page.setViewportSize({ width: 360, height: 740 });
    const cut = page.locator('.chart-window').first().evaluate((window) => {
      window.scrollBy(-5_000, 0);
      return window.getBoundingClientRect().left - window.firstElementChild!.getBoundingClientRect().left;
    });
    expect(await cut, 'pixels of the curve that nobody can see').toBeLessThanOrEqual(1);
    await page.setViewportSize({ width: 1440, height: 900 });
    await story.getByRole('link', { name: /^Trace/ }).first().click();
    await expect(page).toHaveURL(/\/trace\//);
    await expect(page.getByRole('heading', { level: 1 })).toBeVisible();
  });

  await test.step('in the figures, which lead back', async () => {
    await page.goto('/analytics?period=today');
    const tile = page.getByRole('navigation', { name: /^Key figures/ }).getByRole('link', { name: /^Net P&L/ });
    await expect(tile).toContainText(written(net));
    await expect(tile).toContainText('1 trade');
    await expect(tile).toContainText('too few');
    await tile.click();
    await expect(page).toHaveURL(/result=traded/);
    await expect(page.getByRole('link', { name: `Session ${session.session_id}` })).toBeVisible();
  });
});

test('a wrong address is answered in the frame', async ({ page, problems }) => {
  await open(page);
  await problems.refused(async () => {
    await page.goto('/sessions/s-nobody');
    await expect(page.getByRole('heading', { name: 'There is no such session' })).toBeVisible();
    await hydrated(page);
    await expect(panicButton(page)).toBeVisible();
    await page.goto('/trades?result=good&from=2022-02-02');
    await expect(page.getByRole('alert')).toContainText('result must be one of traded, won, lost');
    await expect(page.getByRole('combobox', { name: 'Result' })).toHaveValue('good');
    await expect(panicButton(page)).toBeVisible();
  });
});

test('a running session leads to Control', async ({ page }) => {
  await open(page);
  await startSession(page);
  const { session_id } = await newestSession(page);
  await page.goto(`/sessions/${session_id}`);
  await expect(panel(page, 'Outcome')).toContainText('It is not over');
  await page.getByRole('link', { name: 'Live state on Control' }).click();
  await expect(page).toHaveURL(new RegExp(`session=${session_id}`));
});
