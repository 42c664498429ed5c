// What fails in a page. Where its program did not start, panicked or trapped, what it had not told is read out of its memory and sent, the
// page is made inert, and a notice says that trading goes on and offers PANIC as a plain form. This script is there from
// the start, because a page may die without a network.
const FATAL = 21;
let box;

// Pages over plain http have no clipboard, and a browser may refuse it: then by a selection.
window.deltascope.unbox = unbox;
window.deltascope.copy = function (text) {
  const byHand = () => {
    const area = element("textarea", { class: "visually-hidden", "aria-hidden": "true" });
    area.value = text;
    document.body.append(area);
    area.select();
    document.execCommand("copy");
    area.remove();
  };
  if (navigator.clipboard) navigator.clipboard.writeText(text).catch(byHand);
  else byHand();
};

function element(tag, attributes, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes || {})) made.setAttribute(name, value);
  made.append(...children);
  return made;
}

const field = (label, attributes) => element("label", { class: "field" }, label, element("input", { autocomplete: "off", spellcheck: "false", ...attributes }));

function panicForm(key) {
  return element("form", { class: "rescue-form", method: "post", action: "/panic", "aria-labelledby": "rescue" },
    element("h2", { id: "rescue" }, "Only in an emergency: close everything"),
    element("p", { class: "said" }, "Buys back all legs of all sessions, at market where needed; nothing opens again until the latch is cleared. Works without the part that failed. With no browser: deltascope panic --all"),
    element("input", { type: "hidden", name: "key", value: key }),
    field("Type PANIC in place of the hold", { name: "confirm", pattern: "PANIC", required: "" }),
    element("button", { class: "button danger" }, "Close everything"),
    element("details", { class: "said" }, element("summary", {}, "Signed out? Add user and password"),
      field("User", { name: "username", autocomplete: "username", autocapitalize: "none" }),
      field("Password", { name: "password", type: "password", autocomplete: "current-password" })));
}

function inert(is) {
  const app = document.getElementById("app");
  app?.toggleAttribute("inert", is);
  if (is) app?.setAttribute("aria-hidden", "true");
  else app?.removeAttribute("aria-hidden");
}

const outside = (event) => {
  if (box && !box.contains(event.target)) event.stopImmediatePropagation();
};
const ACTS = ["click", "keydown", "pointerdown", "submit"];

export function hide() {
  box?.remove();
  box = undefined;
  inert(false);
}

// Whose fault it is. What a browser or an extension complains about uses up nobody's quota.
function origin(message, location) {
  if (/^[\w-]*extension:|^webkit-masked-url:/.test(location)) return "extension";
  if (/^(Error: )?ResizeObserver loop/.test(message)) return "benign";
  return "page";
}

const MOST = 5;
const noise = new Map();
const known = new Set();
let dropped = 0;

// Once for each kind of noise, with how often, when the page is left or a minute later.
function tellNoise(log) {
  for (const [from, { message, location, count }] of noise) log.tell("js", message, location, { fields: { origin: from }, level: 9, calls: count });
  noise.clear();
}

function tellDropped(log) {
  if (dropped) log.tell("js", "More errors of this page were counted and not told.", "", { dropped: dropped - 1, level: 13 });
  dropped = 0;
}

function isNoise(log, message, location) {
  const from = origin(message, location);
  if (from === "page") return false;
  const told = noise.get(from);
  if (told) told.count += 1;
  else {
    noise.set(from, { message, location, count: 1 });
    setTimeout(tellNoise, 60000, log);
  }
  return true;
}

addEventListener("pagehide", () => {
  tellNoise(window.deltascope.log);
  tellDropped(window.deltascope.log);
}, true);

// What the page survives. One that throws again and again is told five times.
export function failed(log, { kind, message, location }) {
  if (isNoise(log, message, location)) return;
  const key = `${kind} ${message} ${location}`;
  if (known.has(key) || known.size >= MOST) {
    dropped += 1;
    return;
  }
  known.add(key);
  log.tell(kind, message, location);
}

function parsed(text) {
  try { return JSON.parse(text); } catch { return undefined; }
}

const WHY = ["ring_full", "rate", "sampled", "oversize", "reentrant", "spool_full", "expired", "rejected", "auth"];

// What stands in the block of the ring at `base`, as `telemetry::client` lays it out; of a torn one what is sound.
export function unbox(buffer, base) {
  const found = { head: {}, next: 0, drops: [], recs: [] };
  const size = Math.min(526336, (buffer?.byteLength ?? 0) - base);
  if (!(base > 0) || size < 2048) return found;
  const view = new DataView(buffer, base, size);
  const u32 = (at) => view.getUint32(at, true);
  const u64 = (at) => Number(view.getBigUint64(at, true));
  if (u32(0) !== 0x32524c44 || u32(4) !== 2) return found;
  const text = (at, length) => (at + length > size ? "" : new TextDecoder().decode(new Uint8Array(buffer, base + at, length)));
  const json = (at, length) => parsed(`{${text(at, length)}}`);
  found.head = json(u32(80), u32(84)) || {};
  found.next = u64(8);
  for (let cell = 0; cell < 54; cell += 1) {
    const c = u32(96 + 4 * cell);
    if (c) found.drops.push({ l: 1 + 4 * Math.floor(cell / 9), why: WHY[cell % 9], c, f: 0, t: 0 });
  }
  const numbers = new Set();
  for (let head = 16; head < 80; head += 16) {
    const end = Math.min(u32(head) + Math.min(u32(head + 8), u32(head + 4)), size);
    for (let at = u32(head), length; at >= 2048 && at + 40 <= end; at += length) {
      length = u32(at);
      if (length < 40 || at + length > end) break;
      const n = u64(at + 8);
      const record = json(at + 40, length - 40);
      const [first, last, c] = [u64(at + 16), u64(at + 24), u32(at + 32)];
      if (!record || !record.l || !(n > 0) || numbers.has(n) || n >= found.next || Math.abs(first - Date.now()) > 1e9) continue;
      numbers.add(n);
      found.recs.push({ ...record, n, first, last, c: c > 0 && c < found.next ? c : 1 });
    }
  }
  return found;
}

