// One browser: all its tabs are one session, share what they learn of the server, and what one cannot send another one does.
import { api, expect, hydrated, PASSWORD, USERNAME } from './fixtures';
import { open } from './support/console';
import { AMPLE, books, expectAll, isLog, spooled, stored, tell, test, unlimited } from './support/drill';
import type { Page } from '@playwright/test';

declare const window: any;

test.use({ environment: AMPLE });

async function sid(page: Page): Promise<string> {
  return page.evaluate(() => window.deltascope.sid);
}

for (const many of [2, 10]) {
  test(`${many} tabs are one session of many pages, and each record is its user's`, async ({ page, context }) => {
    await unlimited(context);
    await open(page, '/trades');
    const tabs = [page];
    while (tabs.length < many) {
      const next = await context.newPage();
      await next.goto('/trades');
      await hydrated(next);
      tabs.push(next);
    }
    await Promise.all(tabs.map((tab, at) => tell(tab, { name: `tab${at}`, count: 20 })));
    const found: any[] = [];
    for (let at = 0; at < many; at += 1) found.push(...(await expectAll(page, `tab${at}`, 20)));
    const of = (key: string) => new Set(found.map((record) => record[key]));
    expect([...of('client_session_id')]).toEqual([await sid(page)]);
    expect(of('tab_id').size).toBe(many);
    expect([...of('user_id')]).toEqual(['admin']);
    expect([...of('session_bound')]).toEqual([true]);
    expect((await books(page)).unexplained_loss).toBe(0);
  });
}

test('a sign-out ends the session on every tab and leaves nothing on the disk; a sign-in begins another', async ({ page, line, problems, context }) => {
  await unlimited(context);
  await open(page, '/trades');
  const other = await context.newPage();
  await other.goto('/trades');
  await hydrated(other);
  const first = await sid(page);
  await tell(other, { name: 'other', count: 5 });
  await tell(page, { name: 'own', count: 5 });
  // Left by a page that is gone.
  await page.evaluate(() => {
    const { log, sid } = window.deltascope;
    const bid = log.uuid7();
    const recs = [{ d: 0, n: 1, l: 9, ev: 'ui.log', m: 'of a page that is gone' }];
    const batch = { v: 1, bid, bseq: 1, sid, tid: 'gone', app: { n: 'web' }, ctx: {}, t0: Date.now(), n0: 1, drops: [], recs };
    log.put({ bid, body: new TextEncoder().encode(JSON.stringify(batch)), gzip: false, level: 9, low: 9, tab: 'gone', at: Date.now() });
  });
  await problems.anythingFails(async () => {
    await page.getByRole('button', { name: 'Sign out' }).click();
    await expect(page).toHaveURL(/\/login/);
    await hydrated(page);
    // The page of the sign-in ends it, as soon as it is there.
    await expect.poll(() => sid(page)).not.toBe(first);
    const second = await sid(page);
    await expect.poll(() => sid(other)).toBe(second);
    const left = await page.evaluate(async () => {
      const rows = await window.deltascope.log.all();
      const texts = rows.map(({ body, gzip }: any) => (gzip ? new Response(new Blob([body]).stream().pipeThrough(new DecompressionStream('gzip'))) : new Response(body)).text());
      return (await Promise.all(texts)).map((text) => JSON.parse(text).recs.length);
    });
    expect(left.filter((records: number) => records > 0)).toEqual([]);
    await page.getByRole('textbox', { name: 'User' }).first().fill(USERNAME);
    await page.getByLabel('Password').first().fill(PASSWORD);
    await page.getByRole('button', { name: 'Sign in' }).click();
    await expect(page.getByRole('banner')).toContainText(/admin|Sign out/);
    await hydrated(page);
    const third = await sid(page);
    expect(third).not.toBe(second);
    await tell(page, { name: 'again', count: 5 });
    const [again] = await expectAll(page, 'again', 5);
    expect([again.client_session_id, again.user_id, again.session_bound]).toEqual([third, 'admin', true]);
    for (const name of ['own', 'other']) {
      const [record] = await expectAll(page, name, 5);
      expect([record.client_session_id, record.user_id]).toEqual([first, 'admin']);
    }
    // What was wiped is declared by whoever sends next in the name of who told it.
    await expect.poll(() => line.batches.some(({ said }) => said.tid === 'gone' && said.drops.some(({ why, c }: any) => why === 'auth' && c === 1))).toBe(true);
  });
});

test('what one tab learns of a server that is shut, the others need not ask', async ({ page, line, problems, context }) => {
  await unlimited(context);
  await open(page, '/trades');
  const other = await context.newPage();
  await other.goto('/trades');
  await hydrated(other);
  await expect.poll(() => line.batches.length).toBeGreaterThan(1);
  await problems.anythingFails(async () => {
    line.answers = (asked) => (isLog(asked) ? { status: 503, headers: { 'Retry-After': '5' } } : undefined);
    await tell(page, { name: 'shut', count: 100 });
    await expect.poll(() => line.asked.filter(isLog).length).toBeGreaterThan(0);
    const learnt = () => other.evaluate(() => window.deltascope.log.until() > Date.now());
    await expect.poll(learnt).toBe(true);
    const before = line.asked.filter(isLog).length;
    await tell(other, { name: 'quiet', count: 100 });
    await expect.poll(() => spooled(other)).toBeGreaterThan(1);
    expect(line.asked.filter(isLog).length).toBe(before);
    line.answers = () => undefined;
    await expectAll(page, 'shut', 100);
    await expectAll(page, 'quiet', 100);
  });
});

