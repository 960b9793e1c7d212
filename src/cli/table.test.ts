import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { formatTable, type TableColumn } from "./table.ts";

const columns: readonly TableColumn[] = [
  { header: "run", align: "left" },
  { header: "rounds", align: "right" },
  { header: "bytes", align: "right" },
];
const rows = [
  ["double-squeeze/sign", "130", "1.7 MB"],
  ["sgd", "60", "25.2 MB"],
];

test("names stand left and numbers right, two spaces apart", () => {
  assert.deepEqual(formatTable(columns, rows, 80), [
    "run                  rounds    bytes",
    "double-squeeze/sign     130   1.7 MB",
    "sgd                      60  25.2 MB",
  ]);
});

test("columns move together where they fit only so", () => {
  assert.deepEqual(formatTable(columns, rows, 35)[0], "run                 rounds   bytes");
});

test("a narrower screen gets the names on lines of their own", () => {
  assert.deepEqual(formatTable(columns, rows, 30), [
    "  rounds    bytes",
    "double-squeeze/sign",
    "     130   1.7 MB",
    "sgd",
    "      60  25.2 MB",
  ]);
});

test("the narrowest screen gets one value a line", () => {
  assert.deepEqual(formatTable(columns, rows, 16), [
    "double-squeeze/sign",
    "  rounds  130",
    "  bytes   1.7 MB",
    "",
    "sgd",
    "  rounds  60",
    "  bytes   25.2 MB",
  ]);
});

test("every value is there at every width, and no line is longer than it must be", () => {
  fc.assert(
    fc.property(fc.integer({ min: 20, max: 200 }), (width) => {
      const lines = formatTable(columns, rows, width);
      for (const value of rows.flat()) assert.ok(lines.some((line) => line.includes(value)));
      for (const line of lines) assert.ok(line.length <= width, line);
    }),
  );
});
