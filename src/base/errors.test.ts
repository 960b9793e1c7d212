import assert from "node:assert/strict";
import { test } from "node:test";
import * as errors from "./errors.ts";

const { ConfigError, DataError, ThinwireError } = errors;
const insist: typeof errors.assert = errors.assert;

test("a message says where, what was expected, what came and what to do", () => {
  const error = new DataError("a.csv, line 3", { expected: "8 fields", got: 7, hint: "Is the file whole?" });
  assert.equal(error.message, "a.csv, line 3: expected 8 fields, got 7. Is the file whole?");
  assert.deepEqual(
    [error.where, error.expected, error.got, error.hint],
    ["a.csv, line 3", "8 fields", 7, "Is the file whole?"],
  );
  assert.equal(new ConfigError("--lr", { expected: "a number" }).message, "--lr: expected a number.");
  assert.equal(
    new ConfigError("--lr", { expected: "a number", got: undefined }).message,
    "--lr: expected a number, got undefined.",
  );
});

test("long text that came is shortened, and cannot break the line", () => {
  const { message } = new ConfigError("--lr", { expected: "a number", got: `a\n${"x".repeat(10_000)}` });
  assert.ok(message.length < 200 && !message.includes("\n"), message);
});

test("every kind of error has its own class, name and code, and keeps its cause", () => {
  const cause = new Error("first");
  const codes = new Set<string>();
  let kinds = 0;
  for (const [name, Kind] of Object.entries(errors)) {
    if (!(typeof Kind === "function" && Kind.prototype instanceof ThinwireError)) continue;
    const error = Reflect.construct(Kind, ["here", { expected: "x", cause }]);
    assert.ok(error instanceof ThinwireError && error instanceof Error);
    assert.deepEqual([error.name, error.cause], [name, cause]);
    codes.add(error.code);
    kinds += 1;
  }
  assert.ok(kinds >= 10);
  assert.equal(codes.size, kinds);
});

test("an assertion that fails is a bug and no typed error", () => {
  insist(true, "fine");
  assert.throws(
    () => insist(false, "the queue is never empty here"),
    (error) =>
      error instanceof Error &&
      !(error instanceof ThinwireError) &&
      error.message === "bug: the queue is never empty here",
  );
});
