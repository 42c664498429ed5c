// Alerts as people meet them: on the strip of whatever page is open, on their own page, and in the settings.
import { api, expect, hydrated, test } from './fixtures';
import { open } from './support/console';

test.use({
  environment: {
    DELTASCOPE__NOTIFY__WEBHOOK_URL: 'http://127.0.0.1:9/hook',
    DELTASCOPE__NOTIFY__WEBHOOK_SECRET: 'a secret',
  },
});

test('a panic is on the strip of an open page, is acknowledged once, and leaves the strip', async ({ page, context }) => {
  await open(page, '/telemetry');
  const strip = page.getByRole('region', { name: 'State' });
  await expect(strip.getByRole('link', { name: '1 alert' })).toBeHidden();
  const other = await context.newPage();
  await open(other, '/alerts');
  await expect(other.getByRole('heading', { name: 'Nothing fires' })).toBeVisible();
  expect((await api(page, 'POST', '/api/v1/panic')).status).toBe(202);
  await expect(strip.getByRole('link', { name: '1 alert' })).toBeVisible();
  await expect(other.getByRole('article', { name: 'critical: Panic started' })).toBeVisible();

  await strip.getByRole('link', { name: '1 alert' }).click();
  await hydrated(page);
  await page.getByRole('button', { name: 'Acknowledge Panic started' }).click();
  await expect(page.getByText('Acknowledged: it is not told again')).toBeVisible();
  await expect(other.getByRole('region', { name: 'Acknowledged' })).toContainText('by admin');
  await expect(strip.getByRole('link', { name: '1 alert' })).toBeHidden();
  await expect(page.getByRole('region', { name: 'Deliveries' })).toContainText('Webhook');
  await other.close();
});

test('a rule is silenced with a reason, and a level is set for a while, without script', async ({ browser, server, page }) => {
  await open(page);
  const state = await page.context().storageState();
  const plain = await browser.newContext({ storageState: state, javaScriptEnabled: false, baseURL: server.url });
  const document = await plain.newPage();
  await document.goto('/alerts');
  await document.getByRole('link', { name: 'Silence Forwarder held or lagging' }).click();
  await document.getByLabel('Why').fill('Elasticsearch is restarted');
  await document.getByRole('button', { name: 'Silence', exact: true }).click();
  await expect(document.getByText('admin: Elasticsearch is restarted')).toBeVisible();
  await document.getByRole('button', { name: 'End the silence of Forwarder held or lagging' }).click();
  await expect(document.getByText('The silence is over.')).toBeVisible();
  await document.goto('/settings');
  await document.getByLabel('Target').selectOption('venue');
  await document.getByLabel('Why').fill('why so many calls');
  await document.getByRole('button', { name: 'Set level' }).click();
  await expect(document.getByText('why so many calls')).toBeVisible();
  await document.getByRole('button', { name: 'Set venue back to info' }).click();
  await expect(document.getByText('why so many calls')).toBeHidden();
  await document.goto('/runbook#alert-panic-started');
  await expect(document.getByRole('heading', { name: 'Alert: Panic started' })).toBeVisible();
  await plain.close();
});
