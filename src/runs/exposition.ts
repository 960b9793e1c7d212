/**
 * Metrics as text for Prometheus, version 0.0.4: per metric a line of help, one of its type, and its samples.
 * @see https://prometheus.io/docs/instrumenting/exposition_formats/
 */

export interface Sample {
  readonly labels?: Readonly<Record<string, string>>;
  /** NaN and infinities are told as such. */
  readonly value: number;
}

export interface Metric {
  readonly name: string;
  readonly help: string;
  /** A counter never falls, and its name ends in `_total`. */
  readonly type: "counter" | "gauge";
  readonly samples: readonly Sample[];
}

/** What `Content-Type` says of `exposition`. */
export const EXPOSITION_TYPE = "text/plain; version=0.0.4; charset=utf-8";

/** Metrics without samples are left out. */
export const exposition = (metrics: readonly Metric[]): string =>
  metrics
    .filter(({ samples }) => samples.length > 0)
    .map(({ name, help, type, samples }) => {
      const lines = samples.map(({ labels, value }) => `${name}${labelsOf(labels)} ${numberOf(value)}\n`);
      return `# HELP ${name} ${escapeHelp(help)}\n# TYPE ${name} ${type}\n${lines.join("")}`;
    })
    .join("");

function labelsOf(labels: Sample["labels"] = {}): string {
  const pairs = Object.entries(labels).map(([name, value]) => `${name}="${escapeLabel(value)}"`);
  return pairs.length === 0 ? "" : `{${pairs.join(",")}}`;
}

const escapeHelp = (text: string): string => text.replaceAll("\\", "\\\\").replaceAll("\n", "\\n");

const escapeLabel = (text: string): string => escapeHelp(text).replaceAll('"', '\\"');

function numberOf(value: number): string {
  if (Number.isNaN(value)) return "NaN";
  return Number.isFinite(value) ? String(value) : value > 0 ? "+Inf" : "-Inf";
}
