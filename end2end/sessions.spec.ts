// Several sessions at once: one is shown by choosing it, stopping one leaves the other, PANIC closes what is left.
import { api, expect, hydrated, test } from './fixtures';
import {
  chooseSession,
  expectFlat,
  expectPanicked,
  expectShown,
  expectTruths,
  fed,
  open,
  panel,
  panicButton,
  sessionLinks,
  startBeside,
  startSession,
} from './support/console';
import type { Page } from '@playwright/test';

const ETH = 'Short strangle ETH · quick';

async function stateOf(page: Page, id: string): Promise<any> {
  return (await api(page, 'GET', `/api/v1/sessions/${id}`)).body;
}

test('two sessions run at once, each by itself', async ({ page, problems }) => {
  await open(page);
  const btc = await startSession(page);

  await test.step('one session needs no list', async () => {
    await expect(sessionLinks(page)).toHaveCount(0);
  });

  await test.step('a second one in the same instruments is refused, and who holds them is said', async () => {
    await page.getByRole('button', { name: 'Start another…' }).click();
    const form = panel(page, 'New session');
    await expect(form.getByRole('heading', { name: 'Start another session' })).toBeFocused();
    await expect(panel(page, 'Ready to start')).toContainText(`Session ${btc.session_id} holds`);
    await problems.refused(async () => {
      await form.getByRole('button', { name: 'Start in simulation', exact: true }).click();
      const told = page.getByRole('status', { name: 'Results' });
      await expect(told).toContainText('Start refused');
      await expect(told).toContainText(new RegExp(`session ${btc.session_id} holds [CP]-BTC-`, 'i'));
      await told.getByRole('button', { name: 'Close message' }).first().click();
    });
    await expect(form, 'what was chosen is still there').toBeVisible();
    await form.getByRole('button', { name: 'Not now', exact: true }).click();
    await expect(page.getByRole('button', { name: 'Start another…' })).toBeFocused();
  });

  const eth = await test.step('one on ETH starts beside it, and is shown', async () => {
    const session = await startBeside(page, ETH);
    expect(session.session_id).not.toBe(btc.session_id);
    await expect(page).toHaveURL(new RegExp(`[?]session=${session.session_id}$`));
    await expect(sessionLinks(page)).toHaveCount(2);
    await expectShown(page, session);
    return session;
  });

  await test.step('the strip shows both, and what PANIC would close', async () => {
    await expect(page.getByRole('region', { name: 'State' })).toContainText('2 sessions');
    await panicButton(page).hover();
    await expect(page.getByText('PANIC closes 2 sessions, and whatever else the venue shows.')).toBeVisible();
    await page.mouse.move(0, 0);
  });

  await test.step('each can be chosen, by pointer and by key, and a reload keeps it', async () => {
    await chooseSession(page, btc);
    await page.reload();
    await hydrated(page);
    await fed(page);
    await expectShown(page, btc);
    await sessionLinks(page).filter({ hasText: eth.session_id }).focus();
    await page.keyboard.press('Enter');
    await expectShown(page, eth);
    await page.goBack();
    await expectShown(page, btc);
  });

  await test.step('the why feed keeps to the one that is shown, or tells of both', async () => {
    const why = panel(page, 'Decisions');
    const of = why.getByRole('group', { name: 'Of' });
    await expect(of.getByRole('button', { pressed: true })).toHaveText('This session');
    await expect(why.getByRole('list')).not.toContainText(eth.session_id);
    await of.getByRole('button', { name: 'Every session' }).click();
    await expect(why.getByRole('list')).toContainText(`ETH · ${eth.session_id}`);
    await expect(why.getByRole('list')).toContainText(`BTC · ${btc.session_id}`);
    await of.getByRole('button', { name: 'This session' }).click();
  });

  await test.step('stopping one leaves the other, and the page says that it shows another', async () => {
    await chooseSession(page, eth);
    await page.getByRole('button', { name: 'Stop…', exact: true }).click();
    const dialog = page.getByRole('dialog', { name: 'Stop this session' });
    await expect(dialog).toContainText(eth.session_id);
    await dialog.getByRole('button', { name: 'Exit and close' }).click();
    const notice = page.getByRole('status').filter({ hasText: 'Another session is shown.' });
    await expect(notice).toContainText(eth.session_id);
    await expect(notice).toContainText('Result, net of fees');
    await expect(sessionLinks(page)).toHaveCount(0);
    await expect(page.getByRole('table', { name: 'Legs of the session' })).toContainText('-BTC-');
    await expectTruths(page, { Lifecycle: 'Running', Exposure: 'Open' });
    expect(await stateOf(page, eth.session_id)).toMatchObject({ lifecycle: 'STOPPED', exposure: 'FLAT', exit_reason: 'operator' });
    expect(await stateOf(page, btc.session_id)).toMatchObject({ lifecycle: 'RUNNING', exposure: 'OPEN' });
    await notice.getByRole('button', { name: 'Close notice' }).click();
    await expect(notice).toBeHidden();
  });

  await test.step('panic closes the rest', async () => {
    await panicButton(page).hover();
    await page.mouse.down();
    await expectPanicked(page);
    await page.mouse.up();
    expect(await stateOf(page, btc.session_id)).toMatchObject({ lifecycle: 'STOPPED', exposure: 'FLAT', exit_reason: 'panic' });
  });
});

test('panic closes every session at once', async ({ page }) => {
  await open(page);
  const btc = await startSession(page);
  const eth = await startBeside(page, ETH);
  await panicButton(page).focus();
  await page.keyboard.down('Enter');
  await expectPanicked(page);
  await page.keyboard.up('Enter');
  await expect(panel(page, 'Closing progress')).toContainText('Closed everything: verified flat');
  await expectFlat(page);
  for (const { session_id } of [btc, eth]) {
    expect(await stateOf(page, session_id)).toMatchObject({ lifecycle: 'STOPPED', exposure: 'FLAT', exit_reason: 'panic' });
  }
});

test('an address of a session that is not there is answered', async ({ page, problems }) => {
  await open(page);
  const btc = await startSession(page);
  await problems.refused(async () => {
    await page.goto('/?session=s-0000000000');
    await hydrated(page);
    await fed(page);
    await expect(page.getByRole('status').filter({ hasText: 'Another session is shown.' })).toContainText('s-0000000000');
    await expect(panel(page, 'Session')).toContainText(btc.session_id);
  });
});
