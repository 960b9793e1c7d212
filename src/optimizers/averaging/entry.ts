/**
 * What the table of averagings knows of one.
 */
import type { Spec } from "../../base/spec.ts";
import type { Averaging } from "./averaging.ts";

export interface AveragingEntry {
  readonly name: string;
  /** One line. */
  readonly summary: string;
  /** arXiv number or citation. */
  readonly paper?: string;
  /** x̄ in symbols. */
  readonly law: string;
  readonly options: readonly { readonly name: string; readonly meaning: string }[];
  /** Canonical specs that cover the variants, the usual one first. */
  readonly examples: readonly string[];
  /** @param rounds T, where it is known @throws {ConfigError} naming `where` */
  parse(spec: Spec, where: string, rounds: number | undefined): Averaging;
}
