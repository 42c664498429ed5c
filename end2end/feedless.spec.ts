// A page whose feed never comes, behind a proxy or an extension that lets no WebSocket through: what it shows grows old all the
// same, and PANIC works.
import { expect, test } from './fixtures';
import { open, panicButton, startSession } from './support/console';

test('what a page shows grows old although its feed never comes, and PANIC works', async ({ page, server }) => {
  await open(page);
  await startSession(page);
  await page.routeWebSocket(/\/ws/, (socket) => socket.close({ code: 1011 }));
  await page.reload();
  const spot = page.locator('[data-at][data-limit]').filter({ hasText: 'stale' }).first();
  await expect(spot).toHaveText(/stale ([6-9]|[1-9]\d)(\.\d)? s/);
  await panicButton(page).hover();
  await page.mouse.down();
  await expect(panicButton(page)).not.toContainText('keep holding');
  await page.mouse.up();
  await expect(panicButton(page)).toContainText('Accepted');
  await expect.poll(() => server.said()).toContain('panic.verified_flat');
});
