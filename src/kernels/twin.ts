/** The kernels in plain TypeScript. They define what each kernel does, and run where WebAssembly SIMD is missing. */
import type { Kernels } from "./kernels.ts";
import { addBfloat, bfloatFeedback, fromBfloat, toBfloat } from "./twin/bfloat.ts";
import { checksum } from "./twin/checksum.ts";
import {
  addBucketMaxima,
  addBucketNorms,
  addLevels,
  bucketMaxima,
  bucketNorms,
  dither,
  ditherNibbles,
  ditherNibblesFeedback,
  holdsNibble,
  scaleLevels,
  unpackNibbles,
} from "./twin/dither.ts";
import { draws, selectDraws, subset } from "./twin/draws.ts";
import { add, axpy, momentum, momentumStep, scale, subtract } from "./twin/elementwise.ts";
import { gather, scatter, scatterAdd } from "./twin/entries.ts";
import { addGrid, fromGrid, gridFeedback, toGrid } from "./twin/grid.ts";
import { addHalf, fromHalf, halfFeedback, maxMagnitude16, toHalf } from "./twin/half.ts";
import { addPair, packSides, unpackPair } from "./twin/pairs.ts";
import { addPowers, fromPowers, powersFeedback, toPowers } from "./twin/powers.ts";
import { readRice, writeRice } from "./twin/rice.ts";
import { addSelect, histogram, selectFrom } from "./twin/selection.ts";
import { addSigns, packSigns, packSignsAndSum, signFeedback, unpackSigns } from "./twin/signs.ts";
import { allFinite, maxMagnitude, sumMagnitudes, sumSquares } from "./twin/sums.ts";

export const twin: Kernels = {
  engine: "twin",
  sumMagnitudes,
  sumSquares,
  allFinite,
  maxMagnitude,
  axpy,
  scale,
  add,
  subtract,
  momentum,
  momentumStep,
  packSigns,
  packSignsAndSum,
  unpackSigns,
  addSigns,
  signFeedback,
  packSides,
  unpackPair,
  addPair,
  histogram,
  addSelect,
  selectFrom,
  gather,
  scatter,
  scatterAdd,
  writeRice,
  readRice,
  toHalf,
  halfFeedback,
  fromHalf,
  addHalf,
  maxMagnitude16,
  toBfloat,
  bfloatFeedback,
  fromBfloat,
  addBfloat,
  toPowers,
  powersFeedback,
  fromPowers,
  addPowers,
  toGrid,
  gridFeedback,
  fromGrid,
  addGrid,
  draws,
  selectDraws,
  subset,
  bucketNorms,
  bucketMaxima,
  addBucketNorms,
  addBucketMaxima,
  dither,
  ditherNibbles,
  ditherNibblesFeedback,
  scaleLevels,
  addLevels,
  unpackNibbles,
  holdsNibble,
  checksum,
};
