// The P&L chart: the one place that speaks to the chart library. Loaded by Control only. Rows come as
// seconds, executable, peak, floor; what is missing is NaN and leaves a gap.
let lib;
let tries = 0;

// The library draws on canvas and needs colours as values: an element resolves those of the style sheet.
function colours() {
  const probe = document.body.appendChild(document.createElement("i"));
  probe.hidden = true;
  const value = (name) => {
    probe.style.color = `var(--${name})`;
    return getComputedStyle(probe).color;
  };
  const all = {};
  for (const name of ["act", "peak", "doubt", "loss", "gain", "line", "line-strong", "ink-3", "panel"]) all[name] = value(name);
  probe.remove();
  return all;
}

const faint = (colour) => colour.replace("rgb(", "rgba(").replace(")", ", 0.12)");

// Where nothing was known for longer than this, the time is there and no line: an outage is as wide as it was.
const GAP_S = 5;
const GAP_MOST = 7200;
function gap(list, time) {
  const last = list.length ? list[list.length - 1].time : time;
  const step = Math.max(1, Math.ceil((time - last) / GAP_MOST));
  if (time - last > Math.max(GAP_S, 3 * usual)) for (let at = last + step; at < time; at += step) list.push({ time: at });
}

// Seconds between two points as they usually come; a long curve is thinned.
let usual = 1;
function measure(rows) {
  const steps = [];
  for (let at = 4; at < rows.length; at += 4) steps.push(rows[at] - rows[at - 4]);
  steps.sort((a, b) => a - b);
  usual = steps.length ? steps[steps.length >> 1] : 1;
}

// One point a second: the library takes ascending times, the last value of a second counts.
function columns(rows) {
  const out = [[], [], []];
  for (let at = 0; at < rows.length; at += 4) {
    const time = Math.floor(rows[at]);
    for (let column = 0; column < 3; column++) {
      const value = rows[at + 1 + column];
      if (Number.isNaN(value)) continue;
      const list = out[column];
      if (list.length && list[list.length - 1].time >= time) list[list.length - 1].value = value;
      else {
        gap(list, time);
        list.push({ time, value });
      }
    }
  }
  return out;
}

// What of a curve is worth a mark: its first point, where the floor was armed, and the highest.
function remarkable(seen, [pnl, , floor]) {
  for (const { time, value } of pnl) {
    if (value === undefined) continue;
    seen.first ??= time;
    if (!(value <= seen.high)) [seen.high, seen.peak] = [value, time];
  }
  seen.armed ??= floor[0]?.time;
}

// What a click meanwhile asks for comes first: one long task is cut into several.
const rest = () => new Promise((go) => setTimeout(go));

// Nobody waits for a chart that is not on the screen. False: its place went away.
const onScreen = (element) => new Promise((go) => {
  const done = () => {
    eye.disconnect();
    clearInterval(gone);
    go(element.isConnected);
  };
  const eye = new IntersectionObserver((list) => list.some((place) => place.isIntersecting) && done(), { rootMargin: "100px" });
  const gone = setInterval(() => element.isConnected || done(), 1000);
  eye.observe(element);
});
// The page is there first.
const idle = () => new Promise((go) => (window.requestIdleCallback ? requestIdleCallback(go, { timeout: 2000 }) : setTimeout(go, 200)));

const NONE = { set() {}, append() {}, point() {}, destroy() {} };

