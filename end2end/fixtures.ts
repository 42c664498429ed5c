// What every flow starts from: a server of its own, a page that may complain about nothing.
import { test as base, expect } from '@playwright/test';
import { Problems } from './support/problems';
import { Server } from './support/server';
import { type Market, Simulator } from './support/simulator';

export { expect };
export { api } from './support/api';
export { expectAccessible, expectFits, setTheme, THEMES } from './support/accessible';
export { hydrated } from './support/hydrated';
export { PASSWORD, USERNAME } from './support/server';

/** A falling real day, too slow for an exit rule to end a session before its test does. */
const MARKET: Market = { tape: 'tapes/btcusd-2022-01-05.csv', speed: 20, seed: 1 };

type Options = {
  /** All of it at once: `test.use({ market: { tape: 'tapes/btcusd-2022-01-05.csv', speed: 120, seed: 1 } })` */
  market: Market;
  /** `separate`: the venue is a `deltascope simulator`, which a killed server leaves running. */
  venue: 'embedded' | 'separate';
  /** Further `DELTASCOPE__…` variables of the server. */
  environment: Record<string, string>;
};

type Fixtures = {
  /** Null when the venue is embedded. */
  simulator: Simulator | null;
  server: Server;
  problems: Problems;
};

export const test = base.extend<Options & Fixtures>({
  market: [MARKET, { option: true }],
  venue: ['embedded', { option: true }],
  environment: [{}, { option: true }],

  simulator: async ({ venue, market }, use) => {
    const simulator = venue === 'separate' ? await Simulator.start(market) : null;
    await use(simulator);
    await simulator?.program.killHard();
  },

  server: async ({ simulator, market, environment }, use, testInfo) => {
    const server = await Server.start({ market, venue: simulator ?? undefined, environment });
    await use(server);
    if (testInfo.status !== testInfo.expectedStatus) {
      await testInfo.attach('server.log', { body: server.said(), contentType: 'text/plain' });
    }
    await server.discard();
  },

  baseURL: async ({ server }, use) => use(server.url),

  problems: [
    async ({ context }, use) => {
      const problems = new Problems();
      await problems.watch(context);
      await use(problems);
      expect(problems.found, 'console errors, page errors and CSP violations').toEqual([]);
    },
    { auto: true },
  ],
});
