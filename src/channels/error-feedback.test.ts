import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { ConfigError } from "../base/errors.ts";
import { Random } from "../base/random.ts";
import { bytes } from "../base/units.ts";
import type { Compressor } from "../compressors/compressor.ts";
import { identity } from "../compressors/identity.ts";
import { scaledSign } from "../compressors/sign.ts";
import { topK } from "../compressors/top-k.ts";
import { type Family, someVector } from "../compressors/vectors.contract.ts";
import { channelContract } from "./channel.contract.ts";
import type { Sender } from "./channel.ts";
import { type ErrorFeedbackOptions, errorFeedback } from "./error-feedback.ts";

for (const compressor of [identity(), scaledSign(), topK(3), unfused(scaledSign())]) {
  channelContract(errorFeedback(compressor));
}
channelContract(errorFeedback(topK(3), { decay: 0.5, weight: 0.75 }));
channelContract(errorFeedback(scaledSign(), { decay: 0.9 }));

const rng = Random.fromSeed(1);
const errorOf = (sender: Sender): Float32Array => sender.save().private.get("error")!;

/** The same compressor without its fused feedback. */
function unfused(compressor: Compressor): Compressor {
  return {
    ...compressor,
    open(length) {
      const codec = compressor.open(length);
      return {
        maxBytes: bytes(codec.maxBytes),
        encode: (x, into, key) => codec.encode(x, into, key),
        decode: (from, out, key) => codec.decode(from, out, key),
        decodeAdd: (from, out, weight, key) => codec.decodeAdd(from, out, weight, key),
      };
    },
  };
}

/** Sends x and settles; what the receiver sees. */
function send(ends: ReturnType<typeof open>, x: ArrayLike<number>, commits = true): Float32Array {
  const out = new Float32Array(x.length);
  ends.receiver.decode(ends.sender.encode(Float32Array.from(x), rng), out, rng);
  for (const end of [ends.sender, ends.receiver]) commits ? end.commit() : end.rollback();
  return out;
}

const open = (compressor: Compressor, length: number, options: ErrorFeedbackOptions = {}) => ({
  sender: errorFeedback(compressor, options).sender(length),
  receiver: errorFeedback(compressor, options).receiver(length),
});

const accumulate = (into: Float64Array, x: ArrayLike<number>, weight = 1) => {
  for (let i = 0; i < into.length; i++) into[i]! += weight * x[i]!;
};

/** Small whole numbers, whose sums f32 holds exactly. */
const wholeVectors = (length: number) =>
  fc.array(fc.integer({ min: -64, max: 64 }), { minLength: length, maxLength: length });

test("what was received is what was sent but for the error that is left, exactly, with any rounds rolled back", () => {
  const rounds = fc.array(fc.tuple(wholeVectors(12), fc.boolean()), { minLength: 1, maxLength: 30 });
  fc.assert(
    fc.property(rounds, fc.integer({ min: 1, max: 12 }), (all, k) => {
      const ends = open(topK(k), 12);
      const [sent, received] = [new Float64Array(12), new Float64Array(12)];
      for (const [u, commits] of all) {
        const r = send(ends, u, commits);
        if (!commits) continue;
        accumulate(sent, u);
        accumulate(received, r);
      }
      accumulate(received, errorOf(ends.sender));
      assert.ok(received.every((value, i) => value === sent[i]));
    }),
  );
});

test("the same holds for scaled sign up to rounding", () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(wholeVectors(12), fc.boolean()), { minLength: 1, maxLength: 30 }), (all) => {
      const ends = open(scaledSign(), 12);
      const gap = new Float64Array(12);
      for (const [u, commits] of all) {
        const r = send(ends, u, commits);
        if (!commits) continue;
        accumulate(gap, u);
        accumulate(gap, r, -1);
      }
      accumulate(gap, errorOf(ends.sender), -1);
      for (const value of gap) assert.ok(Math.abs(value) < 0.01, `${gap}`);
    }),
  );
});