export async function create(element) {
  if (!(await onScreen(element))) return NONE;
  await idle();
  // A browser remembers a script that failed: trying again asks under another name.
  tries += !lib;
  lib ??= await import("/vendor/lightweight-charts.js" + (tries > 1 ? "?" + tries : ""));
  await idle();
  const chart = lib.createChart(element, {
    autoSize: true,
    layout: { attributionLogo: false, background: { color: "transparent" }, fontSize: 11 },
    // Axes that keep their size: each change of it lays out and draws everything again.
    timeScale: { timeVisible: true, secondsVisible: true, borderVisible: false, minimumHeight: 26 },
    rightPriceScale: { borderVisible: false, scaleMargins: { top: 0.12, bottom: 0.12 }, minimumWidth: 68 },
    handleScroll: { mouseWheel: false, vertTouchDrag: false },
    handleScale: { mouseWheel: false },
    localization: { priceFormatter: (value) => (value > 0 ? "+" : "") + value.toFixed(2).replace("-", "−") },
  });
  await rest();
  const plain = { lastValueVisible: true, priceLineVisible: false };
  const pnl = chart.addSeries(lib.AreaSeries, { ...plain, lineWidth: 2 });
  const peak = chart.addSeries(lib.LineSeries, { ...plain, lineWidth: 1, lineStyle: lib.LineStyle.Dotted });
  const floor = chart.addSeries(lib.LineSeries, { ...plain, lineWidth: 2, lineType: lib.LineType.WithSteps });
  const series = [pnl, peak, floor];
  const marks = lib.createSeriesMarkers(pnl, []);
  const edges = [];
  let lines = [];
  let marked;
  let touched = false;
  // Seconds of the last point of each series: it is appended to, never copied.
  let ends = [];
  let seen = {};
  let count = 0;
  // Of the theme: reading them makes the browser look through its styles.
  let colour = colours();

  // All of it, with room at the left for the words of its first mark.
  function fit() {
    if (count) chart.timeScale().setVisibleLogicalRange({ from: -0.5 - 0.05 * count, to: count - 0.5 + 0.02 * count });
  }

  // Of the server: limits, and how it ended.
  function limit(name) {
    return Number.parseFloat(element.dataset[name]);
  }

  function drawLimits() {
    lines.forEach((line) => pnl.removePriceLine(line));
    const line = (price, color, title, lineStyle) => pnl.createPriceLine({ price, color, title, lineWidth: 1, lineStyle, axisLabelVisible: title !== "" });
    lines = [line(0, colour["line-strong"], "", lib.LineStyle.Solid)];
    if (limit("loss")) lines.push(line(limit("loss"), colour.loss, "max loss", lib.LineStyle.Dashed));
    if (limit("profit")) lines.push(line(limit("profit"), colour.gain, "max profit", lib.LineStyle.Dashed));
    drawMarks();
  }

  // A limit outside the picture stands at the edge towards it. Where it lies is known once the library has drawn.
  function drawEdges() {
    requestAnimationFrame(() => requestAnimationFrame(() => {
      const height = chart.panes()[0]?.getHeight() ?? 0;
      for (const edge of edges) {
        const y = pnl.priceToCoordinate(limit(edge.dataset.edge));
        edge.hidden = y === null || (y >= 0 && y <= height);
        edge.textContent = edge.hidden ? "" : edge.dataset.words + chart.options().localization.priceFormatter(limit(edge.dataset.edge));
      }
    }));
  }

  function drawMarks() {
    const mark = (time, text, color, position = "aboveBar") => ({ time, text, color, position, shape: "circle", size: 0.6 });
    const ended = element.dataset.exit ?? "";
    const list = [];
    if (seen.first) list.push(mark(seen.first, "entered", colour["ink-3"], "belowBar"));
    if (seen.armed) list.push(mark(seen.armed, "armed", colour.doubt));
    if (seen.high > 0 && seen.peak > seen.first) list.push(mark(seen.peak, "peak", colour.peak));
    if (ended && ends[0]) list.push(mark(Math.min(Number.parseInt(ended), ends[0]), ended.slice(ended.indexOf(" ") + 1), colour["ink-3"], "belowBar"));
    const told = JSON.stringify(list);
    if (told !== marked) marks.setMarkers(list.sort((a, b) => a.time - b.time));
    marked = told;
    drawEdges();
  }

  function restyle() {
    colour = colours();
    chart.applyOptions({
      layout: { textColor: colour["ink-3"] },
      grid: { vertLines: { visible: false }, horzLines: { color: colour.line } },
      crosshair: { vertLine: { color: colour["line-strong"] }, horzLine: { color: colour["line-strong"] } },
    });
    pnl.applyOptions({ lineColor: colour.act, topColor: faint(colour.act), bottomColor: faint(colour.act) });
    peak.applyOptions({ color: colour.peak });
    floor.applyOptions({ color: colour.doubt });
    drawLimits();
  }

  for (const [name, words] of [["profit", "▲ max profit "], ["loss", "▼ max loss "]]) {
    const edge = element.appendChild(document.createElement("span"));
    Object.assign(edge.dataset, { edge: name, words });
    edge.className = "edge";
    edge.hidden = true;
    edges.push(edge);
  }
  await rest();
  restyle();
  element.firstElementChild?.setAttribute("aria-hidden", "true");
  const theme = new MutationObserver(restyle);
  theme.observe(document.documentElement, { attributeFilter: ["data-theme"] });
  element.addEventListener("pointerdown", () => { touched = true; });
  element.addEventListener("dblclick", () => { touched = false; fit(); });
  const said = new MutationObserver(drawLimits);
  said.observe(element, { attributeFilter: ["data-loss", "data-profit", "data-exit"] });
  const sized = new ResizeObserver(drawEdges);
  sized.observe(element);
  await rest();

  return {
    set(rows) {
      measure(rows);
      const lists = columns(rows);
      lists.forEach((list, at) => series[at].setData(list));
      ends = lists.map((list) => list.at(-1)?.time);
      remarkable((seen = {}), lists);
      touched = false;
      count = lists[0].length;
      fit();
      drawMarks();
    },
    append(rows) {
      const lists = columns(rows);
      lists.forEach((list, at) => list.forEach((point) => {
        if (ends[at] > point.time) return;
        const between = ends[at] ? [{ time: ends[at] }] : [];
        gap(between, point.time);
        if (at === 0 && ends[0] !== point.time) count += Math.max(1, between.length);
        between.slice(1).forEach((empty) => series[at].update(empty));
        series[at].update(point);
        ends[at] = point.time;
      }));
      remarkable(seen, lists);
      if (!touched) fit();
      drawMarks();
    },
    point(seconds, value) {
      if (Number.isNaN(value)) chart.clearCrosshairPosition();
      else chart.setCrosshairPosition(value, Math.floor(seconds), pnl);
    },
    destroy() {
      for (const observer of [theme, said, sized]) observer.disconnect();
      edges.forEach((edge) => edge.remove());
      chart.remove();
    },
  };
}
