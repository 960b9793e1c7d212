/**
 * The compressors by name, and the reader of specs such as `sign`, `top-k:0.01` or `sign:scale=none`.
 */
import { ConfigError } from "../base/errors.ts";
import { lookUp, parseSpec } from "../base/spec.ts";
import { type Kernels, kernels } from "../kernels/index.ts";
import type { Compressor } from "./compressor.ts";
import type { CompressorEntry } from "./entry.ts";
import { identityEntry } from "./identity.ts";
import { signEntry } from "./sign.ts";
import { topKEntry } from "./top-k.ts";

const entries: readonly CompressorEntry[] = [identityEntry, signEntry, topKEntry];

export const compressors: ReadonlyMap<string, CompressorEntry> = new Map(entries.map((entry) => [entry.name, entry]));

const byAnyName: ReadonlyMap<string, CompressorEntry> = new Map(
  entries.flatMap((entry) => [entry.name, ...(entry.aliases ?? [])].map((name) => [name, entry] as const)),
);

/**
 * The compressor of a spec.
 * @param where names the option in errors, such as `--compressor`
 * @param using kernels other than the usual ones, to compare with
 * @throws {ConfigError} with the nearest known name
 */
export function parseCompressor(text: string, where: string, using: Kernels = kernels): Compressor {
  // A plus before a name composes; the one in 1e+2 does not.
  if (/\+\s*[a-z]/i.test(text)) {
    throw new ConfigError(where, { expected: "one compressor", got: text, hint: "Compositions cannot be given yet." });
  }
  const spec = parseSpec(text, where);
  return lookUp(byAnyName, spec.name, where, "a compressor").parse(spec, where, using);
}
