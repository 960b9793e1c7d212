// Entry of the build: every exported function becomes an export of the WebAssembly module.
export { maxBits, sumMagnitudes, sumSquares } from "./sums";
export { add, axpy, momentum, momentumStep, scale, subtract } from "./elementwise";
export { addSigns, packSigns, packSignsAndSum, signFeedback, unpackSigns } from "./signs";
export { addFeedbackHistogram, histogram, selectFrom, takeCounts } from "./selection";
export { fromHalf, toHalf } from "./half";
export { draws } from "./draws";
export { checksumClose, checksumOpen, checksumStripes } from "./checksum";
