// axe finds nothing in both themes, and a narrow screen need not be scrolled sideways.
import AxeBuilder from '@axe-core/playwright';
import { expect, type Page } from '@playwright/test';

export const THEMES = ['dark', 'light'] as const;
export type Theme = (typeof THEMES)[number];

/** As the theme button does it: the attribute decides, whatever the system prefers. */
export async function setTheme(page: Page, theme: Theme): Promise<void> {
  await page.emulateMedia({ colorScheme: theme });
  await page.evaluate((theme) => document.documentElement.setAttribute('data-theme', theme), theme);
}

/** Our pages have no frames: the mode without them opens no page of its own, and takes half the time. */
const axe = (page: Page) => new AxeBuilder({ page }).options({ resultTypes: ['violations'] }).setLegacyMode(true);

/** Every rule of axe, contrast included. The page is left in its first theme. */
export async function expectAccessible(page: Page): Promise<void> {
  const before = await page.evaluate(() => document.documentElement.getAttribute('data-theme'));
  for (const theme of THEMES) {
    await setTheme(page, theme);
    const { violations } = await axe(page).analyze();
    const told = violations.flatMap(({ id, help, nodes }) =>
      nodes.map((node) => `${id}: ${help}: ${node.target.join(' ')}: ${node.failureSummary ?? ''}`),
    );
    expect(told, `axe on ${page.url()}, ${theme} theme`).toEqual([]);
  }
  await setTheme(page, before === 'light' ? 'light' : 'dark');
}

/** On the narrowest phone nothing sticks out, neither of the page nor of a table. The viewport is left as it was. */
export async function expectFits(page: Page): Promise<void> {
  const before = page.viewportSize();
  await page.setViewportSize({ width: 360, height: 740 });
  const width = () => page.evaluate(() => (document.scrollingElement?.scrollWidth ?? 0) - window.innerWidth);
  await expect.poll(width, { message: `${page.url()} at 360 px, pixels too wide` }).toBeLessThanOrEqual(0);
  const tooWide = () =>
    page.getByRole('table').evaluateAll((tables) =>
      tables
        .filter((table) => table.offsetWidth > (table.parentElement?.clientWidth ?? 0))
        .map((table) => `${table.querySelector('caption')?.textContent}: ${table.offsetWidth} px`),
    );
  await expect.poll(tooWide, { message: `tables of ${page.url()} at 360 px` }).toEqual([]);
  if (before) await page.setViewportSize(before);
}