test("x minus the error follows uncompressed SGD", () => {
  const length = 20;
  const ends = open(topK(2), length);
  const x = new Float64Array(length);
  const uncompressed = new Float64Array(length);
  for (let t = 0; t < 200; t++) {
    // The gradient of ‖x − t‖²/2, in dyadic steps so that all is exact.
    const step = Float32Array.from(x, (value, i) => Math.round(0.125 * (value - i) * 1024) / 1024);
    accumulate(uncompressed, step, -1);
    accumulate(x, send(ends, step), -1);
    const error = errorOf(ends.sender);
    assert.ok(
      uncompressed.every((value, i) => value === x[i]! - error[i]!),
      `round ${t}`,
    );
  }
});

test("with identity nothing is ever left over", () => {
  fc.assert(
    fc.property(fc.array(wholeVectors(5), { maxLength: 10 }), (all) => {
      const ends = open(identity(), 5);
      for (const u of all) {
        assert.deepEqual(
          [...send(ends, u)],
          [...Float32Array.from(u)].map((value) => value + 0),
        );
        assert.ok(errorOf(ends.sender).every((value) => value === 0));
      }
    }),
  );
});

test("the error stays below 4(1 − δ)U²/δ² for vectors of norm U", () => {
  const [length, k] = [40, 4];
  const delta = k / length;
  const ends = open(topK(k), length);
  for (let t = 0; t < 300; t++) {
    const u = someVector("normal", length, rng.split(`${t}`));
    const norm = Math.hypot(...u);
    send(
      ends,
      u.map((value) => value / norm),
    );
    const energy = Math.hypot(...errorOf(ends.sender)) ** 2;
    assert.ok(energy <= (4 * (1 - delta)) / delta ** 2, `‖e‖² = ${energy} after round ${t}`);
  }
});

test("a constant vector is received in the mean", () => {
  const u = someVector("normal", 30, rng);
  const ends = open(scaledSign(), 30);
  const mean = new Float64Array(30);
  for (let t = 0; t < 400; t++) accumulate(mean, send(ends, u), 1 / 400);
  const gap = Math.hypot(...mean.map((value, i) => value - u[i]!));
  assert.ok(gap <= Math.hypot(...errorOf(ends.sender)) / 400 + 1e-5, `${gap}`);
});

test("a commit without a round in flight changes nothing", () => {
  const { sender } = open(topK(1), 3);
  sender.commit();
  sender.encode(Float32Array.of(1, 2, 3), rng);
  sender.commit();
  const error = () => [...sender.save().private.get("error")!];
  assert.deepEqual(error(), [1, 2, 0]);
  sender.commit();
  assert.throws(() => sender.encode(Float32Array.of(1, Number.NaN, 3), rng));
  sender.commit();
  assert.deepEqual(error(), [1, 2, 0], "the round of an encode that threw is not in flight");
});

// Two workers with f_1 = ‖x − (4, 1, −2)‖²/2 and f_2 = ‖x − (0, 3, 5)‖²/2, x_0 = 0, γ = 1/2, top-1: all steps are dyadic.
const CENTRES = [
  [4, 1, -2],
  [0, 3, 5],
] as const;

test("error feedback with the rate inside follows the published trace", () => {
  const workers = CENTRES.map(() => open(topK(1), 3));
  const x = new Float64Array(3);
  const trace = [
    {
      w: [
        [-2, 0, 0],
        [0, 0, -5 / 2],
      ],
      x: [1, 0, 5 / 4],
      e: [
        [0, -1 / 2, 1],
        [0, -3 / 2, 0],
      ],
    },
    {
      w: [
        [0, 0, 21 / 8],
        [0, -3, 0],
      ],
      x: [1, 3 / 2, -1 / 16],
      e: [
        [-3 / 2, -1, 0],
        [1 / 2, 0, -15 / 8],
      ],
    },
    {
      w: [
        [-3, 0, 0],
        [0, 0, -141 / 32],
      ],
      x: [5 / 2, 3 / 2, 137 / 64],
      e: [
        [0, -3 / 4, 31 / 32],
        [1, -3 / 4, 0],
      ],
    },
    {
      w: [
        [0, 0, 389 / 128],
        [9 / 4, 0, 0],
      ],
      x: [11 / 8, 3 / 2, 159 / 256],
      e: [
        [-3 / 4, -1 / 2, 0],
        [0, -3 / 2, -183 / 128],
      ],
    },
  ];
  for (const expected of trace) {
    const sent = workers.map((ends, i) =>
      send(
        ends,
        Array.from(x, (value, j) => 0.5 * (value - CENTRES[i]![j]!)),
      ),
    );
    for (const message of sent) accumulate(x, message, -0.5);
    assert.deepEqual(
      sent.map((message) => [...message]),
      expected.w,
    );
    assert.deepEqual([...x], expected.x);
    assert.deepEqual(
      workers.map((ends) => [...errorOf(ends.sender)]),
      expected.e,
    );
  }
});

