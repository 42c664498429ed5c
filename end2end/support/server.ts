// The release build as a user runs it, on a port and a data directory of its own, which survive its restarts.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Environment, freePort, Program } from './program';
import type { Market, Simulator } from './simulator';

export const USERNAME = 'admin';
export const PASSWORD = 'correct horse battery staple';

export type ServerOptions = { market?: Market; venue?: Simulator; environment?: Environment };

export class Server {
  private program!: Program;
  private readonly ended: Program[] = [];

  private constructor(
    readonly port: number,
    readonly dataDir: string,
    private readonly environment: Environment,
  ) {}

  static async start(options: ServerOptions): Promise<Server> {
    const port = await freePort();
    const dataDir = await mkdtemp(join(tmpdir(), 'deltascope-'));
    const server = new Server(port, dataDir, {
      DELTASCOPE__HTTP__LISTEN: `127.0.0.1:${port}`,
      DELTASCOPE__DATA__DIR: dataDir,
      DELTASCOPE__AUTH__BOOTSTRAP_PASSWORD: PASSWORD,
      ...venue(options),
      ...options.environment,
    });
    await server.up();
    return server;
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  /** Starts the program and waits until recovery is complete. */
  async up(): Promise<void> {
    this.program = await Program.start([], this.environment);
    const deadline = Date.now() + 60_000;
    while (!(await this.isReady())) {
      if (!this.program.running) throw new Error(`the server ended at start:\n${this.program.lastWords()}`);
      if (Date.now() > deadline) throw new Error(`not ready after a minute:\n${this.program.lastWords()}`);
      await new Promise((wake) => setTimeout(wake, 50));
    }
  }

  /** kill -9: nothing is flushed, nothing is said. */
  async killHard(): Promise<void> {
    await this.program.killHard();
    this.ended.push(this.program);
  }

  /** SIGTERM; answers with the exit status. */
  async terminate(): Promise<number | null> {
    const status = await this.program.terminate();
    this.ended.push(this.program);
    return status;
  }

  /** Everything it said over all its lives. */
  said(): string {
    const lives = this.ended.includes(this.program) ? this.ended : [...this.ended, this.program];
    return lives.map((life) => [...life.stderr, ...life.stdout].join('\n')).join('\n--- started again ---\n');
  }

  async discard(): Promise<void> {
    await this.program.killHard();
    await rm(this.dataDir, { recursive: true, force: true });
  }

  private async isReady(): Promise<boolean> {
    try {
      return (await fetch(`${this.url}/health/ready`)).ok;
    } catch {
      return false;
    }
  }
}

function venue({ market = {}, venue }: ServerOptions): Environment {
  if (venue) {
    return { DELTASCOPE__VENUE__REST_URL: venue.restUrl, DELTASCOPE__VENUE__WS_URL: venue.wsUrl };
  }
  const settings = Object.entries(market).filter(([, value]) => value !== undefined);
  return Object.fromEntries(settings.map(([name, value]) => [`DELTASCOPE__SIMULATOR__${name.toUpperCase()}`, `${value}`]));
}
