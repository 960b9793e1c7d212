/**
 * What the table of channels knows of one, and how a channel is named: `memory:alpha=0.1(natural)`.
 */
import { ConfigError } from "../base/errors.ts";
import type { Spec } from "../base/spec.ts";
import type { Compressor } from "../compressors/compressor.ts";
import type { CompressorOption } from "../compressors/entry.ts";
import type { Channel } from "./channel.ts";

export interface ChannelEntry {
  readonly name: string;
  readonly summary: string;
  /** arXiv number or citation. */
  readonly paper?: string;
  /** What r, the received vectors, obey; u are the sent ones. */
  readonly law: string;
  /** Vectors of d entries kept at each end. */
  readonly memory: { readonly sender: number; readonly receiver: number };
  readonly options: readonly CompressorOption[];
  /** @throws {ConfigError} naming `where` */
  parse(spec: Spec, compressor: Compressor, where: string): Channel;
}

type Options = Readonly<Record<string, string | number>>;

/** Canonical: only options that are not the usual ones stand in it. */
export function channelName(kind: string, compressor: Compressor, options: Options = {}, usual: Options = {}): string {
  const changed = Object.entries(options).filter(([key, value]) => value !== usual[key]);
  const text = changed.map(([key, value]) => `${key}=${value}`).join(",");
  return `${kind}${text === "" ? "" : ":"}${text}(${compressor.name})`;
}

/** The option `key`, one of `choices`, the first of them if left out. @throws {ConfigError} */
export function choiceOf<T extends string>(spec: Spec, key: string, choices: readonly [T, ...T[]], where: string): T {
  const text = spec.options.get(key) ?? choices[0];
  const choice = choices.find((known) => known === text);
  if (choice !== undefined) return choice;
  throw new ConfigError(where, { expected: `${key}=${choices.join(` or ${key}=`)}`, got: spec.text });
}
