// What the first load of Control weighs as it travels, and what its feed says in a minute; beyond the budget it fails.
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { type CDPSession, type Page } from '@playwright/test';
import { api, expect, test } from './fixtures';
import { expectTruths, fed, open } from './support/console';
import { ROOT } from './support/program';

/** Bytes as they travel, headers included. The budgets are what was reached; `TARGET` is what they shall come down to. */
const BUDGET = { idle: 163_000, running: 219_000, feed: 500_000 };
const TARGET = { idle: 180_000, running: 250_000 };

type Resource = { path: string; bytes: number };

/**
 * Loads the page with an empty cache and adds up what came for that very document. Questions to the API and the feed are no part of it,
 * nor is what the page of before had still under way.
 */
async function firstLoad(page: Page, ready: () => Promise<void>): Promise<Resource[]> {
  const session = await page.context().newCDPSession(page);
  const before = await loader(session);
  const asked = new Map<string, { path: string; loader: string }>();
  const came: { id: string; bytes: number }[] = [];
  session.on('Network.responseReceived', ({ requestId, loaderId, response }) =>
    asked.set(requestId, { path: new URL(response.url).pathname, loader: loaderId }));
  session.on('Network.loadingFinished', ({ requestId, encodedDataLength }) => came.push({ id: requestId, bytes: encodedDataLength }));
  await session.send('Network.enable');
  await session.send('Network.clearBrowserCache');
  await page.reload();
  await ready();
  await page.waitForLoadState('networkidle');
  const now = await loader(session);
  expect(now, 'the page was loaded anew').not.toBe(before);
  await session.detach();
  return came
    .flatMap(({ id, bytes }) => ({ bytes, ...(asked.get(id) ?? { path: '/api/', loader: '' }) }))
    .filter((resource) => resource.loader === now && !resource.path.startsWith('/api/'))
    .sort((a, b) => b.bytes - a.bytes);
}

/** The name the browser gives to the document that is shown and to all that is loaded for it. */
async function loader(session: CDPSession): Promise<string> {
  const { frameTree } = await session.send('Page.getFrameTree');
  return frameTree.frame.loaderId;
}

function kilobytes(bytes: number): string {
  return (bytes / 1000).toFixed(1).padStart(8);
}

function weigh(name: 'idle' | 'running', resources: Resource[]): void {
  const all = resources.reduce((sum, { bytes }) => sum + bytes, 0);
  const rows = [...resources, { path: 'all', bytes: all }, { path: 'budget', bytes: BUDGET[name] }, { path: 'target', bytes: TARGET[name] }];
  console.log([`first load of Control, ${name}, kB as it travels`, ...rows.map(({ path, bytes }) => `${kilobytes(bytes)}  ${path}`)].join('\n'));
  expect(resources.some(({ path }) => path.endsWith('.wasm')), 'the module was loaded anew').toBe(true);
  expect(all, `the first load of Control, ${name}`).toBeLessThanOrEqual(BUDGET[name]);
}

/** Bytes of a minute, from frames of ten seconds by the server's own clock. */
async function feedOfAMinute(session: CDPSession): Promise<number> {
  let bytes = 0;
  let first: number | undefined;
  return new Promise((done) => {
    session.on('Network.webSocketFrameReceived', ({ response }) => {
      const { ts: at, snapshot } = JSON.parse(response.payloadData);
      if (snapshot) return;
      first ??= at;
      bytes += response.payloadData.length;
      if (at - first >= 10_000) done((bytes * 60_000) / (at - first));
    });
  });
}

/** Beside the page: what weighs is looked at, not how it came to be there. */
async function running(page: Page): Promise<void> {
  const { status } = await api(page, 'POST', '/api/v1/sessions', { preset: 'quick-strangle', execution_mode: 'simulated' });
  expect(status).toBe(202);
  const open = async () => (await api(page, 'GET', '/api/v1/sessions')).body.sessions[0];
  await expect.poll(open).toMatchObject({ lifecycle: 'RUNNING', exposure: 'OPEN' });
}

test('the first load of Control stays within its budget', async ({ page }) => {
  await open(page);
  weigh('idle', await firstLoad(page, () => fed(page)));
  await page.goto('about:blank');
  await running(page);
  await page.goto('/');
  const chart = page.locator('.chart-box canvas').first();
  await expect(chart).toBeVisible();
  weigh('running', await firstLoad(page, async () => {
    await fed(page);
    await expectTruths(page, { Lifecycle: 'Running', Exposure: 'Open' });
    await expect(chart).toBeVisible();
  }));
});

// One place that writes a fraction brings the tables and three algorithms of it, eight kilobytes as they travel: the
// server writes fractions, or the browser does.
test('the module writes no fractions', () => {
  const site = join(ROOT, 'target/release/site/symbols');
  const [symbols] = readdirSync(site);
  const functions = readFileSync(join(site, symbols), 'utf8');
  expect(functions).toContain('telemetry::client::logger::Logger::on');
  expect(functions.split('\n').filter((name) => name.includes('flt2dec'))).toEqual([]);
});

test('the sentinel stays small', async ({ page }) => {
  const html = await (await page.request.get('/login')).text();
  const weigh = (text: string) => gzipSync(text, { level: 9 }).length;
  const boot = /<script nonce="[^"]*">([^]*?)<\/script>/.exec(html)?.[1] ?? '';
  const guard = /src="([^"]*guard[^"]*)"/.exec(html)?.[1] ?? '';
  const bytes = { boot: weigh(boot), guard: weigh(await (await page.request.get(guard)).text()) };
  console.log(`sentinel, gzip: inline part ${bytes.boot}, guard ${bytes.guard} bytes`);
  expect(boot).toContain('window.deltascope');
  expect(bytes.boot).toBeLessThanOrEqual(1_500);
  expect(bytes.guard).toBeGreaterThan(1_000);
  expect(bytes.guard).toBeLessThanOrEqual(5_000);
});

test('the feed of one session says only what changed', async ({ page }) => {
  await open(page);
  await page.goto('about:blank');
  await running(page);
  await page.goto('/');
  const session = await page.context().newCDPSession(page);
  await session.send('Network.enable');
  await page.reload();
  const bytes = await feedOfAMinute(session);
  console.log(`feed of one session: ${kilobytes(bytes)} kB a minute, budget${kilobytes(BUDGET.feed)}`);
  expect(bytes).toBeLessThanOrEqual(BUDGET.feed);
});
