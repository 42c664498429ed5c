// What fails stays in its own panel: the rest of the page lives, what was typed is kept, and it can be tried again.
import { expect, test } from './fixtures';
import { expectTruths, open, panel, startSession } from './support/console';

test('a chart that cannot be loaded says so and is drawn when it is tried again', async ({ page, problems }) => {
  await open(page);
  const library = '**/*lightweight-charts*';
  await page.route(library, (route) => route.abort());
  const chart = panel(page, 'Profit and loss');
  await problems.networkFails(async () => {
    await startSession(page);
    await expect(chart.getByRole('alert')).toContainText('The chart could not be drawn');
  });
  await page.getByRole('button', { name: 'Start another…' }).click();
  const typed = page.getByRole('textbox', { name: /^Max loss, USD/ });
  await typed.fill('77');
  await chart.getByText('Data of the chart').click();
  await expect(chart.getByRole('table', { name: /^Executable P&L between/ })).toBeVisible();
  await page.unroute(library);
  await chart.getByRole('button', { name: 'Try again' }).click();
  await expect(chart.locator('canvas').first()).toBeVisible();
  await expect(chart.getByRole('alert')).toBeHidden();
  await expect(typed).toHaveValue('77');
  await expectTruths(page, { Lifecycle: 'Running' });
});

test('a preview that fails says so, keeps what was typed, and is made when it is tried again', async ({ page, problems }) => {
  await open(page);
  const draft = '**/api/v1/configurations/draft';
  const offer = panel(page, 'Preview');
  const typed = page.getByRole('textbox', { name: /^Max loss, USD/ });
  await problems.networkFails(async () => {
    await page.route(draft, (route) => route.abort());
    await typed.fill('77');
    await expect(offer.getByRole('alert')).toContainText('could not be made');
    await expect(page.getByRole('button', { name: /^Start in simulation : not now\. What you typed could not be checked/ })).toBeDisabled();
  });
  await page.unroute(draft);
  await offer.getByRole('button', { name: 'Try again' }).click();
  await expect(offer.getByRole('alert')).toBeHidden();
  await expect(offer).toContainText('−77.00');
  await expect(typed).toHaveValue('77');
  await expect(page.getByRole('button', { name: 'Start in simulation', exact: true })).toBeEnabled();
});
