/**
 * How fast the kernels are, in GB/s of f32 input, beside a copy of the same bytes in the same run.
 *
 *   node bench/kernels.bench.ts [--json] [--tiny]
 *
 * Columns: in place (vectors in the kernels' memory), through scratch (vectors elsewhere), the twin, and the ratio of in
 * place to memcpy. Each figure is a median; memcpy is measured between the repetitions of every kernel, so that a busy
 * machine slows both. `--tiny` only shows that the benchmark runs: its figures mean nothing.
 */
import { parseArgs } from "node:util";
import { Random } from "../src/base/random.ts";
import { type Grid, quantisedBytes } from "../src/kernels/grid.ts";
import { bytesVector, type Kernels, kernels, twin, vector } from "../src/kernels/index.ts";

const { values: options } = parseArgs({ options: { json: { type: "boolean" }, tiny: { type: "boolean" } } });

const SEED = 1;
const LENGTH = options.tiny ? 20_000 : 4 * 2 ** 20;
const REPETITIONS = options.tiny ? 1 : 15;
const TWIN_REPETITIONS = options.tiny ? 1 : 3;
const BYTES = 4 * LENGTH;

/** Vectors of one kind of memory, filled alike. */
interface Bench {
  readonly x: Float32Array;
  readonly v: Float32Array;
  readonly p: Float32Array;
  readonly signs: Uint8Array;
  /** Two bytes an entry. */
  readonly halves: Uint8Array;
  /** A byte an entry. */
  readonly exponents: Uint8Array;
  readonly indices: Uint32Array;
  readonly listed: Float32Array;
  readonly levels: Int16Array;
  /** For buckets of 512. */
  readonly norms: Float32Array;
}

interface Row {
  readonly kernel: string;
  readonly inPlaceGBs: number;
  readonly scratchGBs: number;
  readonly twinGBs: number;
  readonly memcpyGBs: number;
  /** In place ÷ memcpy. */
  readonly ratio: number;
}

const counts = new Uint32Array(2048);
const scale = 0.01;
const sides = new Float64Array(2);
const key = { k0: 1, k1: 2 };

function benchIn(floats: (n: number) => Float32Array, bytes: (n: number) => Uint8Array): Bench {
  const as = (count: number) => {
    const place = bytes(count);
    return [place.buffer, place.byteOffset] as const;
  };
  const x = floats(LENGTH);
  const v = floats(LENGTH);
  const rng = Random.fromSeed(SEED).split("bench");
  for (let i = 0; i < LENGTH; i++) {
    x[i] = bell(rng, i);
    v[i] = 0.1 * bell(rng, LENGTH + i);
  }
  return {
    x,
    v,
    p: floats(LENGTH),
    signs: bytes(Math.ceil(LENGTH / 8)),
    halves: bytes(2 * LENGTH),
    exponents: bytes(LENGTH),
    indices: new Uint32Array(...as(4 * LENGTH), LENGTH),
    listed: floats(LENGTH),
    levels: new Int16Array(...as(2 * LENGTH), LENGTH),
    norms: floats(Math.ceil(LENGTH / 512)).fill(1),
  };
}

/** About normal, and cheap: the sum of four uniform draws. */
function bell(rng: Random, i: number): number {
  return rng.uniform(4 * i) + rng.uniform(4 * i + 1) + rng.uniform(4 * i + 2) + rng.uniform(4 * i + 3) - 2;
}

const inside = benchIn(vector, bytesVector);
const outside = benchIn(
  (n) => new Float32Array(n),
  (n) => new Uint8Array(n),
);
const floor = magnitudeFloor(inside.x, 0.01);

/** The settled and the tentative error memory change places with every message: what was written last is read next. */
let turn = 0;
const pingPong = ({ v, p }: Bench): [Float32Array, number, Float32Array] =>
  turn++ % 2 === 0 ? [v, scale, p] : [p, scale, v];

/** As `blockwise` and `cgx` have them. */
const blocks: Grid = { bits: 8, bucket: 256, symmetric: true };
const buckets: Grid = { bits: 4, bucket: 1024, symmetric: false };
const of = (bytes: Uint8Array, grid: Grid): Uint8Array => bytes.subarray(0, quantisedBytes(grid, LENGTH));

