// One session after another by clicking: start, pause, resume, stop, start again, panic, clear the latch.
import { api, expect, test } from './fixtures';
import {
  expectFlat,
  expectPanicked,
  expectTruths,
  fed,
  netNow,
  newestSession,
  open,
  orderRows,
  panel,
  panicButton,
  resultOf,
  startSession,
} from './support/console';

test('a session is started, paused, resumed and stopped flat', async ({ page }) => {
  await open(page);

  await test.step('before the start the preview prices both legs', async () => {
    await expect(page.getByRole('group', { name: 'Preset' }).getByRole('button', { pressed: true })).toHaveText(/quick/);
    const legs = page.getByRole('table', { name: 'Legs that a start would sell' }).getByRole('row', { name: /strike/ });
    await expect(legs).toHaveCount(2);
  });

  const started = await test.step('a click sells both legs', async () => {
    const session = await startSession(page);
    expect(session.fills.length).toBeGreaterThan(0);
    await expect(panel(page, 'Orders and fills')).toContainText(`2 orders · ${session.fills.length} fill`);
    await expect(panel(page, 'Decisions')).toContainText('Entry complete: sold all legs');
    return session;
  });

  await test.step('the P&L moves with the market', async () => {
    const seen = new Set<string>();
    await expect.poll(async () => seen.add(await netNow(page).innerText()).size).toBeGreaterThan(2);
    for (const value of seen) expect(value).toMatch(/^[▲▼]?\s*[+−]\d+\.\d\d$/);
  });

  await test.step('its points are also a table', async () => {
    await page.getByText('Data of the chart').click();
    const points = page.getByRole('table', { name: /^Executable P&L between/ }).getByRole('row').filter({ hasText: /\d\d:\d\d:\d\d/ });
    await expect.poll(() => points.count()).toBeGreaterThan(2);
  });

  await test.step('pause shuts entry and keeps the position', async () => {
    await page.getByRole('button', { name: 'Pause entries', exact: true }).click();
    await expectTruths(page, { Lifecycle: 'Paused', Intent: 'Pause', Exposure: 'Open' });
    await expect(page.getByRole('group', { name: 'Entry gate' })).toContainText('Why no new trade?');
  });

  await test.step('resume opens it again', async () => {
    await page.getByRole('button', { name: 'Resume', exact: true }).click();
    await expectTruths(page, { Lifecycle: 'Running', Intent: 'Run', Exposure: 'Open' });
  });

  await test.step('stop asks, and Escape keeps it running', async () => {
    await page.getByRole('button', { name: 'Stop…', exact: true }).click();
    const dialog = page.getByRole('dialog', { name: 'Stop this session' });
    await expect(dialog).toContainText('You will end flat with about');
    await expect(panicButton(page)).toBeVisible();
    await page.keyboard.press('Escape');
    await expect(dialog).toBeHidden();
    await expectTruths(page, { Lifecycle: 'Running' });
  });

  await test.step('stop buys both legs back', async () => {
    await page.getByRole('button', { name: 'Stop…', exact: true }).click();
    const dialog = page.getByRole('dialog', { name: 'Stop this session' });
    await expect(dialog.getByRole('radio', { name: /^Exit and close/ })).toBeChecked();
    await dialog.getByRole('button', { name: 'Exit and close' }).click();
    await expectTruths(page, { Lifecycle: 'Stopped', Exposure: 'Flat' });
    await expect(orderRows(page).filter({ hasText: 'filled' })).toHaveCount(4);
    await expectFlat(page);
  });

  await test.step('the result is what its fills add up to', async () => {
    const session = await newestSession(page);
    expect(session.session_id).toBe(started.session_id);
    expect(Number(session.pnl.realized)).toBeCloseTo(resultOf(session), 6);
    const result = page.getByRole('status').filter({ hasText: 'Result, net of fees' });
    await expect(result).toContainText(Math.abs(resultOf(session)).toFixed(2));
  });

  await test.step('another one starts', async () => {
    const session = await startSession(page);
    expect(session.session_id).not.toBe(started.session_id);
    await expect(panel(page, 'Session')).toContainText(session.session_id);
  });
});

