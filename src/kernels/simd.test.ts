import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { Random } from "../base/random.ts";
import { type Kernels, kernels, leaseVectors, twin } from "./index.ts";
import { kernelsContract } from "./kernels.contract.ts";
import {
  bytesIn,
  type Draw,
  draws,
  fill,
  floatsIn,
  guardsHold,
  halvesIn,
  lengths,
  type Place,
  places,
  wildDraws,
  wordsIn,
} from "./vectors.contract.ts";

const HOME: Place = { inside: false, shift: 0 };

/** Values that meet entries as factors, steps and scales. */
const scalars = fc.constantFrom(0, -0, 1, -1, 0.1, 0.9, -1e-3, 1e30, 2 ** -140);

type Output = number | boolean | Float32Array | Uint32Array | Uint16Array | Uint8Array;

interface Call {
  readonly d: number;
  readonly draw: Draw;
  /** Values that the kernel takes beside its vectors. */
  readonly a: number;
  readonly b: number;
  /** Where the n-th argument lies. */
  readonly place: (n: number) => Place;
}

/** One use of a kernel: makes its arguments, calls it, and gives back all that it returned or wrote. */
type Use = (k: Kernels, call: Call) => Output[];

const x = ({ d, draw, place }: Call) => fill(floatsIn(place(0), d), draw, "x");
const y = ({ d, draw, place }: Call) => fill(floatsIn(place(1), d), { ...draw, finite: true }, "y");
const z = ({ d, draw, place }: Call) => fill(floatsIn(place(2), d), { ...draw, finite: true }, "z");
/** Garbage to be overwritten. */
const signs = ({ d, place }: Call) => bytesIn(place(3), (d + 7) >>> 3).fill(0xa5);

function drawnSigns(call: Call): Uint8Array {
  const rng = Random.fromSeed(call.draw.seed).split("signs");
  const bits = signs(call);
  for (let i = 0; i < bits.length; i++) bits[i] = rng.u32(i);
  return bits;
}

/** What `selectFrom` found; what lies behind that is left open. */
function selected(k: Kernels, call: Call, floor: number, limit: number): Output[] {
  const indices = wordsIn(call.place(4), limit);
  return [indices.subarray(0, k.selectFrom(x(call), floor, indices))];
}

/** Magnitude bits of 0, 2⁻¹⁴⁹, 2⁻³, 8 or ∞: all entries, most, many, few or none. */
const floorIn = ({ draw }: Call): number => [0, 1, 0x3e000000, 0x41000000, 0x7f800000][draw.seed % 5]!;

/** Kernels whose law speaks of finite entries only, or of the bits of entries, which NaN has many of. */
const finiteUses: Record<string, Use> = {
  sumMagnitudes: (k, call) => [k.sumMagnitudes(x(call))],
  sumSquares: (k, call) => [k.sumSquares(x(call))],
  maxMagnitude: (k, call) => [k.maxMagnitude(x(call))],
  addFeedbackHistogram: (k, call) => {
    const [p, counts] = [z(call), wordsIn(call.place(4), 2048).fill(7)];
    k.addFeedbackHistogram(x(call), y(call), call.a, p, counts);
    return [p, counts];
  },
  "selectFrom with room for all": (k, call) => selected(k, call, floorIn(call), call.d),
  "selectFrom with room for few": (k, call) => selected(k, call, floorIn(call), call.draw.seed % 100),
};

