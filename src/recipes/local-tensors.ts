/**
 * Local tensors: those that each peer trains by itself and never sends, such as γ and β of its norms.
 *
 *     model of peer i = (s, l_i):   s is exchanged, in a layout of its own;   l_i moves with the peer's own steps
 *
 * So compressors, patterns, aggregators, outer optimizers and the ledger see s alone. A round that is undone leaves l_i as it
 * was. With `norm` it is FedBN: features that differ from peer to peer are put right by each peer's norms.
 * @see Li, Jiang, Zhang, Kamp & Dou 2021, "FedBN: Federated Learning on Non-IID Features via Local Batch Normalization",
 *   arXiv:2102.07623
 */
import { assert, ConfigError } from "../base/errors.ts";
import { type Layout, layoutOf, type TensorSlot, tensorOf } from "../base/layout.ts";
import { type NamedVectors, prefixed, restoreInto, under } from "../base/state.ts";
import { vector } from "../kernels/index.ts";
import type { Model, Role } from "../ports/model.ts";

/** Which tensors are local, before the model is known. */
export interface LocalChoice {
  /** Canonical: `norm`, `normScale,output`. */
  readonly name: string;
  /** @throws {ConfigError} for a word that fits no tensor of the model, or if nothing is left to exchange */
  split(model: Pick<Model, "layout" | "roles">): Split;
}

const ROLES: ReadonlyMap<string, readonly Role[]> = new Map([
  ["norm", ["normScale", "normShift"]],
  ["normScale", ["normScale"]],
  ["normShift", ["normShift"]],
  ["weight", ["weight"]],
  ["bias", ["bias"]],
]);

const WORDS_MAX = 64;

/** @param text words with commas between: a role, `norm` for both of a norm, or how names begin @throws {ConfigError} */
export function parseLocal(text: string, where: string): LocalChoice {
  const words = [...new Set(text.split(",").map((word) => word.trim()))];
  if (words.includes("") || words.length > WORDS_MAX) {
    const expected = `norm, or up to ${WORDS_MAX} roles and beginnings of names with commas between: normScale,output`;
    throw new ConfigError(where, { expected, got: text });
  }
  return {
    name: words.join(","),
    split({ layout, roles }) {
      const fits = (word: string, { name }: TensorSlot, place: number): boolean =>
        ROLES.get(word)?.includes(roles?.[place] ?? "weight") ?? name.startsWith(word);
      const idle = words.find((word) => !layout.tensors.some((slot, place) => fits(word, slot, place)));
      const names = layout.tensors.map(({ name }) => name).join(", ");
      if (idle !== undefined) {
        const expected = `${[...ROLES.keys()].join(", ")}, or how a tensor's name begins: ${names}`;
        throw new ConfigError(where, { expected, got: `${idle}, which no tensor of the model is` });
      }
      const split = new Split(layout, (slot, place) => words.some((word) => fits(word, slot, place)));
      if (split.shared.length > 0) return split;
      throw new ConfigError(where, { expected: `a tensor that is left to exchange, of ${names}`, got: text });
    },
  };
}

interface Part {
  /** Where the tensor lies in the whole vector. */
  readonly whole: TensorSlot;
  /** Where it lies among its like. */
  readonly part: TensorSlot;
}

/** Entries that lie side by side in the whole vector and in that of what is shared: first, and end unless it is the last. */
export interface SharedRun {
  readonly whole: readonly [first: number, end?: number];
  readonly shared: readonly [first: number, end?: number];
}

/** The layout of a model in two: what is shared, and what is local. */
export class Split {
  readonly whole: Layout;
  readonly shared: Layout;
  readonly local: Layout;
  readonly sharedRuns: readonly SharedRun[];
  readonly #shared: readonly Part[];
  readonly #local: readonly Part[];

  constructor(whole: Layout, isLocal: (slot: TensorSlot, place: number) => boolean) {
    const [shared, local]: [TensorSlot[], TensorSlot[]] = [[], []];
    for (const [place, slot] of whole.tensors.entries()) (isLocal(slot, place) ? local : shared).push(slot);
    const among = (slots: readonly TensorSlot[]) => layoutOf(slots.map(({ name, shape }) => [name, shape]));
    this.whole = whole;
    this.shared = among(shared);
    this.local = among(local);
    this.#shared = shared.map((slot, i) => ({ whole: slot, part: this.shared.tensors[i]! }));
    this.#local = local.map((slot, i) => ({ whole: slot, part: this.local.tensors[i]! }));
    const run = ({ offset, length }: TensorSlot) => [offset, offset + length] as const;
    this.sharedRuns = this.#shared.map(({ whole, part }) => ({ whole: run(whole), shared: run(part) }));
  }

