// The chart comes to whoever looks at it: its library is the heaviest thing that a page does, and nobody waits for it.
import { expect, test } from './fixtures';
import { fed, open, panel, startSession } from './support/console';
import { hydrated } from './support/hydrated';

test('on a small screen the chart is loaded when its place comes near, and then grows', async ({ page }) => {
  await open(page);
  await startSession(page);
  const asked: string[] = [];
  page.on('request', (request) => asked.push(request.url()));
  await page.setViewportSize({ width: 360, height: 400 });
  await page.reload();
  await hydrated(page);
  await fed(page);
  await page.waitForLoadState('networkidle');
  const library = () => asked.filter((url) => url.includes('lightweight-charts')).length;
  expect(library()).toBe(0);
  const chart = panel(page, 'Profit and loss');
  await expect(chart.locator('canvas')).toHaveCount(0);
  await chart.getByRole('group', { name: /^P&L chart/ }).scrollIntoViewIfNeeded();
  await expect(chart.locator('canvas').first()).toBeVisible();
  expect(library()).toBe(1);
  // The keyboard's cursor finds the points that came meanwhile.
  await chart.getByRole('group', { name: /^P&L chart/ }).press('End');
  await expect(chart.getByRole('status')).toContainText(/UTC: executable [+−]/);
});

test('a place that goes before the chart was looked at costs nothing, and the next one gets its chart', async ({ page }) => {
  await page.setViewportSize({ width: 360, height: 400 });
  await open(page);
  await startSession(page);
  await page.getByRole('button', { name: 'Stop…', exact: true }).click();
  await page.getByRole('button', { name: 'Exit and close' }).click();
  await expect(page.getByRole('button', { name: 'Start in simulation', exact: true })).toBeEnabled();
  await startSession(page);
  const chart = panel(page, 'Profit and loss');
  await chart.getByRole('group', { name: /^P&L chart/ }).scrollIntoViewIfNeeded();
  await expect(chart.locator('canvas').first()).toBeVisible();
});
