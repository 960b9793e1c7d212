/**
 * Adaptive: a compressor whose messages can be made smaller or larger while a run goes on. A dial with a few notches says
 * how much of a vector is sent; whoever knows the wire turns it (`runs/pacing/`), each peer its own.
 *
 *     top-k, stc     16 shares of d from min to max, each larger by the same factor
 *     qsgd           min to max bits an entry, in buckets of 512
 *
 * The law is that of the smallest notch. Error feedback keeps what a smaller message leaves out, so the dial may be turned
 * between any two messages. Where nobody turns it, it stays at the notch nearest to `start`.
 *
 * Messages: one byte, the notch, counted from 0, the smallest; then the message of that notch's compressor. So a receiver
 * needs no dial, and one receiver serves senders at different notches.
 */
import { ConfigError } from "../base/errors.ts";
import { pow } from "../base/maths.ts";
import type { Random } from "../base/random.ts";
import { checkArguments, lookUp, parseNumber } from "../base/spec.ts";
import { type Bytes, bytes } from "../base/units.ts";
import type { ByteSink, ByteSource } from "../coding/bytes.ts";
import { fixedCode } from "../coding/level-codes.ts";
import { type Kernels, kernels } from "../kernels/index.ts";
import type { Codec, Compressor, Dial, Residual } from "./compressor.ts";
import type { CompressorEntry } from "./entry.ts";
import { encodeWithFeedback } from "./feedback.ts";
import { wholeVector } from "./groups.ts";
import { qsgd } from "./linear-dithering.ts";
import { stc } from "./stc.ts";
import { topFraction } from "./top-k.ts";

/** In the family's own unit. */
export interface DialRange {
  readonly min: number;
  readonly max: number;
  /** Where the dial is at first. */
  readonly start: number;
}

interface Family {
  readonly usual: DialRange;
  readonly bounds: NonNullable<Parameters<typeof parseNumber>[2]>;
  /** Ascending. */
  settings(min: number, max: number): readonly number[];
  compressor(setting: number, using: Kernels): Compressor;
}

const SHARES = 16;
const BUCKET = 512;

const sparse: Pick<Family, "usual" | "bounds" | "settings"> = {
  usual: { min: 0.001, max: 0.05, start: 0.01 },
  bounds: { above: 0, max: 1 },
  /** Rounded to three figures, lest settings have long names. */
  settings: (min, max) =>
    Array.from({ length: min === max ? 1 : SHARES }, (_, i) =>
      Math.min(max, Number((min * pow(max / min, i / (SHARES - 1))).toPrecision(3))),
    ),
};

const families: ReadonlyMap<string, Family> = new Map<string, Family>([
  ["top-k", { ...sparse, compressor: topFraction }],
  ["stc", { ...sparse, compressor: (share, using) => stc(share, wholeVector, using) }],
  [
    "qsgd",
    {
      usual: { min: 2, max: 8, start: 4 },
      bounds: { min: 2, max: 12, integer: true },
      settings: (min, max) => Array.from({ length: max - min + 1 }, (_, i) => min + i),
      compressor: (bits, using) =>
        qsgd({ levels: 2 ** (bits - 1) - 1, norm: "l2", bucket: BUCKET, code: fixedCode }, using),
    },
  ],
]);

/** @throws {ConfigError} unless the family is known and min ≤ start ≤ max */
export function adaptive(family: string, range: Partial<DialRange> = {}, using: Kernels = kernels): Compressor {
  const { usual, settings: settingsOf, compressor } = familyOf(family, "adaptive");
  const { min, max, start } = { ...usual, ...range };
  if (!(min <= start && start <= max)) {
    throw new ConfigError("adaptive", { expected: "min ≤ start ≤ max", got: `${min}, ${start}, ${max}` });
  }
  const settings = settingsOf(min, max);
  const notches = settings.map((setting) => compressor(setting, using));
  const dial: Dial = { settings, position: nearestIndex(settings, start) };
  return {
    name: `adaptive:${family},min=${min},max=${max},start=${start}`,
    law: notches[0]!.law,
    dial,
    open(length) {
      const codecs = notches.map((notch) => notch.open(length));
      return length === 0 ? codecs[0]! : new AdaptiveCodec(dial, codecs);
    },
  };
}

const familyOf = (name: string, where: string): Family => lookUp(families, name, where, "a family");

/** By ratio, since notches lie a factor apart. */
const nearestIndex = (settings: readonly number[], start: number): number =>
  settings.reduce((best, setting, i) => (apart(setting, start) < apart(settings[best]!, start) ? i : best), 0);

const apart = (a: number, b: number): number => Math.max(a / b, b / a);

class AdaptiveCodec implements Codec {
  readonly maxBytes: Bytes;
  readonly #dial: Dial;
  readonly #codecs: readonly Codec[];

  constructor(dial: Dial, codecs: readonly Codec[]) {
    this.#dial = dial;
    this.#codecs = codecs;
    this.maxBytes = bytes(1 + Math.max(...codecs.map((codec) => codec.maxBytes)));
  }

  encode(x: Float32Array, into: ByteSink, rng: Random): void {
    this.#write(into, (codec) => codec.encode(x, into, rng));
  }

  encodeWithFeedback(x: Float32Array, residual: Residual, into: ByteSink, rng: Random): void {
    this.#write(into, (codec) => encodeWithFeedback(codec, x, residual, into, rng));
  }

  #write(into: ByteSink, encode: (codec: Codec) => void): void {
    const start = into.length;
    const { position } = this.#dial;
    try {
      into.u8(position);
      encode(this.#codecs[position]!);
    } catch (error) {
      into.rewind(start);
      throw error;
    }
  }

  decode(from: ByteSource, out: Float32Array, rng: Random): void {
    this.#read(from).decode(from, out, rng);
  }

  decodeAdd(from: ByteSource, out: Float32Array, weight: number, rng: Random): void {
    this.#read(from).decodeAdd(from, out, weight, rng);
  }

  #read(from: ByteSource): Codec {
    const notch = from.u8();
    const codec = this.#codecs[notch];
    if (codec === undefined) throw from.corrupt(`a notch below ${this.#codecs.length}`, notch);
    return codec;
  }
}

export const adaptiveEntry: CompressorEntry = {
  name: "adaptive",
  aliases: ["auto"],
  summary: "top-k, stc or qsgd, each peer as much of it as its wire carries while others are at it",
  law: "that of the family at min",
  bits: "8 + those of the family at the notch",
  options: [
    { name: "family", meaning: "top-k (the default), stc or qsgd" },
    { name: "min=0.001", meaning: "the least that is sent: share of d, or bits of qsgd (2)" },
    { name: "max=0.05", meaning: "the most (qsgd: 8)" },
    { name: "start=0.01", meaning: "at first, and what a typical wire is taken to carry (qsgd: 4)" },
  ],
  examples: [
    "adaptive:top-k,min=0.001,max=0.05,start=0.01",
    "adaptive:stc,min=0.01,max=0.2,start=0.1",
    "adaptive:qsgd,min=2,max=8,start=4",
  ],
  parse(spec, where, using) {
    checkArguments(spec, where, 1, ["min", "max", "start"]);
    const name = spec.values[0] ?? "top-k";
    const { usual, bounds } = familyOf(name, where);
    const number = (key: keyof DialRange) =>
      parseNumber(spec.options.get(key) ?? `${usual[key]}`, `${where}: ${key}`, bounds);
    return adaptive(name, { min: number("min"), max: number("max"), start: number("start") }, using);
  },
};
