// Drills of the browser's logger: a page that tells many records in one task through the same clicks as a user's, on a line
// that fails; and what of it is in the store.
import { expect, test as base } from '../fixtures';
import { api } from './api';
import { Between } from './between';
import type { BrowserContext, Page } from '@playwright/test';

/** `cargo xtask test --full` also runs the long forms. */
export const FULL = !!process.env.DELTASCOPE_FULL;

/** A server whose budgets are no part of a drill of the way there. */
export const AMPLE = {
  DELTASCOPE__INGEST__RECORDS_PER_MINUTE: '10000000',
  DELTASCOPE__INGEST__RECORDS_BURST: '10000000',
  DELTASCOPE__INGEST__KIB_PER_MINUTE: '1000000',
  DELTASCOPE__INGEST__KIB_BURST: '1000000',
  DELTASCOPE__INGEST__REQUESTS_PER_MINUTE: '1000000',
};

export const test = base.extend<{ line: Between }>({
  line: async ({ server }, use) => {
    const line = await Between.start(server.port);
    await use(line);
    await line.end();
  },
  baseURL: async ({ line }, use) => use(line.url),
});

export const isLog = ({ path }: { path: string }): boolean => path === '/api/logs';

/** Every page of the context: the logger refuses nothing, so that every record can be counted. */
export async function unlimited(context: BrowserContext): Promise<void> {
  await context.addInitScript(() => {
    let made: any;
    Object.defineProperty(window, 'deltascope', {
      configurable: true,
      get: () => made,
      set: (value) => {
        made = value;
        made.unlimited = true;
      },
    });
  });
}

export type Told = { name: string; count: number; letters?: number; from?: number; then?: 'leave' | 'close' };

/** So many clicks in one task, each told as a record of its own: its subject is the name, its number, and random letters. */
export async function tell(page: Page, told: Told): Promise<void> {
  const left = told.then === 'close' ? page.waitForEvent('close') : told.then === 'leave' ? page.waitForEvent('framenavigated') : undefined;
  await page
    .evaluate(({ name, count, letters = 0, from = 0, then }) => {
      const button = document.createElement('button');
      button.dataset.does = 'tell';
      button.dataset.control = 'choose';
      document.body.append(button);
      const random = (length: number) => {
        const bytes = crypto.getRandomValues(new Uint8Array(length));
        return Array.from(bytes, (byte) => 'abcdefghijklmnopqrstuvwxyzABCDEF'[byte & 31]).join('');
      };
      for (let at = from; at < from + count; at += 1) {
        button.dataset.subject = `${name}-${at} ${random(letters)}`;
        button.click();
      }
      button.remove();
      if (then === 'leave') location.href = '/trades';
      if (then === 'close') window.close();
    }, told)
    // The page may be gone before it answers.
    .catch((error) => {
      if (!told.then) throw error;
    });
  await left;
}

/** Every record of the browser that a click of `tell` made, once for each time it is in the store. */
export async function stored(page: Page, name: string): Promise<any[]> {
  const found: any[] = [];
  for (let cursor = ''; ;) {
    const { body } = await api(page, 'GET', `/api/v1/logs?event=ui.click&source=frontend&limit=1000&cursor=${encodeURIComponent(cursor)}`);
    found.push(...body.records.filter(({ message }: any) => message.includes(` for ${name}-`)));
    if (!body.next_cursor) return found;
    cursor = body.next_cursor;
  }
}

/** Each of them is there, and none twice. */
export async function expectAll(page: Page, name: string, count: number, timeout = 40_000): Promise<any[]> {
  const numbers = async () => (await stored(page, name)).map(({ message }: any) => Number(/-(\d+)/.exec(message)?.[1]));
  await expect.poll(async () => new Set(await numbers()).size, { timeout, message: `records of ${name}` }).toBe(count);
  const found = await stored(page, name);
  expect(found.length, `copies of ${name}`).toBe(count);
  return found;
}

/** The books of all tabs, as the server keeps them. */
export async function books(page: Page): Promise<any> {
  return (await api(page, 'GET', '/api/v1/pipeline')).body.clients;
}

/** Rows that wait in this browser for a later page. */
export async function spooled(page: Page): Promise<number> {
  return page.evaluate(async () => (await (window as any).deltascope.log.all()).length);
}
