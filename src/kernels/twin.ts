/** The kernels in plain TypeScript. They define what each kernel does, and run where WebAssembly SIMD is missing. */
import type { Kernels } from "./kernels.ts";
import { checksum } from "./twin/checksum.ts";
import { draws } from "./twin/draws.ts";
import { add, axpy, momentum, momentumStep, scale, subtract } from "./twin/elementwise.ts";
import { fromHalf, toHalf } from "./twin/half.ts";
import { addFeedbackHistogram, histogram, selectFrom } from "./twin/selection.ts";
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
  histogram,
  addFeedbackHistogram,
  selectFrom,
  toHalf,
  fromHalf,
  draws,
  checksum,
};
