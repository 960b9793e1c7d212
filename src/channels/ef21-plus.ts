/**
 * EF21+: EF21, or the vector compressed for itself, whichever is nearer.
 *
 *     sender:    m = g + C(u − g),  b = C(u);   g ← the one with the smaller ‖· − u‖², m if equal;   send its message
 *     receiver:  r = g ← g + c, or c
 *     of n:      r = (1/n) Σ g_i                one g a sender; silent ones count by their last
 *
 * ‖g − u‖ is never larger than EF21 or direct compression would have it from the same g. C must be contractive and
 * deterministic: where chance decides, the smaller distance says little of what C does in the mean.
 *
 * Messages: C's message, then a byte: 0 for m, 1 for b. With `init: "full"` the first one holds u as plain f32.
 * @see Richtárik, Sokolov & Fatkhullin 2021, "EF21", arXiv:2106.05203
 */
import { ConfigError, CorruptError } from "../base/errors.ts";
import { checkLength, type Layout } from "../base/layout.ts";
import { Random } from "../base/random.ts";
import { checkArguments } from "../base/spec.ts";
import { copyOf, type NamedVectors, prefixed } from "../base/state.ts";
import { bytes } from "../base/units.ts";
import { ByteSink, ByteSource } from "../coding/bytes.ts";
import type { Compressor } from "../compressors/compressor.ts";
import { nonFiniteInput } from "../compressors/non-finite.ts";
import { kernels, vector } from "../kernels/index.ts";
import type { Channel, Collector, SavedChannel, Sender } from "./channel.ts";
import { type Ef21Options, ef21Entry, startOf } from "./ef21.ts";
import { checkReceived, MessageBuffer, restoreMirrored } from "./ends.ts";
import { type ChannelEntry, channelName, choiceOf } from "./entry.ts";
import { type Change, Estimate } from "./estimate.ts";
import { EstimateReceiver } from "./estimate-receiver.ts";
import { openStages, type Stages, stageOf } from "./stages.ts";

const FLAG_BYTES = 1;

/** @throws {ConfigError} unless the compressor is deterministic */
export function ef21Plus(compressor: Compressor, options: Ef21Options = {}): Channel {
  const init = startOf(options);
  const name = channelName("ef21-plus", compressor, { init }, { init: "zero" });
  if (drawsAtRandom(compressor)) {
    throw new ConfigError(name, { expected: "a deterministic compressor, such as top-k:0.01", got: compressor.name });
  }
  const open = (length: number, layout?: Layout) =>
    openStages(compressor, { init, alpha: 1, where: name, length, layout });
  const wire = (stages: Stages, length: number): Wire => ({
    stages,
    estimate: new Estimate(length, name, { staged: init === "full" }),
    where: name,
  });
  return {
    name,
    maxBytes: (length, layout) => bytes(open(length, layout).maxBytes + FLAG_BYTES),
    sender: (length, layout) => new Ef21PlusSender(wire(open(length, layout), length)),
    receiver: (length, layout) => receiverOf(wire(open(length, layout), length)),
    collector(senders, length, layout) {
      const stages = open(length, layout);
      const wires = Array.from({ length: senders }, () => wire(stages, length));
      return new EachCollector(wires, length, name);
    },
  };
}

/** What an end is made of. */
interface Wire {
  readonly stages: Stages;
  readonly estimate: Estimate;
  readonly where: string;
}

/** @param scratch of d entries, which several receivers may share */
function receiverOf({ stages, estimate, where }: Wire, scratch?: Float32Array): EstimateReceiver {
  const read = (message: Uint8Array): Change => {
    const flag = message.at(-FLAG_BYTES);
    if (flag !== 0 && flag !== 1) throw new CorruptError(where, { expected: "a last byte of 0 or 1", got: flag });
    return { message: message.subarray(0, -FLAG_BYTES), ...stageOf(stages, estimate.begun), anew: flag === 1 };
  };
  return new EstimateReceiver(estimate, read, stages.maxBytes + FLAG_BYTES, where, scratch);
}

class Ef21PlusSender implements Sender {
  readonly #wire: Wire;
  /** For the messages of m and of b. */
  readonly #onTop: MessageBuffer;
  readonly #alone: MessageBuffer;
  readonly #received: Float32Array;
  readonly #difference: Float32Array;

  constructor(wire: Wire) {
    const { length } = wire.estimate.values;
    const buffer = () => new MessageBuffer(wire.stages.maxBytes + FLAG_BYTES, length, wire.where);
    this.#wire = wire;
    this.#onTop = buffer();
    this.#alone = buffer();
    this.#received = vector(length);
    this.#difference = vector(length);
  }

