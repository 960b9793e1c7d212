/**
 * The channels by name, and the reader of specs such as `ef21:init=full`.
 */
import { lookUp, parseSpec } from "../base/spec.ts";
import type { Compressor } from "../compressors/compressor.ts";
import type { Channel } from "./channel.ts";
import { deepSqueezeEntry } from "./deep-squeeze.ts";
import { differenceEntry } from "./difference.ts";
import { directEntry } from "./direct.ts";
import { ef21Entry } from "./ef21.ts";
import { ef21PlusEntry } from "./ef21-plus.ts";
import type { ChannelEntry } from "./entry.ts";
import { errorFeedbackEntry } from "./error-feedback.ts";
import { memoryEntry } from "./memory.ts";
import { multiStepEntry } from "./multi-step.ts";
import { preservedModelEntry } from "./preserved-model.ts";

const entries: readonly ChannelEntry[] = [
  directEntry,
  errorFeedbackEntry,
  multiStepEntry,
  deepSqueezeEntry,
  ef21Entry,
  ef21PlusEntry,
  memoryEntry,
  preservedModelEntry,
  differenceEntry,
];

export const channels: ReadonlyMap<string, ChannelEntry> = new Map(entries.map((entry) => [entry.name, entry]));

/**
 * The channel of a spec, around a compressor.
 * @param where names the option in errors @throws {ConfigError} with the nearest known name
 */
export function parseChannel(text: string, compressor: Compressor, where: string): Channel {
  const spec = parseSpec(text, where);
  return lookUp(channels, spec.name, where, "a channel").parse(spec, compressor, where);
}