/** Workers and a server, each with error feedback; x moves by the server's message. */
class DoubleSqueeze {
  readonly up: ReturnType<typeof open>[];
  readonly down: ReturnType<typeof open>;
  readonly x: Float64Array;

  constructor(workers: number, length: number, compressor: Compressor) {
    this.up = Array.from({ length: workers }, () => open(compressor, length));
    this.down = open(compressor, length);
    this.x = new Float64Array(length);
  }

  round(gradients: readonly ArrayLike<number>[], commits = true) {
    const sent = this.up.map((ends, i) => send(ends, gradients[i]!, commits));
    const mean = new Float64Array(this.x.length);
    for (const message of sent) accumulate(mean, message, 1 / this.up.length);
    const error = errorOf(this.down.sender);
    const p = Array.from(mean, (value, i) => value + error[i]!);
    const step = send(this.down, mean, commits);
    if (commits) accumulate(this.x, step, -0.5);
    return { sent: sent.map((message) => [...message]), p, step: [...step] };
  }
}

test("DoubleSqueeze follows the published trace", () => {
  const squeeze = new DoubleSqueeze(2, 3, topK(1));
  const trace = [
    {
      sent: [
        [-4, 0, 0],
        [0, 0, -5],
      ],
      p: [-2, 0, -5 / 2],
      step: [0, 0, -5 / 2],
      x: [0, 0, 5 / 4],
    },
    {
      sent: [
        [0, 0, 21 / 4],
        [0, -6, 0],
      ],
      p: [-2, -3, 21 / 8],
      step: [0, -3, 0],
      x: [0, 3 / 2, 5 / 4],
    },
    {
      sent: [
        [-8, 0, 0],
        [0, 0, -15 / 2],
      ],
      p: [-6, 0, -9 / 8],
      step: [-6, 0, 0],
      x: [3, 3 / 2, 5 / 4],
    },
    {
      sent: [
        [0, 0, 13 / 2],
        [0, 0, -15 / 4],
      ],
      p: [0, 0, 1 / 4],
      step: [0, 0, 1 / 4],
      x: [3, 3 / 2, 9 / 8],
    },
  ];
  for (const { x, ...expected } of trace) {
    const gradients = CENTRES.map((centre) => Array.from(squeeze.x, (value, j) => value - centre[j]!));
    assert.deepEqual(squeeze.round(gradients), expected);
    assert.deepEqual([...squeeze.x], x);
  }
});

test("DoubleSqueeze loses nothing: x is where the mean gradients led, but for the errors at both ends", () => {
  const rounds = fc.array(fc.tuple(fc.array(wholeVectors(8), { minLength: 4, maxLength: 4 }), fc.boolean()), {
    maxLength: 20,
  });
  fc.assert(
    fc.property(rounds, fc.integer({ min: 1, max: 8 }), (all, k) => {
      const squeeze = new DoubleSqueeze(4, 8, topK(k));
      const expected = new Float64Array(8);
      for (const [gradients, commits] of all) {
        squeeze.round(gradients, commits);
        if (commits) for (const g of gradients) accumulate(expected, g, -0.5 / 4);
      }
      for (const ends of squeeze.up) accumulate(expected, errorOf(ends.sender), 0.5 / 4);
      accumulate(expected, errorOf(squeeze.down.sender), 0.5);
      assert.ok(expected.every((value, i) => value === squeeze.x[i]));
    }),
  );
});

