// The browser's log over a bad line: every record arrives once, or its loss is declared. Short forms in the ordinary run, the long
// ones with --full.
import { expect } from './fixtures';
import { hydrated } from './support/hydrated';
import { open } from './support/console';
import { AMPLE, FULL, books, expectAll, isLog, spooled, stored, tell, test, unlimited } from './support/drill';
import type { Answer } from './support/between';

const OUTAGE_MS = FULL ? 45_000 : 4_000;
const AFTER_S = FULL ? 120 : 6;
/** A hundred at once are sealed at once. */
const RECORDS = 300;

test.use({ environment: AMPLE });

test.describe('an outage loses nothing', () => {
  test.slow(FULL);

  const kinds: Array<[string, Answer | 'cut']> = [
    ['503', { status: 503 }],
    ['429 that says nothing', { status: 429 }],
    ['429 that says when', { status: 429, headers: { 'Retry-After': `${AFTER_S}` } }],
    ['nobody there', 'cut'],
  ];
  for (const [name, answer] of kinds) {
    test(name, async ({ page, line, problems, context }) => {
      await unlimited(context);
      await open(page, '/trades');
      await problems.anythingFails(async () => {
        line.answers = (asked) => (isLog(asked) ? answer : undefined);
        const begun = Date.now();
        for (let part = 0; part < 3; part += 1) {
          await tell(page, { name: 'outage', from: (part * RECORDS) / 3, count: RECORDS / 3 });
          await page.waitForTimeout(OUTAGE_MS / 3);
        }
        const tried = line.asked.filter((asked) => isLog(asked) && asked.at >= begun);
        expect(tried.length, 'it was tried').toBeGreaterThan(0);
        expect(tried.length, 'requests of an outage').toBeLessThanOrEqual(12);
        expect(await spooled(page), 'what waits is on disk').toBeGreaterThan(0);
        line.answers = () => undefined;
        await expectAll(page, 'outage', RECORDS, 130_000);
      });
      await expect.poll(() => spooled(page)).toBe(0);
      expect((await books(page)).unexplained_loss).toBe(0);
    });
  }

  test('the same bytes under the same id, however often', async ({ page, line, problems, context }) => {
    await unlimited(context);
    await open(page, '/trades');
    await problems.anythingFails(async () => {
      let times = 0;
      line.answers = (asked) => (isLog(asked) && times++ < 3 ? { status: 503 } : undefined);
      await tell(page, { name: 'same', count: 200, letters: 20 });
      await expectAll(page, 'same', 200);
    });
    const of = new Map<string, Set<string>>();
    for (const { headers, bytes } of line.batches) {
      const bid = `${headers['idempotency-key']}`;
      of.set(bid, (of.get(bid) ?? new Set()).add(bytes.toString('base64')));
    }
    expect([...of.values()].map((forms) => forms.size)).toEqual([...of.keys()].map(() => 1));
    expect(line.batches.length).toBeGreaterThan(of.size);
  });

  test('offline, closed, and opened again', async ({ page, line, problems, context }) => {
    await unlimited(context);
    await open(page, '/trades');
    await problems.anythingFails(async () => {
      await context.setOffline(true);
      // What outlives its page is not held by the emulation.
      line.answers = (asked) => (isLog(asked) ? 'cut' : undefined);
      await tell(page, { name: 'offline', count: RECORDS, letters: 30 });
      await page.waitForTimeout(FULL ? 45_000 : 500);
      await page.close();
      await context.setOffline(false);
      line.answers = () => undefined;
      const next = await context.newPage();
      await next.goto('/trades');
      await hydrated(next);
      await expectAll(next, 'offline', RECORDS);
      await expect.poll(() => spooled(next)).toBe(0);
      const late = line.batches.filter(({ headers }) => headers['x-spooled']);
      expect(late.length, 'it came from the disk').toBeGreaterThan(0);
      const [record] = await stored(next, 'offline');
      expect([record.user_id, record.session_bound]).toEqual(['admin', true]);
      expect((await books(next)).unexplained_loss).toBe(0);
    });
  });
});

