// The API with the browser's own cookie, beside the page: what is refused here leaves no line in the page's console.
import { randomUUID } from 'node:crypto';
import type { Page } from '@playwright/test';

export type Answer = { status: number; correlationId: string | undefined; body: any };

/** For looking and comparing. What a user does is done by clicking. */
export async function api(page: Page, method: string, path: string, body?: unknown): Promise<Answer> {
  const key = method === 'GET' ? {} : { 'idempotency-key': randomUUID() };
  const response = await page.request.fetch(path, { method, headers: { ...key }, data: body });
  const text = await response.text();
  return {
    status: response.status(),
    correlationId: response.headers()['x-correlation-id'],
    body: text === '' ? null : JSON.parse(text),
  };
}
