// The ways in which the program of a page dies, each of them for real, in the module that ships: what it had not told yet is told
// by the sentinel, with what led to it and the build that it was.
import { api, expect, hydrated } from './fixtures';
import { open } from './support/console';
import { isLog, tell, test, unlimited } from './support/drill';
import type { Page } from '@playwright/test';

const NOTICE = 'This page has stopped. Trading has not.';

/** The console lines of a program that dies are what is asked for. */
test.afterEach(({ problems }) => void (problems.found.length = 0));

type Death = { name: string; event: string; kind: string; frames: boolean; kill: () => void };

declare const window: any;

/** A panic of the program is told by the suite of the browser's crates: nothing was found that makes the shipped module panic. */
const DEATHS: Death[] = [
  {
    name: 'an unreachable instruction',
    event: 'ui.trapped',
    kind: 'trap',
    frames: true,
    // No allocator has a block of this size.
    kill: () => void setTimeout(() => window.deltascope.wasm.__wbindgen_malloc(0xffffffff, 1)),
  },
  {
    name: 'memory that is used up',
    event: 'ui.trapped',
    kind: 'oom',
    frames: true,
    kill: () =>
      void setTimeout(() => {
        for (;;) window.deltascope.wasm.__wbindgen_malloc(0x7000000, 1);
      }),
  },
  {
    name: 'a stack that is used up',
    event: 'ui.trapped',
    kind: 'trap',
    frames: true,
    // What the program asks of the page asks the program, without end.
    kill: () =>
      void setTimeout(() => {
        const ask = () => window.deltascope.module.signal(5, 0);
        Object.defineProperty(document, 'visibilityState', { configurable: true, get: ask });
        try {
          ask();
        } finally {
          delete (document as any).visibilityState;
        }
      }),
  },
];

async function report(page: Page, event: string): Promise<any> {
  const records = async () => (await api(page, 'GET', `/api/v1/logs?event=${event}`)).body.records;
  await expect.poll(async () => (await records()).length, { message: `reports of ${event}` }).toBe(1);
  return (await records())[0];
}

/** What the same browser session told before. */
async function before(page: Page, told: any): Promise<any[]> {
  const { body } = await api(page, 'GET', '/api/v1/logs?source=frontend&limit=1000');
  return body.records.filter((record: any) => record.client_session_id === told.client_session_id && record.timestamp <= told.timestamp && record.event !== told.event);
}

