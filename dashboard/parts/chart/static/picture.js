// A chart as a picture of its own: with its name, its range and a ground.
// The page's policy has to allow images of `blob:` (dashboard/security.py WITH_PICTURES).

import { shown } from "./chart.js";
import { colour, escaped, layout, traces } from "./figure.js";

const SIZE = { width: 1200, height: 640, zoom: false };
const SHARPNESS = 2;

/** A PNG of what `figure` shows; null where nothing is shown yet. */
export async function picture(figure, name) {
  const chart = shown(figure);
  if (!chart || !globalThis.Plotly) return null;
  const form = layout(chart, SIZE);
  const svg = await globalThis.Plotly.toImage(
    {
      data: traces(chart, { named: chart.curves.length > 1 }),
      layout: {
        ...form,
        title: { text: escaped(name), x: 0.04, subtitle: { text: between(chart) } },
        annotations: [...form.annotations, ...note(chart)],
        margin: { ...form.margin, t: 90, b: 100 },
        legend: { ...form.legend, y: -0.1, yanchor: "top" },
      },
    },
    { format: "svg", width: SIZE.width, height: SIZE.height, imageDataOnly: true },
  );
  return drawn(svg, colour("panel"));
}

const between = ({ from, until, zone }) =>
  `${[from, until].map((time) => time.slice(0, 19).replace("T", " ")).join(" – ")} (${escaped(zone)})`;

/** What stands below the chart on the page: how it is drawn. */
const note = (chart) => (chart.note ? [{
  x: 0, y: 0, yshift: -96, xref: "paper", yref: "paper", xanchor: "left", yanchor: "bottom",
  showarrow: false, text: escaped(chart.note), font: { size: 11 },
}] : []);

async function drawn(svg, ground) {
  const address = URL.createObjectURL(new Blob([svg], { type: "image/svg+xml" }));
  try {
    const image = new Image();
    image.src = address;
    await image.decode();
    const canvas = document.createElement("canvas");
    canvas.width = SIZE.width * SHARPNESS;
    canvas.height = SIZE.height * SHARPNESS;
    const pen = canvas.getContext("2d");
    pen.fillStyle = ground;
    pen.fillRect(0, 0, canvas.width, canvas.height);
    pen.drawImage(image, 0, 0, canvas.width, canvas.height);
    return await new Promise((resolve) => canvas.toBlob(resolve, "image/png"));
  } finally {
    URL.revokeObjectURL(address);
  }
}
