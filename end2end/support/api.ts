// The API from inside the page: same cookie, same origin, same policy as the console's own calls.
import type { Page } from '@playwright/test';

export type Answer = { status: number; correlationId: string | null; body: any };

/** For looking and comparing. What a user does is done by clicking. */
export async function api(page: Page, method: string, path: string, body?: unknown): Promise<Answer> {
  return page.evaluate(
    async ({ method, path, body }) => {
      const headers: Record<string, string> = { 'content-type': 'application/json' };
      if (method !== 'GET') headers['idempotency-key'] = crypto.randomUUID();
      const response = await fetch(path, { method, headers, body: body === undefined ? undefined : JSON.stringify(body) });
      const text = await response.text();
      return {
        status: response.status,
        correlationId: response.headers.get('x-correlation-id'),
        body: text === '' ? null : JSON.parse(text),
      };
    },
    { method, path, body },
  );
}
