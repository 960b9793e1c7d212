import assert from "node:assert/strict";
import { test } from "node:test";
import { Random } from "../base/random.ts";
import { bytes } from "../base/units.ts";
import { type Codec, contractive, exact, type Law, unbiased } from "./compressor.ts";
import { broken, measure } from "./law.contract.ts";
import { someVector } from "./vectors.contract.ts";

/** Decodes x_i to `of(x_i, u)` with u uniform on [0, 1); the message holds x itself. */
function toy(length: number, of: (x: number, u: number) => number): Codec {
  return {
    maxBytes: bytes(4 * length),
    encode: (x, into) => void into.f32s(x),
    decode(from, out, rng) {
      for (let i = 0; i < length; i++) out[i] = of(from.finite(), rng.uniform(i));
    },
    decodeAdd() {},
  };
}

const LENGTH = 300;
const DRAWS = 400;
const x = someVector("heavy-tailed", LENGTH, Random.fromSeed(1));

function verdict(law: Law, of: (x: number, u: number) => number): string | undefined {
  return broken(law, measure(toy(LENGTH, of), x, Random.fromSeed(2), DRAWS), LENGTH, DRAWS);
}

test("keeping an entry with probability p, divided by p, is unbiased with ω = 1/p − 1 and no less", () => {
  const quarter = (value: number, u: number) => (u < 0.25 ? 4 * value : 0);
  assert.equal(
    verdict(
      unbiased(() => 3),
      quarter,
    ),
    undefined,
  );
  assert.match(
    String(
      verdict(
        unbiased(() => 2),
        quarter,
      ),
    ),
    /E‖C\(x\) − x‖² is/,
  );
});

test("an unbiased law is broken by a bias that its variance would hide", () => {
  assert.match(
    String(
      verdict(
        unbiased(() => 3),
        (value, u) => (u < 0.25 ? 3 * value : 0),
      ),
    ),
    /‖E C\(x\) − x‖² is/,
  );
});

test("a contractive law is broken by an error above (1 − δ)‖x‖²", () => {
  assert.equal(
    verdict(
      contractive(() => 0.75),
      (value) => value / 2,
    ),
    undefined,
  );
  assert.match(
    String(
      verdict(
        contractive(() => 0.75),
        (value) => 0.3 * value,
      ),
    ),
    /above/,
  );
});

test("an exact law is broken by any error", () => {
  assert.equal(
    verdict(exact, (value) => value),
    undefined,
  );
  assert.match(String(verdict(exact, (value) => value * (1 + 2 ** -23))), /not 0/);
});
