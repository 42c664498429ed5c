// A line between browser and server that can be bad: requests that hang, are answered by somebody in between, or whose answer
// is cut; sockets that are cut in the middle or accepted and dropped.
import http from 'node:http';
import net from 'node:net';
import { gunzipSync } from 'node:zlib';
import { freePort } from './program';

export type Asked = { method: string; path: string; at: number; headers: http.IncomingHttpHeaders };
export type Answer = { status: number; headers?: Record<string, string> };
/** A batch of log records as it travelled: its bytes, and what they say. */
export type Batch = Asked & { bytes: Buffer; said: any };

export class Between {
  /** Every request that came, whether or not it was passed on. */
  readonly asked: Asked[] = [];
  /** Sockets of the feed that were opened, those that are over included. */
  readonly feeds: { browser: net.Socket; server: net.Socket; at: number }[] = [];
  /** A request of which this is true is taken and never answered. */
  hangs: (asked: Asked) => boolean = () => false;
  /** Somebody in between answers; the server hears nothing. `cut`: the connection ends instead. */
  answers: (asked: Asked) => Answer | 'cut' | undefined = () => undefined;
  /** The server does what is asked, and the browser never gets the answer. */
  loses: (asked: Asked) => boolean = () => false;
  /** How long a request is kept before the server hears of it, milliseconds. */
  delays: (asked: Asked) => number = () => 0;
  /** The server hears of a request once this is done. */
  holds: (asked: Asked) => Promise<void> | undefined = () => undefined;
  /** Batches of log records that came, in their order. */
  readonly batches: Batch[] = [];
  /** Nothing goes through the feed's sockets, and nobody closes them. */
  frozen = false;
  /** The feed's sockets are accepted and closed at once. */
  drops = false;

  private readonly open = new Set<net.Socket>();
  private server!: http.Server;

  private constructor(
    readonly port: number,
    private readonly target: number,
  ) {}

  static async start(target: number): Promise<Between> {
    const between = new Between(await freePort(), target);
    await between.listen();
    return between;
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  feedsOpen(): number {
    return this.feeds.filter(({ browser, server }) => !browser.destroyed && !server.destroyed).length;
  }

  /** As when the line is dead for good. */
  async end(): Promise<void> {
    for (const socket of this.open) socket.destroy();
    await new Promise((ended) => this.server.close(ended));
  }

  private async listen(): Promise<void> {
    this.server = http.createServer((request, response) => this.pass(request, response));
    this.server.on('upgrade', (request, socket, head) => this.join(request, socket as net.Socket, head));
    this.server.on('connection', (socket) => this.keep(socket));
    await new Promise<void>((up) => this.server.listen(this.port, '127.0.0.1', up));
  }

  private keep(socket: net.Socket): void {
    this.open.add(socket);
    socket.on('close', () => this.open.delete(socket));
    socket.on('error', () => socket.destroy());
  }

  private note(request: http.IncomingMessage): Asked {
    const asked = { method: request.method ?? '', path: request.url ?? '', at: Date.now(), headers: request.headers };
    this.asked.push(asked);
    return asked;
  }

  private pass(request: http.IncomingMessage, response: http.ServerResponse): void {
    const asked = this.note(request);
    const body = asked.path === '/api/logs' ? this.read(asked, request) : undefined;
    if (this.hangs(asked)) return;
    const answer = this.answers(asked);
    if (answer === 'cut') {
      request.socket.destroy();
      return;
    }
    if (answer) {
      request.resume().on('end', () => response.writeHead(answer.status, answer.headers).end());
      return;
    }
    const { method, url: path, headers } = request;
    const lost = this.loses(asked);
    const onward = http.request({ host: '127.0.0.1', port: this.target, method, path, headers }, (answer) => {
      if (lost) {
        answer.resume().on('end', () => response.destroy());
        return;
      }
      response.writeHead(answer.statusCode ?? 502, answer.rawHeaders);
      answer.pipe(response);
    });
    onward.on('error', () => response.destroy());
    const delay = this.delays(asked);
    const held = this.holds(asked);
    if (held) void held.then(() => request.pipe(onward));
    else if (body) void body.then((bytes) => setTimeout(() => onward.end(bytes), delay));
    else request.pipe(onward);
  }

  private read(asked: Asked, request: http.IncomingMessage): Promise<Buffer> {
    const parts: Buffer[] = [];
    request.on('data', (part) => parts.push(part));
    return new Promise((whole) =>
      request.on('end', () => {
        const bytes = Buffer.concat(parts);
        const text = request.headers['content-encoding'] === 'gzip' ? gunzipSync(bytes) : bytes;
        this.batches.push({ ...asked, bytes, said: JSON.parse(text.toString()) });
        whole(bytes);
      }),
    );
  }

  private join(request: http.IncomingMessage, browser: net.Socket, head: Buffer): void {
    this.note(request);
    const server = net.connect(this.target, '127.0.0.1');
    this.keep(server);
    this.feeds.push({ browser, server, at: Date.now() });
    const lines = [`${request.method} ${request.url} HTTP/1.1`];
    for (let at = 0; at < request.rawHeaders.length; at += 2) lines.push(`${request.rawHeaders[at]}: ${request.rawHeaders[at + 1]}`);
    server.write(`${lines.join('\r\n')}\r\n\r\n`);
    server.write(head);
    const { drops } = this;
    server.on('data', (data) => {
      if (this.frozen) return;
      browser.write(data);
      if (drops) browser.destroy();
    });
    browser.on('data', (data) => {
      if (!this.frozen) server.write(data);
    });
    for (const [one, other] of [[server, browser], [browser, server]]) one.on('close', () => (this.frozen ? undefined : other.destroy()));
  }
}
