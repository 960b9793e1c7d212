/**
 * A small terminal for tests: it keeps what a person would see, and breaks lines that are too long as real ones do.
 */
import type { TextStream } from "../world.ts";

export class Terminal implements TextStream {
  readonly isTTY: boolean = true;
  readonly rows: number;
  columns: number;
  cursorVisible = true;
  /** Everything that was written. */
  raw = "";
  /** How often a line ran into the right edge. */
  broken = 0;
  #lines: string[][] = [[]];
  #row = 0;
  #column = 0;
  #resized = new Set<() => void>();

  constructor(columns: number, rows = 24) {
    this.columns = columns;
    this.rows = rows;
  }

  write(text: string): void {
    this.raw += text;
    for (const [token] of text.matchAll(TOKENS)) this.#take(token);
  }

  on(_event: "resize", listener: () => void): void {
    this.#resized.add(listener);
  }

  off(_event: "resize", listener: () => void): void {
    this.#resized.delete(listener);
  }

  /** Lines that no longer fit are broken in two, and the cursor moves down with them. */
  resize(columns: number): void {
    this.columns = columns;
    const before = this.#lines;
    this.#lines = before.flatMap((line) => pieces(line, columns));
    this.#row += this.#lines.length - before.length;
    for (const listener of this.#resized) listener();
  }

  get listeners(): number {
    return this.#resized.size;
  }

  get screen(): string[] {
    const lines = this.#lines.map((line) => line.join("").trimEnd());
    while (lines.at(-1) === "") lines.pop();
    return lines;
  }

  #take(token: string): void {
    if (token === "\n") {
      this.#row += 1;
      this.#column = 0;
      this.#lines[this.#row] ??= [];
    } else if (token === "\r") {
      this.#column = 0;
    } else if (token === "\u001b[?25l" || token === "\u001b[?25h") {
      this.cursorVisible = token.endsWith("h");
    } else if (token.startsWith("\u001b[")) {
      this.#command(token);
    } else {
      this.#print(token);
    }
  }

  #command(token: string): void {
    const count = Number.parseInt(token.slice(2), 10) || 1;
    if (token.endsWith("A")) this.#row = Math.max(0, this.#row - count);
    if (token.endsWith("K")) this.#lines[this.#row]!.length = this.#column;
    if (token.endsWith("J")) {
      this.#lines.length = this.#row + 1;
      this.#lines[this.#row]!.length = this.#column;
    }
  }

  #print(character: string): void {
    if (this.#column >= this.columns) {
      this.broken += 1;
      this.#take("\n");
    }
    const line = this.#lines[this.#row]!;
    while (line.length < this.#column) line.push(" ");
    line[this.#column] = character;
    this.#column += 1;
  }
}

/** An escape sequence, or any other character. */
const TOKENS = new RegExp(`${String.fromCharCode(27)}\\[[?0-9;]*[A-Za-z]|.`, "gsu");

function pieces(line: readonly string[], columns: number): string[][] {
  const count = Math.max(1, Math.ceil(line.length / columns));
  return Array.from({ length: count }, (_, i) => line.slice(i * columns, (i + 1) * columns));
}