const subjects: Record<string, (k: Kernels, b: Bench) => void> = {
  sumMagnitudes: (k, { x }) => void k.sumMagnitudes(x),
  sumSquares: (k, { x }) => void k.sumSquares(x),
  allFinite: (k, { x }) => void k.allFinite(x),
  maxMagnitude: (k, { x }) => void k.maxMagnitude(x),
  axpy: (k, { x, p }) => k.axpy(0.5, x, p),
  scale: (k, { p }) => k.scale(1, p),
  add: (k, { x, v, p }) => k.add(x, v, p),
  subtract: (k, { x, v, p }) => k.subtract(x, v, p),
  momentum: (k, { x, v }) => k.momentum(0.5, x, v),
  momentumStep: (k, { x, v, p }) => k.momentumStep(0.5, 0.1, x, v, p),
  packSigns: (k, { x, signs }) => k.packSigns(x, signs),
  packSignsAndSum: (k, { x, signs }) => void k.packSignsAndSum(x, signs),
  unpackSigns: (k, { signs, p }) => k.unpackSigns(signs, scale, p),
  addSigns: (k, { signs, p }) => k.addSigns(signs, scale, p),
  signFeedback: (k, b) => void k.signFeedback(b.x, ...pingPong(b), b.signs),
  packSides: (k, { x, signs }) => void k.packSides(x, signs, sides),
  unpackPair: (k, { signs, p }) => k.unpackPair(signs, -scale, scale, p),
  addPair: (k, { signs, p }) => k.addPair(signs, -scale, scale, p),
  histogram: (k, { x }) => k.histogram(x, counts),
  selectFrom: (k, { x, indices, listed }) => void k.selectFrom(x, floor, indices, listed),
  addSelect: (k, { x, v, p, indices, listed }) => void k.addSelect(x, v, p, floor, indices, listed),
  toHalf: (k, { x, halves }) => void k.toHalf(x, halves),
  halfFeedback: (k, { x, v, p, halves }) => void k.halfFeedback(x, v, p, halves),
  fromHalf: (k, { halves, p }) => k.fromHalf(halves, p),
  addHalf: (k, { halves, p }) => k.addHalf(halves, 0.25, p),
  maxMagnitude16: (k, { halves }) => void k.maxMagnitude16(halves),
  toBfloat: (k, { x, halves }) => void k.toBfloat(x, undefined, halves),
  "toBfloat, drawn": (k, { x, halves }) => void k.toBfloat(x, key, halves),
  bfloatFeedback: (k, { x, v, p, halves }) => void k.bfloatFeedback(x, v, undefined, p, halves),
  "bfloatFeedback, drawn": (k, { x, v, p, halves }) => void k.bfloatFeedback(x, v, key, p, halves),
  addBfloat: (k, { halves, p }) => k.addBfloat(halves, 0.25, p),
  toPowers: (k, { x, exponents, signs }) => void k.toPowers(x, key, exponents, signs),
  "toPowers, nearest": (k, { x, exponents, signs }) => void k.toPowers(x, undefined, exponents, signs),
  powersFeedback: (k, { x, v, p, exponents, signs }) => void k.powersFeedback(x, v, key, p, exponents, signs),
  fromPowers: (k, { exponents, signs, p }) => k.fromPowers(exponents, signs, p),
  addPowers: (k, { exponents, signs, p }) => k.addPowers(exponents, signs, 0.25, p),
  "toGrid, 8 bits": (k, { x, halves }) => void k.toGrid(x, blocks, undefined, 0, of(halves, blocks)),
  "gridFeedback, 8 bits": (k, { x, v, p, halves }) =>
    void k.gridFeedback(x, v, blocks, undefined, 0, p, of(halves, blocks)),
  "fromGrid, 8 bits": (k, { halves, p }) => k.fromGrid(of(halves, blocks), blocks, p),
  "addGrid, 8 bits": (k, { halves, p }) => k.addGrid(of(halves, blocks), blocks, 0.25, p),
  "toGrid, 4 bits, drawn": (k, { x, halves }) => void k.toGrid(x, buckets, key, 0, of(halves, buckets)),
  "gridFeedback, 4 bits, drawn": (k, { x, v, p, halves }) =>
    void k.gridFeedback(x, v, buckets, key, 0, p, of(halves, buckets)),
  "fromGrid, 4 bits": (k, { halves, p }) => k.fromGrid(of(halves, buckets), buckets, p),
  "addGrid, 4 bits": (k, { halves, p }) => k.addGrid(of(halves, buckets), buckets, 0.25, p),
  bucketNorms: (k, { x, norms }) => k.bucketNorms(x, 512, norms),
  bucketMaxima: (k, { x, norms }) => k.bucketMaxima(x, 512, norms),
  addBucketNorms: (k, { x, v, p, norms }) => k.addBucketNorms(x, v, p, 512, norms),
  addBucketMaxima: (k, { x, v, p, norms }) => k.addBucketMaxima(x, v, p, 512, norms),
  dither: (k, { x, norms, levels }) => k.dither(x, norms, 512, 7, key, 0, levels),
  ditherNibbles: (k, { x, norms, halves }) => k.ditherNibbles(x, norms, 512, key, 0, halves.subarray(0, LENGTH / 2)),
  ditherNibblesFeedback: (k, { p, norms, halves }) =>
    k.ditherNibblesFeedback(p, norms, 512, key, 0, halves.subarray(0, LENGTH / 2)),
  scaleLevels: (k, { levels, norms, p }) => k.scaleLevels(levels, norms, 512, p),
  addLevels: (k, { levels, norms, p }) => k.addLevels(0.25, levels, norms, 512, p),
  unpackNibbles: (k, { levels, halves }) => k.unpackNibbles(halves.subarray(0, LENGTH / 2), levels),
  draws: (k, { indices }) => k.draws(1, 2, 0, indices),
  checksum: (k, { x }) => void k.checksum(new Uint8Array(x.buffer, x.byteOffset, BYTES), 0),
};

