// The P&L chart: the one place that speaks to the chart library. Loaded by Control only. Rows come as
// seconds, executable, peak, floor; what is missing is NaN and leaves a gap.
const lib = await import("/vendor/lightweight-charts.js");

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

export function create(element) {
  const chart = lib.createChart(element, {
    autoSize: true,
    layout: { attributionLogo: false, background: { color: "transparent" }, fontSize: 11 },
    timeScale: { timeVisible: true, secondsVisible: true, borderVisible: false },
    rightPriceScale: { borderVisible: false, scaleMargins: { top: 0.12, bottom: 0.12 } },
    handleScroll: { mouseWheel: false, vertTouchDrag: false },
    handleScale: { mouseWheel: false },
    localization: { priceFormatter: (value) => (value > 0 ? "+" : "") + value.toFixed(2).replace("-", "−") },
  });
  const plain = { lastValueVisible: true, priceLineVisible: false };
  const pnl = chart.addSeries(lib.AreaSeries, { ...plain, lineWidth: 2 });
  const peak = chart.addSeries(lib.LineSeries, { ...plain, lineWidth: 1, lineStyle: lib.LineStyle.Dotted });
  const floor = chart.addSeries(lib.LineSeries, { ...plain, lineWidth: 2, lineType: lib.LineType.WithSteps });
  const series = [pnl, peak, floor];
  let lines = [];
  let limits = [NaN, NaN];
  let touched = false;

  function drawLimits() {
    lines.forEach((line) => pnl.removePriceLine(line));
    const colour = colours();
    const line = (price, color, title) => pnl.createPriceLine({ price, color, title, lineWidth: 1, lineStyle: lib.LineStyle.Dashed, axisLabelVisible: true });
    const [loss, profit] = limits;
    lines = [];
    if (!Number.isNaN(loss)) lines.push(line(loss, colour.loss, "max loss"));
    if (!Number.isNaN(profit)) lines.push(line(profit, colour.gain, "max profit"));
  }

  function restyle() {
    const colour = colours();
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

  restyle();
  element.firstElementChild?.setAttribute("aria-hidden", "true");
  const theme = new MutationObserver(restyle);
  theme.observe(document.documentElement, { attributeFilter: ["data-theme"] });
  element.addEventListener("pointerdown", () => { touched = true; });
  element.addEventListener("dblclick", () => { touched = false; chart.timeScale().fitContent(); });

  return {
    set(rows) {
      measure(rows);
      columns(rows).forEach((list, at) => series[at].setData(list));
      touched = false;
      chart.timeScale().fitContent();
    },
    append(rows) {
      columns(rows).forEach((list, at) => list.forEach((point) => {
        const last = series[at].data().at(-1);
        if (last && last.time > point.time) return;
        const between = last ? [{ time: last.time }] : [];
        gap(between, point.time);
        between.slice(1).forEach((empty) => series[at].update(empty));
        series[at].update(point);
      }));
      if (!touched) chart.timeScale().fitContent();
    },
    limits(loss, profit) {
      limits = [loss, profit];
      drawLimits();
    },
    point(seconds, value) {
      if (Number.isNaN(value)) chart.clearCrosshairPosition();
      else chart.setCrosshairPosition(value, Math.floor(seconds), pnl);
    },
    destroy() {
      theme.disconnect();
      chart.remove();
    },
  };
}
