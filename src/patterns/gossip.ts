/**
 * Gossip: every peer moves towards its neighbours on a topology, with any channel between them.
 *
 *     peer i:  c_i = channel(x_i)                              → who hears i in this round
 *              r_j = decode(c_j)                               r_i too: the sender decodes its own
 *              x_i ← x_i − γ Σ_k w_ki r_i + γ Σ_j w_ij r_j     k: who hears i;  j: whom i hears, ascending
 *
 * What a peer hands out it loses, so Σ x_i stays as it is whatever the channel does. Without loss and with γ = 1 it is
 * x_i ← Σ_j w_ij x_j. The sum has one order in f32: own, then neighbours by rank, so that runs have the same bits.
 *
 * Where only the columns of W sum to 1, x_i/m_i is mixed, with masses m_i that begin at 1 and travel with the messages
 * (push-sum): `average` then takes and gives the quotients, and these tend to the mean.
 *
 * Peers do not wait for all: one may be a round ahead of its neighbours. A note stops them all before the same round
 * (`gossip-notes.ts`). In a new view masses and what neighbours mirror begin anew.
 * @see Boyd, Ghosh, Prabhakar & Shah 2006, "Randomized gossip algorithms"
 * @see Kempe, Dobra & Gehrke 2003, "Gossip-based computation of aggregate information" (push-sum)
 */
import { ConfigError } from "../base/errors.ts";
import type { Layout } from "../base/layout.ts";
import { type Bytes, bytes } from "../base/units.ts";
import { FRAME_BYTES } from "../coding/frame.ts";
import type { Peer } from "../ports/peer.ts";
import type { View } from "../ports/view.ts";
import { messagesPerRound, type Topology } from "../topologies/topology.ts";
import type { ExchangeMemory } from "./exchange-memory.ts";
import { GossipEnd, MASS_BYTES } from "./gossip-end.ts";
import type { GossipExchange, GossipSlots } from "./gossip-slots.ts";
import { NOTE_BYTES } from "./notes.ts";
import type { Pattern, PatternSettings } from "./pattern.ts";

export interface GossipPattern extends Pattern {
  open(peer: Peer, layout: Layout, settings: PatternSettings, memory: ExchangeMemory): GossipExchange;
  /** The topology of a view. @throws {ConfigError} if there is none of its size, or a member without data */
  graph(view: View): Topology;
}

export function gossip(slots: GossipSlots): GossipPattern {
  const { topology, channel, senders = "one" } = slots;
  const name = `gossip(${topology.name}, ${channel.name}${senders === "each" ? ", each" : ""})`;
  const graph = ({ members, workers }: View): Topology => {
    if (workers.length === members.length) return topology.of(members.length);
    throw new ConfigError("--server", { expected: "peer: a gossip has no server", got: "own" });
  };
  return {
    name,
    open: (peer, layout, settings, memory) =>
      new GossipEnd(slots, graph(peer.view), { peer, layout, settings, memory }),
    graph,
    uncompressedBytes(view, length) {
      const topology = graph(view);
      return bytes(Math.round(messagesPerRound(topology) * messageBytes(topology, length)));
    },
  };
}

const messageBytes = ({ doublyStochastic }: Topology, length: number): Bytes =>
  bytes(FRAME_BYTES + 4 * length + (doublyStochastic ? 0 : MASS_BYTES) + NOTE_BYTES);
