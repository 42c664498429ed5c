// A session on a real venue's account, played by the simulator: the page says so everywhere, a start asks for the password once
// more, and PANIC asks for nothing.
import { api, expect, expectAccessible, expectFits, PASSWORD, test } from './fixtures';
import { expectFlat, expectPanicked, expectTruths, newestSession, open, orderRows, panicButton } from './support/console';
import type { Locator, Page } from '@playwright/test';

/** The number that the simulator has for its account. */
const ACCOUNT = '22142';

test.use({
  venue: 'separate',
  market: { tape: 'tapes/btcusd-2022-01-05.csv', speed: 20, seed: 1, profile: 'delta-india' },
  environment: {
    DELTASCOPE__VENUE__KIND: 'delta-india',
    DELTASCOPE__VENUE__LIVE_ACCOUNT: ACCOUNT,
    DELTA_API_KEY: 'simulator-key',
    DELTA_API_SECRET: 'simulator-secret',
  },
});

function mode(page: Page): Locator {
  return page.getByRole('region', { name: 'State' }).getByText(/^LIVE/).first();
}

function startButton(page: Page): Locator {
  return page.getByRole('button', { name: 'Start LIVE with real money', exact: true });
}

function password(page: Page): Locator {
  return page.getByRole('dialog', { name: /^Start Short strangle .*: your password, once more$/ });
}

async function running(page: Page): Promise<any> {
  await expectTruths(page, { Lifecycle: 'Running', Exposure: 'Open', Intent: 'Run' });
  await expect(orderRows(page).filter({ hasText: 'sell' }).filter({ hasText: 'filled' })).toHaveCount(2);
  return newestSession(page);
}

test('every page says that it is real money, and whose', async ({ page, problems }) => {
  await open(page);
  for (const path of ['/', '/trades', '/analytics', '/telemetry', '/alerts', '/settings', '/nowhere']) {
    // There is no such page as the last one.
    await problems.refused(async () => { await page.goto(path); });
    await expect(mode(page), path).toBeVisible();
    await expect(page.getByRole('region', { name: 'State' }), path).toContainText(`real money · ${ACCOUNT}`);
    await expect(page.getByRole('region', { name: 'State' }), path).not.toContainText('SIM');
  }
});

test('a start asks for the password once more, refuses a wrong one, and starts with the right one', async ({ page, problems }) => {
  await open(page);
  await expect(page.getByRole('main')).toContainText(`LIVE: delta-india, account ${ACCOUNT}. This is real money.`);

  await test.step('nothing starts before it was given', async () => {
    await problems.refused(async () => {
      await startButton(page).click();
      await expect(password(page)).toContainText(`LIVE: delta-india, account ${ACCOUNT}. This is real money.`);
    });
    await expect(password(page).getByLabel('Password')).toBeFocused();
    await expectAccessible(page);
    await expectFits(page);
    expect(await newestSession(page)).toBeUndefined();
  });

  await test.step('PANIC lies above it', async () => {
    await panicButton(page).click({ trial: true });
    await page.setViewportSize({ width: 360, height: 640 });
    await panicButton(page).click({ trial: true });
    await password(page).getByRole('button', { name: 'Confirm' }).click({ trial: true });
    await page.setViewportSize({ width: 1440, height: 900 });
  });

  await test.step('a wrong one is refused in words, and can be corrected', async () => {
    await problems.refused(async () => {
      await password(page).getByLabel('Password').fill('not the password');
      await page.keyboard.press('Enter');
      await expect(password(page).getByRole('alert')).toHaveText('The password is wrong; nothing was confirmed.');
    });
    expect(await newestSession(page)).toBeUndefined();
  });

  await test.step('Escape leaves it, and what was typed is not kept', async () => {
    await page.keyboard.press('Escape');
    await expect(password(page)).toBeHidden();
    await problems.refused(async () => {
      await startButton(page).click();
      await expect(password(page)).toBeVisible();
    });
    await expect(password(page).getByLabel('Password')).toHaveValue('');
    await expect(password(page).getByRole('alert')).toBeHidden();
    expect(await newestSession(page)).toBeUndefined();
  });

  await test.step('the right one starts what was pressed', async () => {
    await password(page).getByLabel('Password').fill(PASSWORD);
    await page.keyboard.press('Enter');
    await expect(password(page)).toBeHidden();
    const session = await running(page);
    expect(session.execution_mode).toBe('live');
    const { body } = await api(page, 'GET', '/api/v1/sessions');
    expect(body.sessions.length).toBe(1);
  });

  await test.step('it counts for the next start as well', async () => {
    await page.getByRole('button', { name: 'Start another…' }).click();
    const form = page.getByRole('region', { name: 'New session', exact: true });
    await expect(form).toContainText(`Orders go to delta-india, account ${ACCOUNT}.`);
    await form.getByRole('button', { name: 'Short strangle ETH · quick' }).click();
    await startButton(page).click();
    await expect.poll(async () => (await api(page, 'GET', '/api/v1/sessions')).body.sessions.length).toBe(2);
    await expect(password(page)).toBeHidden();
  });

  await test.step('PANIC asks for nothing', async () => {
    await panicButton(page).hover();
    await page.mouse.down();
    await expectPanicked(page);
    await page.mouse.up();
    await expectFlat(page);
  });
});

test('what was configured is started, although the password came between', async ({ page, problems }) => {
  await open(page);
  await page.getByRole('textbox', { name: /^Max loss, USD/ }).fill('77');
  await expect(page.getByRole('region', { name: 'Preview', exact: true })).toContainText('−77.00');
  await problems.refused(async () => {
    await startButton(page).click();
    await password(page).getByLabel('Password').fill(PASSWORD);
    await password(page).getByRole('button', { name: 'Confirm' }).click();
  });
  const session = await running(page);
  expect(Number(session.pnl.max_loss)).toBe(77);
});

test('clearing the latch asks for the password as well, once, and keeps the reason', async ({ page, problems }) => {
  await open(page);
  await panicButton(page).hover();
  await page.mouse.down();
  await expect(panicButton(page)).toContainText('verified flat · latched');
  await page.mouse.up();

  const latched = page.getByRole('status').filter({ hasText: 'Panic latch set' });
  const asked = page.getByRole('dialog', { name: 'Clearing the latch: your password, once more' });
  await page.getByRole('textbox', { name: 'Reason' }).fill('looked at the venue: flat');
  await problems.refused(async () => {
    await page.getByRole('button', { name: 'Clear latch', exact: true }).click();
    await expect(asked).toContainText(`LIVE: delta-india, account ${ACCOUNT}.`);
  });
  await expect(latched).toBeVisible();
  await expectFits(page);

  await page.keyboard.press('Escape');
  await expect(asked).toBeHidden();
  await expect(latched).toBeVisible();
  await expect(page.getByRole('textbox', { name: 'Reason' })).toHaveValue('looked at the venue: flat');

  await problems.refused(async () => {
    await page.getByRole('button', { name: 'Clear latch', exact: true }).click();
    await expect(asked).toBeVisible();
  });
  await asked.getByLabel('Password').fill(PASSWORD);
  await page.keyboard.press('Enter');
  await expect(latched).toBeHidden();
  await expect(panicButton(page)).toContainText('hold 1 s');
  // It counts for a start as well.
  await expect(startButton(page)).toBeEnabled();
});
