/**
 * How the messages of a mirrored wire are coded, the first one and those that follow.
 */
import type { Layout } from "../base/layout.ts";
import type { Codec, Compressor } from "../compressors/compressor.ts";
import { identity } from "../compressors/identity.ts";
import { openCodec } from "./ends.ts";

/** Where estimates begin: at 0, so that the first message is C(u); or at the first vector, which travels as plain f32. */
export type Init = "zero" | "full";

export interface Stage {
  readonly codec: Codec;
  /** α, how far the estimate follows a message. */
  readonly alpha: number;
}

/** The same stage twice unless vectors start out in full. */
export interface Stages {
  readonly first: Stage;
  readonly later: Stage;
  readonly maxBytes: number;
}

interface StageOptions {
  readonly init: Init;
  readonly alpha: number;
  readonly where: string;
  readonly length: number;
  readonly layout: Layout | undefined;
}

/** @throws {ConfigError} if messages do not fit a frame */
export function openStages(compressor: Compressor, { init, alpha, where, length, layout }: StageOptions): Stages {
  const later = { codec: openCodec(compressor, where, length, layout), alpha };
  const first = init === "full" ? { codec: identity().open(length), alpha: 1 } : later;
  return { first, later, maxBytes: Math.max(first.codec.maxBytes, later.codec.maxBytes) };
}

export const stageOf = ({ first, later }: Stages, begun: boolean): Stage => (begun ? later : first);
