/**
 * The end of a gossip at one peer.
 */
import type { EndUse } from "../aggregators/aggregator.ts";
import { assert, ConfigError, CorruptError } from "../base/errors.ts";
import { checkLength, type Layout } from "../base/layout.ts";
import type { Random } from "../base/random.ts";
import type { Receiver, Sender } from "../channels/channel.ts";
import { ByteSink, ByteSource } from "../coding/bytes.ts";
import { kernels } from "../kernels/index.ts";
import type { Peer, Tag } from "../ports/peer.ts";
import { type PeerId, rankOf, type View } from "../ports/view.ts";
import { messageRandom, type Round, tagOf } from "../rounds/round.ts";
import { type Edge, hopsOf, ranks, type Topology } from "../topologies/topology.ts";
import { type ExchangeMemory, mirrors, Tentative } from "./exchange-memory.ts";
import { SpreadingNotes } from "./gossip-notes.ts";
import type { GossipExchange, GossipSlots } from "./gossip-slots.ts";
import type { Note, PatternSettings } from "./pattern.ts";

/** Neighbours change with the view: what they mirror begins at 0 again, and all weigh 1. */
const ANEW: EndUse = { anew: true };

/** Of the mass that push-sum sends along, an f32. */
export const MASS_BYTES = 4;

/** What leaves this peer: to all who hear it, or to one of them. */
interface Wire {
  /** Of the one who hears it; undefined for all. */
  readonly to: number | undefined;
  readonly sender: Sender;
  /** Decodes what others will. */
  readonly own: Receiver;
}

/** A message that has left, and the randomness that it was made with. */
interface Sent {
  readonly message: Uint8Array;
  readonly rng: Random;
}

/** Who talks to whom in a round, as this peer sees it. */
interface Plan {
  /** Each with who hears it and Σ w_ki over them. */
  readonly tells: readonly { readonly wire: Wire; readonly to: readonly PeerId[]; readonly weight: number }[];
  readonly hears: readonly { readonly from: PeerId; readonly receiver: Receiver; readonly weight: number }[];
}

export interface GossipOpening {
  readonly peer: Peer;
  readonly layout: Layout;
  readonly settings: PatternSettings;
  readonly memory: ExchangeMemory;
}

export class GossipEnd implements GossipExchange {
  readonly #peer: Peer;
  readonly #rank: number;
  readonly #settings: PatternSettings;
  readonly #length: number;
  readonly #each: boolean;
  readonly #pushSum: boolean;
  readonly #stepSize: number;
  readonly #wires: readonly Wire[];
  /** By round, modulo the period. */
  readonly #plans: readonly Plan[];
  readonly #notes: SpreadingNotes;
  readonly #mass: Tentative;

