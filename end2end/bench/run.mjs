// What a call of a logger costs, in real Chromium: ours (the module as it ships, called through `app::tell`) and four
// others, one after the other in one run, all pointed at a collector on loopback that takes everything. Chromium
// resolves no other host. `cargo xtask bench` builds the module and calls this: node run.mjs FOLDER.
import { createServer } from 'node:http';
import { readFile, readdir } from 'node:fs/promises';
import { extname, join } from 'node:path';
import { build } from 'esbuild';
import { chromium } from 'playwright';

const SAMPLES = 200;
const CALLS = { enabled: 800, repeat: 10_000, disabled: 100_000 };
const KINDS = ['enabled', 'repeat', 'disabled'];
const OTHERS = ['opentelemetry', 'datadog', 'faro', 'sentry'];
const TYPES = { '.js': 'text/javascript', '.wasm': 'application/wasm' };

const folder = process.argv[2];
const here = import.meta.dirname;
const bundled = await build({
  entryPoints: [join(here, 'others.mjs')],
  bundle: true,
  minify: true,
  format: 'iife',
  write: false,
  logLevel: 'error',
});
const files = await readdir(folder);
const loader = files.find((name) => /^deltascope\..*\.js$/.test(name));
const module = files.find((name) => /^deltascope\..*\.wasm$/.test(name));
const guard = files.find((name) => /^guard\..*\.js$/.test(name));

// Isolated, so that the browser's clock is exact to 5 µs.
const ISOLATED = {
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Embedder-Policy': 'require-corp',
  'Cross-Origin-Resource-Policy': 'same-origin',
};

// Batches of ours that the collector has taken.
let taken = 0;

async function serve(request, response) {
  const path = new URL(request.url, 'http://localhost').pathname;
  const answer = (status, type, body) => response.writeHead(status, { ...ISOLATED, 'Content-Type': type }).end(body);
  if (request.method === 'POST') {
    request.resume();
    await new Promise((done) => request.on('end', done));
    const bid = request.headers['idempotency-key'] ?? '';
    const receipt = { bid, ok: 0, dup: false, rej: [], rej_n: 0, now: Date.now() };
    taken += path === '/api/logs' ? 1 : 0;
    return path === '/api/logs' ? answer(202, 'application/json', JSON.stringify(receipt)) : answer(200, 'application/json', '{}');
  }
  if (path === '/others.js') return answer(200, TYPES['.js'], bundled.outputFiles[0].text);
  const name = files.find((file) => path === `/ours/${file}`);
  if (name) return answer(200, TYPES[extname(name)] ?? 'text/plain', await readFile(join(folder, name)));
  const page = '<!doctype html><meta name="version" content="bench">';
  return path === '/' ? answer(200, 'text/html', page) : answer(404, 'text/plain', '');
}

async function measure(page, kinds) {
  return page.evaluate(
    async ({ kinds, samples, calls: counts }) => {
      const rest = () => new Promise((done) => setTimeout(done, 0));
      const found = {};
      for (const kind of kinds.filter((kind) => window.logger[kind])) {
        const calls = counts[kind];
        const costs = [];
        for (let sample = 0; sample < samples; sample += 1) {
          costs.push((window.logger[kind](calls) * 1e6) / calls);
          await window.logger.flush();
          await rest();
        }
        costs.sort((one, other) => one - other);
        found[kind] = { p50: costs[Math.floor(samples / 2)], p95: costs[Math.floor(samples * 0.95)] };
      }
      return found;
    },
    { kinds, samples: SAMPLES, calls: CALLS },
  );
}

const server = createServer((request, response) => serve(request, response).catch(() => response.writeHead(500).end()));
await new Promise((done) => server.listen(0, '127.0.0.1', done));
const origin = `http://127.0.0.1:${server.address().port}`;
const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM,
  args: ['--no-sandbox', '--disable-gpu', '--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1'],
});

async function fresh(prepare, argument) {
  const page = await browser.newPage();
  page.on('pageerror', (error) => process.stderr.write(`${error}\n`));
  await page.goto(origin);
  await page.evaluate(prepare, argument);
  return page;
}

const results = {};
const ours = await fresh(
  async ({ loader, module, guard }) => {
    // Its records are delivered as those of a page are, by the sentinel. A logger whose requests nobody answers keeps
    // its memory full, and what is measured then is an outage.
    let asked = 0;
    const ask = async (...request) => {
      asked += 1;
      return fetch(...request).finally(() => (asked -= 1));
    };
    const sentinel = (window.deltascope = { queue: [], fetch: ask, fail() {} });
    await import(`/ours/${guard}`);
    sentinel.fail = (...failure) => console.error(failure);
    const made = await import(`/ours/${loader}`);
    await made.default({ module_or_path: `/ours/${module}` });
    sentinel.module = made;
    made.bench_start();
    const kind = (number) => (calls) => made.bench_calls(number, calls);
    const flush = async () => {
      do await new Promise((done) => setTimeout(done, 1));
      while (asked > 0);
    };
    window.logger = { enabled: kind(0), repeat: kind(1), disabled: kind(2), flush };
  },
  { loader, module, guard },
);
results.deltascope = await measure(ours, KINDS);
if (taken < SAMPLES) throw new Error(`of ${SAMPLES} tasks only ${taken} batches arrived: what was measured is an outage`);
const after = await ours.evaluate(
  async ({ samples, calls }) => {
    const turn = new MessageChannel();
    const costs = [];
    for (let sample = 0; sample < samples; sample += 1) {
      window.logger.enabled(calls);
      const ended = performance.now();
      await new Promise((done) => {
        turn.port1.onmessage = done;
        turn.port2.postMessage(0);
      });
      costs.push(((performance.now() - ended) * 1e6) / calls);
      await window.logger.flush();
    }
    return costs.sort((one, other) => one - other)[samples / 2];
  },
  { samples: SAMPLES, calls: CALLS.enabled },
);
await ours.close();
for (const name of OTHERS) {
  const page = await fresh(() => {}, undefined);
  await page.addScriptTag({ url: '/others.js' });
  await page.evaluate(({ name, origin }) => void (window.logger = window.makeOther(name, origin)), { name, origin });
  results[name] = await measure(page, KINDS);
  await page.close();
}
await browser.close();
server.close();

const told = (name, kind) => {
  const cost = results[name][kind];
  return cost ? `${cost.p50.toFixed(1)} (p95 ${cost.p95.toFixed(1)})` : '-';
};
const ratio = (name) => (results[name].enabled.p50 / results.deltascope.enabled.p50).toFixed(1);
process.stdout.write('\nns per call with three fields, p50\n');
for (const name of ['deltascope', ...OTHERS]) {
  const cells = KINDS.map((kind) => told(name, kind).padEnd(24)).join('');
  process.stdout.write(`${name.padEnd(16)}${cells}${ratio(name).padStart(8)} x\n`);
}
process.stdout.write(`What follows the task of ours (sealing, compressing, handing over): ${after.toFixed(1)} ns a new record\n`);