test('replies that are cut and a server that starts again: nothing twice, nothing lost', async ({ page, line, server, problems, context }) => {
  const count = FULL ? 100_000 : 2_000;
  test.setTimeout(FULL ? 1_200_000 : 120_000);
  await unlimited(context);
  await open(page, '/trades');
  let turn = 0;
  // Every third or so, by a fixed sequence.
  line.loses = (asked) => isLog(asked) && (turn = (turn * 1_103_515_245 + 12_345) % 2_147_483_648) % 100 < 30;
  await problems.anythingFails(async () => {
    const part = count / 20;
    for (let at = 0; at < 20; at += 1) {
      await tell(page, { name: 'cut', from: at * part, count: part, letters: 4 });
      if (at === 10) {
        await server.killHard();
        await server.up();
      }
      await page.waitForTimeout(50);
      // A page keeps sixteen batches; what is more than that is declared as lost, which is right and another drill.
      await expect.poll(() => spooled(page), { timeout: 120_000 }).toBeLessThan(6);
    }
    await expectAll(page, 'cut', count, FULL ? 900_000 : 90_000);
  });
  const lost = line.batches.length - new Set(line.batches.map(({ said }) => said.bid)).size;
  console.log(`cut replies: ${count} records, ${line.batches.length} requests, ${lost} of them repeats`);
  expect(lost, 'some were sent again').toBeGreaterThan(0);
});

for (const then of ['leave', 'close'] as const) {
  test(`2,000 records in the task that ${then === 'leave' ? 'leaves' : 'closes'} the page arrive`, async ({ page, line, context }) => {
    await unlimited(context);
    await open(page, '/trades');
    // Only a page that a page has opened may close itself.
    const opened = then === 'close' ? context.waitForEvent('page') : undefined;
    if (opened) await page.evaluate(() => void window.open('/trades'));
    const told = (await opened) ?? page;
    await hydrated(told);
    await expect.poll(() => told.evaluate(() => performance.now())).toBeGreaterThan(1_500);
    await tell(told, { name: 'exit', count: 2_000, letters: 4, then });
    await expectAll(page, 'exit', 2_000);
    const last = line.batches.filter(({ said }) => said.recs.some(({ m }: any) => m.includes('exit-')));
    const bids = new Set(last.map(({ said }) => said.bid));
    // Nobody is left who could hear that it arrived: the next page may send what is on disk once more, under the same id.
    const exit = last.filter(({ headers }) => !headers['x-spooled']);
    const bytes = exit.reduce((sum, { bytes: { length } }) => sum + length, 0);
    const each = exit.map(({ said, bytes: { length } }) => `${said.recs.length} in ${length}`).join(', ');
    console.log(`exit by ${then}: ${bids.size} batches, ${exit.length} requests, ${bytes} bytes (${each}), ${last.length - exit.length} from the disk`);
    expect(exit.length).toBeLessThanOrEqual(2);
    expect(bids.size).toBeLessThanOrEqual(2);
    expect(bytes).toBeLessThanOrEqual(60_000);
  });
}

test('a page that hears that its last words failed, and only then that it goes, says them once', async ({ page, line, context, problems }) => {
  await unlimited(context);
  await context.addInitScript(() => {
    const real = window.fetch.bind(window);
    window.fetch = (path, init) => {
      const answer = real(path, init);
      return path === '/api/logs' && init?.keepalive && (window as any).failing ? Promise.reject(new TypeError('Failed to fetch')) : answer;
    };
  });
  await open(page, '/trades');
  await problems.anythingFails(async () => {
    await page.evaluate(() => Object.assign(window, { failing: true }));
    await tell(page, { name: 'once', count: 200, then: 'leave' });
    await hydrated(page);
    await expectAll(page, 'once', 200);
    await expect.poll(() => spooled(page), { timeout: 40_000 }).toBe(0);
  });
  const all = line.batches.filter(({ said }) => said.recs.some(({ m }: any) => m.includes('once-')));
  const bids = all.filter(({ headers }) => !headers['x-spooled']).map(({ said }) => said.bid);
  expect(bids.length).toBeGreaterThan(0);
  expect(bids, 'each of them once').toEqual([...new Set(bids)]);
});

test('with the limits of every page, what leaves is delivered or declared', async ({ page, line }) => {
  await open(page, '/trades');
  await tell(page, { name: 'limited', count: 2_000, then: 'leave' });
  await hydrated(page);
  await expect.poll(async () => (await stored(page, 'limited')).length).toBeGreaterThan(0);
  const delivered = (await stored(page, 'limited')).length;
  const of = () => new Map(line.batches.filter(({ said }) => said.recs.some(({ m }: any) => m.includes('limited-'))).map(({ said }) => [said.bid, said]));
  const tid = [...of().values()][0].tid;
  const all = [...new Map(line.batches.filter(({ said }) => said.tid === tid).map(({ said }) => [said.bid, said])).values()];
  const declared = all.flatMap(({ drops }) => drops).filter(({ why }: any) => why === 'rate').reduce((sum: number, { c }: any) => sum + c, 0);
  console.log(`exit with limits: ${delivered} delivered, ${declared} declared`);
  expect(delivered + declared).toBe(2_000);
  expect((await books(page)).unexplained_loss).toBe(0);
});

