// A chart as Plotly wants it: pure but for the colours, which are those of the page's theme.
// A curve from raw readings is a line; one from roll-ups a band from minimum to maximum, with
// the mean as its line. The limits and excursions are those of the first curve.

const DASHES = ["solid", "dash", "dot", "dashdot"];
const LEAST = 3; // pixels that an excursion is wide, however long the range is
const KINDS = ["late", "uncertain", "bad", "conflicts"];
const RUG = "y3"; // an axis from 0 to 1 for marks that have no value

const probe = document.createElement("span");
probe.hidden = true;
document.body.append(probe);

/** A token's colour, with light-dark() resolved. */
export function colour(token) {
  probe.style.color = `var(--${token})`;
  return getComputedStyle(probe).color;
}

const faint = (token, share) => colour(token).replace("rgb(", "rgba(").replace(")", `, ${share})`);
const at = (local) => Date.parse(`${local}Z`);
const local = (moment) => new Date(moment).toISOString().slice(0, -1);
const units = (chart) => [...new Set(chart.curves.map((curve) => curve.unit))];
const axis = (chart, curve) => (units(chart).indexOf(curve.unit) ? "y2" : "y");
const narrow = (place) => place.width < 560;

// Curves ----------------------------------------------------------------------------------

/** `named`: lines have names of their own, where no legend beside the chart has them. */
export function traces(chart, { named = false } = {}) {
  return once(chart.curves.flatMap((curve, index) => [
    ...(curve.rolled ? [band(chart, curve, index)] : []),
    { ...line(chart, curve, index), name: escaped(curve.name), showlegend: named },
    ...marks(chart, curve, index),
  ]));
}

/** Plotly takes names for its own kind of HTML. */
export const escaped = (text) => text.replace(/&/g, "&amp;").replace(/</g, "&lt;").replace(/>/g, "&gt;");

function line(chart, curve, index) {
  const { times, values, low, high } = curve.line;
  const unit = escaped(curve.unit);
  const form = (name) => `%{${name}:.${curve.decimals}f}`;
  const template = curve.rolled
    ? `${form("y")} ${unit} (${form("customdata[0]")} … ${form("customdata[1]")})`
    : curve.states.length ? "%{text}" : `${form("y")} ${unit}`;
  return {
    type: "scatter", mode: curve.rolled || times.length > 200 ? "lines" : "lines+markers",
    x: times, y: values, yaxis: axis(chart, curve), connectgaps: false,
    line: {
      color: colour(`curve-${index + 1}`), width: 2, dash: DASHES[index],
      shape: curve.states.length && !curve.rolled ? "hv" : "linear",
    },
    marker: { size: 4 },
    text: values.map((value) => curve.states[value] ?? ""),
    customdata: curve.rolled ? values.map((_, n) => [low[n], high[n]]) : undefined,
    hovertemplate: `${template}<extra>${chart.curves.length > 1 ? escaped(curve.name) : ""}</extra>`,
  };
}

/** From minimum to maximum: a ring for each stretch without a gap. */
function band(chart, curve, index) {
  const { times, low, high } = curve.line;
  const x = [];
  const y = [];
  const close = (from, to) => {
    if (from === to) return;
    const there = [...times.keys()].slice(from, to);
    const back = there.toReversed();
    if (x.length) { x.push(times[from]); y.push(null); }
    x.push(...there.map((n) => times[n]), ...back.map((n) => times[n]));
    y.push(...there.map((n) => high[n]), ...back.map((n) => low[n]));
  };
  let start = 0;
  high.forEach((value, n) => {
    if (value !== null) return;
    close(start, n);
    start = n + 1;
  });
  close(start, times.length);
  return {
    type: "scatter", mode: "lines", fill: "toself", x, y, yaxis: axis(chart, curve),
    showlegend: false, hoverinfo: "skip",
    line: { width: 1, color: faint(`curve-${index + 1}`, 0.45) },
    fillcolor: faint(`curve-${index + 1}`, 0.22),
  };
}

/** Readings that deserve a look: at their value, or without one along the bottom. */
function marks(chart, curve, index) {
  const own = colour(`curve-${index + 1}`);
  const markers = {
    late: { symbol: "line-ns-open", size: 8, line: { width: 1.5 }, color: colour("soft") },
    uncertain: { symbol: "circle-open", size: 9, color: own },
    bad: { symbol: "x", size: 8, color: colour("absent") },
    conflicts: { symbol: "diamond-open", size: 10, line: { width: 2 }, color: colour("critical") },
  };
  return KINDS.flatMap((kind, row) => {
    const { times, values } = curve[kind];
    const name = chart.words[kind];
    const trace = (which, y, yaxis, text) => ({
      type: "scatter", mode: "markers", name, legendgroup: kind, marker: markers[kind], yaxis,
      x: which.map((n) => times[n]), y, hovertemplate: `${text}<extra>${name}</extra>`,
    });
    const valued = [...times.keys()].filter((n) => values[n] !== null);
    const bare = [...times.keys()].filter((n) => values[n] === null);
    return [
      trace(valued, valued.map((n) => values[n]), axis(chart, curve), `%{y} ${escaped(curve.unit)}`),
      trace(bare, bare.map(() => 0.02 + 0.035 * row), RUG, ""),
    ].filter((one) => one.x.length);
  });
}

/** Each kind of mark once in the legend: what lines and bands are is said beside the chart. */
function once(all) {
  const known = new Set();
  for (const one of all.filter((trace) => trace.legendgroup)) {
    one.showlegend = !known.has(one.legendgroup);
    known.add(one.legendgroup);
  }
  return all;
}

// Layout ----------------------------------------------------------------------------------

