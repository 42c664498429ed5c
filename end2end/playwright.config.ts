// Playwright on the release build, in the system's Chromium. `cargo xtask test` runs it; by hand:
//   npx playwright test -c end2end/playwright.config.ts
import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { defineConfig } from '@playwright/test';

const NAMES = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable'];

function chromium(): string {
  const folders = (process.env.PATH ?? '').split(delimiter);
  const candidates = NAMES.flatMap((name) => folders.map((folder) => join(folder, name)));
  const found = process.env.CHROMIUM ?? candidates.find((file) => existsSync(file));
  if (!found) throw new Error('Chromium is missing: `cargo xtask setup` installs it, or set CHROMIUM');
  return found;
}

export default defineConfig({
  testDir: '.',
  outputDir: 'test-results',
  // Each test has a server, a market and a browser page of its own: one at a time on two cores.
  workers: 1,
  // One second try where nobody watches; the suite's result line names what needed it. At a desk a flaky test fails.
  retries: process.env.CI ? 1 : 0,
  forbidOnly: !!process.env.CI,
  timeout: 120_000,
  expect: { timeout: 20_000 },
  reporter: [['list']],
  use: {
    headless: true,
    viewport: { width: 1440, height: 900 },
    locale: 'en-GB',
    timezoneId: 'UTC',
    actionTimeout: 20_000,
    trace: 'retain-on-failure',
    screenshot: 'only-on-failure',
    contextOptions: { reducedMotion: 'reduce' },
    launchOptions: {
      executablePath: chromium(),
      args: [
        '--no-sandbox',
        '--disable-gpu',
        '--disable-quic',
        '--no-first-run',
        '--disable-background-networking',
        '--disable-component-update',
        '--disable-sync',
      ],
    },
  },
});
