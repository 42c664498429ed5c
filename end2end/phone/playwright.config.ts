// How Control feels on a slow phone: `cargo xtask bench` runs it after a release build; by hand:
//   npx playwright test -c end2end/phone/playwright.config.ts
import base from '../playwright.config';

export default { ...base, testDir: '.', outputDir: '../test-results/phone', testMatch: '*.bench.ts', timeout: 240_000 };