test('a tab that dies in an outage is told by one that lives', async ({ page, line, problems, context }) => {
  await unlimited(context);
  await open(page, '/trades');
  const other = await context.newPage();
  await other.goto('/trades');
  await hydrated(other);
  await problems.anythingFails(async () => {
    line.answers = (asked) => (isLog(asked) ? 'cut' : undefined);
    await tell(other, { name: 'gone', count: 50 });
    await other.close();
    line.answers = () => undefined;
    await page.bringToFront();
    await tell(page, { name: 'lives', count: 1 });
    await page.evaluate(() => window.dispatchEvent(new Event('online')));
    await expectAll(page, 'gone', 50);
  });
});

test('what is too much or too old for the disk goes, the least and oldest first, and is declared', async ({ page, line, problems }) => {
  await problems.anythingFails(async () => {
    line.answers = (asked) => (isLog(asked) ? { status: 503, headers: { 'Retry-After': '600' } } : undefined);
    await open(page, '/trades');
    await page.evaluate(async () => {
      const { log, sid } = window.deltascope;
      const day = 86_400_000;
      const put = (name: string, level: number, age: number, letters: number) => {
        const bid = log.uuid7();
        const recs = [{ d: 0, n: 1, l: level, ev: 'ui.log', m: 'x'.repeat(letters), rep: { c: 3, f: 0, l: 1 } }];
        const batch = { v: 1, bid, bseq: 1, sid, tid: name, app: { n: 'web' }, ctx: {}, t0: Date.now() - age, n0: 1, drops: [], recs };
        log.put({ bid, body: new TextEncoder().encode(JSON.stringify(batch)), gzip: false, level, low: level, tab: name, at: Date.now() - age });
      };
      put('old', 17, day + 1, 10);
      put('error', 17, 9_000, 700_000);
      put('younger', 9, 7_000, 700_000);
      put('oldest', 9, 8_000, 700_000);
      put('warning', 13, 10_000, 700_000);
    });
    await page.reload();
    const rows = () =>
      page.evaluate(async () => {
        const rows = await window.deltascope.log.all();
        const said = rows.map(async ({ body, gzip }: any) => JSON.parse(await (gzip ? new Response(new Blob([body]).stream().pipeThrough(new DecompressionStream('gzip'))) : new Response(body)).text()));
        const all = (await Promise.all(said)).filter(({ tid }) => tid.length < 10);
        return all.map(({ tid, recs, drops }) => `${tid} ${recs.length} ${drops.map(({ l, why, c }: any) => `${l} ${why} ${c}`)}`).sort();
      });
    await expect.poll(rows).toEqual(['error 1 ', 'old 0 17 expired 3', 'oldest 0 9 spool_full 3', 'warning 1 ', 'younger 0 9 spool_full 3']);
  });
});

for (const [name, spoil] of [
  ['no disk', () => (IDBFactory.prototype.open = () => { throw new DOMException('not in a private window', 'SecurityError'); })],
  ['a disk that is full', () => (IDBObjectStore.prototype.put = function (this: IDBObjectStore) { this.transaction.abort(); return {} as IDBRequest<IDBValidKey>; })],
] as const) {
  test(`${name}: what waits is kept in memory, and it is said`, async ({ page, line, problems, context }) => {
    await unlimited(context);
    await context.addInitScript(spoil);
    await open(page, '/trades');
    await problems.anythingFails(async () => {
      let times = 0;
      line.answers = (asked) => (isLog(asked) && times++ < 2 ? { status: 503 } : undefined);
      await tell(page, { name: 'memory', count: 100 });
      await expectAll(page, 'memory', 100);
      await tell(page, { name: 'said', count: 1, then: 'leave' });
      await expect.poll(() => line.batches.some(({ said }) => said.self.memory === 1)).toBe(true);
    });
  });
}

