import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { Random } from "../base/random.ts";
import { type Kernels, kernels, leaseVectors, twin } from "./index.ts";
import { kernelsContract } from "./kernels.contract.ts";
import type { Key } from "./kernels.ts";
import {
  bytesIn,
  type Draw,
  draws,
  fill,
  floatsIn,
  guardsHold,
  lengths,
  type Place,
  places,
  wholeIn,
  wildDraws,
  wordsIn,
} from "./vectors.contract.ts";

const HOME: Place = { inside: false, shift: 0 };

/** Values that meet entries as factors, steps and scales. */
const scalars = fc.constantFrom(0, -0, 1, -1, 0.1, 0.9, -1e-3, 1e30, 2 ** -140);

type Output = number | boolean | Float32Array | Uint32Array | Int16Array | Uint16Array | Uint8Array;

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

/** Small buckets, one that no number of lanes divides, one larger than a piece, and one for all entries. */
const bucketIn = ({ draw }: Call): number => [512, 1, 64, 100, 7, 20_000, 2 ** 27][draw.seed % 7]!;

/** A step for each bucket, one in five of them 0. */
function steps(call: Call, bucket: number = bucketIn(call)): Float32Array {
  const count = Math.ceil(call.d / bucket);
  const step = floatsIn(call.place(1), count);
  const rng = Random.fromSeed(call.draw.seed).split("steps");
  const size = [1, 1, 2 ** -66, 2 ** -140][call.draw.seed % 4]!;
  for (let i = 0; i < count; i++) step[i] = rng.u32(i) % 5 === 0 ? 0 : size * (0.01 + rng.uniform(i));
  return step;
}

/** x, of which no entry is above `most` steps. */
function within(most: number, call: Call, bucket: number, steps: Float32Array): Float32Array {
  const entries = x(call);
  for (let i = 0; i < call.d; i++) {
    const step = steps[Math.floor(i / bucket)]! || 1;
    entries[i] = Math.max(-most * step, Math.min(most * step, entries[i]! * step));
  }
  return entries;
}

function drawnLevels(call: Call, bits = 16): Int16Array {
  const levels = wholeIn(call.place(2), call.d);
  const rng = Random.fromSeed(call.draw.seed).split("levels");
  for (let i = 0; i < call.d; i++) levels[i] = (rng.u32(i) << (32 - bits)) >> (32 - bits);
  return levels;
}

function drawnBytes(call: Call, count: number): Uint8Array {
  const rng = Random.fromSeed(call.draw.seed).split("bytes");
  const bytes = bytesIn(call.place(4), count);
  for (let i = 0; i < count; i++) bytes[i] = rng.u32(i);
  return bytes;
}

/** No key, or one of many. */
const keyIn = ({ draw }: Call): Key | undefined => (draw.seed % 3 === 0 ? undefined : Random.fromSeed(draw.seed));

const drawnKey = ({ draw }: Call): Key => Random.fromSeed(draw.seed);

/** What an encoder wrote is left open where it found an entry that is not finite. */
const ifFinite = (finite: boolean, ...written: Output[]): Output[] => (finite ? [finite, ...written] : [finite]);

/** What `selectFrom` found; what lies behind that is left open. */
function selected(k: Kernels, call: Call, floor: number, limit: number): Output[] {
  const [indices, values] = [wordsIn(call.place(4), limit), floatsIn(call.place(2), limit)];
  const found = k.selectFrom(x(call), floor, indices, values);
  return [indices.subarray(0, found), values.subarray(0, found)];
}

/** Some, few, most or all of the indices below d. */
function positions(call: Call): Uint32Array {
  const rng = Random.fromSeed(call.draw.seed).split("positions");
  const limit = [2 ** 31, 2 ** 26, 2 ** 32 - 2 ** 29, 2 ** 32][call.draw.seed % 4]!;
  const drawn = Array.from({ length: call.d }, (_, i) => i).filter((i) => rng.u32(i) < limit);
  const list = wordsIn(call.place(4), drawn.length);
  list.set(drawn);
  return list;
}

/** As many entries as there are positions. */
function valuesFor(call: Call, count: number): Float32Array {
  const values = floatsIn(call.place(1), count);
  return fill(values, call.draw, "values");
}

/** The Rice code of `positions`, in as many bytes as it takes. */
function riceCode(call: Call, parameter: number): { code: Uint8Array; places: Uint32Array } {
  const places = positions(call);
  let bits = places.length * (1 + parameter);
  for (const [j, place] of places.entries()) bits += (place - (places[j - 1] ?? -1) - 1) >>> parameter;
  return { code: bytesIn(call.place(3), Math.ceil(bits / 8)), places };
}

const parameterIn = ({ draw }: Call): number => [0, 1, 3, 6, 10, 11, 16, 24][draw.seed % 8]!;

/** Magnitude bits of 0, 2⁻¹⁴⁹, 2⁻³, 8 or ∞: all entries, most, many, few or none. */
const floorIn = ({ draw }: Call): number => [0, 1, 0x3e000000, 0x41000000, 0x7f800000][draw.seed % 5]!;

