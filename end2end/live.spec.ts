// The live page on a bad line: it can always get out, says what it does not know, and finds its way back.
import { expect, test as base } from './fixtures';
import { Between } from './support/between';
import { expectPanicked, expectTruths, fed, newestSession, open, panel, startSession } from './support/console';
import { hydrated } from './support/hydrated';
import type { Locator, Page } from '@playwright/test';

const test = base.extend<{ line: Between }>({
  line: async ({ server }, use) => {
    const line = await Between.start(server.port);
    await use(line);
    await line.end();
  },
  baseURL: async ({ line }, use) => use(line.url),
});

function link(page: Page): Locator {
  return page.getByRole('banner');
}

async function hold(page: Page): Promise<void> {
  const button = page.getByRole('button', { name: 'Panic: hold one second to close everything' });
  await button.hover();
  await page.mouse.down();
  await expect(button).not.toContainText('keep holding');
  await page.mouse.up();
}

test('PANIC gets through while six requests hang', async ({ page, line }) => {
  await open(page);
  await startSession(page);
  line.hangs = ({ path }) => path.startsWith('/api/v1/sessions?hang') || path === '/api/v1/panic';
  await page.evaluate(() => {
    for (let at = 0; at < 6; at += 1) void fetch(`/api/v1/sessions?hang=${at}`).catch(() => undefined);
  });
  await expect.poll(() => line.asked.filter(({ path }) => path.includes('?hang')).length).toBe(6);
  await hold(page);
  await expectPanicked(page);
});

test('a click that nobody answers is not confirmed, and never refused', async ({ page, line, problems }) => {
  await open(page);
  await startSession(page);
  line.hangs = ({ path }) => path.endsWith('/pause');
  await problems.networkFails(async () => {
    await page.getByRole('button', { name: 'Pause entries' }).click();
    const results = page.getByRole('status', { name: 'Results' });
    await expect(results).toContainText('Pause not confirmed yet');
    await expect(results).toContainText('nothing came within 3 s');
    await expect(results).not.toContainText('refused');
    line.hangs = () => false;
    await expect(results).not.toContainText('not confirmed');
    await expectTruths(page, { Lifecycle: 'Paused' });
  });
  expect(line.asked.filter(({ path }) => path.endsWith('/pause')).length).toBeGreaterThan(1);
});

test('a socket that is open at both ends and says nothing is opened anew', async ({ page, line, problems }) => {
  await open(page);
  await startSession(page);
  const feeds = line.feeds.length;
  await problems.networkFails(async () => {
    line.frozen = true;
    await expect(link(page)).toContainText(/server link \d+/);
    await expect(panel(page, 'Legs')).not.toContainText('all quotes fresh', { useInnerText: true });
    await expect.poll(() => line.feeds.length).toBeGreaterThan(feeds);
    line.frozen = false;
    await fed(page);
    // And nothing of it stays grey.
    await expect(page.locator('html')).not.toHaveAttribute('data-link', 'stale');
    await expect(panel(page, 'Legs')).toContainText('all quotes fresh', { useInnerText: true });
  });
});

test('a server that accepts and drops is asked less and less', async ({ page, line, problems }) => {
  await open(page);
  await problems.networkFails(async () => {
    const before = line.feeds.length;
    line.drops = true;
    for (const { browser } of line.feeds) browser.destroy();
    // The pauses grow, with chance in them: five connections may take half a minute.
    await expect.poll(() => line.feeds.length, { timeout: 60_000 }).toBeGreaterThan(before + 4);
    const at = line.feeds.slice(before).map((feed) => feed.at);
    const waits = at.slice(1).map((time, index) => time - at[index]);
    expect(waits[3], `waits between connections: ${waits}`).toBeGreaterThan(2 * waits[0]);
    line.drops = false;
    await fed(page);
  });
});

test('signing out closes every feed of the login', async ({ page, context, line }) => {
  await open(page);
  const other = await context.newPage();
  await other.goto('/');
  await hydrated(other);
  await fed(other);
  await expect.poll(() => line.feedsOpen()).toBe(2);
  await page.getByRole('button', { name: 'Sign out' }).click();
  await expect(page).toHaveURL(/\/login/);
  await expect(other).toHaveURL(/\/login/);
  expect(line.feedsOpen()).toBe(0);
});

test('fifty pages later there is one socket and no leak, and Back still lives', async ({ page, line, problems }) => {
  await open(page);
  const session = await startSession(page);
  const cdp = await page.context().newCDPSession(page);
  const heap = async () => {
    await cdp.send('HeapProfiler.collectGarbage');
    const { usedSize } = await cdp.send('Runtime.getHeapUsage');
    return usedSize;
  };
  await problems.refused(async () => void (await page.goto('/nowhere')));
  await page.goto('/');
  await fed(page);
  await problems.refused(async () => {
    await page.goBack();
    await page.goForward();
  });
  await fed(page);
  await expectTruths(page, { Lifecycle: 'Running' });
  const before = await heap();
  for (let at = 0; at < 25; at += 1) {
    await page.goto('/telemetry');
    await page.goto('/');
  }
  await hydrated(page);
  await fed(page);
  await expect.poll(() => line.feedsOpen()).toBe(1);
  expect(await heap()).toBeLessThan(before * 1.5);
  expect((await newestSession(page)).session_id).toBe(session.session_id);
});
