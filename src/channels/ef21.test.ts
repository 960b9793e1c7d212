import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { Random } from "../base/random.ts";
import { identity } from "../compressors/identity.ts";
import { scaledSign } from "../compressors/sign.ts";
import { topK } from "../compressors/top-k.ts";
import { someVector } from "../compressors/vectors.contract.ts";
import { channelContract } from "./channel.contract.ts";
import type { Sender } from "./channel.ts";
import { ef21 } from "./ef21.ts";

for (const compressor of [identity(), topK(3), scaledSign()]) channelContract(ef21(compressor));
channelContract(ef21(topK(3), { init: "full" }));

const rng = Random.fromSeed(1);
const estimateOf = (sender: Sender): Float32Array => sender.save().shared.get("estimate")!;

/** Sends the same vector again and again; ‖g − u‖² before the first message and after each. */
function gaps(sender: Sender, u: Float32Array, messages: number): number[] {
  const gap = () => Math.hypot(...estimateOf(sender).map((value, i) => value - u[i]!)) ** 2;
  return [
    gap(),
    ...Array.from({ length: messages }, (_, t) => {
      sender.encode(u, rng.split(`${t}`));
      sender.commit();
      return gap();
    }),
  ];
}

test("top-k holds a vector that stays the same exactly after ⌈d/k⌉ messages", () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 40 }), fc.integer({ min: 1, max: 40 }), fc.nat(), (length, k, seed) => {
      const u = someVector("heavy-tailed", length, Random.fromSeed(seed));
      const sender = ef21(topK(k)).sender(length);
      gaps(sender, u, Math.ceil(length / k));
      assert.deepEqual(estimateOf(sender), u);
    }),
  );
});

test("the estimate of a vector that stays the same comes nearer by 1 − δ with each message", () => {
  const [length, k] = [50, 5];
  const u = someVector("normal", length, rng);
  for (const [compressor, delta] of [
    [topK(k), k / length],
    [scaledSign(), 1 / length],
  ] as const) {
    const found = gaps(ef21(compressor).sender(length), u, 30);
    for (const [t, gap] of found.entries())
      assert.ok(gap <= (1 - delta) ** t * found[0]! * (1 + 1e-5), `${gap} at ${t}`);
  }
});

test("in full, the first message is the vector itself, and those that follow are compressed", () => {
  const u = someVector("normal", 50, rng);
  const sender = ef21(topK(2), { init: "full" }).sender(50);
  assert.equal(sender.encode(u, rng).length, 200);
  sender.rollback();
  assert.equal(sender.encode(u, rng).length, 200, "a first message that was undone is not the first");
  sender.commit();
  assert.deepEqual(estimateOf(sender), u);
  assert.ok(sender.encode(new Float32Array(50), rng).length < 30);
});

// Two workers with f_1 = ‖x − (4, 1, −2)‖²/2 and f_2 = ‖x − (0, 3, 5)‖²/2, x_0 = 0, γ = 1/2, top-1: all steps are dyadic.
const CENTRES = [
  [4, 1, -2],
  [0, 3, 5],
] as const;

const TRACES = {
  full: [
    {
      x: [1, 1, 3 / 4],
      c: [
        [1, 0, 0],
        [1, 0, 0],
      ],
      mean: [-1, -2, -3 / 2],
    },
    {
      x: [3 / 2, 2, 3 / 2],
      c: [
        [0, 2, 0],
        [0, 2, 0],
      ],
      mean: [-1, 0, -3 / 2],
    },
    {
      x: [2, 2, 9 / 4],
      c: [
        [0, 0, 9 / 4],
        [0, 0, 9 / 4],
      ],
      mean: [-1, 0, 3 / 4],
    },
    {
      x: [5 / 2, 2, 15 / 8],
      c: [
        [3 / 2, 0, 0],
        [3 / 2, 0, 0],
      ],
      mean: [1 / 2, 0, 3 / 4],
    },
  ],
  compressed: [
    {
      x: [1, 0, 5 / 4],
      c: [
        [0, 0, 13 / 4],
        [0, -3, 0],
      ],
      mean: [-2, -3 / 2, -7 / 8],
    },
    {
      x: [2, 3 / 4, 27 / 16],
      c: [
        [2, 0, 0],
        [2, 0, 0],
      ],
      mean: [0, -3 / 2, -7 / 8],
    },
    {
      x: [2, 3 / 2, 17 / 8],
      c: [
        [0, 0, 7 / 8],
        [0, 0, 17 / 8],
      ],
      mean: [0, -3 / 2, 5 / 8],
    },
    {
      x: [2, 9 / 4, 29 / 16],
      c: [
        [0, 5 / 4, 0],
        [0, 9 / 4, 0],
      ],
      mean: [0, 1 / 4, 5 / 8],
    },
  ],
} as const;

for (const init of ["full", "compressed"] as const) {
  test(`gradient descent on the estimates follows the published trace, ${init} at first`, () => {
    const channel = ef21(topK(1), { init });
    const senders = CENTRES.map(() => channel.sender(3));
    const collector = channel.collector!(2, 3);
    const x = new Float32Array(3);
    const mean = new Float32Array(3);
    const round = () => {
      const before = senders.map(estimateOf);
      collector.begin(mean, 2);
      for (const [i, sender] of senders.entries()) {
        collector.add(
          i,
          sender.encode(
            x.map((value, j) => value - CENTRES[i]![j]!),
            rng,
          ),
          mean,
          rng,
        );
      }
      collector.finish(mean);
      for (const end of [...senders, collector]) end.commit();
      return senders.map((sender, i) => [...estimateOf(sender).map((value, j) => value - before[i]![j]!)]);
    };
    round();
    for (const expected of TRACES[init]) {
      for (const [j, value] of mean.entries()) x[j]! -= 0.5 * value;
      assert.deepEqual([...x], expected.x);
      assert.deepEqual(round(), expected.c);
      assert.deepEqual([...mean], expected.mean);
    }
  });
}

test("senders that are silent in a round count by their estimates, and those never heard by 0", () => {
  const channel = ef21(topK(2));
  const senders = Array.from({ length: 4 }, () => channel.sender(8));
  const collector = channel.collector!(4, 8);
  const present = [[0, 1], [1], [0, 1, 2], []];
  for (const [t, round] of present.entries()) {
    const out = new Float32Array(8);
    collector.begin(out, 2);
    for (const i of round) {
      const x = someVector("normal", 8, rng.split(`${t}/${i}`));
      collector.add(i, senders[i]!.encode(x, rng), out, rng);
      senders[i]!.commit();
    }
    collector.finish(out);
    collector.commit();
    const estimates = senders.map(estimateOf);
    const mean = out.map((_, j) => estimates.reduce((sum, g) => sum + g[j]! / 4, 0));
    assert.ok(
      out.every((value, j) => Math.abs(value - mean[j]!) < 1e-6),
      `round ${t}`,
    );
  }
});
