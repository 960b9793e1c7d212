/**
 * report.html: a comparison on one page that needs nothing but itself. No scripts, no fonts, nothing from the network.
 */
import { formatBytes, formatSeconds } from "../../base/units.ts";
import { type Job, optionsOf } from "../../runs/job.ts";
import type { Evaluation } from "../../runs/result.ts";
import { formatCount, formatLoss } from "../format.ts";
import { type ComparedRun, comparisonNotes, comparisonTable } from "./comparison.ts";
import { escapeHtml } from "./html.ts";
import { PLOT_COLOURS, type Plot, plotSvg } from "./plot.ts";

export interface ReportContent {
  readonly runs: readonly ComparedRun[];
  /** The job of the first run; all but recipe and compressors is common. */
  readonly job: Job;
  readonly clock: "wall" | "virtual";
}

/** @param now named on the page */
export function reportPage(content: ReportContent, now: Date): string {
  const { job, runs } = content;
  const title = `${job.model} on ${job.data}: ${runs.length} ${runs.length === 1 ? "run" : "runs"} compared`;
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="generator" content="thinwire">
<title>${escapeHtml(title)}</title>
<style>
${STYLE}
</style>
</head>
<body>
<main>
<h1>${escapeHtml(title)}</h1>
<p class="about">${escapeHtml(aboutLine(content))} Made by thinwire on <time datetime="${now.toISOString()}">${escapeHtml(dateOf(now))}</time>.</p>
${table(runs)}
${comparisonNotes(runs)
  .map((note) => `<p class="note">${escapeHtml(note)}</p>`)
  .join("\n")}
${plots(content)
  .map(
    (plot) =>
      `<figure>\n<figcaption>${escapeHtml(plot.title)}</figcaption>\n${legend(plot)}\n${plotSvg(plot)}\n</figure>`,
  )
  .join("\n")}
<h2>Job</h2>
${options(job)}
</main>
</body>
</html>
`;
}

function aboutLine({ job, clock }: ReportContent): string {
  const { link = "none" } = optionsOf(job);
  const wires = link === "none" ? "without limits on their links" : `behind a link of ${link} each`;
  return `${formatCount(job.peers)} ${job.peers === 1 ? "peer" : "peers"} ${wires}, in ${clock === "virtual" ? "virtual" : "real"} time.`;
}

function table(runs: readonly ComparedRun[]): string {
  const { columns, rows } = comparisonTable(runs);
  const head = columns.map(({ header, align }) => `<th scope="col" class="${align}">${escapeHtml(header)}</th>`);
  const body = rows.map((cells, i) => {
    const [name = "", ...rest] = cells;
    return (
      `<tr><th scope="row" class="left">${key(i)}${escapeHtml(name)}</th>` +
      `${rest.map((cell, j) => `<td class="${columns[j + 1]!.align}">${escapeHtml(cell)}</td>`).join("")}</tr>`
    );
  });
  return `<div class="wide"><table>\n<thead><tr>${head.join("")}</tr></thead>\n<tbody>\n${body.join("\n")}\n</tbody>\n</table></div>`;
}

const legend = ({ lines }: Plot): string =>
  `<p class="legend">${lines.map(({ name }, i) => `<span>${key(i)}${escapeHtml(name)}</span>`).join("\n")}</p>`;

/** A short piece of a run's line. */
const key = (i: number): string =>
  `<span class="key run-${i % PLOT_COLOURS}${i >= PLOT_COLOURS ? " again" : ""}"></span>`;

function plots({ runs, clock, job }: ReportContent): Plot[] {
  const curves = runs.map(({ name, result }) => ({ name, curve: result?.curve ?? [] }));
  const hasAccuracy = curves.some(({ curve }) => curve.some(({ accuracy }) => accuracy !== null));
  const byAccuracy = hasAccuracy && job.until?.metric !== "loss";
  const measure = byAccuracy ? "accuracy" : "loss";
  const y = (point: Evaluation): number => (byAccuracy ? (point.accuracy ?? Number.NaN) : point.loss);
  const plot = (
    over: string,
    x: (point: Evaluation) => number,
    rest: Pick<Plot, "xLabel" | "xScale" | "formatX">,
  ): Plot => ({
    title: `Test ${measure} over ${over}`,
    yLabel: `test ${measure}`,
    formatY: byAccuracy ? (value) => `${Number((value * 100).toPrecision(6))} %` : formatLoss,
    lines: curves.map(({ name, curve }) => ({ name, points: curve.map((point) => ({ x: x(point), y: y(point) })) })),
    ...(job.until === null ? {} : { target: job.until.value }),
    ...rest,
  });
  const time = clock === "virtual" ? "virtual time" : "time";
  return [
    plot("bytes", ({ bytesUp, bytesDown }) => bytesUp + bytesDown, {
      xLabel: "bytes sent by all peers (logarithmic)",
      xScale: "log",
      formatX: (value) => formatBytes(value).replace(".0 ", " "),
    }),
    plot(time, ({ seconds }) => seconds, {
      xLabel: `${time} since the first round`,
      xScale: "linear",
      formatX: (value) => (value === 0 ? "0" : formatSeconds(value).replace(".0 ", " ")),
    }),
    plot("rounds", ({ round }) => round, { xLabel: "rounds", xScale: "linear", formatX: formatCount }),
  ];
}

/** Options that the runs share, as the command line takes them. */
function options(job: Job): string {
  const { recipe: _, compressor: __, down: ___, momentum, ...shared } = optionsOf(job);
  const said = { ...shared, momentum: momentum?.split("@")[0] };
  const rows = Object.entries(said).map(([key, value]) => {
    const flag = `--${key.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
    return `<dt>${escapeHtml(flag)}</dt><dd>${escapeHtml(String(value))}</dd>`;
  });
  return `<dl>\n${rows.join("\n")}\n</dl>`;
}