/** Kernels whose law speaks of finite entries only, or of the bits of entries, which NaN has many of. */
const finiteUses: Record<string, Use> = {
  sumMagnitudes: (k, call) => [k.sumMagnitudes(x(call))],
  sumSquares: (k, call) => [k.sumSquares(x(call))],
  maxMagnitude: (k, call) => [k.maxMagnitude(x(call))],
  addSelect: (k, call) => {
    const limit = call.draw.seed % 2 === 0 ? call.d : call.draw.seed % 100;
    const [out, indices, values] = [z(call), wordsIn(call.place(4), limit), floatsIn(call.place(3), limit)];
    const found = k.addSelect(x(call), y(call), out, floorIn(call), indices, values);
    return [indices.subarray(0, found), values.subarray(0, found), out];
  },
  dither: (k, call) => {
    const levels = wholeIn(call.place(2), call.d).fill(99);
    const most = [1, 7, 100, 16383][call.draw.seed % 4]!;
    const [bucket, size] = [bucketIn(call), steps(call)];
    k.dither(within(most, call, bucket, size), size, bucket, most, drawnKey(call), 2 ** 32 - 20, levels);
    return [levels];
  },
  ditherNibbles: (k, call) => {
    const nibbles = bytesIn(call.place(3), (call.d + 1) >>> 1).fill(0xa5);
    const [bucket, size] = [2 * bucketIn(call), steps(call, 2 * bucketIn(call))];
    k.ditherNibbles(within(7, call, bucket, size), size, bucket, drawnKey(call), 2 ** 32 - 20, nibbles);
    return [nibbles];
  },
  ditherNibblesFeedback: (k, call) => {
    const nibbles = bytesIn(call.place(3), (call.d + 1) >>> 1).fill(0xa5);
    const [bucket, size] = [2 * bucketIn(call), steps(call, 2 * bucketIn(call))];
    const p = within(7, call, bucket, size);
    k.ditherNibblesFeedback(p, size, bucket, drawnKey(call), 2 ** 32 - 20, nibbles);
    return [p, nibbles];
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
  packSides: (k, call) => {
    const [bits, sides] = [signs(call), new Float64Array(2)];
    return [k.packSides(x(call), bits, sides), ...sides, bits];
  },
  unpackPair: (k, call) => {
    const out = x(call);
    k.unpackPair(drawnSigns(call), call.a, call.b, out);
    return [out];
  },
  addPair: (k, call) => {
    const out = x(call);
    k.addPair(drawnSigns(call), call.a, call.b, out);
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
    const halves = bytesIn(call.place(4), 2 * call.d);
    return ifFinite(Number.isFinite(k.toHalf(x(call), halves)), halves);
  },
  halfFeedback: (k, call) => {
    const [rest, halves] = [z(call), bytesIn(call.place(4), 2 * call.d)];
    return ifFinite(Number.isFinite(k.halfFeedback(x(call), y(call), rest, halves)), rest, halves);
  },
  fromHalf: (k, call) => {
    const out = x(call);
    k.fromHalf(drawnBytes(call, 2 * call.d), out);
    return [out];
  },
  addHalf: (k, call) => {
    const out = x(call);
    k.addHalf(drawnBytes(call, 2 * call.d), call.a, out);
    return [out];
  },
  maxMagnitude16: (k, call) => [k.maxMagnitude16(drawnBytes(call, 2 * call.d))],
  toBfloat: (k, call) => {
    const words = bytesIn(call.place(4), 2 * call.d);
    return ifFinite(k.toBfloat(x(call), keyIn(call), words), words);
  },
  bfloatFeedback: (k, call) => {
    const [memory, words] = [y(call), bytesIn(call.place(4), 2 * call.d)];
    return ifFinite(k.bfloatFeedback(x(call), memory, keyIn(call), memory, words), memory, words);
  },
  fromBfloat: (k, call) => {
    const out = x(call);
    k.fromBfloat(drawnBytes(call, 2 * call.d), out);
    return [out];
  },
  addBfloat: (k, call) => {
    const out = x(call);
    k.addBfloat(drawnBytes(call, 2 * call.d), call.a, out);
    return [out];
  },
  toPowers: (k, call) => {
    const [exponents, bits] = [bytesIn(call.place(4), call.d), signs(call)];
    return ifFinite(k.toPowers(x(call), keyIn(call), exponents, bits), exponents, bits);
  },
  powersFeedback: (k, call) => {
    const [rest, exponents, bits] = [z(call), bytesIn(call.place(4), call.d), signs(call)];
    return ifFinite(k.powersFeedback(x(call), y(call), keyIn(call), rest, exponents, bits), rest, exponents, bits);
  },
  "powersFeedback onto its memory": (k, call) => {
    const [memory, exponents, bits] = [y(call), bytesIn(call.place(4), call.d), signs(call)];
    return ifFinite(k.powersFeedback(x(call), memory, keyIn(call), memory, exponents, bits), memory, exponents, bits);
  },
  fromPowers: (k, call) => {
    const out = x(call);
    k.fromPowers(drawnBytes(call, call.d), drawnSigns(call), out);
    return [out];
  },
  addPowers: (k, call) => {
    const out = x(call);
    k.addPowers(drawnBytes(call, call.d), drawnSigns(call), call.a, out);
    return [out];
  },
  bucketNorms: (k, call) => {
    const norms = steps(call);
    k.bucketNorms(x(call), bucketIn(call), norms);
    return [norms];
  },
  bucketMaxima: (k, call) => {
    const maxima = steps(call);
    k.bucketMaxima(x(call), bucketIn(call), maxima);
    return [maxima];
  },
  addBucketNorms: (k, call) => {
    const [norms, p] = [floatsIn(call.place(3), Math.ceil(call.d / bucketIn(call))), z(call)];
    k.addBucketNorms(x(call), y(call), p, bucketIn(call), norms);
    return [norms, p];
  },
  addBucketMaxima: (k, call) => {
    const [maxima, p] = [floatsIn(call.place(3), Math.ceil(call.d / bucketIn(call))), z(call)];
    k.addBucketMaxima(x(call), y(call), p, bucketIn(call), maxima);
    return [maxima, p];
  },
  scaleLevels: (k, call) => {
    const out = x(call);
    k.scaleLevels(drawnLevels(call), steps(call), bucketIn(call), out);
    return [out];
  },
  addLevels: (k, call) => {
    const out = x(call);
    k.addLevels(call.a, drawnLevels(call), steps(call), bucketIn(call), out);
    return [out];
  },
  unpackNibbles: (k, call) => {
    const levels = wholeIn(call.place(2), 8 * signs(call).length);
    const nibbles = bytesIn(call.place(3), 4 * signs(call).length);
    const rng = Random.fromSeed(call.draw.seed).split("nibbles");
    for (let i = 0; i < nibbles.length; i++) nibbles[i] = rng.u32(i);
    k.unpackNibbles(nibbles, levels);
    return [levels, k.holdsNibble(nibbles, 8)];
  },
  holdsNibble: (k, call) => {
    const nibbles = bytesIn(call.place(3), call.d).fill(0x21);
    if (call.d > 0) nibbles[call.draw.seed % call.d] = [0x18, 0x81, 0x11][call.draw.seed % 3]!;
    return [k.holdsNibble(nibbles, 8)];
  },
  draws: (k, call) => {
    const out = wordsIn(call.place(4), call.d);
    k.draws(call.draw.seed, ~call.draw.seed >>> 0, 2 ** 32 - 20, out);
    return [out];
  },
  gather: (k, call) => {
    const places = positions(call);
    const values = floatsIn(call.place(1), places.length);
    k.gather(x(call), places, values);
    return [values];
  },
  scatter: (k, call) => {
    const [places, out] = [positions(call), x(call)];
    k.scatter(valuesFor(call, places.length), places, out);
    return [out];
  },
  scatterAdd: (k, call) => {
    const [places, out] = [positions(call), x(call)];
    k.scatterAdd(call.a, valuesFor(call, places.length), places, out);
    return [out];
  },
  writeRice: (k, call) => {
    const { code, places } = riceCode(call, parameterIn(call));
    k.writeRice(places, parameterIn(call), code.fill(0xff));
    return [code];
  },
  readRice: (k, call) => {
    const { code, places } = riceCode(call, parameterIn(call));
    twin.writeRice(places, parameterIn(call), code);
    const read = wordsIn(call.place(2), places.length);
    const bits = k.readRice(code, parameterIn(call), call.d, read);
    const cut = k.readRice(code.subarray(0, code.length - 1), parameterIn(call), call.d, read.slice());
    return [bits, read, cut, k.readRice(code, parameterIn(call), call.d - 1, read.slice())];
  },
  "readRice of any bytes": (k, call) => {
    const read = wordsIn(call.place(2), call.draw.seed % 3000);
    const code = drawnBytes(call, call.d);
    const ones = call.draw.seed % 7 === 0 ? 0xff : 0x11;
    code.fill(ones, 0, Math.floor(call.d / (1 + (call.draw.seed % 5))));
    const bits = k.readRice(code, parameterIn(call), 2 ** (call.draw.seed % 29), read);
    return bits < 0 ? [bits] : [bits, read];
  },
  subset: (k, call) => {
    const k0 = call.draw.seed;
    const taken = wordsIn({ ...call.place(3), shift: 2 * call.place(3).shift }, 2 * Math.ceil(call.d / 64));
    const indices = wordsIn(call.place(4), Math.floor((call.d * (k0 % 11)) / 10.5));
    k.subset(k0, ~k0 >>> 0, call.d, taken, indices);
    return [indices, taken];
  },
  selectDraws: (k, call) => {
    const indices = wordsIn(call.place(4), call.d);
    const most = [0, 0x0fffffff, 0x7fffffff, 0x80000000, 0xffffffff][call.draw.seed % 5]!;
    return [indices.subarray(0, k.selectDraws(call.draw.seed, ~call.draw.seed >>> 0, most, call.d, indices))];
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
