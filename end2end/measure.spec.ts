// What the browser measures of itself, in the store: how the document came, requests by route and minute, what people felt.
import { api, expect, test } from './fixtures';
import { fed, open } from './support/console';

test('a page tells how it came, and one record for all requests of a route', async ({ page }) => {
  await open(page);
  await fed(page);
  await page.goto('/telemetry');
  await expect(page.locator('html[data-hydrated]')).toBeAttached();
  // Polls of a page that is looked at: none of them is a record of its own.
  await page.waitForResponse((answer) => answer.url().endsWith('/api/v1/pipeline') && answer.ok());
  await page.goto('/analytics');
  await expect(page.locator('html[data-hydrated]')).toBeAttached();
  await page.goto('/trades');
  const told = async (event: string) => {
    const answer = await api(page, 'GET', `/api/v1/logs?source=frontend&event=${event}&limit=100`);
    return answer.body.records as { payload: Record<string, unknown> }[];
  };
  await expect.poll(async () => (await told('ui.requests')).length).toBeGreaterThan(0);
  const pipeline = (await told('ui.requests')).filter(({ payload }) => payload.endpoint === '/api/v1/pipeline');
  expect(pipeline).toHaveLength(1);
  expect(String(pipeline[0].payload.histogram).split(' ')).toHaveLength(8);
  expect(Number(pipeline[0].payload.failed)).toBe(0);
  await expect.poll(async () => (await told('ui.document_loaded')).length).toBeGreaterThanOrEqual(3);
  const last = (await told('ui.document_loaded'))[0];
  expect(last.payload.cache).toBe('miss');
  expect(Number(last.payload.files_cached), 'the module came from the cache').toBeGreaterThan(0);
  await expect.poll(async () => (await told('ui.web_vitals')).length).toBeGreaterThanOrEqual(2);
  const vitals = (await told('ui.web_vitals'))[0].payload;
  expect(Number(vitals.lcp_ms)).toBeGreaterThan(0);
  expect((await told('ui.request')).filter(({ payload }) => payload.endpoint === '/api/v1/pipeline')).toHaveLength(0);
});
