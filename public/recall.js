// What Analytics and Trades showed last, for whoever comes back to them: at once and with its age, until the document itself
// is there. It is kept for this tab alone (sessionStorage), belongs to one browser session and one build, and is gone with
// a sign-out. Loaded by such a page, which leaves something, and where something was left.
const d = window.deltascope;
const [KEPT, SHOWN] = ["deltascope-kept", "deltascope-shown"];
// Of so many addresses, and characters.
const [PAGES, MOST] = [8, 1_500_000];
const build = d.log.meta("version");

let signedOut = location.pathname.startsWith("/login");
const quietly = (work) => { try { return work(); } catch { return undefined; } };
const here = ({ pathname, search }) => pathname + search;
const page = () => document.querySelector("main.page");
const sheets = () => [...document.querySelectorAll("link[rel=stylesheet]")].map(({ href }) => href);

// Another person's, another build's, or nothing at all: none of it is shown.
function kept() {
  const all = quietly(() => JSON.parse(sessionStorage.getItem(KEPT)));
  return all && all.sid === d.sid && all.build === build ? all.pages : [];
}

function keep() {
  const main = page();
  const at = Number(d.log.meta("now"));
  const html = main && main.hasAttribute("data-keep") && document.querySelector("h1") && main.innerHTML;
  // What failed is no data.
  if (!html || !at || main.querySelector("[data-failed]") || signedOut) return;
  const address = here(location);
  const pages = [{ address, at, html, sheets: sheets() }, ...kept().filter((one) => one.address !== address)].slice(0, PAGES);
  while (pages.length && pages.reduce((sum, one) => sum + one.html.length, 0) > MOST) pages.pop();
  // Where nothing can be kept nothing is shown.
  quietly(() => sessionStorage.setItem(KEPT, JSON.stringify({ sid: d.sid, build, pages })));
}

// The server's clock, from when this document was made: the module tells it better a moment later.
const born = Number(d.log.meta("now")) - (performance.getEntriesByType("navigation")[0]?.responseStart ?? 0);
const ahead = () => Date.now() - performance.now();
const awake = ahead();
// While a machine sleeps that clock may stand still; the other one may have been set, but hardly by hours.
const now = () => born + performance.now() + Math.max(ahead() - awake, 0);

// As `span` of the module.
function span(ms) {
  const s = Math.floor(Math.max(ms, 0) / 1000);
  if (s < 10) return `${s}.${Math.floor(Math.max(ms, 0) / 100) % 10} s`;
  if (s < 120) return `${s} s`;
  if (s < 3600) return `${Math.floor(s / 60)} m`;
  if (s < 86400) return `${Math.floor(s / 3600)} h ${Math.floor(s / 60) % 60} m`;
  return `${Math.floor(s / 86400)} d ${Math.floor(s / 3600) % 24} h`;
}

// Puts back what the page shows by itself.
let undo = () => 0;

function mark(address) {
  const links = [...document.querySelectorAll(".nav a")];
  const before = links.map((link) => link.getAttribute("aria-current"));
  const set = (link, value) => (value ? link.setAttribute("aria-current", value) : link.removeAttribute("aria-current"));
  links.forEach((link) => set(link, new URL(link.href).pathname === address.split("?")[0] ? "page" : ""));
  return () => links.forEach((link, at) => set(link, before[at]));
}

function show(address) {
  undo();
  const found = kept().find((one) => one.address === address);
  const main = page();
  if (!found || !main || address === here(location)) return;
  const copy = document.createElement("main");
  copy.className = "page";
  copy.dataset.kept = "";
  copy.innerHTML = '<p class="note" role="status"><span>As it was <span class="age"></span> ago. It is being read anew.</span></p>' + found.html;
  copy.querySelector(".age").dataset.at = found.at * 1000;
  copy.querySelectorAll("[data-at]").forEach((age) => {
    age.textContent = age.dataset.at ? (age.dataset.before ?? "") + span(now() - age.dataset.at / 1000) : "";
  });
  const missing = found.sheets.filter((href) => !sheets().includes(href));
  const links = missing.map((href) => Object.assign(document.createElement("link"), { rel: "stylesheet", href }));
  const dressed = links.map((link) => new Promise((done) => { link.onload = link.onerror = done; }));
  document.head.append(...links);
  let over = false;
  let back = () => 0;
  undo = () => {
    over = true;
    back();
    links.forEach((link) => link.remove());
    undo = () => 0;
  };
  const put = () => {
    if (over) return;
    const [unmark, top] = [mark(address), scrollY];
    main.hidden = true;
    main.after(copy);
    scrollTo(0, 0);
    // The document that comes tells that something was there already, and how old it was.
    quietly(() => sessionStorage.setItem(SHOWN, JSON.stringify({ address, age: Math.round(now() - found.at) })));
    back = () => {
      copy.remove();
      main.hidden = false;
      unmark();
      scrollTo(0, top);
      quietly(() => sessionStorage.removeItem(SHOWN));
    };
  };
  if (dressed.length) Promise.all(dressed).then(put);
  else put();
}

function begin() {
  if (window.navigation) {
    navigation.addEventListener("navigate", (event) => {
      const to = new URL(event.destination.url);
      const other = event.hashChange || event.formData || event.destination.sameDocument || event.downloadRequest !== null || event.navigationType === "reload";
      if (to.origin !== location.origin || other) return;
      show(here(to));
      // Stopped: the page stays.
      event.signal.addEventListener("abort", () => undo());
    });
  } else {
    addEventListener("click", (event) => {
      const link = event.target.closest?.("a[href]");
      const plain = link && !link.target && !link.download && event.button === 0 && !(event.metaKey || event.ctrlKey || event.shiftKey || event.altKey);
      if (plain && !event.defaultPrevented && link.origin === location.origin) show(here(link));
    });
  }
  // A page that is kept alive comes back as itself.
  addEventListener("pagehide", (event) => event.persisted && undo());
}

function leave() {
  signedOut = true;
  undo();
  quietly(() => sessionStorage.removeItem(KEPT));
}

// The guard tells all tabs of a sign-out, this one among them.
if (window.BroadcastChannel) new BroadcastChannel("deltascope-log").onmessage = ({ data }) => data.auth === false && leave();
if (signedOut) leave();
else d.ready.then(() => { keep(); begin(); });
