// The two ways in: the password, and on the first start the link that the terminal prints.
import { api, expect, hydrated, PASSWORD, test, USERNAME } from './fixtures';
import { expectTruths, fed } from './support/console';
import type { Server } from './support/server';
import type { Page } from '@playwright/test';

async function signIn(page: Page, password: string): Promise<void> {
  await page.getByRole('textbox', { name: 'User' }).fill(USERNAME);
  await page.getByRole('textbox', { name: 'Password' }).fill(password);
  await page.getByRole('button', { name: 'Sign in' }).click();
}

test('a user signs in with a password and out again', async ({ page, problems }) => {
  await test.step('a page behind the door leads to the door', async () => {
    await page.goto('/');
    await expect(page).toHaveURL(/\/login/);
    await hydrated(page);
  });

  await test.step('a wrong password is told in a sentence', async () => {
    await problems.refused(async () => {
      await signIn(page, 'not the password');
      await expect(page.getByRole('alert')).not.toBeEmpty();
    });
    await expect(page).toHaveURL(/\/login/);
  });

  await test.step('the right one opens Control', async () => {
    await signIn(page, PASSWORD);
    await expect(page.getByRole('heading', { name: 'Control', level: 1 })).toBeAttached();
    await hydrated(page);
    await fed(page);
    await expectTruths(page, { Lifecycle: 'No session', Health: 'OK' });
    await expect(page.getByRole('banner')).toContainText(USERNAME);
  });

  await test.step('after signing out the door is shut', async () => {
    await page.getByRole('button', { name: 'Sign out' }).click();
    await expect(page.getByRole('heading', { name: 'Sign in' })).toBeVisible();
    expect((await api(page, 'GET', '/api/v1/sessions')).status).toBe(401);
  });
});

test.describe('on the first start', () => {
  test.use({ environment: { DELTASCOPE__AUTH__BOOTSTRAP_PASSWORD: '' } });

  function printedLink(server: Server): string {
    const link = server.said().match(/http:\/\/\S+\/login\?token=\S+/)?.[0];
    if (!link) throw new Error(`no link was printed:\n${server.said()}`);
    return link;
  }

  test('the printed link sets a password, once', async ({ page, server, problems }) => {
    const link = printedLink(server);

    async function setPassword(first: string, again: string): Promise<void> {
      await page.getByRole('textbox', { name: 'New password' }).fill(first);
      await page.getByRole('textbox', { name: 'The same again' }).fill(again);
      await page.getByRole('button', { name: 'Set password and sign in' }).click();
    }

    await test.step('two passwords that differ are not taken', async () => {
      await page.goto(link);
      await hydrated(page);
      await setPassword(PASSWORD, 'correct horse battery stable');
      await expect(page.getByRole('alert')).toHaveText('The two passwords differ.');
    });

    await test.step('two that agree open Control', async () => {
      await setPassword(PASSWORD, PASSWORD);
      await expect(page.getByRole('heading', { name: 'Control', level: 1 })).toBeAttached();
      await hydrated(page);
      await fed(page);
    });

    await test.step('the link is spent', async () => {
      // A page that is left asks for nothing any more.
      await page.goto('about:blank');
      await page.context().clearCookies();
      await page.goto(link);
      await hydrated(page);
      await problems.refused(async () => {
        await setPassword('another password', 'another password');
        await expect(page.getByRole('alert')).not.toBeEmpty();
      });
    });

    await test.step('the password opens the door from now on', async () => {
      await page.goto('/login');
      await hydrated(page);
      await signIn(page, PASSWORD);
      await expect(page.getByRole('heading', { name: 'Control', level: 1 })).toBeAttached();
    });
  });
});
