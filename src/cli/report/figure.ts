/**
 * A figure that stands alone: title, plot and legend in one SVG with its own colours, on paper white.
 */
import type { Figure } from "../../reproduction/experiment.ts";
import { formatCount } from "../format.ts";
import { escapeHtml } from "./html.ts";
import { HEIGHT, PLOT_COLOURS, plotBody, WIDTH } from "./plot.ts";

/** Okabe and Ito's colours, which the colour-blind tell apart, darkened for contrast with the paper. */
const COLOURS = ["#0072b2", "#d55e00", "#008563", "#b4568f", "#a67c00", "#5c6370", "#2f8fc4", "#1a1c20"];

const TITLE_HEIGHT = 34;
const LEGEND_LINE = 20;
const LEGEND_COLUMNS = 2;
/** More would not show on the figure's width, and only make the file larger. */
const POINTS_MAX = 400;

export function figureSvg(title: string, figure: Figure): string {
  const { curves, xLabel, yLabel, yScale } = figure;
  const lines = curves.map(({ name, points }) => ({ name, points: thinned(points) }));
  const legendRows = Math.ceil(curves.length / LEGEND_COLUMNS);
  const height = TITLE_HEIGHT + HEIGHT + 8 + legendRows * LEGEND_LINE + 8;
  return `${[
    `<svg xmlns="http://www.w3.org/2000/svg" width="${WIDTH}" height="${height}" viewBox="0 0 ${WIDTH} ${height}">`,
    `<title>${escapeHtml(title)}</title>`,
    `<style>${STYLE}</style>`,
    `<rect class="paper" width="${WIDTH}" height="${height}"/>`,
    `<text class="title" x="14" y="22">${escapeHtml(title)}</text>`,
    `<g transform="translate(0 ${TITLE_HEIGHT})">`,
    ...plotBody({
      title,
      xLabel,
      yLabel,
      xScale: "linear",
      yScale,
      formatX: formatCount,
      formatY: yScale === "log" ? scientific : (value) => String(Number(value.toPrecision(6))),
      lines,
    }),
    "</g>",
    ...curves.map(({ name }, i) => legendEntry(name, i)),
    "</svg>",
  ].join("\n")}\n`;
}

function legendEntry(name: string, i: number): string {
  const x = 62 + (i % LEGEND_COLUMNS) * (WIDTH / 2 - 40);
  const y = TITLE_HEIGHT + HEIGHT + 18 + Math.floor(i / LEGEND_COLUMNS) * LEGEND_LINE;
  const again = i >= PLOT_COLOURS ? " again" : "";
  return (
    `<g class="run-${i % PLOT_COLOURS}${again}"><path class="line" d="M${x} ${y - 4}h22"/>` +
    `<text class="tick" x="${x + 30}" y="${y}">${escapeHtml(name)}</text></g>`
  );
}

/** `1e-7` */
const scientific = (value: number): string => value.toExponential(0).replace("e+", "e");

/** Every so many points, and the last. */
function thinned<P>(points: readonly P[]): readonly P[] {
  const stride = Math.ceil(points.length / POINTS_MAX);
  return points.filter((_, i) => i % stride === 0 || i === points.length - 1);
}

const STYLE = [
  ".paper{fill:#fff}",
  "text{font-family:'DejaVu Sans',Verdana,sans-serif;fill:#5c6370;font-size:12px}",
  ".title{fill:#1a1c20;font-size:15px}",
  ".grid{stroke:#e2e5ea}",
  ".line{fill:none;stroke-width:2;stroke-linejoin:round}",
  ".again .line{stroke-dasharray:6 4}",
  ...COLOURS.map((colour, i) => `.run-${i} .line{stroke:${colour}}.run-${i} .end{fill:${colour}}`),
].join("");
