/**
 * What an exchange remembers from round to round: the ends of its channels, by name. It belongs to the peer, not to a view:
 * an exchange that is opened anew, because membership changed, finds here what it had.
 *
 *     a sender's error          stays, whoever receives: it is what the others have yet to hear
 *     a wire that both mirror   begins anew where the other end is another peer than before, one that has come back, or one
 *                               that missed a result and was given the state in its place
 *
 * All ends of a round are settled together: committed once the round is decided, or rolled back.
 */
import type { EndKeeper, EndUse } from "../aggregators/aggregator.ts";
import { CheckpointError } from "../base/errors.ts";
import { checkLength } from "../base/layout.ts";
import { type NamedVectors, prefixed, restoreInto, under } from "../base/state.ts";
import type { Settled } from "../channels/channel.ts";
import { kernels, vector } from "../kernels/index.ts";
import type { PeerId } from "../ports/view.ts";

interface Kept {
  readonly end: Settled;
  readonly use: EndUse;
}

interface Store {
  ends: Map<string, Kept>;
  vectors: Map<string, Float32Array>;
  /** Those of the view before, while an exchange is opened anew. */
  former: Map<string, Kept>;
  strangers: ReadonlySet<PeerId>;
  stranger: boolean;
}

export class ExchangeMemory implements EndKeeper {
  readonly #store: Store;
  readonly #prefix: string;

