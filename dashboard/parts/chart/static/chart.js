// The curve of the chosen point: line, limits, excursions, marks. Plotly is loaded when needed.

const plot = document.getElementById("plot");
const note = document.getElementById("plot-note");
const panel = document.getElementById("chart");
let library = null;
let shown = "";

function plotly() {
  library ??= new Promise((resolve, reject) => {
    const script = document.createElement("script");
    script.src = plot.dataset.plotly;
    script.onload = () => resolve(globalThis.Plotly);
    script.onerror = () => {
      library = null;
      reject(new Error("plotly"));
    };
    document.head.append(script);
  });
  return library;
}

const colour = (name) => getComputedStyle(document.body).getPropertyValue(`--${name}`).trim();

function limitShapes(chart, low, high) {
  return chart.limits.flatMap((limit) => [
    {
      type: "rect", layer: "below", xref: "x", yref: "y", line: { width: 0 },
      x0: limit.from, x1: limit.until,
      y0: limit.value, y1: limit.side === "above" ? high : low,
      fillcolor: colour(limit.severity), opacity: 0.07,
    },
    {
      type: "line", layer: "above", opacity: 0.8, xref: "x", yref: "y",
      x0: limit.from, x1: limit.until, y0: limit.value, y1: limit.value,
      line: { color: colour(limit.severity), width: 1.5, dash: limit.severity === "minor" ? "dot" : "dash" },
    },
  ]);
}

const narrow = () => plot.clientWidth < 560;

/** Labels of the limits that hold now: beside the plot, or in it where it is narrow. */
function limitLabels(chart, low, high) {
  const pixels = (plot.clientHeight - 60) / (high - low);
  const place = narrow() ? { x: 0, xshift: 2 } : { x: 1, xshift: 5 };
  let below = -Infinity;
  return chart.limits
    .filter((limit) => limit.until === chart.until)
    .sort((one, other) => one.value - other.value)
    .map((limit) => {
      const exact = limit.value * pixels;
      below = Math.max(exact, below + 15); // close ones are pushed apart
      return {
        ...place, xref: "paper", xanchor: "left", y: limit.value, yref: "y",
        yanchor: "middle", yshift: below - exact, showarrow: false, text: limit.label,
        font: { size: 11, color: colour(`${limit.severity}-ink`) },
        bgcolor: colour("panel"), borderpad: 0,
      };
    });
}

const excursionShapes = (chart) =>
  chart.excursions.map((one) => ({
    type: "rect", layer: "below", xref: "x", yref: "paper", line: { width: 0 },
    x0: one.from, x1: one.until, y0: 0, y1: 1,
    fillcolor: colour(one.severity), opacity: 0.16,
  }));

function extent(chart) {
  const values = [
    ...chart.line.values, ...chart.conflicts.values, ...chart.bad.values,
    ...chart.limits.map((limit) => limit.value), ...chart.states.keys(),
  ].filter((value) => value !== null);
  if (!values.length) return [0, 1];
  const low = Math.min(...values);
  const high = Math.max(...values);
  const room = (high - low || 1) * 0.12;
  return [low - room, high + room];
}

function traces(chart, low) {
  const marks = (of, name, marker) => ({
    type: "scatter", mode: "markers", name, x: of.times, marker,
    y: of.values.map((value) => value ?? low), hovertemplate: `%{y} ${chart.unit}<extra>${name}</extra>`,
  });
  const words = plot.dataset;
  return [
    {
      type: "scatter", mode: chart.readings > 200 ? "lines" : "lines+markers", name: words.values,
      x: chart.line.times, y: chart.line.values, connectgaps: false,
      line: { color: colour("accent"), width: 2, shape: chart.states.length ? "hv" : "linear" },
      marker: { size: 4 },
      text: chart.line.values.map((value) => chart.states[value] ?? ""),
      hovertemplate: chart.states.length ? "%{text}<extra></extra>" : `%{y:.${chart.decimals}f} ${chart.unit}<extra></extra>`,
    },
    marks(chart.uncertain, words.uncertain, { symbol: "circle-open", size: 9, color: colour("accent") }),
    marks(chart.bad, words.bad, { symbol: "x", size: 8, color: colour("absent") }),
    marks(chart.conflicts, words.conflict, { symbol: "diamond-open", size: 10, line: { width: 2 }, color: colour("critical") }),
  ].filter((trace, index) => index === 0 || trace.x.length);
}

function layout(chart) {
  const [low, high] = extent(chart);
  const axis = { gridcolor: colour("line"), linecolor: colour("line"), zeroline: false, fixedrange: true };
  const labels = limitLabels(chart, low, high);
  return {
    autosize: true,
    margin: { l: 44, r: labels.length && !narrow() ? 116 : 8, t: 12, b: 40 },
    paper_bgcolor: "rgba(0,0,0,0)", plot_bgcolor: "rgba(0,0,0,0)",
    font: { family: getComputedStyle(document.body).fontFamily, size: 12, color: colour("soft") },
    xaxis: {
      ...axis, type: "date", range: [chart.from, chart.until], tickangle: 0,
      nticks: Math.max(3, Math.floor(plot.clientWidth / 90)),
      tickformat: "%H:%M\n%Y-%m-%d", hoverformat: "%Y-%m-%d %H:%M:%S",
    },
    yaxis: { ...axis, ...scale(chart), range: [low, high] },
    shapes: [...excursionShapes(chart), ...limitShapes(chart, low, high)],
    annotations: chart.line.times.length ? labels : [...labels, nothing()],
    showlegend: chart.uncertain.times.length + chart.bad.times.length + chart.conflicts.times.length > 0,
    legend: { orientation: "h", y: 1.02, yanchor: "bottom", x: 0, font: { size: 11 } },
    hovermode: "x", dragmode: false,
  };
}

/** A quantity that has states is scaled by their names. */
const scale = ({ states, unit }) =>
  states.length
    ? { tickvals: states.map((_, value) => value), ticktext: states }
    : { title: { text: unit, standoff: 6 } };

const nothing = () => ({
  x: 0.5, y: 0.5, xref: "paper", yref: "paper", showarrow: false,
  text: plot.dataset.empty, font: { size: 14, color: colour("soft") },
});

async function draw(address) {
  const [library, answer] = await Promise.all([
    plotly(),
    fetch(address, { headers: { Accept: "application/json" }, signal: AbortSignal.timeout(10000) }),
  ]);
  if (!answer.ok) throw new Error(answer.statusText);
  const chart = await answer.json();
  if (address !== wanted()) return;
  const options = { displayModeBar: false, responsive: true };
  await library.react(plot, traces(chart, extent(chart)[0]), layout(chart), options);
  note.textContent = chart.decimated ? plot.dataset.decimated.replace("{n}", chart.readings) : "";
}

const wanted = () => document.getElementById("curve")?.dataset.series ?? "";

async function refresh() {
  const address = wanted();
  panel.hidden = !address;
  if (!address || (address === shown && address.includes("until="))) return;
  try {
    await draw(address);
    shown = address;
  } catch {
    note.textContent = plot.dataset.failed;
  }
}

document.addEventListener("renewed", refresh);
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => {
  shown = "";
  refresh();
});
refresh();
