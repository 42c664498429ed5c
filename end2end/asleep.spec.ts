// A machine that slept, and a clock that was set: what the page shows is as old as it is, and nothing waits for a time that does
// not come.
import { api, expect } from './fixtures';
import { fed, open } from './support/console';
import { AMPLE, books, expectAll, isLog, stored, tell, test, unlimited } from './support/drill';
import type { Locator, Page } from '@playwright/test';

test.use({ environment: AMPLE });

const HOUR_MS = 3_600_000;

function spot(page: Page): Locator {
  return page.getByRole('group', { name: 'Spot price' });
}

/** Catches: an offset of before a sleep, which makes everything of after it look a day old. */
test('a tab that slept for more than a day finds its way back, and nothing of it is lost without a word', async ({ page, line, problems }) => {
  await page.clock.install();
  await open(page);
  await problems.anythingFails(async () => {
    line.answers = (asked) => (isLog(asked) ? 'cut' : undefined);
    await tell(page, { name: 'before', count: 5 });
    for (const { browser } of line.feeds) browser.destroy();
    await page.clock.fastForward('25:10:00');
    line.answers = () => undefined;
    // Timers that were due fired once each; time goes on.
    await page.clock.runFor(3_000);
    await expect.poll(() => line.feedsOpen()).toBe(1);
    await fed(page);
    await expect(page.locator('html')).not.toHaveAttribute('data-link', 'stale');
    await expect(spot(page)).not.toContainText(/stale|\d [mhd]\b/, { timeout: 5_000 });
    await tell(page, { name: 'after', count: 5 });
    for (let at = 0; at < 40 && (await stored(page, 'after')).length < 5; at += 1) await page.clock.runFor(2_000);
    const after = await expectAll(page, 'after', 5);
    for (const { timestamp } of after) expect(Math.abs(Date.parse(timestamp) - Date.now())).toBeLessThan(120_000);
  });
  const { unexplained_loss } = await books(page);
  console.log(`asleep: ${(await stored(page, 'before')).length} of 5 from before arrived, ${unexplained_loss} unexplained`);
  expect(unexplained_loss).toBe(0);
});

/** Catches: prices of hours ago in full colour after a machine woke whose steady clock had stood still, until a timeout. */
test('what was on the screen before a night is a night old when the machine wakes', async ({ page, line, problems }) => {
  await page.clock.install();
  await open(page);
  await problems.anythingFails(async () => {
    const before = line.feeds.length;
    line.frozen = true;
    await page.clock.setSystemTime(Date.now() + 8 * HOUR_MS);
    await expect(spot(page)).toContainText(/stale [78] h/);
    await expect(page.locator('html')).toHaveAttribute('data-link', 'stale');
    line.frozen = false;
    await expect.poll(() => line.feeds.length).toBeGreaterThan(before);
    await fed(page);
    await expect(page.locator('html')).not.toHaveAttribute('data-link', 'stale');
    await expect(spot(page)).not.toContainText(/stale|\d [mhd]\b/);
  });
});

/** Catches: a click of the evening that is tried again, and done, in the morning. */
test('a start that nobody had answered before a sleep is not made after it', async ({ page, line, problems }) => {
  await page.clock.install();
  await open(page);
  const isStart = ({ method, path }: { method: string; path: string }) => method === 'POST' && path === '/api/v1/sessions';
  await problems.anythingFails(async () => {
    let slept: Promise<void> | undefined;
    line.answers = (asked) => {
      if (!isStart(asked)) return undefined;
      slept ??= page.clock.setSystemTime(Date.now() + 8 * HOUR_MS);
      return { status: 503 };
    };
    await page.getByRole('button', { name: 'Start in simulation', exact: true }).click();
    await expect(page.getByText('Start not confirmed', { exact: true })).toBeVisible();
    await slept;
    // Of five tries.
    expect(line.asked.filter(isStart).length).toBeLessThan(5);
  });
  expect((await api(page, 'GET', '/api/v1/sessions')).body.sessions).toEqual([]);
});

/** Catches: a back-off that ends by a clock which was set back meanwhile. */
test('a clock that is set back by hours holds up nothing that is told', async ({ page, line, problems, context }) => {
  await unlimited(context);
  await page.clock.install();
  await open(page);
  await problems.anythingFails(async () => {
    line.answers = (asked) => (isLog(asked) ? { status: 429, headers: { 'Retry-After': '8' } } : undefined);
    const asked = line.asked.filter(isLog).length;
    await tell(page, { name: 'back', count: 100 });
    await expect.poll(() => line.asked.filter(isLog).length).toBeGreaterThan(asked);
    await page.clock.setSystemTime(Date.now() - 3 * HOUR_MS);
    line.answers = () => undefined;
    await expectAll(page, 'back', 100);
  });
  await expect(spot(page)).not.toContainText(/stale/);
  expect((await api(page, 'GET', '/health/ready')).status).toBe(200);
  expect((await books(page)).unexplained_loss).toBe(0);
});
