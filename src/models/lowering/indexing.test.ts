import assert from "node:assert/strict";
import { before, describe, test } from "node:test";
import { lax, numpy as np } from "@jax-js/jax";
import { startJax, type Tensor } from "../jax.ts";
import { type Case, lowersAsJax, trace, valueAndGradient } from "./lower.contract.ts";
import { lower } from "./lower.ts";

before(startJax);

const whole = (below: number, ...shape: number[]) => ({ below, shape });

const CASES: readonly Case[] = [
  ["rows of a table", (table, i) => table.slice(i), [10, 6], whole(10, 3, 4)],
  ["entries along the second dimension", (x, i) => np.take(x, i, 1), [4, 10, 3], whole(10, 5)],
  ["entries along the last dimension", (x, i) => np.take(x, i, -1), [4, 3, 10], whole(10, 2, 2)],
  ["two index arrays side by side", (x, i, j) => x.slice(i, j), [10, 6, 3], whole(10, 5), whole(6, 5)],
  ["two index arrays that broadcast", (x, i, j) => x.slice(i, j), [10, 6, 3], whole(10, 5, 1), whole(6, 4)],
  ["two index arrays apart", (x, i, j) => x.slice(i, [], j), [5, 3, 4], whole(5, 6), whole(4, 6)],
  ["the score of each row's class", (x, i) => np.takeAlongAxis(x, i.reshape([4, 1]), 1), [4, 10], whole(10, 4)],
  ["sorted rows", (x) => np.sort(x), [4, 6]],
  ["rows sorted downwards", (x) => np.sort(x.neg()).neg(), [4, 6]],
  ["the largest three", (x) => lax.topK(x, 3)[0] as Tensor, [4, 6]],
  ["places of sorted entries", (x) => np.argsort(x.ref).astype(np.float32).mul(x), [4, 6]],
  ["whole numbers as factors", (x, i) => x.mul(i.astype(np.float32)), [3, 4], whole(5, 3, 4)],
];

describe("gathering and sorting are lowered as jax-js computes them", () =>
  lowersAsJax(CASES, ["places of sorted entries"]));

test("a table too large for one-hot rows is summed up by ScatterElements", async () => {
  const f = valueAndGradient((table, i) => table.slice(i).sum(), [0]);
  const graph = lower(await trace(f, [[2 ** 13, 2], whole(5, 2 ** 10)]), ["table", "i"], ["value", "gradient"]);
  assert.equal(graph.nodes.filter(({ op }) => op === "ScatterElements").length, 1);
});

lowersAsJax([["rows of a large table", (table, i) => table.slice(i), [2 ** 13, 2], whole(2 ** 13, 2 ** 10)]]);
