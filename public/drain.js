// What earlier pages of this browser could not send, and what a dead one left: oldest first, one a second, by one tab
// at a time. What is too much or too old is declared in the name of who told it.
const WARN = 13;
const FATAL = 21;
const TAB = "deltascope-tab-";
const DRAIN = "deltascope-log-drain";
const DAY = 864e5;
const LEASE = 15000;
let draining = false;
let failures = 0;
// Milliseconds until it is looked again: something was made anew, or another tab has not sent what is its own.
let again = 0;

const through = (data, stream) => new Response(new Blob([data]).stream().pipeThrough(stream));
const bytes = async (response) => new Uint8Array(await response.arrayBuffer());
const plain = ({ body, gzip }) => (gzip ? through(body, new DecompressionStream("gzip")) : new Response(body));
const kept = (name) => {
  try { return Number(localStorage.getItem(name)); } catch { return 0; }
};

// A lease is never longer: where it ends later, a clock was set back.
const isLeased = (ms) => ms > 0 && ms <= LEASE;

// Some of a batch's records under an id of their own, in its place. Those that are lost are declared by `why`.
async function remake(log, row, why, ...picks) {
  const whole = JSON.parse(await plain(row).text());
  for (const [at, pick] of picks.entries()) {
    const batch = { ...whole, bid: log.uuid7(), drops: at ? [] : whole.drops, recs: whole.recs.filter((record, place) => pick(record, place, whole.recs.length)) };
    if (why) {
      const lost = {};
      for (const { l, rep } of whole.recs) lost[l] = (lost[l] || 0) + (rep ? rep.c : 1);
      batch.drops = batch.drops.concat(Object.entries(lost).map(([l, c]) => ({ l: Number(l), why, c, f: 0, t: 0 })));
    }
    const body = await bytes(through(JSON.stringify(batch), new CompressionStream("gzip")));
    log.put({ bid: batch.bid, body, gzip: true, level: why ? FATAL + 4 : row.level, low: why ? WARN : row.low, tab: "", at: Date.now() });
  }
  log.forget(row.bid);
}

// What is lost of it is still told; a declaration that is lost is not declared.
const isGrave = (row) => row.level > FATAL;
const bury = (log, row, why) => (isGrave(row) ? log.forget(row.bid) : remake(log, row, why, () => false).catch(() => log.forget(row.bid)));

// Whoever lives sends what is theirs; without locks, whoever may live.
async function livingTabs(log) {
  const held = navigator.locks && new Set((await navigator.locks.query()).held.map(({ name }) => name));
  return (row) => (row.tab === log.tab ? !log.isDead() : held ? held.has(TAB + row.tab) : row.tab !== "" && Math.abs(row.at - Date.now()) < 6e4);
}

// 64 batches, 2 MiB, a day: the oldest of the lowest level of those that are nobody's any more goes.
async function orphans(log) {
  const living = await livingTabs(log);
  const every = await log.all();
  // A declaration is small, but there is an end to them as well.
  every.filter(isGrave).sort((a, b) => b.at - a.at).slice(64).forEach(({ bid }) => log.forget(bid));
  const list = every.filter((row) => !isGrave(row));
  let size = list.reduce((sum, { body }) => sum + body.length, 0);
  let count = list.length;
  for (const row of list.filter((row) => !living(row)).sort((a, b) => a.level - b.level || a.at - b.at)) {
    const old = row.at < Date.now() - DAY;
    if (!old && count <= 64 && size <= 2 << 20) continue;
    count -= 1;
    size -= row.body.length;
    await bury(log, row, old ? "expired" : "spool_full");
  }
  const left = await log.all();
  if (left.some((row) => living(row) && row.tab !== log.tab)) again = 10000;
  return left.filter((row) => !living(row)).sort((a, b) => a.at - b.at);
}

// The books of before a sign-out are closed in the name of those who told them; who still lives tells it themselves.
export async function wiped(log, list) {
  const living = await livingTabs(log);
  for (const row of list.filter((row) => !isGrave(row))) {
    if (living(row)) log.forget(row.bid);
    else await bury(log, row, "auth");
  }
}

export async function drain(log) {
  if (log.isHalted() || draining) return;
  draining = true;
  again = 0;
  try {
    await log.opened;
    if (navigator.locks) await navigator.locks.request(DRAIN, { ifAvailable: true }, (free) => free && sendAll(log));
    else if (!isLeased(kept(DRAIN) - Date.now())) await sendAll(log);
  } finally {
    draining = false;
    if (again) log.plan(again);
  }
}

async function sendAll(log) {
  for (const row of await orphans(log)) {
    if (log.isHalted()) return;
    if (log.until() > Date.now()) return log.plan(log.until() - Date.now() + 500);
    if (!log.signedIn() && !(row.low >= WARN)) continue;
    if (!navigator.locks) try { localStorage.setItem(DRAIN, Date.now() + LEASE); } catch { /* then others send it too */ }
    if (!(await sent(log, row, await log.request(row, false, true)))) return;
    await new Promise((go) => setTimeout(go, 1000));
  }
}

// False: not the next one either.
async function sent(log, row, [status, wait, receipt]) {
  if (status === 202) {
    failures = 0;
    const refused = (receipt.rej || []).some(({ code }) => code === "tier");
    if (!refused) return log.forget(row.bid) || true;
    // Signed out meanwhile: what was not taken waits for the next sign-in.
    log.signedIn(false);
    await remake(log, { ...row, level: 9, low: 9 }, "", ({ l }) => l < WARN);
  } else if (status === 400 || status === 422 || status === 413 || (status === 415 && row.gzip)) {
    again = 1000;
    if (status === 413) await halve(log, row);
    else if (status === 415) log.put({ ...row, gzip: false, body: await bytes(plain(row)) });
    else await bury(log, row, "rejected");
  } else if (status === 401) log.signedIn(false);
  else if (status === 403 || status === 410) return log.stop();
  else {
    const step = Math.min(1000 * 2 ** failures, 60000);
    failures += 1;
    const until = Date.now() + Math.max((step * (1 + Math.random())) / 2, Math.min(wait, 6e5));
    log.waitUntil(until);
    log.share({ until });
    return false;
  }
  return true;
}

async function halve(log, row) {
  const first = (record, place, count) => place < count >> 1;
  const { recs } = JSON.parse(await plain(row).text());
  if (recs.length < 2) return bury(log, row, "oversize");
  return remake(log, row, "", first, (...at) => !first(...at));
}