const dateOf = (now: Date): string => now.toISOString().slice(0, 10);

/** Okabe and Ito's colours, which the colour-blind tell apart, darkened or lightened for contrast with the page. */
const STYLE = `\
:root { color-scheme: light dark; --page: #fff; --text: #1a1c20; --soft: #5c6370; --rule: #e2e5ea;
  --c0: #5c6370; --c1: #0072b2; --c2: #d55e00; --c3: #008563; --c4: #b4568f; --c5: #a67c00; --c6: #2f8fc4; --c7: #1a1c20; }
@media (prefers-color-scheme: dark) {
  :root { --page: #14161a; --text: #e8eaee; --soft: #9aa2af; --rule: #2b2f37;
    --c0: #9aa2af; --c1: #56b4e9; --c2: #ff8a3d; --c3: #2fc79b; --c4: #e29bc6; --c5: #f0c94a; --c6: #3f9bd6; --c7: #e8eaee; } }
body { margin: 0; background: var(--page); color: var(--text); font: 16px/1.5 system-ui, sans-serif; }
main { max-width: 54rem; margin: 0 auto; padding: 2rem 1rem 4rem; }
h1 { font-size: 1.5rem; line-height: 1.25; margin: 0 0 .25rem; }
h2 { font-size: 1.1rem; margin: 2.5rem 0 .5rem; }
.about, .note { color: var(--soft); margin: 0 0 .5rem; }
.wide { overflow-x: auto; margin: 1.5rem 0 1rem; }
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; font-size: .9rem; }
th, td { padding: .35rem .5rem; border-bottom: 1px solid var(--rule); white-space: nowrap; font-weight: normal; }
thead th { color: var(--soft); }
.left { text-align: left; } .right { text-align: right; }
.key { display: inline-block; width: 1.1rem; margin-right: .5rem; vertical-align: middle; border-top: 3px solid var(--run); }
.key.again { border-top-style: dashed; }
figure { margin: 2.5rem 0 0; } figcaption { font-weight: 600; margin-bottom: .5rem; }
.legend { margin: 0 0 .5rem; font-size: .85rem; color: var(--soft); } .legend > span { margin-right: 1.25rem; white-space: nowrap; }
svg { display: block; width: 100%; height: auto; }
.grid { stroke: var(--rule); } .tick, .label { fill: var(--soft); font-size: 12px; font-variant-numeric: tabular-nums; }
.target { stroke: var(--soft); stroke-dasharray: 4 4; }
.line { fill: none; stroke: var(--run); stroke-width: 2; stroke-linejoin: round; } .again .line { stroke-dasharray: 6 4; }
.end { fill: var(--run); }
${Array.from({ length: PLOT_COLOURS }, (_, i) => `.run-${i} { --run: var(--c${i}); }`).join(" ")}
dl { display: grid; grid-template-columns: max-content 1fr; gap: .15rem 1.5rem; font-size: .9rem; margin: 0; }
dt { color: var(--soft); } dd { margin: 0; font-variant-numeric: tabular-nums; overflow-wrap: anywhere; }`;