const uses: Record<string, Use> = {
  allFinite: (k, call) => [k.allFinite(x(call))],
  axpy: (k, call) => {
    const out = y(call);
    k.axpy(call.a, x(call), out);
    return [out];
  },
  scale: (k, call) => {
    const out = x(call);
    k.scale(call.a, out);
    return [out];
  },
  add: (k, call) => {
    const out = z(call);
    k.add(x(call), y(call), out);
    return [out];
  },
  "add onto an input": (k, call) => {
    const [first, second] = [x(call), y(call)];
    k.add(first, second, first);
    k.add(first, second, second);
    return [first, second];
  },
  subtract: (k, call) => {
    const out = z(call);
    k.subtract(x(call), y(call), out);
    return [out];
  },
  "subtract onto an input": (k, call) => {
    const [first, second] = [x(call), y(call)];
    k.subtract(first, second, second);
    k.subtract(first, second, first);
    return [first, second];
  },
  momentum: (k, call) => {
    const velocity = y(call);
    k.momentum(call.a, x(call), velocity);
    return [velocity];
  },
  momentumStep: (k, call) => {
    const [velocity, params] = [y(call), z(call)];
    k.momentumStep(call.a, call.b, x(call), velocity, params);
    return [velocity, params];
  },
  packSigns: (k, call) => {
    const bits = signs(call);
    k.packSigns(x(call), bits);
    return [bits];
  },
  packSignsAndSum: (k, call) => {
    const bits = signs(call);
    return [k.packSignsAndSum(x(call), bits), bits];
  },
  unpackSigns: (k, call) => {
    const out = x(call);
    k.unpackSigns(drawnSigns(call), call.a, out);
    return [out];
  },
  addSigns: (k, call) => {
    const out = x(call);
    k.addSigns(drawnSigns(call), call.a, out);
    return [out];
  },
  signFeedback: (k, call) => {
    const [p, bits] = [z(call), signs(call)];
    return [k.signFeedback(x(call), y(call), call.a, p, bits), p, bits];
  },
  "signFeedback onto its memory": (k, call) => {
    const [memory, bits] = [y(call), signs(call)];
    return [k.signFeedback(x(call), memory, call.a, memory, bits), memory, bits];
  },
  histogram: (k, call) => {
    const counts = wordsIn(call.place(4), 2048).fill(7);
    k.histogram(x(call), counts);
    return [counts];
  },
  toHalf: (k, call) => {
    const halves = halvesIn(call.place(4), call.d).fill(7);
    k.toHalf(x(call), halves);
    return [halves];
  },
  fromHalf: (k, call) => {
    const halves = halvesIn(call.place(4), call.d);
    const rng = Random.fromSeed(call.draw.seed).split("halves");
    for (let i = 0; i < call.d; i++) halves[i] = rng.u32(i);
    const out = x(call);
    k.fromHalf(halves, out);
    return [new Uint32Array(out.buffer, out.byteOffset, call.d).slice()];
  },
  draws: (k, call) => {
    const out = wordsIn(call.place(4), call.d);
    k.draws(call.draw.seed, ~call.draw.seed >>> 0, 2 ** 32 - 20, out);
    return [out];
  },
  checksum: (k, call) => {
    const frame = bytesIn(call.place(3), 5 * call.d + (call.draw.seed % 64));
    const rng = Random.fromSeed(call.draw.seed).split("frame");
    for (let i = 0; i < frame.length; i++) frame[i] = rng.u32(i);
    return [k.checksum(frame, call.draw.seed)];
  },
};

/** Bits, so that −0 is not 0; every NaN is one, for the law leaves open which. */
function bitsOf(output: Output): Output {
  if (!(output instanceof Float32Array)) return typeof output === "object" ? output.slice() : output;
  const canonical = output.map((value) => (Number.isNaN(value) ? Number.NaN : value));
  return new Uint32Array(canonical.buffer);
}

function sameAsTwin(use: Use, call: Call, name: string): void {
  const lease = leaseVectors();
  const got = use(kernels, call).map(bitsOf);
  assert.ok(guardsHold(), `${name} wrote beside its vectors`);
  lease.release();
  const want = use(twin, { ...call, place: () => HOME }).map(bitsOf);
  assert.deepStrictEqual(got, want, name);
}

const anywhere = fc.array(places, { minLength: 5, maxLength: 5 }).map((list) => (n: number) => list[n]!);

test("this engine has SIMD, so what follows compares two engines and not one with itself", () => {
  assert.equal(kernels.engine, "simd");
});

kernelsContract(kernels);

for (const [name, use] of [...Object.entries(finiteUses), ...Object.entries(uses)]) {
  test(`${name} gives the twin's bits wherever its vectors lie, and writes nowhere else`, () => {
    const draw = name in finiteUses ? draws : wildDraws;
    fc.assert(
      fc.property(fc.record({ d: lengths, draw, a: scalars, b: scalars, place: anywhere }), (call) =>
        sameAsTwin(use, call, name),
      ),
      { numRuns: 60 },
    );
  });
}
