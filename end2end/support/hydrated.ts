// A page is readable before its module runs; acting on it needs the module.
import { expect, type Page } from '@playwright/test';

/** Waits for the flag that the boot script sets when hydration is done. */
export async function hydrated(page: Page): Promise<void> {
  await expect(page.locator('html[data-hydrated]')).toBeAttached();
}
