// What a page of ours is not to blame for is counted, and uses up no quota of what it is.
import { api, expect, test } from './fixtures';
import { open } from './support/console';

test('harmless noise is one record with a count, and the real error is told', async ({ page, problems }) => {
  await open(page);
  const thrown = page.waitForEvent('pageerror');
  await page.evaluate(() => {
    const told = (message: string, filename: string) => window.dispatchEvent(new ErrorEvent('error', { message, filename, error: undefined }));
    for (let at = 0; at < 6; at += 1) told('ResizeObserver loop completed with undelivered notifications.', location.href);
    told('of somebody else', 'chrome-extension://abc/x.js');
    setTimeout(() => {
      throw new Error('real one');
    });
  });
  await thrown;
  problems.found.length = 0;
  const records = async () => (await api(page, 'GET', '/api/v1/logs?event=ui.script_error')).body.records;
  await expect.poll(async () => (await records()).map((record: any) => record.message)).toEqual([expect.stringContaining('real one')]);
  await page.goto('/telemetry');
  await expect.poll(async () => (await records()).length).toBe(3);
  const noise = (await records()).filter((record: any) => record.payload.origin);
  expect(noise.map((record: any) => [record.payload.origin, record.count ?? 1]).sort()).toEqual([['benign', 6], ['extension', 1]]);
});
