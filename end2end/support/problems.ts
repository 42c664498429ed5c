// Collects what a page complains about. A test ends green only if it complained about nothing.
import type { BrowserContext, Page } from '@playwright/test';

/** What Chromium itself writes when nobody answers. */
const NETWORK = /^Failed to load resource: net::ERR_|^WebSocket connection to '\S+' failed|net::ERR_(CONNECTION|EMPTY_RESPONSE|INCOMPLETE|SOCKET|NETWORK)/;
/** What it writes for an answer of 4xx. */
const REFUSED = /^Failed to load resource: the server responded with a status of 4\d\d/;

export class Problems {
  readonly found: string[] = [];
  private excused: RegExp | undefined;

  /** Before the first page: also what happens while it loads is heard. */
  async watch(context: BrowserContext): Promise<void> {
    await context.exposeBinding('__reportCspViolation', (_source, told: string) => this.found.push(`CSP: ${told}`));
    await context.addInitScript(() => {
      document.addEventListener('securitypolicyviolation', (event) => {
        const report = (window as unknown as Record<string, (told: string) => void>).__reportCspViolation;
        report(`${event.effectiveDirective} refused ${event.blockedURI || 'inline'} (${event.sourceFile}:${event.lineNumber})`);
      });
    });
    context.on('page', (page) => this.listen(page));
  }

  /**
   * While `work` runs nobody may answer, and Chromium's own network lines are not held against the page.
   * `work` should end by waiting until the page shows that it is connected again.
   */
  async networkFails(work: () => Promise<void>): Promise<void> {
    await this.excusing(NETWORK, work);
  }

  /** While `work` runs the server may refuse what the page asks. */
  async refused(work: () => Promise<void>): Promise<void> {
    await this.excusing(REFUSED, work);
  }

  /** While `work` runs requests may fail in every way. */
  async anythingFails(work: () => Promise<void>): Promise<void> {
    await this.excusing(/^Failed to load resource|^WebSocket connection to |net::ERR_/, work);
  }

  private async excusing(lines: RegExp, work: () => Promise<void>): Promise<void> {
    this.excused = lines;
    try {
      await work();
    } finally {
      this.excused = undefined;
    }
  }

  private listen(page: Page): void {
    page.on('pageerror', (error) => this.found.push(`uncaught: ${error.message}`));
    page.on('crash', () => this.found.push('the page crashed'));
    page.on('console', (message) => {
      if (message.type() !== 'error') return;
      const text = message.text();
      if (!this.excused?.test(text)) this.found.push(`console: ${text} (${message.location().url})`);
    });
  }
}