test('panic by holding the pointer ends verified flat and latches', async ({ page }) => {
  await open(page);
  const session = await startSession(page);

  await test.step('a short press does nothing', async () => {
    await panicButton(page).click();
    await expect(panicButton(page)).toContainText('hold 1 s');
    await expectTruths(page, { Lifecycle: 'Running' });
  });

  await test.step('a held one closes everything', async () => {
    await panicButton(page).hover();
    await page.mouse.down();
    await expectPanicked(page);
    await page.mouse.up();
    await expect(panel(page, 'Closing progress')).toContainText('Closed everything: verified flat');
    expect((await newestSession(page)).exit_reason).toBe('panic');
  });

  await test.step('nothing starts while the latch is set', async () => {
    await expect(page.getByRole('button', { name: /^Start in simulation : not now\. The panic latch is set/ })).toBeDisabled();
    const refused = await api(page, 'POST', '/api/v1/sessions', { preset: 'quick-strangle', execution_mode: 'simulated' });
    expect(refused.status).toBe(409);
    expect(refused.body.error).toMatchObject({ code: 'PANIC_LATCHED', correlation_id: refused.correlationId });
    expect((await newestSession(page)).session_id).toBe(session.session_id);
  });

  await test.step('the latch is cleared with a reason', async () => {
    await expect(page.getByRole('button', { name: /^Clear latch : not now\. Say why first/ })).toBeDisabled();
    await page.getByRole('textbox', { name: 'Reason' }).fill('looked at the venue: flat');
    await page.getByRole('button', { name: 'Clear latch', exact: true }).click();
    await expect(page.getByRole('status').filter({ hasText: 'Panic latch set' })).toBeHidden();
    await expect(panicButton(page)).toContainText('hold 1 s');
    await expect(page.getByRole('button', { name: 'Start in simulation', exact: true })).toBeEnabled();
  });
});

test('panic by holding a key works without a pointer', async ({ page }) => {
  await open(page);
  await startSession(page);
  await panicButton(page).focus();
  await page.keyboard.down('Enter');
  await expectPanicked(page);
  await page.keyboard.up('Enter');
});

test.describe('on a fast day', () => {
  test.use({ market: { tape: 'tapes/btcusd-2022-01-05.csv', speed: 300, seed: 1 } });

  test('an edited session starts when its fields agree, and ends by one of its own rules', async ({ page }) => {
    await open(page);
    await page.getByRole('textbox', { name: /^Max loss, USD/ }).fill('9');
    await page.getByRole('textbox', { name: /^Max profit, USD/ }).fill('1');
    await expect(page.getByRole('button', { name: /^Start in simulation : not now\. One field to fix/ })).toBeDisabled();
    for (const floor of await page.getByRole('group', { name: 'Trailing floor' }).getByRole('textbox').all()) await floor.fill('');
    await page.getByRole('button', { name: 'Start in simulation', exact: true }).click();
    await expect(page.getByRole('status').filter({ hasText: 'Result, net of fees' })).toContainText(/max (loss|profit)/, { timeout: 60_000 });
    await expectTruths(page, { Lifecycle: 'Stopped', Exposure: 'Flat' });
    await expectFlat(page);
    expect((await newestSession(page)).pnl.max_loss).toBe('9');
  });
});

test('the curve so far travels once, within the document', async ({ page }) => {
  await open(page);
  await startSession(page);
  await page.getByText('Data of the chart').click();
  const rows = page.getByRole('table', { name: /^Executable P&L between/ }).getByRole('row').filter({ hasText: /\d\d:\d\d:\d\d/ });
  await expect.poll(() => rows.count()).toBeGreaterThan(5);
  const frames: any[] = [];
  page.on('websocket', (socket) => socket.on('framereceived', ({ payload }) => frames.push(JSON.parse(String(payload)))));
  await page.reload();
  await fed(page);
  await expect(page.locator('.chart-box canvas').first()).toBeVisible();
  const painted = JSON.parse((await page.locator('[data-points]').getAttribute('data-points')) ?? '{}');
  expect(painted.rows.length / 4).toBeGreaterThan(5);
  expect(frames[0].snapshot).toBe(true);
  for (const { points } of frames.filter((frame) => frame.points)) {
    expect(points.replace).toBe(false);
    expect(points.rows[0], 'only what came after the document').toBeGreaterThan(painted.rows.at(-4));
  }
  await page.getByText('Data of the chart').click();
  await expect.poll(() => rows.count()).toBeGreaterThan(5);
});
