// The sentinel's second part: the delivery of what this page tells, and its black box. Owns the requests, the spool and
// what is shared with the other tabs, and lives on when the page's program has died: what it left in memory and the
// notice are in rescue.js. What earlier pages left is sent by drain.js.
(function () {
  "use strict";
  const d = window.deltascope;
  if (!d) return;
  const meta = (name) => document.querySelector(`meta[name='${name}']`)?.content || "";
  const hex = (count) => Array.from(crypto.getRandomValues(new Uint8Array(count)), (byte) => byte.toString(16).padStart(2, "0")).join("");
  const sleep = (ms) => new Promise((go) => setTimeout(go, ms));
  const quietly = (work) => { try { return work(); } catch { return undefined; } };
  const uuid7 = function () {
    const time = Date.now().toString(16).padStart(12, "0");
    const rest = hex(10);
    return `${time.slice(0, 8)}-${time.slice(8)}-7${rest.slice(0, 3)}-8${rest.slice(3, 6)}-${rest.slice(6, 18)}`;
  };
  // Asked for now, and again if that failed: a page that dies offline must be able to say so.
  const rescue = () => import("/rescue.js");
  rescue().catch(() => 0);

  const [PATH, WARN, FATAL] = ["/api/logs", 13, 21];
  // What `signal` of the program understands.
  const [HIDE, ONLINE, HOLD, SIGNED_IN, SIGNED_OUT, LOOK, MEMORY, HALT] = [0, 1, 2, 3, 4, 5, 6, 7];
  const NAMES = { boot: "ui.boot_failed", trap: "ui.trapped", oom: "ui.trapped", panic: "ui.panic" };
  const TAB = "deltascope-tab-";
  const tab = hex(16);
  let [number, dead] = [0, false];
  let token = meta("log-token");
  let signedIn = !location.pathname.startsWith("/login");
  // `closed`: after a sign-out nothing of the user's is kept any more.
  let [halted, closed, memoryOnly] = [false, false, false];
  let etag, gasp, lastWords, base, until = 0;

  // Nobody calls into a program that has died.
  const signal = (code, value = 0) => !dead && d.module && d.module.signal(code, value);
  const locked = (name, options, work) => (navigator.locks ? navigator.locks.request(name, options, work) : work(true));

  const channel = window.BroadcastChannel && new BroadcastChannel("deltascope-log");
  const share = (said) => channel && channel.postMessage(said);
  if (channel) channel.onmessage = ({ data: { sid, until, cfg, halt, auth, flush } }) => {
    if (sid) adopt(sid);
    if (flush) signal(HIDE);
    if (auth !== undefined) authorised(auth);
    if (until !== undefined) waitUntil(until);
    if (cfg) configure(cfg);
    if (halt) stop();
  };
  function adopt(sid) {
    if (d.sid !== sid && !dead && d.module) d.module.session(sid);
    d.sid = sid;
  }

  const kept = (name) => quietly(() => JSON.parse(localStorage.getItem(name)));
  const write = (name, row) => quietly(() => localStorage.setItem(name, JSON.stringify(row)));
  const isOver = ({ sid, born, seen }, now) => !sid || Math.abs(now - seen) > 18e5 || Math.abs(now - born) > 432e5;
  // One browser session for all tabs: ends after half an hour without a page, after twelve hours, and at a sign-in or
  // a sign-out. Where nothing can be kept it is one page long.
  // `ends`: the session that is over; another tab may have begun the next one already.
  function session(ends) {
    const now = Date.now();
    let row = kept("deltascope-session") || { sid: d.sid, born: now };
    if ((ends && row.sid === ends) || isOver(row, now)) {
      // It was made with the one before: whoever ends that, on whatever tab, comes to the same one.
      row = { sid: row.next || hex(16), born: now };
      share({ sid: row.sid });
    }
    if (!row.next || !(Math.abs(now - row.seen) < 6e4)) write("deltascope-session", { ...row, next: row.next || hex(16), seen: now });
    adopt(row.sid);
  }

  const renewed = (ends) => locked("deltascope-session", {}, () => session(ends));

  function authorised(is) {
    signedIn = is;
    closed = !is;
    signal(is ? SIGNED_IN : SIGNED_OUT);
    if (is) plan(1000);
  }

  // 1: signed in; 0: signed out; 2: is about to sign out: what waits leaves while it may.
  d.signed = async function (how) {
    const ends = d.sid;
    if (how === 2) {
      write("deltascope-leaving", { sid: ends, at: Date.now() });
      signal(HIDE);
      share({ flush: 1 });
      // Who is signed out may not say it any more: it is waited for, on this tab and the others, but not for long.
      for (let at = 0; at < 20 && (at < 2 || onTheWay.size); at += 1) await sleep(50);
      return;
    }
    signedIn = !!how;
    closed = !how;
    share({ auth: signedIn });
    if (!how) await d.wipe();
    return renewed(ends);
  };

  // Nobody waits for longer than that: where it is farther ahead a clock was set back.
  const isAhead = (at) => at > Date.now() && at < Date.now() + 61e4;
  function waitUntil(at) {
    const was = until;
    until = at;
    if (isAhead(at)) signal(HOLD, at);
    else if (was) signal(ONLINE);
    if (at || was) plan(Math.max(at - Date.now(), 0) + 500);
  }

  function configure(cfg) {
    const level = { trace: 1, debug: 5, info: 9, warn: 13, error: 17, fatal: 21 }[cfg.level] || 0;
    if (!dead && d.module) d.module.configure(level, cfg.sr_info, cfg.sr_warn, cfg.flush_ms, cfg.max_batch, cfg.debug_until);
  }

  function stop() {
    halted = true;
    signal(HALT);
  }

  let [weight, lasting] = [0, true];
  const outliving = new Set();
  const onTheWay = new Map();
  const waiting = new Map();

  // `must`: it leaves although the page goes, as every request does while there is room: then it need not be sent again
  // when the page goes. A browser takes 64 KiB of those at once, and says no without an answer beyond that: so they are
  // booked until their answer was read to its end.
  function request(row, must, late) {
    const cost = row.body.length + 1000;
    const outlives = (must || (lasting && !late)) && outliving.size < 8 && weight + cost <= 60000;
    if (outlives) {
      weight += cost;
      outliving.add(row.bid);
    }
    const headers = { "Content-Type": "application/json", "X-Log-Token": token, "X-Sent-At": `${Date.now()}`, "Idempotency-Key": row.bid };
    if (row.gzip) headers["Content-Encoding"] = "gzip";
    // What waited on a disk, or was made before a clock was set back, says nothing about the clock of now.
    if (late || row.at > Date.now()) headers["X-Spooled"] = "1";
    const init = { method: "POST", headers, body: row.body };
    const go = (keepalive) => d.fetch(PATH, { ...init, keepalive, signal: AbortSignal.timeout?.(10000) });
    if (!must && !late) lastGasp(row, init);
    // A page that goes is told that what outlives it failed, also just before it hears that it goes: it has not.
    const failed = (error) => sleep(outlives ? 250 : 0).then(() => (outlives && d.leaving ? new Promise(() => 0) : Promise.reject(error)));
    return go(outlives).catch(failed)
      .catch((error) => {
        lasting = false;
        return must && outlives && error instanceof TypeError ? go(false) : Promise.reject(error);
      })
      .then(async (answer) => {
        const after = answer.headers.get("Retry-After");
        const text = await answer.text().catch(failed);
        const receipt = answer.status === 202 && JSON.parse(text);
        const wait = after === null ? -1 : /^\s*-?\d+\s*$/.test(after) ? after * 1000 : Math.max(Date.parse(after) - Date.now(), 0);
        return [answer.status, Number.isNaN(wait) ? -1 : wait, receipt];
      })
      .catch(() => [0, -1])
      .then((told) => {
        if (outlives && outliving.delete(row.bid)) weight -= cost;
        if (told[0] === 202) arrived(row.bid, told[2], outlives);
        return told;
      });
  }

  function arrived(bid, receipt, outlived) {
    lasting ||= outlived;
    if (receipt.token) token = receipt.token;
    if (gasp?.bid === bid) gasp.abort();
    waiting.get(bid)?.();
    if (until) {
      waitUntil(0);
      share({ until });
    }
    renewed();
  }

  // The newest warning or error that nobody has confirmed, for a browser that sends it when the page is gone without a
  // word. The same bytes under the same id: a second copy is known.
  function lastGasp(row, init) {
    if (!window.fetchLater || !(row.level >= WARN) || row.body.length > 8192 || Math.abs(gasp?.at - Date.now()) < 5000) return;
    gasp?.abort();
    gasp = Object.assign(new AbortController(), { bid: row.bid, at: Date.now() });
    quietly(() => window.fetchLater(PATH, { ...init, headers: { ...init.headers, "X-Spooled": "1" }, signal: gasp.signal }));
  }

  // What the program wants to be sent, and kept.
  d.post = function (bid, bytes, gzip, outlives, level) {
    // A page hides and then leaves: once is enough.
    if (outlives && outliving.has(bid)) return;
    const kept = rows.get(bid);
    const row = kept?.gzip === gzip ? kept : { bid, body: bytes.slice(), gzip, level, low: signedIn ? 9 : WARN, tab, at: Date.now() };
    onTheWay.set(bid, row);
    request(row, outlives).then(([status, wait, receipt]) => {
      onTheWay.delete(bid);
      if (dead) return status === 202 ? forget(bid) : plan(1000);
      const { now = 0, dup, rej = [], rej_n = 0, cfg } = receipt || {};
      const tier = rej.some(({ code }) => code === "tier");
      const at = d.module.settled(bid, status, wait, now, dup + 2 * tier, rej.map(({ i }) => i), rej_n);
      if (cfg && cfg.etag !== etag) {
        etag = cfg.etag;
        // A moment of the server's clock, which may be far from ours.
        if (cfg.debug_until) cfg.debug_until = Date.now() + Math.min(Math.max(cfg.debug_until - now, 0), 6e5);
        configure(cfg);
        share({ cfg });
      }
      if (status === 403 || status === 410) {
        stop();
        if (status === 410) share({ halt: true });
      } else if (at > Date.now()) {
        until = at;
        share({ until });
        plan(at - Date.now() + 500);
      }
    });
  };
  d.spool = function (bid, bytes, gzip, level, low) {
    if (level >= FATAL) lastWords = bid;
    keep({ bid, body: bytes.slice(), gzip, level, low, tab, at: Date.now() });
  };
  d.unspool = forget;

  const rows = new Map();
  const store = (mode) => base.transaction("batches", mode).objectStore("batches");
  const asked = (ask) => new Promise((done) => Object.assign(ask, { onsuccess: () => done(ask.result), onerror: () => done([]) }));

  function noDisk() {
    if (memoryOnly) return;
    memoryOnly = true;
    // Not from within a call of the program's.
    setTimeout(signal, 0, MEMORY);
  }

  function put(row) {
    rows.set(row.bid, row);
    if (base) quietly(() => {
      const writing = store("readwrite");
      writing.put(row);
      writing.transaction.oncomplete = () => rows.get(row.bid) === row && rows.delete(row.bid);
      writing.transaction.onabort = noDisk;
      // A page that goes is not there any more to see that nothing follows.
      writing.transaction.commit();
      return true;
    }) || noDisk();
  }

  const keep = (row) => closed || halted || put(row);

  function forget(bid) {
    rows.delete(bid);
    if (base) quietly(() => store("readwrite").delete(bid));
  }

  async function all() {
    const kept = (base && quietly(() => asked(store("readonly").getAll()))) || [];
    return (await kept).filter(({ bid }) => !rows.has(bid)).concat(...rows.values());
  }

  const opened = new Promise((done) => {
    const failed = () => done(noDisk());
    quietly(() => {
      const opening = indexedDB.open("deltascope-log", 1);
      opening.onupgradeneeded = () => opening.result.createObjectStore("batches", { keyPath: "bid" });
      opening.onerror = failed;
      opening.onsuccess = () => {
        base = opening.result;
        base.onversionchange = () => base.close();
        rows.forEach(put);
        done();
      };
      return true;
    }) || failed();
  });

  // A sign-out takes along what is on disk; that it is lost is told, row by row: a page that goes leaves the rest to the next.
  d.wipe = async function () {
    closed = true;
    const list = await all();
    const done = drainer().then((made) => made.wiped(d.log, list)).catch(() => list.forEach(({ bid }) => forget(bid)));
    await Promise.race([done, sleep(1000)]);
  };

  // How what pages have left behind is sent stands in a file of its own: it takes a server to need it.
  const drainer = () => import("/drain.js");
  let [planned, due] = [0, 0];
  function plan(wait) {
    if (due && due <= Date.now() + wait) return;
    clearTimeout(planned);
    due = Date.now() + wait;
    planned = setTimeout(() => {
      due = 0;
      drainer().then((made) => made.drain(d.log)).catch(() => waiting.size && plan(30000));
    }, wait);
  }

  d.log = {
    tab, meta, recordOf, send, tell, all, put, forget, request, plan, waitUntil, share, stop, uuid7, opened,
    isDead: () => dead,
    isHalted: () => halted,
    until: () => (isAhead(until) ? until : 0),
    signedIn: (is) => { if (is !== undefined) signedIn = is; return signedIn; },
  };

  const app = () => ({ n: "web", r: meta("version"), b: meta("version"), e: "prod" });
  const page = () => ({ route: meta("route"), vis: document.visibilityState, lang: navigator.language, vp: [innerWidth, innerHeight] });

  // Sent now, and kept until it is confirmed. Resolves once it is.
  function send(batch, level) {
    const row = { bid: batch.bid, body: new TextEncoder().encode(JSON.stringify(batch)), gzip: false, level, low: level, tab: "", at: Date.now() };
    const stored = whenStored(row.bid);
    keep(row);
    if (isAhead(until) && level < FATAL) plan(until - Date.now());
    else request(row, true).then(([status]) => (status === 202 ? forget(row.bid) : plan(1000)));
    return stored;
  }
  const whenStored = (bid) => new Promise((done) => waiting.set(bid, done));

  function recordOf(kind, message, location, { fields, level, st = [] } = {}) {
    const fatal = kind in NAMES;
    const msg = String(message).slice(0, 1000);
    const loc = String(location || "").split("?")[0].replace(window.location.origin, "").slice(0, 200);
    return {
      d: 0, l: level ?? (fatal ? FATAL : 17), ev: NAMES[kind] || "ui.script_error", g: "sentinel", cs: "guard.js", m: msg, tr: meta("correlation-id"),
      f: { kind, location: loc, ...fields }, ex: { kind: fatal || kind === "rejection" ? kind : "js", msg, loc, st },
    };
  }

  // `more`: what else is known of it, and what was dropped before it, which takes numbers as well, so that nothing is
  // missing without a word.
  function tell(kind, message, location, more = {}) {
    const { calls = 1, dropped = 0 } = more;
    const n0 = number + 1;
    number += dropped + calls;
    const record = { ...recordOf(kind, message, location, more), n: number - calls + 1, ...(calls > 1 && { rep: { c: calls, f: 0, l: 0 } }) };
    return send({
      v: 1, bid: uuid7(), bseq: number, sid: (d.sid ||= hex(16)), tid: tab, app: app(), ctx: page(), t0: Date.now(), n0,
      drops: dropped ? [{ l: 17, why: "rate", c: dropped, f: 0, t: 0 }] : [], self: memoryOnly ? { memory: 1 } : {}, recs: [record],
    }, record.l);
  }

  // `program`: it has sent the report itself. After a panic the trap that follows from it is no news.
  d.fail = function (kind, message, location, error, program) {
    if (dead || (kind === "boot" && d.hydrated)) return;
    const failure = { kind, message: String(message), location: String(location || ""), stack: error?.stack };
    if (!(kind in NAMES)) return rescue().then((made) => made.failed(d.log, failure)).catch(() => tell(kind, message, location));
    dead = kind !== "boot" || !!d.module;
    // What was on its way is lost with a reload.
    onTheWay.forEach((row) => rows.has(row.bid) || keep(row));
    plan(1000);
    failure.stored = program && lastWords && whenStored(lastWords);
    rescue().then((made) => made.died(d, failure), () => failure.stored || tell(kind, message, location));
  };

  // Late is not never: what covers a page that works after all is taken away.
  d.started = function () {
    if (memoryOnly) signal(MEMORY);
    rescue().then((made) => dead || made.hide()).catch(() => 0);
  };

  const leave = () => {
    gasp?.abort();
    signal(HIDE);
  };
  const back = () => {
    [d.leaving, weight] = [false, 0];
    outliving.clear();
    waitUntil(0);
    signal(ONLINE);
    plan(1000 + 2000 * Math.random());
  };
  addEventListener("pagehide", leave, true);
  document.addEventListener("freeze", leave);
  document.addEventListener("visibilitychange", () => {
    if (document.hidden) signal(HIDE);
    else {
      renewed();
      plan(2000);
    }
    signal(LOOK);
  });
  addEventListener("online", back);
  addEventListener("pageshow", (event) => event.persisted && back());

  // What fails before the other tabs have been asked belongs to the session that was there.
  const row = kept("deltascope-session");
  if (row && !isOver(row, Date.now())) d.sid = row.sid;
  // The feed may have led to the sign-in page before the answer to the sign-out came: then it is done here.
  const going = !signedIn && kept("deltascope-leaving");
  const begun = going && going.sid && going.sid === d.sid && Date.now() - going.at < 6e4
    ? opened.then(() => locked("deltascope-session", {}, async () => {
      if (kept("deltascope-session")?.sid === going.sid) {
        share({ auth: false });
        await d.wipe();
      }
      session(going.sid);
      closed = false;
    }))
    : renewed();
  d.ready = Promise.resolve(begun).catch(() => session());
  if (navigator.locks) navigator.locks.request(TAB + tab, () => new Promise(() => 0)).catch(() => 0);
  plan(2000 + 6000 * Math.random());
  if (document.querySelector("[data-keep]") || quietly(() => sessionStorage["deltascope-kept"])) import("/recall.js").catch(() => 0);
  d.queue.splice(0).forEach((failure) => d.fail(...failure));
})();