for (const kind of ['at once', 'offline', 'after five seconds'] as const) {
  test(`last words larger than a browser takes from a page that goes: ${kind}`, async ({ page, line, problems, context }) => {
    await unlimited(context);
    await open(page, '/trades');
    await problems.anythingFails(async () => {
      const opened = context.waitForEvent('page');
      await page.evaluate(() => void window.open('/trades'));
      const last = await opened;
      await hydrated(last);
      if (kind === 'offline') await context.setOffline(true);
      if (kind === 'after five seconds') line.delays = (asked) => (isLog(asked) ? 5_000 : 0);
      await tell(last, { name: 'words', count: 400, letters: 900, then: 'close' });
      if (kind === 'offline') await context.setOffline(false);
      await page.reload();
      await hydrated(page);
      await expectAll(page, 'words', 400, 90_000);
      line.delays = () => 0;
      // One a second.
      await expect.poll(() => spooled(page), { timeout: 40_000 }).toBe(0);
    });
    const largest = Math.max(...line.batches.map(({ bytes }) => bytes.length));
    expect(largest).toBeLessThanOrEqual(60_000);
  });
}

test('no more than a browser takes is under way in requests that outlive their page', async ({ page, line, context }) => {
  await unlimited(context);
  await context.addInitScript(() => {
    const real = window.fetch.bind(window);
    const booked = { now: 0, bytes: 0, most: 0, mostBytes: 0, ordinary: 0 };
    Object.assign(window, { booked });
    window.fetch = async (path, init) => {
      if (path !== '/api/logs' || !init?.keepalive) {
        booked.ordinary += path === '/api/logs' ? 1 : 0;
        return real(path, init);
      }
      const cost = (init.body as Uint8Array).length + 1_000;
      booked.now += 1;
      booked.bytes += cost;
      booked.most = Math.max(booked.most, booked.now);
      booked.mostBytes = Math.max(booked.mostBytes, booked.bytes);
      const answer = await real(path, init);
      const text = await answer.text();
      booked.now -= 1;
      booked.bytes -= cost;
      return new Response(text, { status: answer.status, headers: answer.headers });
    };
  });
  await open(page, '/trades');
  line.delays = (asked) => (isLog(asked) ? 1_500 : 0);
  for (let part = 0; part < 3; part += 1) {
    await tell(page, { name: 'booked', from: part * 100, count: 100, letters: 900 });
    await page.evaluate(() => (window as any).deltascope.module.signal(0, 0));
  }
  await expectAll(page, 'booked', 300);
  const booked = await page.evaluate(() => (window as any).booked);
  console.log(`requests that outlive: at most ${booked.most} and ${booked.mostBytes} bytes at once, ${booked.ordinary} ordinary ones`);
  expect(booked.most).toBeGreaterThan(0);
  expect(booked.most).toBeLessThanOrEqual(8);
  expect(booked.mostBytes).toBeLessThanOrEqual(60_000);
  expect(booked.ordinary).toBeGreaterThan(0);
});

test('a browser that refuses such requests is asked once more for an ordinary one, with the same id', async ({ page, line, context }) => {
  await unlimited(context);
  await context.addInitScript(() => {
    const real = window.fetch.bind(window);
    const refused: string[] = [];
    Object.assign(window, { refused });
    window.fetch = async (path, init) => {
      if (path !== '/api/logs' || !init?.keepalive) return real(path, init);
      refused.push((init.headers as Record<string, string>)['Idempotency-Key']);
      throw new TypeError('Failed to fetch');
    };
  });
  await open(page, '/trades');
  await tell(page, { name: 'refused', count: 20 });
  await page.evaluate(() => (window as any).deltascope.module.signal(0, 0));
  await expectAll(page, 'refused', 20);
  const refused: string[] = await page.evaluate(() => (window as any).refused);
  const [batch] = line.batches.filter(({ said }) => said.recs.some(({ m }: any) => m.includes('refused-')));
  expect(refused).toContain(batch.said.bid);
});

