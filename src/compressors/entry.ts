/**
 * What the table of compressors knows of one: how it is named in a spec, and what a reader should know of it.
 */
import type { Spec } from "../base/spec.ts";
import type { Kernels } from "../kernels/index.ts";
import type { Compressor } from "./compressor.ts";

export interface CompressorOption {
  /** As it stands in a spec: `scale=mean`, or a plain argument's name. */
  readonly name: string;
  readonly meaning: string;
}

export interface CompressorEntry {
  readonly name: string;
  readonly aliases?: readonly string[];
  /** One line. */
  readonly summary: string;
  /** arXiv number or citation. */
  readonly paper?: string;
  /** The law in symbols, with d entries. */
  readonly law: string;
  /** Size of a message. */
  readonly bits: string;
  readonly options: readonly CompressorOption[];
  /** Canonical specs that cover the variants, the usual one first: golden vectors, fuzzing and benchmarks run over them. */
  readonly examples: readonly string[];
  /** @param part parses a spec within this one @throws {ConfigError} naming `where` */
  parse(spec: Spec, where: string, using: Kernels, part: (spec: string) => Compressor): Compressor;
}
