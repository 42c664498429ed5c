// What a user does at the console, and where it shows; by role and name, as a screen reader finds it.
import { expect, type Locator, type Page } from '@playwright/test';
import { api } from './api';
import { hydrated } from './hydrated';
import { PASSWORD, USERNAME } from './server';

export type Truth = 'Intent' | 'Lifecycle' | 'Exposure' | 'Health';

/** Signs in beside the form, which has a test of its own, and opens a page that is fed. */
export async function open(page: Page, path = '/'): Promise<void> {
  const answer = await api(page, 'POST', '/api/v1/sign-in', { username: USERNAME, password: PASSWORD });
  expect(answer.status, JSON.stringify(answer.body)).toBeLessThan(300);
  await page.goto(path);
  await hydrated(page);
  await fed(page);
}

/** The feed is up and its first price is there. */
export async function fed(page: Page): Promise<void> {
  await expect(page.getByRole('banner').getByText('live', { exact: true })).toBeVisible();
  await expect(page.getByRole('group', { name: 'Spot price' })).toContainText(/\d,\d{3}\.\d/);
}

export function truth(page: Page, name: Truth): Locator {
  return page.getByRole('group', { name, exact: true });
}

export async function expectTruths(page: Page, wanted: Partial<Record<Truth, string>>): Promise<void> {
  for (const [name, value] of Object.entries(wanted)) {
    await expect(truth(page, name as Truth)).toContainText(new RegExp(`${value}$`));
  }
}

export function panel(page: Page, name: string): Locator {
  return page.getByRole('region', { name, exact: true });
}

export function orderRows(page: Page): Locator {
  return page.getByRole('table', { name: /^Orders of the session/ }).getByRole('row').filter({ hasText: /buy|sell/ });
}

/** What both legs and all fees would come to now, as the table of legs says it. */
export function netNow(page: Page): Locator {
  return page.getByRole('table', { name: 'Legs of the session' }).getByRole('row', { name: /^Net/ }).getByRole('cell', { name: /\d/ }).first();
}

/** Starts the chosen preset and waits for its position. Answers with the session as the API gives it. */
export async function startSession(page: Page): Promise<any> {
  await page.getByRole('button', { name: 'Start in simulation', exact: true }).click();
  await expectTruths(page, { Lifecycle: 'Running', Exposure: 'Open', Intent: 'Run' });
  await expect(orderRows(page).filter({ hasText: 'sell' }).filter({ hasText: 'filled' })).toHaveCount(2);
  return newestSession(page);
}

/** Starts a preset beside what runs, which puts it into the panels. Answers with it as the API gives it. */
export async function startBeside(page: Page, preset: string): Promise<any> {
  await page.getByRole('button', { name: 'Start another…' }).click();
  const before = (await newestSession(page)).session_id;
  const form = panel(page, 'New session');
  await form.getByRole('button', { name: preset }).click();
  await form.getByRole('button', { name: 'Start in simulation', exact: true }).click();
  await expect(form).toBeHidden();
  const current = page.getByRole('navigation', { name: 'Sessions' }).locator('[aria-current]');
  await expect.poll(async () => (await newestSession(page)).session_id).not.toBe(before);
  const { session_id } = await newestSession(page);
  await expect(current).toContainText(session_id);
  await expect(current).toContainText('Running');
  await expect(current).toContainText('Open');
  await expect(orderRows(page).filter({ hasText: 'sell' }).filter({ hasText: 'filled' })).toHaveCount(2);
  return newestSession(page);
}

/** One line for each session, while there are several. */
export function sessionLinks(page: Page): Locator {
  return page.getByRole('navigation', { name: 'Sessions' }).getByRole('link');
}

export async function chooseSession(page: Page, session: any): Promise<void> {
  await sessionLinks(page).filter({ hasText: session.session_id }).click();
  await expectShown(page, session);
}

/** The panels show this one of several. */
export async function expectShown(page: Page, session: any): Promise<void> {
  await expect(sessionLinks(page).filter({ hasText: session.session_id })).toHaveAttribute('aria-current', 'true');
  await expect(panel(page, 'Session')).toContainText(session.session_id);
  const legs = page.getByRole('table', { name: 'Legs of the session' });
  for (const { symbol } of session.legs) await expect(legs).toContainText(symbol);
}

export async function newestSession(page: Page): Promise<any> {
  return (await api(page, 'GET', '/api/v1/sessions')).body.sessions[0];
}

export function panicButton(page: Page): Locator {
  return page.getByRole('button', { name: 'Panic: hold one second to close everything' });
}

/** The whole way of a panic on the screen, whoever caused it. */
export async function expectPanicked(page: Page): Promise<void> {
  await expect(panicButton(page)).toContainText('verified flat · latched');
  await expectTruths(page, { Lifecycle: 'Stopped', Exposure: 'Flat' });
  await expect(page.getByRole('status').filter({ hasText: 'Panic latch set' })).toContainText('Verified flat');
  await expectFlat(page);
}

/** The newest session ended flat: by its legs, and by the sum of its fills. */
export async function expectFlat(page: Page): Promise<void> {
  const session = await newestSession(page);
  expect(session).toMatchObject({ lifecycle: 'STOPPED', exposure: 'FLAT' });
  expect(session.legs.map((leg: any) => leg.qty)).toEqual(session.legs.map(() => 0));
  for (const leg of session.legs) {
    const fills = session.fills.filter((fill: any) => fill.symbol === leg.symbol);
    const held = fills.reduce((sum: number, fill: any) => sum + (fill.side === 'buy' ? fill.qty : -fill.qty), 0);
    expect(held, leg.symbol).toBe(0);
  }
}

/** Result net of fees, added up from the fills by hand: a lot is a thousandth of a bitcoin. */
export function resultOf(session: any): number {
  return session.fills.reduce((sum: number, fill: any) => {
    const paid = (Number(fill.price) * fill.qty) / 1000;
    return sum + (fill.side === 'sell' ? paid : -paid) - Number(fill.fee);
  }, 0);
}
