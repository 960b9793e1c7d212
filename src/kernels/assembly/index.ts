// Entry of the build: every exported function becomes an export of the WebAssembly module.
export { maxBits, sumMagnitudes, sumSquares } from "./sums";
export { add, axpy, momentum, momentumStep, scale, subtract } from "./elementwise";
export { addPair, minusSide, openSides, packSides, plusCount, plusSide, unpackPair } from "./pairs";
export { addSigns, packSigns, packSignsAndSum, signFeedback, unpackSigns } from "./signs";
export { gather, scatter, scatterAdd } from "./entries";
export { openRice, readRice, riceBit, writeRice } from "./rice";
export { addSelect, histogram, selectFrom, takeCounts } from "./selection";
export { addHalf, fromHalf, halfFeedback, maxMagnitude16, toHalf } from "./half";
export { addBfloat, bfloatFeedback, bfloatFeedbackAtRandom, fromBfloat, toBfloat, toBfloatAtRandom } from "./bfloat";
export { addPowers, fromPowers, nearestPowersFeedback, powersFeedback, toNearestPowers, toPowers } from "./powers";
export { draws, selectDraws } from "./draws";
export { subset } from "./subset";
export { addGrid, fromGrid, gridFeedback, toGrid } from "./grid";
export {
  addBucketMaxima, addBucketNorms, addLevels, bucketMaxima, bucketNorms, dither, ditherNibbles, ditherNibblesFeedback,
  holdsNibble, scaleLevels, unpackNibbles,
} from "./dither";
export { checksumClose, checksumOpen, checksumStripes } from "./checksum";
