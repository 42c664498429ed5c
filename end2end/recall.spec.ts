// Who comes back to Analytics or Trades sees at once what was there, with its age, while the page is read anew; a record
// says so; and nothing of it is left after a sign-out. The document is held up as long as each step needs it.
import type { Page } from '@playwright/test';
import { api, expect, hydrated } from './fixtures';
import type { Between } from './support/between';
import { open } from './support/console';
import { test } from './support/drill';

type Seen = { at: string; heading: string; note: string; scope: string; start: boolean; current: string; panic: boolean };

const link = (page: Page, name: string) => page.getByRole('navigation', { name: 'Pages' }).getByRole('link', { name, exact: true });
const remembered = (page: Page) => page.evaluate(() => sessionStorage.getItem('deltascope-kept'));

/** The page says what it shows whenever that changes: while a document is awaited nobody can look into it from outside. */
async function watch(page: Page, line: Between): Promise<() => Seen> {
  line.answers = ({ path }) => (path.startsWith('/seen?') ? { status: 204 } : undefined);
  await page.addInitScript(() => {
    let before = '';
    setInterval(() => {
      const text = (selector: string) => document.querySelector<HTMLElement>(selector)?.innerText.replace(/\s+/g, ' ').trim() ?? '';
      const shows = (selector: string) => !!document.querySelector<HTMLElement>(selector)?.checkVisibility();
      const now = JSON.stringify({
        at: location.pathname, heading: text('main[data-kept] h2'), note: text('main[data-kept] [role=status]'),
        scope: text('main[data-kept] .scope'), start: shows('.presets'), current: text('.nav [aria-current]'), panic: shows('.panic'),
      });
      if (now === before) return;
      before = now;
      // Stopped once it was said: what is under way would be stopped as well.
      const stop = sessionStorage.getItem('stop') && document.querySelector('main[data-kept]');
      if (stop) sessionStorage.removeItem('stop');
      void fetch(`/seen?${encodeURIComponent(now)}`).then(() => stop && window.stop(), () => 0);
    }, 50);
  });
  return () => {
    const last = line.asked.filter(({ path }) => path.startsWith('/seen?')).at(-1);
    return JSON.parse(decodeURIComponent(last?.path.slice('/seen?'.length) ?? '{}'));
  };
}

/** Holds the document of this path until the answer is called. */
function hold(line: Between, path: string): () => void {
  let go: () => void = () => undefined;
  const gate = new Promise<void>((open) => { go = open; });
  line.holds = (asked) => (asked.path === path ? gate : undefined);
  return () => {
    line.holds = () => undefined;
    go();
  };
}

async function documents(page: Page): Promise<{ cache: string; cache_age_ms?: number }[]> {
  const answer = await api(page, 'GET', '/api/v1/logs?source=frontend&event=ui.document_loaded&limit=100');
  return (answer.body.records as { payload: { cache: string; cache_age_ms?: number } }[]).map(({ payload }) => payload);
}

test('a return shows what was there at once, with its age, and then what is there now', async ({ page, line }) => {
  const seen = await watch(page, line);
  await open(page);
  await link(page, 'Analytics').click();
  await expect(page.getByRole('heading', { name: 'No trades yet' })).toBeVisible();
  await hydrated(page);
  await expect.poll(() => remembered(page)).toContain('/analytics');
  await expect(page.locator('.scope .age')).toHaveText(/read [2-9]/);
  await link(page, 'Control').click();
  await expect(page.getByRole('button', { name: 'Start in simulation' })).toBeVisible();
  await hydrated(page);

  await test.step('by a link', async () => {
    const release = hold(line, '/analytics');
    await link(page, 'Analytics').click({ noWaitAfter: true });
    await expect.poll(seen).toMatchObject({ at: '/', heading: 'No trades yet', start: false, current: 'Analytics', panic: true });
    expect(seen().note).toMatch(/^As it was \d+(\.\d)? s ago\. It is being read anew\.$/);
    expect(seen().scope).toMatch(/read \d+(\.\d)? s$/);
    const seconds = () => Number.parseFloat(seen().note.replace('As it was ', ''));
    const first = seconds();
    expect(first).toBeGreaterThan(2);
    await expect.poll(seconds, 'its age grows').toBeGreaterThan(first + 1);
    release();
    await expect.poll(seen).toMatchObject({ at: '/analytics', heading: '', note: '' });
    await expect(page.getByRole('heading', { name: 'No trades yet' })).toBeVisible();
    await hydrated(page);
  });

  await test.step('a record says that it was there, and how old', async () => {
    const hits = async () => (await documents(page)).filter(({ cache, cache_age_ms }) => cache === 'hit' && Number(cache_age_ms) > 2_000);
    await expect.poll(async () => (await hits()).length).toBe(1);
    expect((await documents(page)).filter(({ cache }) => cache === 'miss').length).toBeGreaterThanOrEqual(1);
  });

  await test.step('by Back', async () => {
    await link(page, 'Control').click();
    await expect(page.getByRole('button', { name: 'Start in simulation' })).toBeVisible();
    await hydrated(page);
    const release = hold(line, '/analytics');
    await page.evaluate(() => void setTimeout(() => history.back(), 0));
    await expect.poll(seen).toMatchObject({ at: '/', heading: 'No trades yet', current: 'Analytics' });
    release();
    await expect.poll(seen).toMatchObject({ at: '/analytics', heading: '', note: '' });
  });
});

test('a return that is stopped leaves the page as it was', async ({ page, line }) => {
  const seen = await watch(page, line);
  await open(page, '/trades');
  await expect.poll(() => remembered(page)).toContain('/trades');
  await link(page, 'Control').click();
  await expect(page.getByRole('button', { name: 'Start in simulation' })).toBeVisible();
  await hydrated(page);
  await page.evaluate(() => sessionStorage.setItem('stop', '1'));
  const release = hold(line, '/trades');
  await link(page, 'Trades').click({ noWaitAfter: true });
  const was = () => line.asked.some(({ path }) => decodeURIComponent(path).includes('"heading":"Finished sessions"'));
  await expect.poll(was).toBe(true);
  await expect.poll(seen).toMatchObject({ at: '/', heading: '', start: true, current: 'Control' });
  release();
});

test('a sign-out takes it along, on every tab', async ({ page, context }) => {
  await open(page, '/analytics');
  const other = await context.newPage();
  await other.goto('/trades');
  await hydrated(other);
  for (const tab of [page, other]) await expect.poll(() => remembered(tab)).not.toBeNull();
  await page.getByRole('button', { name: 'Sign out' }).click();
  await expect(page).toHaveURL(/\/login/);
  for (const tab of [page, other]) await expect.poll(() => remembered(tab)).toBeNull();
});