for (const minutes of [10, -10]) {
  test(`a clock ${minutes} minutes wrong: the records are right`, async ({ page, line, problems, context }) => {
    await unlimited(context);
    await context.addInitScript((off) => {
      const Real = Date;
      const now = Real.now.bind(Real);
      (window as any).Date = class extends Real {
        constructor(...given: any[]) {
          if (given.length) super(...(given as [number]));
          else super(now() + off);
        }
        static override now() {
          return now() + off;
        }
      };
      window.realNow = now;
    }, minutes * 60_000);
    await open(page, '/trades');
    const stamped: string[] = [];
    for (let at = 0; at < 40; at += 1) {
      const name = `clock${await page.evaluate(() => window.realNow())}`;
      stamped.push(name);
      await tell(page, { name, count: 1 });
    }
    await problems.anythingFails(async () => {
      // The last ones wait on the disk, and are told by another page.
      line.answers = (asked) => (isLog(asked) ? 'cut' : undefined);
      const late = `clock${await page.evaluate(() => window.realNow())}`;
      stamped.push(late);
      await tell(page, { name: late, count: 1 });
      await expect.poll(() => spooled(page)).toBeGreaterThan(0);
      await page.close();
      line.answers = () => undefined;
      page = await context.newPage();
      await page.goto('/trades');
      await hydrated(page);
      await expectAll(page, late, 1);
    });
    const { body } = await api(page, 'GET', '/api/v1/logs?event=ui.click&limit=1000');
    const of = (name: string) => body.records.find(({ payload }: any) => String(payload.subject).startsWith(`${name}-`));
    const errors = stamped.map((name) => Math.abs(Date.parse(of(name).timestamp) - Number(name.slice(5)))).sort((a, b) => a - b);
    const p95 = errors[Math.ceil(errors.length * 0.95) - 1];
    console.log(`clock ${minutes} min wrong: p50 ${errors[Math.floor(errors.length / 2)]} ms, p95 ${p95} ms, most ${errors[errors.length - 1]} ms`);
    expect(p95).toBeLessThanOrEqual(100);
  });
}

test('a million of the same are a handful of requests, and every one is counted', async ({ page, line }) => {
  test.setTimeout(240_000);
  await open(page, '/trades');
  await expect.poll(() => line.batches.length).toBeGreaterThan(0);
  const before = line.batches.length;
  const begun = Date.now();
  const { frames, spent } = await page.evaluate(async () => {
    const button = document.createElement('button');
    Object.assign(button.dataset, { does: 'tell', control: 'choose', subject: 'flood-0 ' });
    document.body.append(button);
    let frames = 0;
    let over = false;
    const beat = () => {
      frames += 1;
      if (!over) requestAnimationFrame(beat);
    };
    requestAnimationFrame(beat);
    const from = performance.now();
    const click = new Event('click', { bubbles: true });
    for (let part = 0; part < 1_000; part += 1) {
      for (let at = 0; at < 1_000; at += 1) button.dispatchEvent(click);
      await new Promise((go) => setTimeout(go));
    }
    over = true;
    return { frames, spent: performance.now() - from };
  });
  const told = line.batches.slice(before);
  const perTen = (told.length * 10_000) / Math.max(Date.now() - begun, 10_000);
  const bytes = told.reduce((sum, { bytes: { length } }) => sum + length, 0);
  await page.goto('/trades');
  const counted = async () => (await stored(page, 'flood')).reduce((sum, { count }) => sum + (count ?? 1), 0);
  await expect.poll(counted, { timeout: 60_000 }).toBe(1_000_000);
  console.log(`flood of 1,000,000: ${Math.round(spent)} ms, ${frames} frames, ${told.length} requests, ${bytes} bytes`);
  expect(perTen).toBeLessThanOrEqual(5);
  expect((bytes * 60_000) / Math.max(Date.now() - begun, 60_000)).toBeLessThanOrEqual(65_536);
  expect(frames).toBeGreaterThan(spent / 1000);
  expect((await books(page)).unexplained_loss).toBe(0);
});

test('a refusal of the policy is told, with the page it happened on', async ({ page, problems }) => {
  await open(page, '/trades');
  await page.evaluate(() => {
    new Image().src = 'https://elsewhere.invalid/counted.png?who=me';
  });
  const told = async () => (await api(page, 'GET', '/api/v1/logs?event=ui.script_error')).body.records;
  await expect.poll(async () => (await told()).length).toBe(1);
  const [record] = await told();
  expect([record.payload.kind, record.route]).toEqual(['csp', '/trades']);
  expect(record.message).toContain('img-src');
  expect(JSON.stringify(record)).not.toContain('who=me');
  expect(record.client_session_id).toBe(await sid(page));
  problems.found.length = 0;
});

test('the first record says where the page stands and that it is seen; a hidden page says so', async ({ page, line }) => {
  await open(page, '/trades');
  await expect.poll(() => line.batches.length).toBeGreaterThan(0);
  const first = line.batches.map(({ said }) => said).find(({ n0 }) => n0 === 1);
  expect([first.ctx.route, first.ctx.vis]).toEqual(['/trades', 'visible']);
  await page.evaluate(() => {
    Object.defineProperty(document, 'visibilityState', { configurable: true, get: () => 'hidden' });
    Object.defineProperty(document, 'hidden', { configurable: true, get: () => true });
    document.dispatchEvent(new Event('visibilitychange'));
  });
  await tell(page, { name: 'hidden', count: 1 });
  await page.evaluate(() => window.deltascope.module.signal(0, 0));
  const later = () => line.batches.find(({ said }) => said.recs.some(({ m }: any) => m.includes('hidden-')))?.said.ctx.vis;
  await expect.poll(later).toBe('hidden');
});