const rows = Object.entries(subjects).map(([kernel, run]) => measure(kernel, run));
report();

function measure(kernel: string, run: (k: Kernels, b: Bench) => void): Row {
  const copy: number[] = [];
  const inPlace: number[] = [];
  const scratch: number[] = [];
  const plain: number[] = [];
  for (let i = 0; i < REPETITIONS; i++) {
    copy.push(gigabytesPerSecond(() => inside.p.set(inside.x)));
    inPlace.push(gigabytesPerSecond(() => run(kernels, inside)));
    scratch.push(gigabytesPerSecond(() => run(kernels, outside)));
    if (i < TWIN_REPETITIONS) plain.push(gigabytesPerSecond(() => run(twin, outside)));
  }
  const [inPlaceGBs, memcpyGBs] = [median(inPlace), median(copy)];
  return {
    kernel,
    inPlaceGBs,
    scratchGBs: median(scratch),
    twinGBs: median(plain),
    memcpyGBs,
    ratio: inPlaceGBs / memcpyGBs,
  };
}

function gigabytesPerSecond(run: () => void): number {
  const start = performance.now();
  run();
  return BYTES / 1e6 / (performance.now() - start);
}

function median(values: number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >>> 1]!;
}

/** Magnitude bits that a share of the entries reaches. */
function magnitudeFloor(x: Float32Array, share: number): number {
  const magnitudes = x.map(Math.abs).sort();
  return new Uint32Array(magnitudes.buffer)[Math.floor((1 - share) * magnitudes.length)]!;
}

function report(): void {
  const memcpyGBs = median(rows.map((row) => row.memcpyGBs));
  const result = kernels.checksum(new Uint8Array(inside.p.buffer, inside.p.byteOffset, BYTES), 0);
  if (options.json) {
    console.log(JSON.stringify({ engine: kernels.engine, seed: SEED, length: LENGTH, result, memcpyGBs, rows }));
    return;
  }
  const figure = (value: number) => value.toFixed(2).padStart(9);
  console.log(`engine ${kernels.engine}, seed ${SEED}, ${LENGTH} entries, GB/s of f32 input, checksum of p ${result}`);
  console.log(`${"kernel".padEnd(34)} in place  scratch     twin   memcpy    ratio`);
  for (const { kernel, inPlaceGBs, scratchGBs, twinGBs, memcpyGBs, ratio } of rows) {
    console.log(kernel.padEnd(34) + [inPlaceGBs, scratchGBs, twinGBs, memcpyGBs, ratio].map(figure).join(""));
  }
}
