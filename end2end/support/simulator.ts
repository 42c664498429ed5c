// The venue alone, as a program of its own: it outlives a killed server as a real venue would.
import { Program } from './program';

export type Market = {
  /** A file of tape rows, from the root of the repository. Without one: the seeded market. */
  tape?: string;
  speed?: number;
  seed?: number;
  /** A fault file. */
  faults?: string;
  /** Which environment of the venue it plays. */
  profile?: string;
};

export class Simulator {
  private constructor(
    readonly program: Program,
    readonly restUrl: string,
    readonly wsUrl: string,
  ) {}

  static async start(market: Market): Promise<Simulator> {
    const args = ['simulator', '--listen', '127.0.0.1:0'];
    for (const [name, value] of Object.entries(market)) {
      if (value !== undefined) args.push(`--${name}`, String(value));
    }
    const program = await Program.start(args, {});
    const urls = Object.values(JSON.parse(await program.firstLine())).filter((value) => typeof value === 'string');
    const restUrl = urls.find((url) => url.startsWith('http://'));
    const wsUrl = urls.find((url) => url.startsWith('ws://'));
    if (!restUrl || !wsUrl) throw new Error(`the simulator told no URLs: ${program.stdout[0]}`);
    return new Simulator(program, restUrl.replace(/\/(v2\/?)?$/, ''), wsUrl);
  }
}