/** `place`: width and height in pixels, and whether a drag zooms. */
export function layout(chart, place) {
  const plain = { gridcolor: colour("line"), linecolor: colour("line"), zeroline: false, fixedrange: true };
  const [low, high] = extent(chart, units(chart)[0]);
  const second = units(chart)[1];
  const inside = second !== undefined || narrow(place);
  const labels = limitLabels(chart, place, low, high, inside);
  const right = second !== undefined ? 64 : labels.length && !inside ? 116 : 8;
  const margin = { l: 48, r: right, t: 14, b: 40 };
  const empty = chart.curves.every((curve) => !curve.line.times.length);
  return {
    width: place.width, height: place.height, margin,
    paper_bgcolor: "rgba(0,0,0,0)", plot_bgcolor: "rgba(0,0,0,0)",
    font: { family: getComputedStyle(document.body).fontFamily, size: 12, color: colour("soft") },
    xaxis: {
      ...plain, type: "date", range: [chart.from, chart.until], tickangle: 0, fixedrange: !place.zoom,
      nticks: Math.max(3, Math.floor(place.width / 90)),
      tickformatstops: TICKS, hoverformat: "%Y-%m-%d %H:%M:%S",
    },
    yaxis: { ...plain, ...scale(chart, units(chart)[0]), range: [low, high] },
    ...(second === undefined ? {} : {
      yaxis2: {
        ...plain, ...scale(chart, second), range: extent(chart, second),
        overlaying: "y", side: "right", showgrid: false,
      },
    }),
    yaxis3: { overlaying: "y", range: [0, 1], visible: false, fixedrange: true },
    shapes: [
      ...excursionShapes(chart, place.width - margin.l - margin.r),
      ...limitShapes(chart, low, high),
    ],
    annotations: empty ? [...labels, nothing(chart)] : labels,
    showlegend: true,
    legend: { orientation: "h", y: 1.02, yanchor: "bottom", x: 0, font: { size: 11 } },
    hovermode: "x", dragmode: place.zoom ? "zoom" : false, selectdirection: "h",
  };
}

const TICKS = [
  { dtickrange: [null, 1000], value: "%H:%M:%S.%L" },
  { dtickrange: [1000, 60000], value: "%H:%M:%S\n%Y-%m-%d" },
  { dtickrange: [60000, 86400000], value: "%H:%M\n%Y-%m-%d" },
  { dtickrange: [86400000, "M1"], value: "%m-%d\n%Y" },
  { dtickrange: ["M1", "M12"], value: "%Y-%m" },
  { dtickrange: ["M12", null], value: "%Y" },
];

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

/** Labels of the limits that hold at the end: beside the plot, or in it where there is no room. */
function limitLabels(chart, place, low, high, inside) {
  const pixels = (place.height - 60) / (high - low);
  const side = inside ? { x: 0, xshift: 2 } : { x: 1, xshift: 5 };
  let below = -Infinity;
  return chart.limits
    .filter((limit) => limit.until === chart.until)
    .sort((one, other) => one.value - other.value)
    .map((limit) => {
      const exact = limit.value * pixels;
      below = Math.max(exact, below + 15); // close ones are pushed apart
      return {
        ...side, xref: "paper", xanchor: "left", y: limit.value, yref: "y",
        yanchor: "middle", yshift: below - exact, showarrow: false, text: escaped(limit.label),
        font: { size: 11, color: colour(`${limit.severity}-ink`) },
        bgcolor: colour("panel"), borderpad: 0,
      };
    });
}

/** A shade over the whole height, and above it a flag in full colour; both are never too thin. */
function excursionShapes(chart, width) {
  const least = (LEAST * (at(chart.until) - at(chart.from))) / width;
  const worstLast = [...chart.excursions].sort((one, other) => one.rank - other.rank);
  return worstLast.flatMap((one) => {
    const spare = Math.max(0, least - (at(one.until) - at(one.from))) / 2;
    const place = {
      type: "rect", xref: "x", yref: "paper", line: { width: 0 }, fillcolor: colour(one.severity),
      x0: local(at(one.from) - spare), x1: local(at(one.until) + spare),
    };
    return [
      { ...place, layer: "below", y0: 0, y1: 1, opacity: 0.2 },
      { ...place, layer: "above", y0: 0.985, y1: 1, name: "excursion" },
    ];
  });
}

/** Lowest and highest of all that is drawn in a unit, with some room. */
function extent(chart, unit) {
  const first = chart.curves[0]?.unit === unit;
  const values = [
    ...chart.curves.filter((curve) => curve.unit === unit).flatMap((curve) => [
      ...curve.line.values, ...(curve.rolled ? [...curve.line.low, ...curve.line.high] : []),
      ...KINDS.flatMap((kind) => curve[kind].values), ...curve.states.keys(),
    ]),
    ...(first ? chart.limits.map((limit) => limit.value) : []),
  ].filter((value) => value !== null);
  if (!values.length) return [0, 1];
  const low = values.reduce((one, other) => Math.min(one, other));
  const high = values.reduce((one, other) => Math.max(one, other));
  const room = (high - low || 1) * 0.12;
  return [low - room, high + room];
}

/** A quantity that has states is scaled by their names. No n, k or M stands before a unit that
 *  may have one of its own (6n mS/cm), and no title is the 1 of a count. */
function scale(chart, unit) {
  const states = chart.curves.find((curve) => curve.unit === unit)?.states ?? [];
  return states.length
    ? { tickmode: "array", tickvals: states.map((_, value) => value), ticktext: states }
    : {
      tickmode: "auto", exponentformat: "power",
      title: { text: unit === "1" ? "" : escaped(unit), standoff: 6 },
    };
}

const nothing = (chart) => ({
  x: 0.5, y: 0.5, xref: "paper", yref: "paper", showarrow: false,
  text: chart.words.empty, font: { size: 14, color: colour("soft") },
});
