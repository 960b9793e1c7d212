import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import * as errors from "../../base/errors.ts";
import { crossError, rebuildError } from "./crossed-error.ts";

type ErrorClass = new (where: string, complaint: errors.Complaint) => errors.ThinwireError;

const isErrorClass = (value: unknown): value is ErrorClass =>
  typeof value === "function" && value.prototype instanceof errors.ThinwireError;

const classes: readonly ErrorClass[] = Object.values<unknown>(errors).filter(isErrorClass);

const across = (error: unknown): Error => rebuildError(structuredClone(crossError(error)));

test("every error class of the base crosses a thread as itself", () => {
  assert.ok(classes.length >= 10);
  for (const Class of [errors.ThinwireError, ...classes]) {
    const error = new Class("peer 3: send", {
      expected: "room",
      got: 17,
      hint: "Wait.",
      cause: new RangeError("deep"),
    });
    const rebuilt = across(error);
    assert.equal(rebuilt.constructor, Class);
    for (const key of ["message", "name", "stack", "code", "where", "expected", "got", "hint"] as const) {
      assert.deepEqual((rebuilt as errors.ThinwireError)[key], error[key], key);
    }
    assert.ok(rebuilt.cause instanceof Error);
    assert.deepEqual([rebuilt.cause.name, rebuilt.cause.message], ["RangeError", "deep"]);
  }
});

const printable = fc.oneof(
  fc.string(),
  fc.double(),
  fc.boolean(),
  fc.bigInt(),
  fc.constantFrom(null, undefined),
  fc.array(fc.integer()),
);

test("an error crosses with its text, whatever was got", () => {
  fc.assert(
    fc.property(fc.string(), printable, (where, got) => {
      const error = new errors.DataError(where, { expected: "y", got });
      assert.equal(across(error).message, error.message);
    }),
  );
});

test("whatever is thrown crosses as an error", () => {
  fc.assert(fc.property(fc.anything(), (thrown) => across(thrown) instanceof Error));
  assert.equal(across("a string").message, "a string");
  assert.equal(across(undefined).message, "undefined");
  assert.equal(across(Object.create(null)).message, "[object Object]");
  assert.equal(across(new TypeError("no function")).name, "TypeError");
});

test("an error that is its own cause crosses", () => {
  const error = new Error("snake");
  error.cause = error;
  assert.equal(across(error).message, "snake");
});
