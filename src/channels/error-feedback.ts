/**
 * Error feedback (EF14, EF-SGD, Mem-SGD): what a message lacks is remembered and added to the next vector.
 *
 *     sender:    p = a u + β e;  send C(p);  e = p − C(p)       e: f32, length d, at first 0; a = β = 1 unless told
 *     receiver:  r = C(p)
 *
 * Nothing is lost, only late: Σ r = Σ u + e_0 − e_T. For a contractive C and E‖u‖² ≤ U², E‖e‖² ≤ 4(1 − δ)U²/δ². β < 1
 * forgets what is stale, and with it the first of these laws; e ← β e + a u − r holds always.
 *
 * Where the receiver multiplies r by a step size γ, e is in units of γ: `rescale(γ_{t−1}/γ_t)` before round t makes it the
 * same as error feedback around γ_t u_t, for any C that scales with its input.
 * @see Seide, Fu, Droppo, Li & Yu 2014, "1-Bit Stochastic Gradient Descent"
 * @see Karimireddy, Rebjock, Stich & Jaggi 2019, "Error Feedback Fixes SignSGD", arXiv:1901.09847
 */
import { ConfigError } from "../base/errors.ts";
import type { Random } from "../base/random.ts";
import { checkArguments, parseNumber } from "../base/spec.ts";
import { restoreInto } from "../base/state.ts";
import type { Codec, Compressor, ErrorMemory, Residual } from "../compressors/compressor.ts";
import { emptyMemory, encodeThenSubtract, encodeWithFeedback, materialize } from "../compressors/feedback.ts";
import { kernels, vector } from "../kernels/index.ts";
import type { Channel, SavedChannel, Sender } from "./channel.ts";
import { MessageBuffer, openCodec, StatelessReceiver } from "./ends.ts";
import { type ChannelEntry, channelName } from "./entry.ts";

export interface ErrorFeedbackOptions {
  /** β in (0, 1], what is kept of the error each round; default 1. */
  readonly decay?: number;
  /** a in (0, 1], what a new vector counts; default 1. */
  readonly weight?: number;
}

const USUAL = { decay: 1, weight: 1 } as const;

/** @throws {ConfigError} if an option is out of range */
export function errorFeedback(compressor: Compressor, options: ErrorFeedbackOptions = {}): Channel {
  const factors = { ...USUAL, ...options };
  const name = channelName("error-feedback", compressor, factors, USUAL);
  for (const [key, value] of Object.entries(factors)) {
    if (!(value > 0 && value <= 1)) {
      throw new ConfigError(name, { expected: `${key} above 0 and at most 1`, got: value });
    }
  }
  return {
    name,
    maxBytes: (length, layout) => compressor.open(length, layout).maxBytes,
    sender: (length, layout) =>
      new ErrorFeedbackSender(openCodec(compressor, name, length, layout), factors, length, name),
    receiver: (length, layout) => new StatelessReceiver(openCodec(compressor, name, length, layout), length, name),
  };
}

class ErrorFeedbackSender implements Sender {
  readonly #codec: Codec;
  readonly #where: string;
  readonly #buffer: MessageBuffer;
  readonly #factors: Required<ErrorFeedbackOptions>;
  readonly #weighted: Float32Array; // a u, where a is not 1
  #settled: ErrorMemory; // e of the last committed round
  #tentative: ErrorMemory; // e if the round in flight commits
  #unit = 1; // what e is multiplied by at the next encode
  #inFlight = false;

  constructor(codec: Codec, factors: Required<ErrorFeedbackOptions>, length: number, where: string) {
    this.#codec = codec;
    this.#factors = factors;
    this.#weighted = vector(factors.weight === 1 ? 0 : length);
    this.#where = where;
    this.#buffer = new MessageBuffer(codec.maxBytes, length, where);
    this.#settled = emptyMemory(length);
    this.#tentative = emptyMemory(length);
  }

  encode(x: Float32Array, rng: Random): Uint8Array {
    const keep = this.#factors.decay * this.#unit;
    this.rollback(); // an encode that throws leaves no round in flight
    const into = this.#buffer.begin(x);
    const residual = { settled: this.#settled, tentative: this.#tentative };
    if (keep === 1 && this.#factors.weight === 1) encodeWithFeedback(this.#codec, x, residual, into, rng);
    else encodeThenSubtract(this.#codec, this.#weigh(x), this.#kept(keep), into, rng);
    this.#inFlight = true;
    return this.#buffer.message;
  }

  /** β e, in the tentative memory: the settled one stays as it is. */
  #kept(factor: number): Residual {
    const { values, scale } = this.#settled;
    const e = this.#tentative;
    e.values.set(scale === 0 ? values : materialize(this.#settled));
    e.scale = 0;
    kernels.scale(factor, e.values);
    return { settled: e, tentative: e };
  }

  /** a u */
  #weigh(x: Float32Array): Float32Array {
    const { weight } = this.#factors;
    if (weight === 1) return x;
    this.#weighted.set(x);
    kernels.scale(weight, this.#weighted);
    return this.#weighted;
  }

  rescale(factor: number): void {
    this.#unit *= factor;
  }

  commit(): void {
    if (!this.#inFlight) return;
    [this.#settled, this.#tentative] = [this.#tentative, this.#settled];
    this.#inFlight = false;
  }

  rollback(): void {
    this.#inFlight = false;
    this.#unit = 1;
  }

  save(): SavedChannel {
    return { shared: new Map(), private: new Map([["error", materialize(this.#settled)]]) };
  }

  restore(saved: SavedChannel): void {
    restoreInto(new Map(), saved.shared, this.#where);
    restoreInto(new Map([["error", this.#settled.values]]), saved.private, this.#where);
    this.#settled.scale = 0;
    this.rollback();
  }
}

export const errorFeedbackEntry: ChannelEntry = {
  name: "error-feedback",
  summary: "what a message lacks is added to the next vector",
  paper: "arXiv:1901.09847",
  law: "Σ r = Σ u + e_0 − e_T; E‖e‖² ≤ 4(1 − δ)U²/δ² for contractive C; with decay or weight e ← β e + a u − r",
  memory: { sender: 2, receiver: 0 },
  options: [
    { name: "decay", meaning: "β, what is kept of the error each round, above 0 and at most 1 (default)" },
    { name: "weight", meaning: "a, what a new vector counts, above 0 and at most 1 (default)" },
  ],
  parse(spec, compressor, where) {
    checkArguments(spec, where, 0, ["decay", "weight"]);
    const factor = (key: string) => parseNumber(spec.options.get(key) ?? "1", `${where}: ${key}`, { above: 0, max: 1 });
    return errorFeedback(compressor, { decay: factor("decay"), weight: factor("weight") });
  },
};