const { fround } = Math;

test("with decay β and weight a, what is left of β e + a u after each message is the next e, exactly", () => {
  const factors = fc.constantFrom(1, 0.9, 0.5, 0.1);
  const families = fc.constantFrom<Family>("normal", "heavy-tailed", "sparse", "tiny");
  fc.assert(
    fc.property(
      factors,
      factors,
      fc.array(fc.tuple(families, fc.nat(), fc.boolean()), { maxLength: 10 }),
      (...drawn) => {
        const [decay, weight, rounds] = drawn;
        for (const compressor of [topK(3), scaledSign()]) {
          const ends = open(compressor, 12, { decay, weight });
          let error = new Float32Array(12);
          for (const [family, seed, commits] of rounds) {
            const u = someVector(family, 12, Random.fromSeed(seed));
            const r = send(ends, u, commits);
            const p = u.map((value, i) => fround(fround(decay) * error[i]!) + fround(fround(weight) * value));
            if (commits) error = p.map((value, i) => value - r[i]!);
            assert.ok(errorOf(ends.sender).every((value, i) => value === error[i]));
          }
        }
      },
    ),
  );
});

test("options out of range are refused, and those that are not the usual ones stand in the name", () => {
  for (const value of [0, -1, 1.5, Number.NaN]) {
    assert.throws(() => errorFeedback(topK(1), { decay: value }), ConfigError);
    assert.throws(() => errorFeedback(topK(1), { weight: value }), ConfigError);
  }
  assert.equal(errorFeedback(topK(1), { decay: 1, weight: 1 }).name, "error-feedback(top-k:1)");
  assert.equal(errorFeedback(topK(1), { decay: 0.9 }).name, "error-feedback:decay=0.9(top-k:1)");
});

test("with a decaying step size, the rate inside and the rate outside a rescaled memory give the same path", () => {
  const length = 30;
  const [inside, outside] = [open(topK(3), length), open(topK(3), length)];
  const [x, y] = [new Float64Array(length).fill(1), new Float64Array(length).fill(1)];
  // The gradient of a quadratic with curvatures 1/30 … 1 and its minimum elsewhere.
  const gradient = (at: Float64Array) => at.map((value, i) => ((i + 1) / length) * (value - Math.sin(i)));
  const rate = (t: number) => 0.5 / (1 + 0.02 * t);
  const start = Math.hypot(...gradient(x));
  for (let t = 0; t < 200; t++) {
    if (t > 0) outside.sender.rescale!(rate(t - 1) / rate(t));
    accumulate(
      x,
      send(
        inside,
        gradient(x).map((value) => rate(t) * value),
      ),
      -1,
    );
    accumulate(y, send(outside, gradient(y)), -rate(t));
  }
  assert.ok(x.every((value, i) => Math.abs(value - y[i]!) < 1e-5));
  assert.ok(Math.hypot(...gradient(x)) < 0.05 * start);
});

test("a unit that changes in a round that is undone, or in an encode that throws, leaves no trace", () => {
  for (const compressor of [topK(2), scaledSign()]) {
    const [disturbed, calm] = [open(compressor, 10), open(compressor, 10)];
    for (let t = 0; t < 6; t++) {
      const u = someVector("normal", 10, rng.split(`${t}`));
      disturbed.sender.rescale!(3);
      send(disturbed, u, false);
      disturbed.sender.rescale!(5);
      disturbed.sender.rollback();
      disturbed.sender.rescale!(7);
      assert.throws(() => disturbed.sender.encode(new Float32Array(10).fill(Number.NaN), rng));
      const factor = t % 2 === 0 ? 0.5 : 1;
      for (const { sender } of [disturbed, calm]) sender.rescale!(factor);
      assert.deepEqual(send(disturbed, u), send(calm, u));
      assert.deepEqual(disturbed.sender.save(), calm.sender.save());
    }
  }
});
