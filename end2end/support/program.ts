// A child process of a test: its lines are kept, it can be killed hard, and it never outlives the test.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { resolve } from 'node:path';
import { createInterface } from 'node:readline';

export const ROOT = resolve(__dirname, '../..');

/** The release build; `DELTASCOPE_BINARY` names another one while developing. */
const BINARY = process.env.DELTASCOPE_BINARY ?? resolve(ROOT, 'target/release/deltascope');

export type Environment = Record<string, string>;

export class Program {
  readonly stdout: string[] = [];
  readonly stderr: string[] = [];
  private readonly waiting: Array<() => void> = [];
  private exit: { code: number | null; signal: string | null } | undefined;

  private constructor(private readonly child: ChildProcess) {
    this.keepLines(child.stdout, this.stdout);
    this.keepLines(child.stderr, this.stderr);
    const endWithUs = () => child.kill('SIGKILL');
    process.once('exit', endWithUs);
    child.once('exit', (code, signal) => {
      process.removeListener('exit', endWithUs);
      this.exit = { code, signal };
      this.wake();
    });
  }

  /** Only what a test sets reaches the program: nothing of the developer's own configuration. */
  static async start(args: string[], environment: Environment): Promise<Program> {
    const { PATH = '', HOME = '', TMPDIR = '/tmp' } = process.env;
    const env = { PATH, HOME, TMPDIR, ...environment };
    const child = spawn(BINARY, args, { cwd: ROOT, env, stdio: ['ignore', 'pipe', 'pipe'] });
    await once(child, 'spawn');
    return new Program(child);
  }

  get running(): boolean {
    return this.exit === undefined;
  }

  /** The first line of stdout; for programs that print where they listen. */
  async firstLine(): Promise<string> {
    while (this.stdout.length === 0) {
      if (!this.running) throw new Error(`ended before its first line: ${this.lastWords()}`);
      await new Promise<void>((wake) => this.waiting.push(wake));
    }
    return this.stdout[0];
  }

  /** As a power cut: no handler of the program runs. */
  async killHard(): Promise<void> {
    if (this.running) this.child.kill('SIGKILL');
    await this.ended();
  }

  /** Asks it to end and answers with its exit status. */
  async terminate(): Promise<number | null> {
    if (this.running) this.child.kill('SIGTERM');
    await this.ended();
    return this.exit?.code ?? null;
  }

  lastWords(): string {
    return [...this.stderr.slice(-10), ...this.stdout.slice(-5)].join('\n');
  }

  private async ended(): Promise<void> {
    while (this.running) await new Promise<void>((wake) => this.waiting.push(wake));
  }

  private keepLines(stream: NodeJS.ReadableStream | null, lines: string[]): void {
    if (!stream) return;
    createInterface({ input: stream }).on('line', (line) => {
      lines.push(line);
      this.wake();
    });
  }

  private wake(): void {
    for (const wake of this.waiting.splice(0)) wake();
  }
}

/** A port that was free a moment ago; a server keeps the same one over its restarts. */
export async function freePort(): Promise<number> {
  const probe = createServer();
  probe.listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const { port } = probe.address() as AddressInfo;
  probe.close();
  await once(probe, 'close');
  return port;
}
