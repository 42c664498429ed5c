// The sentinel's first part: stands before the WASM loader and works without it. Keeps the untouched fetch,
// listens for failures from the first moment, starts the program, and watches that it starts.
(function () {
  var d = (window.deltascope = {
    fetch: window.fetch.bind(window),
    // When the document came: ages grow from then on, whether or not a feed ever comes.
    begun: performance.now(),
    queue: [],
    // A browser remembers a module that failed: trying again asks under another name.
    chart: function () { return import(d.chartFile + (d.charts ? "?" + d.charts : "")).catch(function (e) { d.charts = (d.charts || 0) + 1; throw e; }); },
    // guard.js takes over `fail`; until it is there, failures wait in the queue.
    fail: function () { d.queue.push(arguments); },
    // Starts the islands below a place, the outer ones first. What is inside an island's children starts by itself.
    wake: function (place) {
      var list = Array.from(place.querySelectorAll("leptos-island"));
      if (place.localName === "leptos-island") list.unshift(place);
      list.forEach(function (island) {
        if (island.deltascope) return;
        island.deltascope = true;
        // A translation wraps words; what wakes must find what the server wrote.
        island.querySelectorAll("font").forEach(function (font) { font.replaceWith.apply(font, font.childNodes); });
        island.normalize();
        d.waking = function () { return island; };
        d.module[island.dataset.component](island);
      });
    },
    load: function (js, wasm, chart) {
      d.chartFile = chart;
      import(js)
        .then(function (m) {
          // The guard knows the browser session once the other tabs have been asked.
          return Promise.all([m.default({ module_or_path: wasm }), d.ready]).then(function (made) {
            d.wasm = made[0];
            d.module = m;
            m.hydrate();
            d.box = m.black_box();
            // A slow phone takes its time for each of both.
            return new Promise(function (go) { setTimeout(go); }).then(function () { d.wake(document.body); });
          });
        })
        .then(function () {
          clearTimeout(d.watch);
          d.hydrated = true;
          // Coming from a page of ours, a reader goes on at the heading.
          var head = document.querySelector("h1");
          if (head && document.activeElement === document.body && document.referrer.indexOf(location.origin) === 0) head.focus({ preventScroll: true });
          document.documentElement.dataset.hydrated = "";
          if (d.measure) d.measure();
          if (d.started) d.started();
        })
        .catch(function (e) { d.fail(trap(e) ? "trap" : "boot", told(e), js, e); });
    },
  });
  // Before anybody else hears of it: a page that goes is told that its requests failed, which is not so.
  addEventListener("pagehide", function () { d.leaving = true; }, true);
  Error.stackTraceLimit = 100;
  d.watch = setTimeout(function () { d.fail("boot", "The page did not start within 15 s.", location.pathname); }, 15000);
  function told(e) { return String((e && e.message) || e); }
  // Also a stack that is used up, which is no RuntimeError everywhere.
  function trap(e) { return window.WebAssembly && (e instanceof WebAssembly.RuntimeError || (e instanceof Error && !(e instanceof WebAssembly.CompileError) && /stack|recursion/i.test(e.message) && /wasm-function|wasm code/.test(e.stack))); }
  addEventListener("error", function (e) {
    var at = e.target;
    if (at && at !== window && (at.src || at.href)) return d.fail("resource", "A file of the page did not load.", at.src || at.href);
    d.fail(trap(e.error) ? "trap" : "js", told(e.error || e), (e.filename || "") + ":" + (e.lineno || 0), e.error);
  }, true);
  addEventListener("unhandledrejection", function (e) { d.fail(trap(e.reason) ? "trap" : "rejection", told(e.reason), "", e.reason); });
  addEventListener("securitypolicyviolation", function (e) { d.fail("csp", "The page's policy refused " + e.violatedDirective + ".", e.blockedURI); });
})();