for (const death of DEATHS) {
  for (const network of ['with a network', 'offline'] as const) {
    test(`${death.name}, ${network}: a report with what led to it`, async ({ page, line, problems, context }) => {
      await unlimited(context);
      await open(page, '/trades');
      await problems.anythingFails(async () => {
        const notice = page.getByRole('alertdialog', { name: NOTICE });
        if (network === 'offline') line.answers = (asked) => (isLog(asked) ? 'cut' : undefined);
        await tell(page, { name: 'led', count: 25 });
        await page.evaluate(death.kill);
        await expect(notice).toBeVisible();
        if (network === 'offline') {
          await expect(notice.getByRole('status')).not.toHaveText('The failure was reported.');
          line.answers = () => undefined;
        }
        await expect(notice.getByRole('status')).toHaveText('The failure was reported.');
        const told = await report(page, death.event);
        expect(told.payload.kind ?? told.error.kind ?? death.kind).toBe(death.kind);
        expect(told.build_id).toMatch(/[0-9a-f]{8,}$/);
        await expect.poll(async () => (await before(page, told)).length, { message: 'records before it' }).toBeGreaterThanOrEqual(25);
        const led = (await before(page, told)).filter(({ payload }) => String(payload.subject).startsWith('led-'));
        expect(led.length, 'each of them once').toBe(25);
        if (death.frames) {
          const stack: string = told.error.stack_trace ?? '';
          expect(stack).toMatch(/wasm-function\[\d+\]/);
          expect(stack.split('\n').some((frame) => /^[\w<$].*wasm-function\[/.test(frame)), stack).toBe(true);
          expect(stack).not.toContain('://');
        }
      });
    });
  }
}

test('a program that never starts is reported with the build, after what the session told before', async ({ page, problems, context }) => {
  await unlimited(context);
  await open(page, '/trades');
  await tell(page, { name: 'led', count: 25 });
  await page.route('**/*.wasm', (route) => route.abort());
  await problems.anythingFails(async () => {
    await page.reload();
    const notice = page.getByRole('alertdialog', { name: 'This page did not start. Trading goes on.' });
    await expect(notice.getByRole('status')).toHaveText('The failure was reported.');
    const told = await report(page, 'ui.boot_failed');
    expect(told.build_id).toMatch(/[0-9a-f]{8,}$/);
    expect(told.route).toBe('/trades');
    const led = async () => (await before(page, told)).map(({ message }) => message).filter((message) => message.includes('led-'));
    await expect.poll(async () => (await led()).length, { message: 'what the page of before told' }).toBe(25);
  });
});

test('it says that it was reported when it was, not before', async ({ page, line, problems }) => {
  await open(page, '/trades');
  await problems.anythingFails(async () => {
    line.hangs = isLog;
    await page.evaluate(DEATHS[0].kill);
    const status = page.getByRole('alertdialog', { name: NOTICE }).getByRole('status');
    await expect(status).toHaveText('Telling the server…');
    await expect(status).toContainText('The report is kept in this browser');
    line.hangs = () => false;
    await expect(status).toHaveText('The failure was reported.', { timeout: 40_000 });
  });
});

test('a program that starts late takes the notice away again', async ({ page, problems }) => {
  await open(page, '/trades');
  await page.clock.install();
  let go = (): void => undefined;
  const held = new Promise<void>((free) => (go = free));
  await page.route('**/*.wasm', async (route) => {
    await held;
    await route.continue();
  });
  await problems.anythingFails(async () => {
    await page.goto('/trades', { waitUntil: 'domcontentloaded' });
    await page.clock.runFor(16_000);
    const notice = page.getByRole('alertdialog', { name: 'This page did not start. Trading goes on.' });
    await expect(notice).toBeVisible();
    go();
    await hydrated(page);
    await expect(notice).toBeHidden();
    await expect(page.locator('#app')).not.toHaveAttribute('inert');
    await page.getByRole('button', { name: /^Switch to the light theme/ }).click();
    await expect(page.getByRole('button', { name: /^Switch to the dark theme/ })).toBeVisible();
  });
});

test('a torn black box gives what is sound of it, and never throws', async ({ page, context }) => {
  await unlimited(context);
  await open(page, '/trades');
  const found = await page.evaluate(() => {
    const { unbox, wasm, box } = window.deltascope;
    const button = document.createElement('button');
    Object.assign(button.dataset, { does: 'tell', control: 'choose' });
    document.body.append(button);
    for (let at = 0; at < 40; at += 1) {
      button.dataset.subject = `torn-${at}`;
      button.click();
    }
    const block: Uint8Array = new Uint8Array(wasm.memory.buffer, box, 526_336).slice();
    const at8 = new Uint8Array(8 + block.length);
    at8.set(block, 8);
    const whole = unbox(at8.buffer, 8);
    let seed = 7;
    const random = (below: number) => (seed = (seed * 1_103_515_245 + 12_345) % 2_147_483_648) % below;
    const spans = [[8, 2_056], [8 + 2_048 + 192 * 1024, 8 + 2_048 + 192 * 1024 + 12_000]];
    let least = whole.recs.length;
    let odd = 0;
    for (let round = 0; round < 3_000; round += 1) {
      const torn = at8.slice();
      const [from, to] = spans[round % 2];
      for (let hits = 1 + random(30); hits > 0; hits -= 1) torn[from + random(to - from)] = random(256);
      const short = round % 7 === 0 ? torn.slice(0, random(torn.length)) : torn;
      const read = unbox(short.buffer, 8);
      JSON.stringify(read);
      least = Math.min(least, read.recs.length);
      if (read.recs.length > whole.recs.length + 40 || read.recs.some((record: any) => !(record.n > 0))) odd += 1;
    }
    return { whole: whole.recs.length, tid: whole.head.tid, subjects: whole.recs.filter(({ m }: any) => m.includes('torn-')).length, least, odd };
  });
  expect(found).toMatchObject({ subjects: 40, odd: 0 });
  expect(found.tid).toMatch(/^[0-9a-f]{32}$/);
});