  /** @throws {ConfigError} if a neighbour that is silent in some rounds would miss what the others mirror */
  constructor(slots: GossipSlots, topology: Topology, { peer, layout, settings, memory }: GossipOpening) {
    const { channel } = slots;
    const { length } = layout;
    const i = rankOf(peer.view, peer.id);
    const phases = ranks(topology.period);
    this.#peer = peer;
    this.#rank = i;
    this.#settings = settings;
    this.#length = length;
    this.#each = slots.senders === "each";
    this.#pushSum = !topology.doublyStochastic;
    this.#stepSize = slots.stepSize?.(topology, length) ?? 1;
    this.#notes = new SpreadingNotes(hopsOf(topology));
    const told = peersOf(phases.map((phase) => topology.tells(i, phase)));
    const heard = peersOf(phases.map((phase) => topology.hears(i, phase)));
    const one = told.length === 0 ? [] : [undefined];
    const idOf = (rank: number | undefined) => (rank === undefined ? "all" : peer.view.members[rank]!);
    const sender = () => channel.sender(length, layout);
    const receiver = () => channel.receiver(length, layout);
    this.#wires = (this.#each ? told : one).map((to) => ({
      to,
      sender: memory.end(`to/${idOf(to)}`, sender, ANEW),
      own: memory.end(`own/${idOf(to)}`, receiver, ANEW),
    }));
    const receivers = new Map(heard.map((j) => [j, memory.end(`from/${idOf(j)}`, receiver, ANEW)]));
    this.#mass = new Tentative(Float32Array.of(1), "mass of push-sum");
    memory.put("mass", this.#mass);
    if (topology.period > 1 && !this.#each && this.#wires.some(({ own }) => mirrors(own))) {
      const expected = `a graph that stays, where all who hear a peer mirror what ${channel.name} remembers`;
      throw new ConfigError("topology", { expected, got: topology.name });
    }
    this.#plans = phases.map((phase) => planOf(topology, phase, i, peer.view, this.#wires, receivers));
  }

  get mass(): number {
    return this.#mass.values[0]!;
  }

  async average(own: Float32Array | null, out: Float32Array, round: Round, note: Note): Promise<Note> {
    assert(own !== null && own !== out, "a peer takes part with a vector, and gets another one");
    checkLength(out, this.#length, "gossip");
    const stopped = this.#notes.begin(round.number, note);
    if (stopped !== 0) return stopped;
    const plan = this.#plans[round.number % this.#plans.length]!;
    const mass = await this.#mix(own, out, tagOf("up", round), plan);
    if (this.#pushSum) this.#mass.propose(Float32Array.of(mass));
    return 0;
  }

  /** @returns the mass after the round */
  async #mix(own: Float32Array, out: Float32Array, tag: Tag, { tells, hears }: Plan): Promise<number> {
    const peer = this.#peer;
    const { codecCost } = this.#settings;
    const before = this.mass;
    const sent: Sent[] = new Array(tells.length);
    for (let i = 0; i < tells.length; i++) {
      const { wire, to } = tells[i]!;
      const rng = this.#random(peer.id, tag, wire.to);
      const message = await peer.work("encode", codecCost, () => lent(wire.sender, own, rng));
      sent[i] = { message, rng };
      await peer.send(to, tag, this.#notes.behind(this.#pushSum ? [message, bytesOfMass(before)] : [message]));
    }
    let mass = before;
    await peer.work("decode", codecCost, () => {
      out.set(own);
      if (before !== 1) kernels.scale(before, out);
      for (let i = 0; i < tells.length; i++) {
        const { wire, weight } = tells[i]!;
        const flow = this.#stepSize * weight * before;
        mass = Math.fround(mass - flow);
        const { message, rng } = sent[i]!;
        wire.own.decodeAdd(message, out, -flow, rng);
      }
    });
    for (const { from, receiver, weight } of hears) {
      const body = await peer.receive(from, tag);
      const { message, mass: theirs } = this.#split(body, tag.round);
      const flow = this.#stepSize * weight * theirs;
      mass = Math.fround(mass + flow);
      const rng = this.#random(from, tag, this.#rank);
      await peer.work("decode", codecCost, () => receiver.decodeAdd(message, out, flow, rng));
      peer.recycle(body);
    }
    if (!this.#pushSum) return 1;
    await peer.work("decode", codecCost, () => kernels.scale(1 / mass, out));
    return mass;
  }

  /** @throws {CorruptError} */
  #split(body: Uint8Array, round: number): { message: Uint8Array; mass: number } {
    const whole = this.#notes.split(body, round);
    if (!this.#pushSum) return { message: whole, mass: 1 };
    const mass = new ByteSource(whole.subarray(-MASS_BYTES), "mass of push-sum").finite();
    if (!(mass > 0)) throw new CorruptError("mass of push-sum", { expected: "a number above 0", got: mass });
    return { message: whole.subarray(0, -MASS_BYTES), mass };
  }

  /** @param to rank of the one for whom the message was made, where each gets another one */
  #random(from: PeerId, tag: Tag, to: number | undefined): Random {
    const rng = messageRandom(this.#peer, from, tag);
    return this.#each ? rng.split(`to/${to}`) : rng;
  }

  rescale(factor: number): void {
    for (const { sender } of this.#wires) sender.rescale?.(factor);
  }
}

function planOf(
  topology: Topology,
  phase: number,
  i: number,
  view: View,
  wires: readonly Wire[],
  receivers: ReadonlyMap<number, Receiver>,
): Plan {
  const out = topology.tells(i, phase);
  const tells = wires
    .map((wire) => ({ wire, edges: out.filter(({ peer }) => wire.to === undefined || wire.to === peer) }))
    .filter(({ edges }) => edges.length > 0)
    .map(({ wire, edges }) => ({
      wire,
      to: startingAfter(i, edges).map(({ peer }) => view.members[peer]!),
      weight: edges.reduce((sum, { weight }) => sum + weight, 0),
    }));
  const hears = topology
    .hears(i, phase)
    .map(({ peer, weight }) => ({ from: view.members[peer]!, receiver: receivers.get(peer)!, weight }));
  return { tells, hears };
}

/** In the order of ranks from one's own on, so that not all peers begin with the same one. */
const startingAfter = (i: number, edges: readonly Edge[]): Edge[] => [
  ...edges.filter(({ peer }) => peer > i),
  ...edges.filter(({ peer }) => peer < i),
];

/** A message that is done with before x changes. */
const lent = (sender: Sender, x: Float32Array, rng: Random): Uint8Array =>
  sender.lend === undefined ? sender.encode(x, rng) : sender.lend(x, rng);

/** Who is at the other end in any of the rounds, ascending. */
const peersOf = (rounds: readonly (readonly Edge[])[]): number[] =>
  [...new Set(rounds.flat().map(({ peer }) => peer))].sort((a, b) => a - b);

const bytesOfMass = (mass: number): Uint8Array => new ByteSink(MASS_BYTES).f32(mass).written;
