// The notice of a page whose program did not start, panicked or trapped: makes the page inert, says that trading goes
// on, and offers PANIC as a plain form. It is there from the start, because a page may die without a network.
let box;

// Pages over plain http have no clipboard, and a browser may refuse it: then by a selection.
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

// `stored`: resolves once the server has the report.
export function show(d, kind, message, location, stored) {
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
          element("div", { class: "inside" }, element("code", {}, message), element("code", {}, location || ""), element("code", {}, d.meta("version")))))));
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
