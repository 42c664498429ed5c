// What comes and goes beside what somebody reads moves nothing, and what is refused says where.
import { expect, test } from './fixtures';
import { open, panel, startSession } from './support/console';

declare global {
  interface Window {
    moved: string[];
    drawn: number[];
  }
}

test('a warning of the preview comes and goes, and nothing moves', async ({ page }) => {
  await page.addInitScript(() => {
    window.moved = [];
    new PerformanceObserver((list) => {
      for (const { sources } of list.getEntries() as any[]) {
        for (const { node, previousRect, currentRect } of sources) {
          const inside = (node?.nodeType === 1 ? node : node?.parentElement)?.closest('section')?.getAttribute('aria-label') ?? '';
          const by = currentRect.y - previousRect.y;
          if (Math.abs(by) >= 1 && /Preview|Configuration/.test(inside)) window.moved.push(`${inside}: ${node.nodeName} by ${by}`);
        }
      }
    }).observe({ type: 'layout-shift' });
  });
  await open(page);
  const preview = panel(page, 'Preview');
  const table = preview.getByRole('table', { name: 'Legs that a start would sell' });
  const warnings = preview.getByRole('group', { name: 'Warnings' });
  await expect(table).toBeVisible();
  await expect(warnings).toContainText('Nothing to warn of.');
  const places = async () => [(await table.boundingBox())!.y, (await panel(page, 'Configuration').boundingBox())!.y];
  const before = await places();
  await page.evaluate(() => void (window.moved = []));
  const lots = page.getByRole('textbox', { name: /^Lots a leg/ });
  const usual = await lots.inputValue();
  await lots.fill('9000');
  await expect(warnings.locator('.note[data-tone="doubt"]').first()).toBeVisible();
  expect(await places()).toEqual(before);
  await lots.fill('many');
  await expect(page.getByText('A whole number.')).toBeVisible();
  await lots.fill(usual);
  await expect(warnings).toContainText('Nothing to warn of.');
  expect(await places()).toEqual(before);
  expect(await page.evaluate(() => window.moved)).toEqual([]);
});

test('a start that the server refuses names the field as the form does, and marks it', async ({ page, problems }) => {
  await open(page);
  await page.route('**/api/v1/sessions', async (route) => {
    const wrong = { ...JSON.parse(route.request().postData() ?? '{}') };
    const { presets } = (await (await page.request.get('/api/v1/presets')).json()) as any;
    delete wrong.preset;
    wrong.configuration = { ...presets[0].configuration, lots_per_leg: 0 };
    await route.continue({ postData: JSON.stringify(wrong) });
  });
  const said = page.locator('.toast');
  await problems.refused(async () => {
    await page.getByRole('button', { name: 'Start in simulation', exact: true }).click();
    await expect(said).toContainText('Lots a leg: ');
  });
  await expect(said).not.toContainText('lots_per_leg');
  await expect(page.getByRole('textbox', { name: /^Lots a leg/ })).toHaveAttribute('aria-invalid', 'true');
});

test('a silence and a level that are refused name their field and mark it', async ({ page, problems }) => {
  await open(page, '/alerts?silence=price_gap');
  await page.getByLabel('Why', { exact: true }).fill('   ');
  await problems.refused(async () => {
    await page.getByRole('button', { name: 'Silence', exact: true }).click();
    await expect(page.getByText('Why: 1 to 500 characters.')).toBeVisible();
  });
  await page.getByRole('link', { name: 'Back' }).click();
  await expect(page.getByLabel('Why', { exact: true })).toHaveAttribute('aria-invalid', 'true');
  await page.goto('/settings');
  await page.getByRole('combobox', { name: 'For', exact: true }).selectOption('24 h');
  await page.getByLabel('Why', { exact: true }).fill('longer than it may be');
  await problems.refused(async () => {
    await page.getByRole('button', { name: 'Set level' }).click();
    await expect(page.getByText('For: at most 4 h from now.')).toBeVisible();
  });
  await page.getByRole('link', { name: 'Back' }).click();
  await expect(page.getByRole('combobox', { name: 'For', exact: true })).toHaveAttribute('aria-invalid', 'true');
});

test('the last point of a curve is drawn though the feed ends with it', async ({ page, problems }) => {
  let cut = false;
  let last = 0;
  // The chart as it is, and what it was given.
  await page.route('**/chart*.js', async (route) => {
    const answer = await route.fetch();
    const script = (await answer.text()).replace('export async function create', 'async function made');
    const told = (name: string) => `${name}(rows) { window.drawn.push(rows.at(-4)); chart.${name}(rows); }`;
    const body = `${script}\nwindow.drawn = [];\nexport async function create(element) {\n const chart = await made(element);\n return { ...chart, ${told('set')}, ${told('append')} };\n}`;
    await route.fulfill({ response: answer, body, headers: { ...answer.headers(), 'content-encoding': '' } });
  });
  await page.routeWebSocket('**/ws*', (socket) => {
    const server = socket.connectToServer();
    server.onMessage(async (message) => {
      if (cut) return;
      socket.send(message);
      const rows = JSON.parse(String(message)).points?.rows;
      if (!rows?.length) return;
      last = rows.at(-4);
      // A point that is not drawn in the picture after its frame is the last that comes.
      const drawn = await page.evaluate(() => new Promise<number>((go) => requestAnimationFrame(() => requestAnimationFrame(() => go(window.drawn?.at(-1) ?? 0)))));
      if (drawn > 0 && drawn < last) cut = true;
    });
  });
  await problems.networkFails(async () => {
    await open(page);
    await startSession(page).catch(() => undefined);
    await expect.poll(() => cut).toBe(true);
    await expect.poll(() => page.evaluate(() => window.drawn.at(-1))).toBe(last);
  });
});
