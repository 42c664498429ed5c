// What only the browser can measure: how the document came, what people felt of the page, how requests went. Few records:
// one a page, or one a minute for each route. The logger of the module tells them.
(function () {
  "use strict";
  const d = window.deltascope;
  if (!d || !window.PerformanceObserver) return;
  // As in `app/src/event/measured.rs`.
  const DOCUMENT = 0, VITALS = 1, REQUESTS = 2, LONG_TASKS = 3, LONG_TASK = 4, BROKEN_DOCUMENT = 5;
  const MINUTE = 60000, LONG = 500, BOUNDS = [25, 50, 100, 250, 500, 1000, 2000];

  function tell(kind, text, numbers) {
    // A module that died is never called again; one that has not woken has no logger.
    if (d.hydrated && !d.log?.isDead()) d.module.measured(kind, text, Float64Array.from(numbers, Math.round));
  }
  const late = [];
  function observe(type, take, more) {
    try {
      const observer = new PerformanceObserver((list) => list.getEntries().forEach(take));
      observer.observe({ type, buffered: true, ...more });
      late.push(() => observer.takeRecords().forEach(take));
    } catch { /* Not every browser measures everything: what is not measured is not told. */ }
  }
  const isCached = (entry) => entry.transferSize === 0 && entry.decodedBodySize > 0;

  // Ids are left out of routes: what is not of small letters alone, but for the version of the API.
  function route(path) {
    return path.split("/").map((part) => (/^[a-z_.-]*$|^v\d$/.test(part) ? part : ":id")).join("/");
  }

  let minute = 0;
  const routes = new Map();
  const tasks = { count: 0, sum: 0, max: 0 };
  function soon() {
    minute ||= setTimeout(tellMinute, MINUTE);
  }
  function tellMinute() {
    clearTimeout(minute);
    minute = 0;
    for (const [path, seen] of routes) {
      tell(REQUESTS, `${path}|${seen.buckets.join(" ")}`, [seen.count, seen.failed, seen.cached, seen.bytes, seen.sum, seen.max]);
    }
    routes.clear();
    if (tasks.count) tell(LONG_TASKS, "", [tasks.count, tasks.sum, tasks.max]);
    tasks.count = tasks.sum = tasks.max = 0;
  }

  observe("resource", (entry) => {
    const { origin, pathname } = new URL(entry.name, location.href);
    // The logger does not tell of itself.
    if (entry.initiatorType !== "fetch" || origin !== location.origin || pathname === "/api/logs" || pathname.startsWith("/pkg/")) return;
    const path = route(pathname);
    if (!routes.has(path)) routes.set(path, { count: 0, failed: 0, cached: 0, bytes: 0, sum: 0, max: 0, buckets: [0, 0, 0, 0, 0, 0, 0, 0] });
    const seen = routes.get(path);
    seen.count += 1;
    seen.failed += entry.responseStatus >= 400 || (entry.responseStatus === 0 && !entry.decodedBodySize);
    seen.cached += isCached(entry);
    seen.bytes += entry.encodedBodySize;
    seen.sum += entry.duration;
    seen.max = Math.max(seen.max, entry.duration);
    const place = BOUNDS.findIndex((bound) => entry.duration <= bound);
    seen.buckets[place < 0 ? BOUNDS.length : place] += 1;
    soon();
  });
  observe("longtask", ({ duration }) => {
    tasks.count += 1;
    tasks.sum += duration;
    tasks.max = Math.max(tasks.max, duration);
    if (duration > LONG) tell(LONG_TASK, "", [duration]);
    soon();
  });

  let lcp = -1, cls = 0, inp = -1, told = false;
  observe("largest-contentful-paint", (entry) => { lcp = entry.startTime; });
  observe("layout-shift", (entry) => { if (!entry.hadRecentInput) cls += entry.value; });
  observe("event", (entry) => { if (entry.interactionId) inp = Math.max(inp, entry.duration); }, { durationThreshold: 40 });

  const [navigation] = performance.getEntriesByType("navigation");
  function tellVitals() {
    if (told || !navigation) return;
    told = true;
    const fcp = performance.getEntriesByName("first-contentful-paint")[0]?.startTime ?? -1;
    // -1: not measured.
    tell(VITALS, navigation.type, [navigation.responseStart, fcp, lcp, cls * 1000, inp]);
  }
  // Ahead of the logger's own listeners: what is told here leaves with its last batch.
  function leave() {
    late.forEach((look) => look());
    tellMinute();
    tellVitals();
  }
  document.addEventListener("visibilitychange", () => document.visibilityState === "hidden" && leave(), true);
  addEventListener("pagehide", leave, true);

  // How old that was which a reader saw of this page before it came (recall.js); -1: nothing.
  function shown() {
    const key = "deltascope-shown";
    try {
      const { address, age } = JSON.parse(sessionStorage.getItem(key)) || {};
      sessionStorage.removeItem(key);
      return address === location.pathname + location.search ? age : -1;
    } catch { return -1; }
  }

  d.measure = function () {
    if (!navigation) return;
    const seen = shown();
    const files = performance.getEntriesByType("resource").filter((entry) => new URL(entry.name, location.href).pathname.startsWith("/pkg/"));
    const status = navigation.responseStatus || 200;
    tell(status < 400 ? DOCUMENT : BROKEN_DOCUMENT, `${navigation.type}|${seen >= 0 || isCached(navigation) ? "hit" : "miss"}`,
      [status, navigation.responseEnd - navigation.requestStart, navigation.encodedBodySize, files.length, files.filter(isCached).length, ...(seen >= 0 ? [seen] : [])]);
  };
  if (d.hydrated) d.measure();
})();