  join(shared: Float32Array, local: Float32Array, whole: Float32Array): void {
    for (const { whole: slot, part } of this.#shared) tensorOf(whole, slot).set(tensorOf(shared, part));
    for (const { whole: slot, part } of this.#local) tensorOf(whole, slot).set(tensorOf(local, part));
  }

  takeShared(whole: Float32Array, shared: Float32Array): void {
    for (const { whole: slot, part } of this.#shared) tensorOf(shared, part).set(tensorOf(whole, slot));
  }

  takeLocal(whole: Float32Array, local: Float32Array): void {
    for (const { whole: slot, part } of this.#local) tensorOf(local, part).set(tensorOf(whole, slot));
  }

  sharedOf(whole: Float32Array): Float32Array {
    const shared = new Float32Array(this.shared.length);
    this.takeShared(whole, shared);
    return shared;
  }

  /** @param named what a peer has saved, by name @throws {CheckpointError} unless names and lengths are those of the split */
  localOf(named: NamedVectors): Float32Array {
    const local = new Float32Array(this.local.length);
    restoreInto(namedTensors(this.local, local), named, "local tensors");
    return local;
  }
}

/** The local tensors of one peer. */
export class LocalTensors {
  readonly split: Split;
  /** With which every peer begins. */
  readonly initial: Float32Array;
  /** Where the last decided round left them. */
  readonly values: Float32Array;
  /** Where the round in flight leaves them, if it counts. */
  readonly #tentative: Float32Array;
  readonly #tell: ((rounds: number, values: Float32Array) => void) | undefined;
  #inFlight = false;

  /**
   * @param whole the initial parameters
   * @param tell hears what they are after so many rounds, before this peer's message of the last of these is sent
   */
  constructor(split: Split, whole: Float32Array, tell?: (rounds: number, values: Float32Array) => void) {
    const { length } = split.local;
    this.split = split;
    this.initial = vector(length);
    this.values = vector(length);
    this.#tentative = vector(length);
    this.#tell = tell;
    split.takeLocal(whole, this.initial);
    this.values.set(this.initial);
  }

  /** This peer's model, from what is shared. */
  join(shared: Float32Array, whole: Float32Array): void {
    this.split.join(shared, this.values, whole);
  }

  /** They are those of `whole` if the round counts. */
  propose(whole: Float32Array, round: number): void {
    this.split.takeLocal(whole, this.#tentative);
    this.#inFlight = true;
    this.#tell?.(round + 1, Float32Array.from(this.#tentative));
  }

  /** The round counts. Without this call it is as if it had not been. */
  commit(): void {
    assert(this.#inFlight, "a commit without a round in flight would settle what belongs to no round");
    this.values.set(this.#tentative);
    this.#inFlight = false;
  }

  /** By name, for the peer's own checkpoint; nobody else is given them. */
  save(): NamedVectors {
    return prefixed(SAVED, new Map([...this.#named].map(([name, values]) => [name, Float32Array.from(values)])));
  }

  /** @throws {CheckpointError} unless names and lengths are those of `save` */
  restore(saved: NamedVectors): void {
    restoreInto(this.#named, under(SAVED, saved), "local tensors");
    this.#inFlight = false;
  }

  get #named(): NamedVectors {
    return namedTensors(this.split.local, this.values);
  }
}

const SAVED = "tensors";

/** The local tensors in what a peer has saved, by name; none where nothing is local or it holds no data. */
export const savedTensors = (saved: NamedVectors): NamedVectors => under(SAVED, saved);

const namedTensors = (layout: Layout, values: Float32Array): NamedVectors =>
  new Map(layout.tensors.map((slot) => [slot.name, tensorOf(values, slot)]));

/** What peers exchange: the model, or what of it is shared. */
export const exchangedLayout = (model: Pick<Model, "layout">, tensors: LocalTensors | undefined): Layout =>
  tensors?.split.shared ?? model.layout;
