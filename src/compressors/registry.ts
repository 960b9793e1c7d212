/**
 * The compressors by name, and the reader of specs such as `sign`, `top-k:0.01` or `sign:scale=none`.
 */
import { ConfigError } from "../base/errors.ts";
import { lookUp, parseSpec, type Spec } from "../base/spec.ts";
import { type Kernels, kernels } from "../kernels/index.ts";
import { adaptiveEntry } from "./adaptive.ts";
import { adaptiveRandomSparsificationEntry } from "./adaptive-random-sparsification.ts";
import { bfloat16Entry } from "./bfloat16.ts";
import { blockwiseEntry } from "./blockwise.ts";
import { cgxEntry } from "./cgx.ts";
import { composed } from "./composed.ts";
import type { Compressor } from "./compressor.ts";
import { rangeCoded } from "./entropy.ts";
import type { CompressorEntry } from "./entry.ts";
import { exponentialDitheringEntry, naturalDitheringEntry } from "./exponential-dithering.ts";
import { biasedExponentialRoundingEntry, exponentialRoundingEntry } from "./exponential-rounding.ts";
import { float16Entry } from "./float16.ts";
import { identityEntry } from "./identity.ts";
import { inducedEntry } from "./induced.ts";
import { linearDitheringEntry, qsgdEntry } from "./linear-dithering.ts";
import { naturalEntry } from "./natural.ts";
import { oneBitEntry } from "./one-bit.ts";
import { randKEntry } from "./rand-k.ts";
import { randomSparsificationEntry } from "./random-sparsification.ts";
import { signEntry } from "./sign.ts";
import { sparseLocoEntry } from "./sparse-loco.ts";
import { stcEntry } from "./stc.ts";
import { ternGradEntry } from "./terngrad.ts";
import { thresholdEntry } from "./threshold.ts";
import { topKEntry } from "./top-k.ts";

const entries: readonly CompressorEntry[] = [
  identityEntry,
  signEntry,
  oneBitEntry,
  topKEntry,
  inducedEntry,
  qsgdEntry,
  ternGradEntry,
  linearDitheringEntry,
  naturalDitheringEntry,
  exponentialDitheringEntry,
  randKEntry,
  thresholdEntry,
  randomSparsificationEntry,
  adaptiveRandomSparsificationEntry,
  float16Entry,
  bfloat16Entry,
  naturalEntry,
  exponentialRoundingEntry,
  biasedExponentialRoundingEntry,
  stcEntry,
  sparseLocoEntry,
  blockwiseEntry,
  cgxEntry,
  adaptiveEntry,
];

export const compressors: ReadonlyMap<string, CompressorEntry> = new Map(entries.map((entry) => [entry.name, entry]));

const byAnyName: ReadonlyMap<string, CompressorEntry> = new Map(
  entries.flatMap((entry) => [entry.name, ...(entry.aliases ?? [])].map((name) => [name, entry] as const)),
);

/** Parts nest, and a spec may come from another machine. */
const LONGEST_SPEC = 1000;

/**
 * The compressor of a spec: `name:arguments`, or a composition `a+b`, b after a.
 * @param where names the option in errors, such as `--compressor`
 * @param using kernels other than the usual ones, to compare with
 * @throws {ConfigError} with the nearest known name
 */
export function parseCompressor(text: string, where: string, using: Kernels = kernels): Compressor {
  if (text.length > LONGEST_SPEC) {
    throw new ConfigError(where, { expected: `at most ${LONGEST_SPEC} characters`, got: text });
  }
  const part = (spec: string) => parseCompressor(spec, where, using);
  const plus = compositionSign(text);
  if (plus >= 0) return composed(part(text.slice(0, plus)), part(text.slice(plus + 1)), where);
  const { entropy, spec } = takeEntropy(parseSpec(text, where), where);
  const compressor = lookUp(byAnyName, spec.name, where, "a compressor").parse(spec, where, using, part);
  return entropy === "range" ? rangeCoded(compressor, where) : compressor;
}

/** Where the first plus outside parentheses stands that is followed by a name, unlike the one in 1e+2; else −1. */
function compositionSign(text: string): number {
  let depth = 0;
  for (let i = 0; i < text.length; i++) {
    if (text[i] === "(") depth += 1;
    else if (text[i] === ")") depth -= 1;
    else if (text[i] === "+" && depth === 0 && /^\+\s*[a-z]/i.test(text.slice(i))) return i;
  }
  return -1;
}

/** `entropy=range` goes with any compressor of fixed-width symbols, so it is read here, once. */
function takeEntropy(spec: Spec, where: string): { entropy: string | undefined; spec: Spec } {
  const options = new Map(spec.options);
  const entropy = options.get("entropy");
  if (entropy !== undefined && entropy !== "range" && entropy !== "none") {
    throw new ConfigError(where, { expected: "entropy=range or entropy=none", got: spec.text });
  }
  options.delete("entropy");
  return { entropy, spec: { ...spec, options } };
}
