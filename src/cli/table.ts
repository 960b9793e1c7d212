/**
 * A table of text that fits its screen: in columns where they fit, wide apart or close together; else with the first
 * column on lines of its own; else one value a line.
 */
export interface TableColumn {
  readonly header: string;
  readonly align: "left" | "right";
}

/** Spaces between columns. */
const WIDE = 2;
const CLOSE = 1;

/** @param width characters of the screen; no line is longer unless a single value is */
export function formatTable(
  columns: readonly TableColumn[],
  rows: readonly (readonly string[])[],
  width: number,
): string[] {
  for (const gap of [WIDE, CLOSE]) {
    const lines = inColumns(columns, rows, gap);
    if (fits(lines, width)) return lines;
  }
  const [first, ...rest] = columns;
  if (first !== undefined && rest.length > 1) {
    const [header, ...lines] = inColumns(
      rest,
      rows.map((row) => row.slice(1)),
      WIDE,
    );
    const under = [`  ${header}`, ...lines.flatMap((line, i) => [rows[i]?.[0] ?? "", `  ${line}`])];
    if (
      fits(
        under.filter((_, i) => i === 0 || i % 2 === 0),
        width,
      )
    )
      return under;
  }
  return rows.flatMap((row, i) => [...(i === 0 ? [] : [""]), ...oneAValue(columns, row)]);
}

function inColumns(columns: readonly TableColumn[], rows: readonly (readonly string[])[], gap: number): string[] {
  const widths = columns.map(({ header }, i) => Math.max(header.length, ...rows.map((row) => row[i]?.length ?? 0)));
  const line = (cells: readonly string[]) =>
    columns
      .map(({ align }, i) => {
        const cell = cells[i] ?? "";
        return align === "right" ? cell.padStart(widths[i]!) : cell.padEnd(widths[i]!);
      })
      .join(" ".repeat(gap))
      .trimEnd();
  return [line(columns.map(({ header }) => header)), ...rows.map(line)];
}

function oneAValue(columns: readonly TableColumn[], row: readonly string[]): string[] {
  const [first = "", ...rest] = row;
  const names = columns.slice(1).map(({ header }) => header);
  const widest = Math.max(0, ...names.map((name) => name.length));
  return [first, ...rest.map((value, i) => `  ${names[i]!.padEnd(widest)}  ${value}`)];
}

const fits = (lines: readonly string[], width: number): boolean => lines.every((line) => line.length <= width);
