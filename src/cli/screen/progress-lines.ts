/**
 * Runs as lines of a terminal: one bar each under a common header. A narrow terminal loses fields, the least telling
 * first; no line is ever longer than the terminal is wide.
 */
import { formatBytes } from "../../base/units.ts";
import { formatClock, formatLoss, formatRate, formatShare, NONE, shorten } from "../format.ts";
import { type RunState, STATUS_WORDS } from "./run-state.ts";

export interface Look {
  /** Block characters, or ASCII where the terminal's encoding is not known. */
  readonly blocks: boolean;
  readonly colours: boolean;
}

interface Field {
  readonly header: string;
  readonly width: number;
  readonly align: "left" | "right";
  /** Fields with the smallest number go first. */
  readonly keep: number;
  cell(run: RunState, width: number): string;
}

const GAP = 2;
const BAR_WIDTH = { min: 5, max: 32 } as const;
const NAME_WIDTH_MIN = 12;

/** @param width characters of the terminal's line */
export function progressLines(runs: readonly RunState[], width: number, look: Look): string[] {
  const fields = fitted(runs, width, look);
  const line = (cell: (field: Field) => string, run?: RunState) =>
    fields
      .map((field) => {
        const text = cell(field).slice(0, field.width);
        const padded = field.align === "right" ? text.padStart(field.width) : text.padEnd(field.width);
        return look.colours ? paint(padded, field, run) : padded;
      })
      .join(" ".repeat(GAP));
  return [line(({ header }) => header), ...runs.map((run) => line((field) => field.cell(run, field.width), run))];
}

/** The fields that fit, with the bar taking what is left over. */
function fitted(runs: readonly RunState[], width: number, look: Look): Field[] {
  const fields = allFields(runs, look);
  const taken = () => fields.reduce((sum, field) => sum + field.width + GAP, -GAP);
  while (fields.length > 1 && taken() > width) {
    const name = fields.find((field) => field.header === NAME);
    const spare = taken() - width;
    if (name !== undefined && fields.length <= 3 && name.width - spare >= NAME_WIDTH_MIN) {
      fields[fields.indexOf(name)] = { ...name, width: name.width - spare };
      break;
    }
    const least = fields.reduce((a, b) => (b.keep < a.keep ? b : a));
    fields.splice(fields.indexOf(least), 1);
  }
  const spare = width - taken();
  return fields.map((field) => {
    if (field.header === BAR) return { ...field, width: Math.min(BAR_WIDTH.max, field.width + Math.max(0, spare)) };
    return fields.length === 1 ? { ...field, width: Math.max(0, Math.min(field.width, width)) } : field;
  });
}

const NAME = "run";
const BAR = "";

function allFields(runs: readonly RunState[], look: Look): Field[] {
  const digits = Math.max(...runs.map(({ rounds }) => String(rounds).length));
  const nameWidth = Math.max(NAME.length, ...runs.map(({ name }) => name.length));
  const right = (header: string, width: number, keep: number, cell: Field["cell"]): Field => ({
    header,
    width,
    align: "right",
    keep,
    cell,
  });
  const name: Field = {
    header: NAME,
    width: nameWidth,
    align: "left",
    keep: 9,
    cell: (run, width) => shorten(run.name, width),
  };
  /** `83bb17360e36 @120`: live, what whoever trains with others compares. */
  const hash = right("parameters", 14 + digits, 1, ({ hashed }) => (hashed ? `${hashed.hash} @${hashed.round}` : NONE));
  return [
    ...(runs.length > 1 ? [name] : []),
    { header: BAR, width: BAR_WIDTH.min, align: "left", keep: 4, cell: (run, width) => bar(run, width, look.blocks) },
    right("round", Math.max(5, 2 * digits + 1), 10, (run) => `${run.round}/${run.rounds}`),
    right("loss", 7, 3, (run) => formatLoss(run.loss)),
    right("accuracy", 8, 8, (run) => formatShare(run.accuracy)),
    right("bytes", 7, 7, (run) => (run.bytes === undefined ? NONE : formatBytes(run.bytes))),
    ...(runs.some(({ hashed }) => hashed !== undefined) ? [hash] : []),
    right("rounds/s", 8, 2, (run) => (run.status === "running" ? formatRate(run.rate) : NONE)),
    right("left", 8, 6, (run) => (run.status === "running" ? formatClock(run.secondsLeft) : STATUS_WORDS[run.status])),
  ];
}

function bar(run: RunState, width: number, blocks: boolean): string {
  const share = run.rounds === 0 ? 1 : Math.min(1, run.round / run.rounds);
  const full = Math.floor(share * width);
  return (blocks ? "█" : "#").repeat(full) + (blocks ? "░" : "-").repeat(width - full);
}

const DIM = "2";
const GREEN = "32";
const RED = "31";

function paint(text: string, field: Field, run: RunState | undefined): string {
  if (run === undefined) return coloured(text, DIM);
  if (field.header !== BAR && field.header !== "left") return text;
  if (run.status === "target") return coloured(text, GREEN);
  return run.status === "diverged" || run.status === "failed" ? coloured(text, RED) : text;
}

const coloured = (text: string, code: string): string => `\u001b[${code}m${text}\u001b[0m`;