  /** Empty. */
  constructor();
  constructor(store: Store, prefix: string);
  constructor(store?: Store, prefix = "") {
    this.#store = store ?? {
      ends: new Map(),
      vectors: new Map(),
      former: new Map(),
      strangers: new Set(),
      stranger: false,
    };
    this.#prefix = prefix;
  }

  /** The part of it whose names begin with `name/`. */
  within(name: string): ExchangeMemory {
    return new ExchangeMemory(this.#store, `${this.#prefix}${name}/`);
  }

  end<E extends Settled>(name: string, make: () => E, use: EndUse = {}): E {
    const key = this.#prefix + name;
    const { ends, former, strangers, stranger } = this.#store;
    const before = former.get(key);
    const known =
      use.other === before?.use.other && !strangers.has(use.other!) && (!stranger || use.replicated === true);
    const met = use.other === undefined || known;
    const stays = before !== undefined && ((met && use.anew !== true) || !mirrors(before.end));
    const end = stays ? before.end : make();
    ends.set(key, { end, use });
    return end as E; // a name has one kind of end
  }

  /** Keeps an end that was made anew. */
  put(name: string, end: Settled): void {
    this.#store.ends.set(this.#prefix + name, { end, use: {} });
  }

  carry(name: string, end: Settled, use: EndUse = {}): void {
    const key = this.#prefix + name;
    const { ends, former } = this.#store;
    const kept = use.replicated === true ? heldByAll(end) : end;
    const before = former.get(key);
    if (before !== undefined) kept.restore(before.end.save());
    ends.set(key, { end: kept, use });
  }

  vector(name: string, length: number): Float32Array {
    const key = this.#prefix + name;
    const { vectors } = this.#store;
    const kept = vectors.get(key);
    if (kept?.length === length) return kept;
    const made = vector(length);
    vectors.set(key, made);
    return made;
  }

  /** The error of an end that this member does not need any more, times `factor`, becomes part of that of `heir`. */
  inherit(name: string, heir: Settled, factor: number): void {
    const error = this.#store.former
      .get(this.#prefix + name)
      ?.end.save()
      .private.get("error");
    const saved = heir.save();
    const own = saved.private.get("error");
    if (error === undefined || own === undefined) return;
    kernels.axpy(factor, error, own);
    heir.restore(saved);
  }

  /**
   * Has an exchange opened anew; ends that it does not ask for are forgotten.
   * @param strangers members whose memory of this peer is gone, or not up to date
   * @param stranger this peer is one itself
   */
  reopen<T>(strangers: ReadonlySet<PeerId>, open: () => T, stranger = false): T {
    const store = this.#store;
    store.former = store.ends;
    store.ends = new Map();
    store.strangers = strangers;
    store.stranger = stranger;
    const opened = open();
    store.former = new Map();
    return opened;
  }

  commit(): void {
    for (const { end } of this.#mine.values()) end.commit();
  }

  rollback(): void {
    for (const { end } of this.#mine.values()) end.rollback();
  }

  /** The settled state of all ends. */
  save(): NamedVectors {
    const all = new Map<string, Float32Array>();
    for (const [name, { end }] of this.#mine) {
      const saved = end.save();
      for (const half of ["shared", "private"] as const) {
        for (const [key, value] of prefixed(`${name}/${half}`, saved[half])) all.set(key, value);
      }
    }
    return all;
  }

  /** @throws {CheckpointError} unless names and lengths are those of `save` */
  restore(saved: NamedVectors): void {
    for (const [name, { end }] of this.#mine) {
      end.restore({ shared: under(`${name}/shared`, saved), private: under(`${name}/private`, saved) });
    }
  }

  /** What was saved of ends whose state nobody mirrors, such as a sender's error; all others stay as they are. */
  recover(saved: NamedVectors): void {
    for (const [name, { end }] of this.#mine) {
      const own = under(`${name}/private`, saved);
      if (own.size === 0 || mirrors(end) || under(`${name}/shared`, saved).size > 0) continue;
      end.restore({ shared: new Map(), private: own });
    }
  }

  /** What is the same at all members, and a joiner downloads. */
  replicated(): NamedVectors {
    return new Map(
      [...this.#mine].flatMap(([name, { end, use }]) =>
        use.replicated === true ? [...prefixed(name, end.save().shared)] : [],
      ),
    );
  }

  /** Takes over what `replicated` gave at another member, as far as it concerns this one. @throws {CheckpointError} */
  adopt(replicated: NamedVectors): void {
    for (const [name, { end, use }] of this.#mine) {
      if (use.replicated !== true) continue;
      const shared = under(name, replicated);
      if (shared.size > 0) end.restore({ ...end.save(), shared });
    }
  }

  /** Whether some end holds what all members hold too, so that one who missed a message is wrong ever after. */
  get mirrors(): boolean {
    return [...this.#mine.values()].some(({ end, use }) => use.replicated === true && mirrors(end));
  }

  get #mine(): Map<string, Kept> {
    const { ends } = this.#store;
    if (this.#prefix === "") return ends;
    return new Map(
      [...ends]
        .filter(([key]) => key.startsWith(this.#prefix))
        .map(([key, end]) => [key.slice(this.#prefix.length), end]),
    );
  }
}

/** An end that has no other one, whose memory is the same at all members: what it alone would hold, a joiner downloads. */
const heldByAll = (end: Settled): Settled => ({
  commit: () => end.commit(),
  rollback: () => end.rollback(),
  save: () => ({ shared: end.save().private, private: new Map() }),
  restore: ({ shared }) => end.restore({ shared: new Map(), private: shared }),
});

export const mirrors = (end: Settled): boolean => end.save().shared.size > 0;

/** A vector that is part of what an exchange remembers, with the one that the round in flight proposes. */
export class Tentative implements Settled {
  readonly #where: string;
  #settled: Float32Array;
  #tentative: Float32Array;

  constructor(settled: Float32Array, where: string) {
    this.#where = where;
    this.#settled = settled;
    this.#tentative = Float32Array.from(settled);
  }

  get values(): Float32Array {
    return this.#settled;
  }

  propose(values: Float32Array): void {
    checkLength(values, this.#settled.length, this.#where);
    this.#tentative.set(values);
  }

  commit(): void {
    this.#settled.set(this.#tentative);
  }

  rollback(): void {
    this.#tentative.set(this.#settled);
  }

  save(): ReturnType<Settled["save"]> {
    return { shared: new Map(), private: new Map([["values", Float32Array.from(this.#settled)]]) };
  }

  restore({ shared, private: own }: ReturnType<Settled["save"]>): void {
    if (shared.size > 0)
      throw new CheckpointError(this.#where, { expected: "nothing shared", got: [...shared.keys()].join() });
    restoreInto(new Map([["values", this.#settled]]), own, this.#where);
    this.rollback();
  }
}
