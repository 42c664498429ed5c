// The sentinel's second part: what the page does when its program did not start, panicked or trapped. Tells the
// server by its own fetch, makes the page inert, says that trading goes on, and offers PANIC as a plain form.
(function () {
  "use strict";
  const d = window.deltascope;
  if (!d) return;
  const meta = (name) => document.querySelector(`meta[name='${name}']`)?.content || "";
  const NAMES = { boot: "ui.boot_failed", trap: "ui.trapped", panic: "ui.panic" };

  // Pages over plain http have no clipboard, and a browser may refuse it: then by a selection.
  d.copy = function (text) {
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

  const hex = (count) => Array.from(crypto.getRandomValues(new Uint8Array(count)), (byte) => byte.toString(16).padStart(2, "0")).join("");
  const tab = hex(16);
  let number = 0;
  let dead = false;

  function uuid7() {
    const time = Date.now().toString(16).padStart(12, "0");
    const rest = hex(10);
    return `${time.slice(0, 8)}-${time.slice(8)}-7${rest.slice(0, 3)}-8${rest.slice(3, 6)}-${rest.slice(6, 18)}`;
  }

  // The same bytes under the same id until the server has them: a repeat is stored once. `more`: what else is known of
  // it, and what was dropped before it, which takes numbers as well, so that nothing is missing without a word.
  function tell(kind, message, location, trace, more = {}) {
    const { fields = {}, level, calls = 1, dropped = 0 } = more;
    const first = number + 1;
    number += dropped + calls;
    const fatal = kind in NAMES;
    const text = String(message).slice(0, 1000);
    const where = String(location || "").split("?")[0].slice(0, 200);
    const bid = uuid7();
    const body = JSON.stringify({
      v: 1, bid, bseq: number, sid: tab, tid: tab,
      app: { n: "web", r: meta("version"), b: "", e: "prod" },
      ctx: { route: "", vis: document.visibilityState, lang: navigator.language },
      t0: Date.now(), n0: first, drops: dropped ? [{ l: 17, why: "rate", c: dropped }] : [],
      recs: [{
        d: 0, n: number - calls + 1, l: level ?? (fatal ? 21 : 17), ...(calls > 1 && { rep: { c: calls, f: 0, l: 0 } }), ev: NAMES[kind] || "ui.script_error", g: "sentinel", cs: "guard.js", m: text,
        tr: trace || meta("correlation-id"), f: { kind, location: where, ...fields }, ex: { kind: kind === "panic" || kind === "trap" || kind === "boot" || kind === "rejection" ? kind : "js", msg: text, loc: where, st: [] },
      }],
    });
    const headers = { "Content-Type": "application/json", "X-Log-Token": meta("log-token"), "Idempotency-Key": bid };
    const send = (attempt) => d.fetch("/api/logs", { method: "POST", keepalive: true, headers: { ...headers, "X-Sent-At": String(Date.now()) }, body })
      .then((answer) => { if (answer.status >= 500 || answer.status === 429) throw answer.status; return answer.status === 202; })
      .catch(() => (attempt < 6 ? new Promise((go) => setTimeout(go, 1000 * 2 ** attempt)).then(() => send(attempt + 1)) : false));
    return send(0);
  }

  function element(tag, attributes, ...children) {
    const made = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes || {})) made.setAttribute(name, value);
    made.append(...children);
    return made;
  }

  const field = (label, attributes) => element("label", { class: "field" }, label, element("input", { autocomplete: "off", spellcheck: "false", ...attributes }));

  function panicForm() {
    return element("form", { class: "rescue-form", method: "post", action: "/panic", "aria-labelledby": "rescue" },
      element("h2", { id: "rescue" }, "Only in an emergency: close everything"),
      element("p", { class: "said" }, "Buys back all legs of all sessions, at market where needed; nothing opens again until the latch is cleared. Works without the part that failed. With no browser: deltascope panic --all"),
      element("input", { type: "hidden", name: "key", value: uuid7() }),
      field("Type PANIC in place of the hold", { name: "confirm", pattern: "PANIC", required: "" }),
      element("button", { class: "button danger" }, "Close everything"),
      element("details", { class: "said" }, element("summary", {}, "Signed out? Add user and password"),
        field("User", { name: "username", autocomplete: "username", autocapitalize: "none" }),
        field("Password", { name: "password", type: "password", autocomplete: "current-password" })));
  }

  function notice(kind, message, location, sent) {
    if (dead) return;
    dead = true;
    clearTimeout(d.watch);
    const app = document.getElementById("app");
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
    const box = element("div", { class: "gone", id: "guard" },
      element("section", { class: "panel", role: "alertdialog", "aria-modal": "true", "aria-labelledby": "gone-title", "aria-describedby": "gone-lead" },
        element("header", {}, element("h2", { id: "gone-title" }, boot ? "This page did not start. Trading goes on." : "This page has stopped. Trading has not.")),
        element("div", { class: "body" },
          element("p", { id: "gone-lead" }, `The program inside this page failed at ${at} UTC. A running session lives on the server and does not need this page: every exit rule goes on. Numbers behind this notice are old.`),
          acts, report, panicForm(),
          element("details", { class: "fold" }, element("summary", {}, "What failed, for a report"),
            element("div", { class: "inside" }, element("code", {}, message), element("code", {}, location || ""), element("code", {}, meta("version")))))));
    if (boot) {
      const read = element("button", { class: "button", type: "button" }, "Only read this page");
      read.onclick = () => { box.remove(); app?.removeAttribute("inert"); app?.removeAttribute("aria-hidden"); };
      reload.after(read);
    }
    app?.setAttribute("inert", "");
    app?.setAttribute("aria-hidden", "true");
    document.body.append(box);
    reload.focus();
    if (!boot) ["click", "keydown", "pointerdown", "submit"].forEach((type) => addEventListener(type, (event) => {
      if (!box.contains(event.target)) event.stopImmediatePropagation();
    }, true));
    sent.then((stored) => { report.textContent = stored ? "The failure was reported." : "The failure could not be reported: the server does not answer."; });
  }

  // Whose fault it is. What a browser or an extension complains about uses up nobody's quota.
  function origin(message, location) {
    if (/^[\w-]*extension:|^webkit-masked-url:/.test(location)) return "extension";
    if (/^(Error: )?ResizeObserver loop/.test(message)) return "benign";
    return "page";
  }

  const MOST = 5;
  const noise = new Map();
  const told = new Set();
  let dropped = 0;

  // Once for each kind of noise, with how often, when the page is left or a minute later.
  function tellNoise() {
    for (const [from, { message, location, count }] of noise) tell("js", message, location, "", { fields: { origin: from }, level: 9, calls: count });
    noise.clear();
  }

  function tellDropped() {
    if (dropped) tell("js", "More errors of this page were counted and not told.", "", "", { dropped: dropped - 1, level: 13 });
    dropped = 0;
  }

  addEventListener("pagehide", () => {
    tellNoise();
    tellDropped();
  }, true);

  function isNoise(message, location) {
    const from = origin(message, location);
    if (from === "page") return false;
    const known = noise.get(from);
    if (known) known.count += 1;
    else {
      noise.set(from, { message, location, count: 1 });
      setTimeout(tellNoise, 60000);
    }
    return true;
  }

  d.fail = function (kind, message, location, trace, already) {
    // After a panic the trap that follows from it is no news; a page that throws again and again is told five times.
    if (dead) return;
    if (!(kind in NAMES)) {
      if (isNoise(String(message), String(location || ""))) return;
      const key = `${kind} ${message} ${location}`;
      if (told.has(key) || told.size >= MOST) {
        dropped += 1;
        return;
      }
      told.add(key);
    }
    const sent = already ? Promise.resolve(true) : tell(kind, message, location, trace);
    if (kind in NAMES) notice(kind, String(message), location, sent);
  };
  d.queue.splice(0).forEach((failure) => d.fail(...failure));
})();
