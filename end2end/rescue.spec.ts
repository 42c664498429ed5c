// When the page's program does not run: the notice says so, trading goes on, and the plain form closes everything.
import { api, expect, expectAccessible, expectFits, test } from './fixtures';
import { expectFlat, expectPanicked, newestSession, open, startSession } from './support/console';
import { PASSWORD, USERNAME } from './support/server';
import type { Page } from '@playwright/test';

const WASM = '**/*.wasm';

async function flatByTheApi(page: Page): Promise<void> {
  await expect.poll(async () => (await newestSession(page)).lifecycle).toBe('STOPPED');
  await expectFlat(page);
}

test('without WASM the page says so and its plain form panics', async ({ page, problems }) => {
  await open(page);
  await startSession(page);
  await page.route(WASM, (route) => route.abort());
  const notice = page.getByRole('alertdialog', { name: 'This page did not start. Trading goes on.' });

  await test.step('the notice', async () => {
    await problems.networkFails(async () => {
      await page.reload();
      await expect(notice).toBeVisible();
    });
    await expect(notice.getByRole('status')).toHaveText('The failure was reported.');
    expect((await newestSession(page)).lifecycle).toBe('RUNNING');
  });

  await test.step('the form asks for the word', async () => {
    await notice.getByRole('button', { name: 'Close everything' }).click();
    await expect(notice).toBeVisible();
    expect((await newestSession(page)).lifecycle).toBe('RUNNING');
  });

  await test.step('with the word it closes everything, and the page says how far it is', async () => {
    await notice.getByRole('textbox', { name: 'Type PANIC in place of the hold' }).fill('PANIC');
    // Without its program the page looks again by itself, and is not covered by a notice.
    await problems.networkFails(async () => {
      await notice.getByRole('button', { name: 'Close everything' }).click();
      await expect(page).toHaveURL(/\/panic\/[0-9a-f]{32}$/);
      await expect(page.getByRole('region', { name: 'In short' })).toContainText('Accepted');
      await flatByTheApi(page);
      await expect(page.getByRole('heading', { name: 'Verified flat', exact: true })).toBeVisible();
    });
    await expect(page.getByRole('table', { name: /^Legs of/ }).getByRole('row').filter({ hasText: 'flat' })).toHaveCount(2);
    await expectAccessible(page);
    await expectFits(page);
  });

  await test.step('the console agrees once its program runs', async () => {
    await page.unroute(WASM);
    await page.getByRole('link', { name: 'Back to the console' }).click();
    await expectPanicked(page);
  });
});

test('a broken program is told, and the page can still be read', async ({ page, server }) => {
  await open(page);
  const session = await startSession(page);
  await page.route(WASM, (route) => route.fulfill({ contentType: 'application/wasm', body: 'no program' }));
  await page.reload();
  const notice = page.getByRole('alertdialog', { name: 'This page did not start. Trading goes on.' });
  await expect(notice.getByRole('status')).toHaveText('The failure was reported.');
  await expect.poll(async () => (await api(page, 'GET', '/api/v1/logs?event=ui.boot_failed')).body.records.length).toBe(1);
  await notice.getByRole('button', { name: 'Only read this page' }).click();
  await expect(notice).toBeHidden();
  await expect(page.getByRole('main')).toContainText(session.session_id);
  expect(server.said()).toContain('ui.boot_failed');
});

test('a trap in a running page shuts the page and not the trading', async ({ page }) => {
  await open(page);
  await startSession(page);
  await page.evaluate(() => {
    window.dispatchEvent(new ErrorEvent('error', { error: new WebAssembly.RuntimeError('unreachable') }));
  });
  const notice = page.getByRole('alertdialog', { name: 'This page has stopped. Trading has not.' });
  await expect(notice.getByRole('status')).toHaveText('The failure was reported.');
  expect((await newestSession(page)).lifecycle).toBe('RUNNING');
  await notice.getByRole('button', { name: 'Reload this page' }).click();
  await expect(page.getByRole('banner').getByText('live', { exact: true })).toBeVisible();
});

test.describe('without any script', () => {
  test.use({ javaScriptEnabled: false });

  test('the emergency form of the sign-in page closes everything', async ({ page, browser, server }) => {
    const other = await browser.newContext({ baseURL: server.url, javaScriptEnabled: true });
    const desk = await other.newPage();
    await open(desk);
    await startSession(desk);

    await page.goto('/login');
    await page.getByText('Emergency: close everything').click();
    const form = page.getByRole('form', { name: 'Close everything' });
    await form.getByRole('textbox', { name: 'User' }).fill(USERNAME);
    await form.getByRole('textbox', { name: 'Password' }).fill(PASSWORD);
    await form.getByRole('textbox', { name: 'Type PANIC in place of the hold' }).fill('PANIC');
    await form.getByRole('button', { name: 'Close everything' }).click();
    await expect(page.getByRole('heading', { name: 'Panic accepted' })).toBeVisible();

    await expectPanicked(desk);
    await other.close();
  });
});