test('what a server says about bytes from the disk is obeyed', async ({ page, line, problems }) => {
  await problems.anythingFails(async () => {
    const bids: Record<string, string> = {};
    let large = 0;
    line.answers = ({ path, headers }) => {
      const bid = `${headers['idempotency-key']}`;
      if (path !== '/api/logs') return undefined;
      if (bid === bids.bad) return { status: 400 };
      if (bid === bids.large && large++ === 0) return { status: 413 };
      if (bid === bids.packed && headers['content-encoding']) return { status: 415 };
      return undefined;
    };
    await open(page, '/trades');
    Object.assign(
      bids,
      await page.evaluate(async () => {
        const { log, sid } = (window as any).deltascope;
        const made: Record<string, string> = {};
        for (const name of ['bad', 'large', 'packed']) {
          const bid = (made[name] = log.uuid7());
          const recs = [1, 2, 3].map((n) => ({ d: n, n, l: 13, ev: 'ui.log', m: `${name} ${n}` }));
          const text = JSON.stringify({ v: 1, bid, bseq: 1, sid, tid: name, app: { n: 'web' }, ctx: {}, t0: Date.now(), n0: 1, drops: [], recs });
          const packed = new Response(new Blob([text]).stream().pipeThrough(new CompressionStream('gzip')));
          const body = name === 'packed' ? new Uint8Array(await packed.arrayBuffer()) : new TextEncoder().encode(text);
          log.put({ bid, body, gzip: name === 'packed', level: 13, low: 13, tab: 'gone', at: Date.now() });
        }
        return made;
      }),
    );
    await page.reload();
    await expect.poll(() => spooled(page), { timeout: 40_000 }).toBe(0);
    const of = (name: string) => line.batches.filter(({ said }) => said.tid === name).map(({ said }) => ({ old: said.bid === bids[name], recs: said.recs.length, drops: said.drops.map(({ why, c }: any) => `${why} ${c}`) }));
    expect(of('bad')).toEqual([{ old: true, recs: 3, drops: [] }, { old: false, recs: 0, drops: ['rejected 3'] }]);
    expect(of('large').map(({ old, recs }) => [old, recs])).toEqual([[true, 3], [false, 1], [false, 2]]);
    expect(of('packed').map(({ old, recs }) => [old, recs])).toEqual([[true, 3], [true, 3]]);
  });
});

test('the logger that cannot send says so once, asks once a minute, and sends all of it later', async ({ page, line, problems }) => {
  await page.clock.install();
  await open(page, '/trades');
  await problems.anythingFails(async () => {
    let mode: Answer | 'cut' | undefined = 'cut';
    line.answers = (asked) => (isLog(asked) ? mode : undefined);
    const minutes = 3;
    const tries: number[] = [];
    for (const next of ['cut', { status: 500 }] as const) {
      mode = next;
      for (let minute = 0; minute < minutes; minute += 1) {
        const before = line.asked.filter(isLog).length;
        for (let at = 0; at < 30; at += 1) {
          if (at < 10 && minute === 0) await tell(page, { name: `own${typeof next}`, from: at, count: 1 });
          await page.clock.runFor(2_000);
          await page.waitForTimeout(15);
        }
        tries.push(line.asked.filter(isLog).length - before);
      }
    }
    console.log(`requests in each of ${minutes} minutes of no answer and ${minutes} of 500: ${tries.join(', ')}`);
    expect(tries[0]).toBeLessThanOrEqual(14);
    // Once in thirty to sixty seconds.
    expect(Math.max(...tries.slice(1))).toBeLessThanOrEqual(3);
    mode = undefined;
    await page.clock.runFor(90_000);
    await expect.poll(async () => {
      await page.clock.runFor(5_000);
      return (await stored(page, 'ownstring')).length + (await stored(page, 'ownobject')).length;
    }).toBe(20);
  });
  const own = line.batches.flatMap(({ said }) => said.recs).filter(({ ev, m }: any) => /logs|spool|logger/.test(`${ev} ${m}`));
  expect(new Set(own.map(({ n }: any) => n)).size, 'records about the log itself').toBeLessThanOrEqual(1);
});

test('a page whose process is killed: the browser sends its last warning', async ({ page, line, problems }) => {
  await page.goto('/login');
  await hydrated(page);
  test.skip(!(await page.evaluate(() => 'fetchLater' in window)), 'this browser has no fetchLater');
  await problems.anythingFails(async () => {
    line.hangs = isLog;
    await page.getByRole('textbox', { name: 'User' }).first().fill('admin');
    await page.getByLabel('Password').first().fill('wrong');
    await page.getByRole('button', { name: 'Sign in' }).click();
    await expect.poll(() => line.batches.length).toBeGreaterThan(0);
    const [{ said }] = line.batches;
    await page.goto('chrome://crash').catch(() => undefined);
    await expect.poll(() => line.batches.some((batch) => batch.headers['x-spooled'] && batch.said.bid === said.bid)).toBe(true);
  });
  problems.found.length = 0;
});
