// How Control feels on a slow phone: `cargo xtask bench` runs it after a release build; by hand:
//   npx playwright test -c end2end/phone/playwright.config.ts
import base from '../playwright.config';

// No pictures and no trace: what is made of a page for them takes its main thread, and would be measured as the page's own.
export default { ...base, use: { ...base.use, trace: 'off', screenshot: 'off' }, testDir: '.', outputDir: '../test-results/phone', testMatch: '*.bench.ts', timeout: 240_000 };