  encode(x: Float32Array, rng: Random): Uint8Array {
    const { stages, estimate, where } = this.#wire;
    const [onTop, alone] = [this.#onTop.begin(x), this.#alone.begin(x)];
    estimate.rollback(); // an encode that throws leaves no round in flight
    const stage = stageOf(stages, estimate.begun);
    kernels.subtract(x, estimate.values, this.#difference);
    stage.codec.encode(this.#difference, onTop, rng);
    stage.codec.encode(x, alone, rng);
    const m = { message: onTop.written, ...stage, anew: false };
    const b = { message: alone.written, ...stage, anew: true };
    const [farM, farB] = [this.#distance(m, x, rng), this.#distance(b, x, rng)];
    if (Math.min(farM, farB) === Number.POSITIVE_INFINITY) throw nonFiniteInput(where);
    estimate.propose(farB < farM ? b : m, rng);
    return farB < farM ? alone.u8(1).written : onTop.u8(0).written;
  }

  /** ‖r − x‖² for what is received of a message; infinite where it overflows. */
  #distance(candidate: Change, x: Float32Array, rng: Random): number {
    this.#wire.estimate.add(candidate, this.#received, rng);
    kernels.subtract(this.#received, x, this.#difference);
    return kernels.sumSquares(this.#difference);
  }

  commit(): void {
    if (!this.#wire.estimate.inFlight) return;
    this.#wire.estimate.commit();
  }

  rollback(): void {
    this.#wire.estimate.rollback();
  }

  save(): SavedChannel {
    return this.#wire.estimate.save();
  }

  restore(saved: SavedChannel): void {
    this.#wire.estimate.restore(saved);
  }
}

/** One estimate a sender: a message that stands for itself replaces its sender's share of the mean. */
class EachCollector implements Collector {
  readonly #estimates: readonly Estimate[];
  readonly #receivers: readonly EstimateReceiver[];
  readonly #vectors: NamedVectors;
  readonly #length: number;
  readonly #where: string;

  constructor(wires: readonly Wire[], length: number, where: string) {
    const scratch = vector(length);
    this.#estimates = wires.map(({ estimate }) => estimate);
    this.#receivers = wires.map((wire) => receiverOf(wire, scratch));
    this.#vectors = new Map(wires.flatMap(({ estimate }, i) => [...prefixed(`${i}`, estimate.vectors)]));
    this.#length = length;
    this.#where = where;
  }

  begin(out: Float32Array): void {
    checkLength(out, this.#length, this.#where);
    this.rollback();
    out.fill(0);
    for (const { values } of this.#estimates) kernels.axpy(1 / this.#estimates.length, values, out);
  }

  add(sender: number, message: Uint8Array, out: Float32Array, rng: Random): void {
    const share = 1 / this.#estimates.length;
    this.#receivers[sender]!.decodeAdd(message, out, share, rng);
    kernels.axpy(-share, this.#estimates[sender]!.values, out);
  }

  finish(out: Float32Array): void {
    checkReceived(out, this.#where);
  }

  commit(): void {
    for (const estimate of this.#estimates) estimate.commit();
  }

  rollback(): void {
    for (const estimate of this.#estimates) estimate.rollback();
  }

  save(): SavedChannel {
    return { shared: copyOf(this.#vectors), private: new Map() };
  }

  restore(saved: SavedChannel): void {
    restoreMirrored(this.#vectors, saved, this.#where);
    this.rollback();
  }
}

const PROBE_LENGTH = 4096;

/** Whether a message, or what is decoded of it, depends on the randomness: a probe shows it, the law does not tell. */
function drawsAtRandom(compressor: Compressor): boolean {
  const codec = compressor.open(PROBE_LENGTH);
  const root = Random.fromSeed(0).split("probe");
  const x = Float32Array.from({ length: PROBE_LENGTH }, (_, i) => root.normal(i));
  const sink = new ByteSink(codec.maxBytes);
  const out = new Float32Array(PROBE_LENGTH);
  const seen = new Set<number>();
  for (const key of ["a", "b", "c"]) {
    codec.encode(x, sink.reset(), root.split(key));
    codec.decode(new ByteSource(sink.written), out, root.split(key));
    seen.add(kernels.checksum(new Uint8Array(out.buffer), 0));
  }
  return seen.size > 1;
}

export const ef21PlusEntry: ChannelEntry = {
  name: "ef21-plus",
  summary: "EF21, or the vector compressed for itself, whichever is nearer",
  paper: "arXiv:2106.05203",
  law: "‖g − u‖ ≤ min(‖g_old + C(u − g_old) − u‖, ‖C(u) − u‖)",
  memory: { sender: 3, receiver: 2 },
  options: ef21Entry.options,
  parse(spec, compressor, where) {
    checkArguments(spec, where, 0, ["init"]);
    return ef21Plus(compressor, { init: choiceOf(spec, "init", ["compressed", "full", "zero"], where) });
  },
};
