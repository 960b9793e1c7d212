/**
 * A line plot as an SVG drawing. Colours come from the page's style sheet: `.run-0`, `.run-1`, … for the lines.
 */
import { escapeHtml } from "./html.ts";
import { linearScale, logScale, type Scale } from "./scale.ts";

export interface Point {
  readonly x: number;
  readonly y: number;
}

export interface Line {
  readonly name: string;
  readonly points: readonly Point[];
}

export interface Plot {
  readonly title: string;
  readonly xLabel: string;
  readonly yLabel: string;
  readonly xScale: "linear" | "log";
  /** Default "linear". */
  readonly yScale?: "linear" | "log";
  readonly formatX: (value: number) => string;
  readonly formatY: (value: number) => string;
  readonly lines: readonly Line[];
  /** A level that is marked by a dashed line. */
  readonly target?: number;
}

export const WIDTH = 640;
export const HEIGHT = 360;
const EDGE = { left: 62, right: 18, top: 14, bottom: 46 } as const;
/** Colours that the style sheet has; further lines repeat them, dashed. */
export const PLOT_COLOURS = 8;

export function plotSvg(plot: Plot): string {
  const label = escapeHtml(`${plot.title}: ${plot.lines.map(({ name }) => name).join(", ")}`);
  return [`<svg viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label="${label}">`, ...plotBody(plot), "</svg>"].join(
    "\n",
  );
}

/** The elements of the drawing, for an SVG that has more to show; WIDTH × HEIGHT pixels. */
export function plotBody(plot: Plot): string[] {
  const { xScale, yScale, formatX, formatY } = plot;
  const shows = (value: number, scale: "linear" | "log" | undefined) =>
    Number.isFinite(value) && (scale !== "log" || value > 0);
  const usable = plot.lines.map(({ name, points }) => ({
    name,
    points: points.filter(({ x, y }) => shows(x, xScale) && shows(y, yScale)),
  }));
  const all = usable.flatMap(({ points }) => points);
  const xs = all.map(({ x }) => x);
  const x = xScale === "log" ? logScale(xs, formatX) : linearScale([0, ...xs], formatX);
  const levels = plot.target === undefined ? [] : [plot.target];
  const ys = [...all.map((point) => point.y), ...levels];
  const y = yScale === "log" ? logScale(ys, formatY) : linearScale(ys, formatY);
  const place = placer(x, y);
  return [
    ...axes(x, y, plot),
    ...(plot.target === undefined ? [] : [target(place, plot.target, formatY)]),
    ...usable.map((line, i) => drawn(line, i, place)),
  ];
}

type Place = (point: Point) => { x: number; y: number };

const plotWidth = WIDTH - EDGE.left - EDGE.right;
const plotHeight = HEIGHT - EDGE.top - EDGE.bottom;
const left = EDGE.left;
const right = WIDTH - EDGE.right;
const bottom = HEIGHT - EDGE.bottom;

const placer =
  (x: Scale, y: Scale): Place =>
  (point) => ({ x: left + x.at(point.x) * plotWidth, y: bottom - y.at(point.y) * plotHeight });

function axes(x: Scale, y: Scale, plot: Plot): string[] {
  const vertical = x.ticks.map(({ value, label }) => {
    const at = px(left + x.at(value) * plotWidth);
    return (
      `<line class="grid" x1="${at}" x2="${at}" y1="${EDGE.top}" y2="${bottom}"/>` +
      (label === ""
        ? ""
        : `<text class="tick" x="${at}" y="${bottom + 18}" text-anchor="middle">${escapeHtml(label)}</text>`)
    );
  });
  const horizontal = y.ticks.map(({ value, label }) => {
    const at = px(bottom - y.at(value) * plotHeight);
    return (
      `<line class="grid" x1="${left}" x2="${right}" y1="${at}" y2="${at}"/>` +
      `<text class="tick" x="${left - 8}" y="${at}" dy="0.32em" text-anchor="end">${escapeHtml(label)}</text>`
    );
  });
  const middle = px(EDGE.top + plotHeight / 2);
  return [
    ...vertical,
    ...horizontal,
    `<text class="label" x="${px(left + plotWidth / 2)}" y="${HEIGHT - 8}" text-anchor="middle">${escapeHtml(plot.xLabel)}</text>`,
    `<text class="label" x="14" y="${middle}" text-anchor="middle" transform="rotate(-90 14 ${middle})">${escapeHtml(plot.yLabel)}</text>`,
  ];
}

function target(place: Place, level: number, format: (value: number) => string): string {
  const y = px(place({ x: 0, y: level }).y);
  return (
    `<line class="target" x1="${left}" x2="${right}" y1="${y}" y2="${y}"/>` +
    `<text class="tick" x="${left + 6}" y="${y}" dy="-0.4em">target ${escapeHtml(format(level))}</text>`
  );
}

function drawn({ name, points }: Line, i: number, place: Place): string {
  const at = points.map(place);
  const end = at.at(-1);
  if (end === undefined) return "";
  const path = at.map(({ x, y }) => `${px(x)},${px(y)}`).join(" ");
  const again = i >= PLOT_COLOURS ? " again" : "";
  return (
    `<g class="run-${i % PLOT_COLOURS}${again}"><title>${escapeHtml(name)}</title>` +
    `<polyline class="line" points="${path}"/><circle class="end" cx="${px(end.x)}" cy="${px(end.y)}" r="4"/></g>`
  );
}

/** A tenth of a pixel is enough. */
const px = (n: number): string => String(Math.round(n * 10) / 10);
