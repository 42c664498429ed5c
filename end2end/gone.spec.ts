// The venue goes away under an open position: what is said of it on the strip pushes nothing off a phone, and Alerts says what to do.
import { expect, expectAccessible, expectFits, hydrated, test } from './fixtures';
import { expectTruths, open, panicButton, startSession } from './support/console';

test.use({ venue: 'separate' });

test('when the venue is gone PANIC stays where it is, at every width, and what fires is told', async ({ page, simulator }) => {
  await open(page);
  await startSession(page);
  await page.setViewportSize({ width: 360, height: 740 });
  const before = await panicButton(page).boundingBox();
  await simulator!.program.killHard();
  const spots = page.getByRole('group', { name: 'Spot price' });
  await expect(spots).toContainText(/stale \d\d s/);
  await expectTruths(page, { Exposure: 'Unknown' });
  const after = await panicButton(page).boundingBox();
  expect({ x: after?.x, width: after?.width }).toEqual({ x: before?.x, width: before?.width });
  await panicButton(page).click({ trial: true });
  await expectFits(page);
  await page.setViewportSize({ width: 1440, height: 900 });
  // What it comes to when exits cannot be made.
  await expectTruths(page, { Lifecycle: 'Panicking' });
  await expectAccessible(page);
  await page.goto('/alerts');
  await hydrated(page);
  await expect(page.getByRole('article', { name: /^critical: Exposure unknown/ })).toContainText('What to do.');
  await expectFits(page);
});
