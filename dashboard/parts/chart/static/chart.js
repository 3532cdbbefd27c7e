// Draws every element [data-series] of a page: curves, limits, excursions, marks. Plotly is
// loaded when the first is. The page may renew itself meanwhile: what is drawn is kept, and
// drawn again when its address, the theme, its size or the time have changed.

import { layout, traces } from "./figure.js";

const PATIENCE = 15000; // milliseconds for an answer
const AT_MOST = 5000; // how often a chart that ends now follows, in milliseconds
const LONG = 2 * 86400000; // a range that is longer follows more slowly: nobody sees a minute in it
const OPTIONS = { displayModeBar: false, doubleClick: false };

const drawn = new WeakMap(); // figure → {address, at, chart, busy, size, heeded}
let library = null;
let paper = null; // width of a chart while the page is printed

function plotly(address) {
  library ??= new Promise((resolve, reject) => {
    const script = document.createElement("script");
    script.src = address;
    script.onload = () => resolve(globalThis.Plotly);
    script.onerror = () => {
      library = null;
      reject(new Error("plotly"));
    };
    document.head.append(script);
  });
  return library;
}

/** What `figure` shows: the answer of its address; undefined before it came. */
export const shown = (figure) => drawn.get(figure)?.chart;

async function load(address) {
  const answer = await fetch(address, {
    headers: { Accept: "application/json" },
    signal: AbortSignal.timeout(PATIENCE),
  });
  const chart = await answer.json();
  if (!answer.ok) throw new Error(chart.detail);
  return chart;
}

/** Whether what is drawn is not what is asked for, or has grown old. */
function due(figure, { address, at, chart }) {
  if (address !== figure.dataset.series) return true;
  if (new URL(address, location).searchParams.has("to")) return false;
  const long = Date.parse(chart.until) - Date.parse(chart.from) > LONG;
  return Date.now() - at >= AT_MOST * (long ? 12 : 1);
}

async function refresh(figure) {
  const known = drawn.get(figure) ?? { address: null };
  drawn.set(figure, known);
  if (known.busy || !due(figure, known)) return;
  const address = figure.dataset.series;
  known.busy = true;
  const note = figure.querySelector("figcaption");
  try {
    known.chart = await load(address);
    await paint(figure);
    Object.assign(known, { address, at: Date.now() });
    note.textContent = known.chart.note;
  } catch (error) {
    known.address = null; // the next renewal tries again
    note.textContent = `${figure.dataset.failed} ${error.name === "Error" ? error.message : ""}`;
  }
  known.busy = false;
  if (figure.dataset.series !== address) refresh(figure);
}

const size = (plot) => `${plot.clientWidth}×${plot.clientHeight}`;

async function paint(figure) {
  const plot = figure.querySelector(".plot");
  const known = drawn.get(figure);
  const { chart } = known;
  const Plotly = await plotly(figure.dataset.plotly);
  const zoom = "zoom" in figure.dataset && matchMedia("(pointer: fine)").matches;
  const place = { width: paper ?? plot.clientWidth, height: plot.clientHeight, zoom };
  known.size = size(plot);
  await Plotly.react(plot, traces(chart), layout(chart, place), OPTIONS);
  if (known.heeded) return; // not kept in an attribute: a renewal takes what is not the server's
  known.heeded = true;
  plot.on("plotly_relayout", (change) => tell(figure, change));
  new ResizeObserver(() => {
    if (size(plot) !== known.size) paint(figure); // it is told of the first one, too
  }).observe(plot);
}

/** What was dragged over, in the chart's offset as Plotly writes it, as moments. */
function tell(figure, change) {
  const { offset } = shown(figure);
  const [from, to] = [change["xaxis.range[0]"], change["xaxis.range[1]"]]
    .map((local) => local && moment(local, offset));
  if (from) figure.dispatchEvent(new CustomEvent("zoomed", { bubbles: true, detail: { from, to } }));
}

function moment(local, offset) {
  const [day, time = "00:00"] = local.split(" "); // Plotly leaves out what is zero
  const [hours, minutes = "00", seconds = "00"] = time.split(":");
  return new Date(`${day}T${hours}:${minutes}:${seconds}${offset}`).toISOString();
}

const all = () => document.querySelectorAll("figure[data-series]");
const refreshAll = () => all().forEach(refresh);

document.addEventListener("renewed", refreshAll);
function paintAll() {
  for (const figure of all()) if (shown(figure)) paint(figure);
}

matchMedia("(prefers-color-scheme: dark)").addEventListener("change", paintAll);

// Paper is narrower than a window, and light.
const root = document.documentElement;
const { theme } = root.dataset;
addEventListener("beforeprint", () => {
  paper = 640; // pixels
  root.dataset.theme = "light";
  paintAll();
});
addEventListener("afterprint", () => {
  paper = null;
  root.dataset.theme = theme;
  paintAll();
});
refreshAll();
