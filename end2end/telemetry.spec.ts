// From a click to its fill in the log, under one id; and a reload changes nothing of what is shown.
import { api, expect, hydrated, test } from './fixtures';
import type { Page } from '@playwright/test';
import { expectTruths, fed, open, orderRows, panel, startSession } from './support/console';

async function traceOf(page: Page, session: any): Promise<any[]> {
  return (await api(page, 'GET', `/api/v1/traces/${session.correlation_id}`)).body.records;
}

test('the click is found in Telemetry and its trace leads to the fill', async ({ page }) => {
  await open(page);
  const session = await startSession(page);

  await test.step('Telemetry finds the click', async () => {
    await page.getByRole('navigation', { name: 'Pages' }).getByRole('link', { name: 'Telemetry' }).click();
    await expect(page.getByRole('heading', { name: 'Telemetry' })).toBeAttached();
    await page.getByRole('combobox', { name: 'Source' }).selectOption('frontend');
    await page.getByRole('textbox', { name: 'Event' }).fill('ui.click');
    await page.getByRole('button', { name: 'Find' }).click();
    await expect(page).toHaveURL(/event=ui\.click/);
    await page.getByRole('button', { name: 'Follow live' }).click();
  });

  await test.step("the browser's side has arrived whole", async () => {
    const events = async () => (await traceOf(page, session)).map((record: any) => record.event);
    await expect.poll(events).toEqual(expect.arrayContaining(['ui.click', 'ui.request']));
  });

  await test.step('its record opens and leads to its trace', async () => {
    const row = panel(page, 'Records').getByRole('row').filter({ hasText: 'Clicked Start for quick-strangle.' });
    await row.getByRole('button', { name: /^Record/ }).click();
    await expect(panel(page, 'Records')).toContainText(session.correlation_id);
    await page.getByRole('link', { name: 'Open trace' }).click();
    await expect(page).toHaveURL(new RegExp(`/trace/${session.correlation_id}$`));
  });

  const story = panel(page, 'The story').getByRole('listitem');
  const wanted: Array<[string, RegExp]> = [
    ['browser', /Clicked Start for quick-strangle\..*ui\.click/],
    ['server', /POST \/api\/v1\/sessions answered 202.*http\.request/],
    ['engine', /admin started session .*session\.starting/],
    ['engine', /Selling 200 C-BTC-.*order\.submitted/],
    ['venue', /POST \/v2\/orders answered 200.*venue\.request/],
    ['engine', /Filled: (\d+) of \1 C-BTC-.*order\.filled/],
  ];

  const told = await test.step('the trace tells it in order', async () => {
    await expect(story.first()).toContainText('Clicked Start');
    const lines = (await story.allInnerTexts()).map((line) => line.replace(/\s+/g, ' '));
    const places = wanted.map(([place, pattern]) => {
      const at = lines.findIndex((line) => pattern.test(line));
      expect(at, `${pattern} in\n${lines.join('\n')}`).toBeGreaterThanOrEqual(0);
      expect(lines[at]).toContain(place);
      return at;
    });
    expect(places, lines.join('\n')).toEqual([...places].sort((a, b) => a - b));
    return lines;
  });

  await test.step('the API gives the same records under the one id', async () => {
    const records = await traceOf(page, session);
    expect(new Set(records.map((record: any) => record.correlation_id))).toEqual(new Set([session.correlation_id]));
    const events = new Set(records.map((record: any) => record.event));
    for (const event of ['ui.click', 'http.request', 'session.starting', 'venue.request', 'order.filled']) {
      expect(events).toContain(event);
    }
  });

  await test.step('a reload tells the same story', async () => {
    await page.reload();
    await hydrated(page);
    const lines = (await story.allInnerTexts()).map((line) => line.replace(/\s+/g, ' '));
    expect(lines.slice(0, told.length)).toEqual(told);
  });
});

test('a reload of Control is still right', async ({ page }) => {
  await open(page);
  const session = await startSession(page);
  const orders = await orderRows(page).allInnerTexts();
  await page.reload();

  await test.step('as painted by the server', async () => {
    const html = await (await page.request.get('/')).text();
    for (const order of session.orders) expect(html).toContain(order.client_order_id);
  });

  await test.step('and as the page goes on', async () => {
    await hydrated(page);
    await fed(page);
    await expectTruths(page, { Lifecycle: 'Running', Exposure: 'Open' });
    await expect(panel(page, 'Session')).toContainText(session.session_id);
    expect(await orderRows(page).allInnerTexts()).toEqual(orders);
    await expect(panel(page, 'Decisions')).toContainText('Entry complete: sold all legs');
  });
});