// Functions of the program by number and place, never by an address.
const frames = (stack) => String(stack || "").split("\n").map((line) => /^(.*?)wasm-function\[(\d+)\](?::0x([\da-f]+))?/.exec(line)).filter(Boolean).slice(0, 64)
  .map(([, before, ix, off]) => {
    const fn = before.trim().replace(/^at /, "").split(/[(@]/)[0].trim();
    return { fn: /:\/\/|^<|\.$/.test(fn) ? "" : fn, mod: "", ix: +ix, ...(off && { off: parseInt(off, 16) }) };
  });

// The report first, with the newest before it; what finds no room goes in batches of its own.
function sendBox(log, { head, next, drops, recs }, report) {
  const now = Date.now();
  recs.sort((a, b) => b.n - a.n);
  const t0 = recs.reduce((least, { first }) => Math.min(least, first), now);
  const lines = recs.map(({ first, last, c, ...record }) => ({ ...record, d: first - t0, ...(c > 1 && { rep: { c, f: first - t0, l: last - t0 } }) }));
  let stored;
  let batch = { ...head, bid: log.uuid7(), bseq: next, t0, n0: next, drops, self: {}, recs: [{ ...report, d: now - t0, n: next }] };
  let size = 3000;
  const leave = () => {
    batch.recs.sort((a, b) => a.n - b.n);
    const sent = log.send(batch, stored ? Math.max(...batch.recs.map(({ l }) => l)) : FATAL);
    stored ||= sent;
  };
  for (const line of lines) {
    const cost = new Blob([JSON.stringify(line)]).size + 1;
    if (size + cost > 57000) {
      leave();
      batch = { ...batch, bid: log.uuid7(), drops: [], recs: [] };
      size = 1000;
    }
    size += cost;
    batch.n0 = line.n;
    batch.recs.push(line);
  }
  leave();
  return stored;
}

// `stored`: resolves once the server has the report that the program itself has made; without it, it is made here.
export function died(d, { kind, message, location, stack, stored }) {
  const memory = d.wasm?.memory.buffer;
  if (kind === "trap" && (/memory/i.test(message) || memory?.byteLength > 4e9)) kind = "oom";
  const st = frames(stack);
  let found;
  try { found = unbox(memory, d.box); } catch { /* then without it */ }
  const told = () => (found?.head.tid ? sendBox(d.log, found, d.log.recordOf(kind, message, location, { st })) : d.log.tell(kind, message, location, { st }));
  show(d, kind, message, location, stored || told());
}

function show(d, kind, message, location, stored) {
  if (box) return;
  clearTimeout(d.watch);
  const boot = kind === "boot";
  // A page that is of use without its program is not covered; it looks again by itself until there is nothing to wait for.
  const still = boot && document.querySelector("[data-still]");
  if (still) {
    if (still.dataset.still) setTimeout(() => window.location.reload(), 3000);
    return;
  }
  const at = new Date().toISOString().slice(11, 19);
  const report = element("p", { class: "said", role: "status" }, "Telling the server…");
  const reload = element("button", { class: "button primary", type: "button" }, "Reload this page");
  reload.onclick = () => window.location.reload();
  const acts = element("div", { class: "acts" }, reload, element("span", { class: "said" }, "Shows what is true now. Nothing you had started is sent twice."));
  box = element("div", { class: "gone", id: "guard" },
    element("section", { class: "panel", role: "alertdialog", "aria-modal": "true", "aria-labelledby": "gone-title", "aria-describedby": "gone-lead" },
      element("header", {}, element("h2", { id: "gone-title" }, boot ? "This page did not start. Trading goes on." : "This page has stopped. Trading has not.")),
      element("div", { class: "body" },
        element("p", { id: "gone-lead" }, `The program inside this page failed at ${at} UTC. A running session lives on the server and does not need this page: every exit rule goes on. Numbers behind this notice are old.`),
        acts, report, panicForm(d.log.uuid7()),
        element("details", { class: "fold" }, element("summary", {}, "What failed, for a report"),
          element("div", { class: "inside" }, element("code", {}, message), element("code", {}, location || ""), element("code", {}, d.log.meta("version")))))));
  if (boot) {
    const read = element("button", { class: "button", type: "button" }, "Only read this page");
    read.onclick = hide;
    reload.after(read);
  }
  inert(true);
  document.body.append(box);
  reload.focus();
  if (!boot) ACTS.forEach((type) => addEventListener(type, outside, true));
  const late = setTimeout(() => { report.textContent = "The server does not answer. The report is kept in this browser and sent when it does."; }, 12000);
  stored.then(() => {
    clearTimeout(late);
    report.textContent = "The failure was reported.";
  });
}
