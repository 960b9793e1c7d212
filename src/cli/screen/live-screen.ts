/**
 * Progress in a terminal: the runs' lines are drawn again in place, at most ten times a second. Lines that stay scroll
 * up above them. The cursor is hidden while the bars move and shown again at the end.
 */
import { stripVTControlCharacters } from "node:util";
import { wrap } from "../format.ts";
import type { TextStream, World } from "../world.ts";
import { type Look, progressLines } from "./progress-lines.ts";
import type { RunState } from "./run-state.ts";
import { type Level, leveled, type Screen } from "./screen.ts";

const INTERVAL_MS = 100;
const HIDE_CURSOR = "\u001b[?25l";
export const SHOW_CURSOR = "\u001b[?25h";
const CLEAR_LINE_REST = "\u001b[K";
const CLEAR_BELOW = "\u001b[J";

export class LiveScreen implements Screen {
  readonly #world: Pick<World, "now" | "schedule">;
  readonly #stream: TextStream;
  readonly #runs: readonly RunState[];
  readonly #look: Look;
  /** Lengths of the lines on the screen now, which the next drawing replaces. */
  #drawn: readonly number[] = [];
  #drawnAt = Number.NEGATIVE_INFINITY;
  #cancelTimer: (() => void) | undefined;
  #open = true;
  readonly #onResize = (): void => this.#drawSoon();

  constructor(world: Pick<World, "now" | "schedule" | "env">, stream: TextStream, runs: readonly RunState[]) {
    this.#world = world;
    this.#stream = stream;
    this.#runs = runs;
    this.#look = { blocks: speaksUtf8(world.env), colours: true };
    stream.on?.("resize", this.#onResize);
    stream.write(HIDE_CURSOR);
  }

  say(line: string, level?: Level): void {
    const width = this.#columns();
    this.#stream.write(`${this.#eraser()}${wrap(leveled(line, level), width).join("\n")}\n`);
    this.#drawn = [];
    if (this.#open) this.#draw();
  }

  update(): void {
    this.#drawSoon();
  }

  close(): void {
    if (!this.#open) return;
    if (this.#drawn.length > 0) this.#draw(); // what failed before it began needs no bars
    this.#open = false;
    this.#cancelTimer?.();
    this.#drawn = [];
    this.#stream.off?.("resize", this.#onResize);
    this.#stream.write(SHOW_CURSOR);
  }

  #drawSoon(): void {
    if (!this.#open) return;
    const wait = this.#drawnAt + INTERVAL_MS - this.#world.now();
    if (wait <= 0) this.#draw();
    else this.#cancelTimer ??= this.#world.schedule(wait, () => this.#draw());
  }

  #draw(): void {
    if (this.#runs.length === 0) return; // what will run is not known yet
    this.#cancelTimer?.();
    this.#cancelTimer = undefined;
    this.#drawnAt = this.#world.now();
    const lines = this.#visible(progressLines(this.#runs, this.#columns(), this.#look));
    const body = lines.map((line) => `${line}${CLEAR_LINE_REST}\n`).join("");
    this.#stream.write(`${this.#rewind()}${body}${CLEAR_BELOW}`);
    this.#drawn = lines.map(visibleLength);
  }

  /** More runs than the terminal has rows: those around the one that runs. Rows that scrolled off cannot be redrawn. */
  #visible(lines: readonly string[]): readonly string[] {
    const room = Math.max(2, (this.#stream.rows ?? 24) - 1);
    if (lines.length <= room) return lines;
    const [header = "", ...bars] = lines;
    const running = Math.max(
      0,
      this.#runs.findIndex(({ status }) => status === "running"),
    );
    const first = Math.min(Math.max(0, running - Math.floor(room / 2)), bars.length - (room - 1));
    return [header, ...bars.slice(first, first + room - 1)];
  }

  /** To the start of the first line drawn. A terminal made narrower since has broken the lines into several rows. */
  #rewind(): string {
    const columns = this.#stream.columns ?? 80;
    const rows = this.#drawn.reduce((sum, length) => sum + Math.max(1, Math.ceil(length / columns)), 0);
    return rows === 0 ? "\r" : `\r\u001b[${rows}A`;
  }

  #eraser(): string {
    return `${this.#rewind()}${CLEAR_BELOW}`;
  }

  /** One less than the terminal has: some break a line that is exactly full. */
  #columns(): number {
    return Math.max(1, (this.#stream.columns ?? 80) - 1);
  }
}

/** Length without escape sequences. */
export const visibleLength = (line: string): number => stripVTControlCharacters(line).length;

function speaksUtf8({ LC_ALL, LC_CTYPE, LANG }: World["env"]): boolean {
  return /utf-?8/i.test(LC_ALL || LC_CTYPE || LANG || "");
}
