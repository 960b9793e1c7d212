/**
 * A gossip of compressed steps, as DCD-PSGD and BAGUA's D_LP_S have it: what draws a peer to its neighbours travels in its
 * step, and its model moves by what was sent.
 *
 *     peer i:  z_i = s_i + p_i;  q_i = C(z_i)                        → neighbours     s_i: its own step, −η u_i
 *              x_i ← x_i + q_i
 *              p_i ← p_i + Σ_j w_ij q_j − Σ_k w_ki q_i               which is Σ_j w_ij x_j − x_i
 *
 * BAGUA mirrors x_j at every neighbour to know p; as all begin at one x, where p is 0, the sum of their moves is enough, and
 * no end of a wire remembers anything. Without loss it is x_i ← Σ_j w_ij x_j + s_i. What C takes from a step is not sent
 * later: the error moves the mean of all models.
 * @see Tang, Gan, Zhang, Zhang & Liu 2018, "Communication Compression for Decentralized Training", arXiv:1803.06443
 */
import { ConfigError } from "../base/errors.ts";
import type { Channel, Sender } from "../channels/channel.ts";
import { direct } from "../channels/direct.ts";
import type { Compressor } from "../compressors/compressor.ts";
import { kernels } from "../kernels/index.ts";
import { type ExchangeMemory, Tentative } from "../patterns/exchange-memory.ts";
import { type GossipPattern, gossip } from "../patterns/gossip.ts";
import type { GossipExchange } from "../patterns/gossip-slots.ts";
import type { Note, PatternSettings } from "../patterns/pattern.ts";
import type { Peer } from "../ports/peer.ts";
import type { Round } from "../rounds/round.ts";
import type { TopologyChoice } from "../topologies/registry.ts";
import type { Scheme } from "./exchange-models-schemes.ts";

/** x ← x + what the exchange makes of −η u */
export const alongSteps: Scheme = {
  name: "along-steps",
  parts: ["step"],
  needs: "symmetric",
  open: () => ({
    before(_, u, rate, own) {
      own.fill(0);
      kernels.axpy(-rate, u, own);
    },
    after: (x, mixed) => kernels.add(x, mixed, x),
    state: new Map(),
  }),
};

/** Its `average` takes s_i and gives q_i. For W symmetric and doubly stochastic, and the same in every round. */
export function gossipSteps(topology: TopologyChoice, compressor: Compressor): GossipPattern {
  const channel = direct(compressor);
  const plain = gossip({ topology, channel });
  const name = `gossip-steps(${topology.name}, ${channel.name})`;
  return {
    ...plain,
    name,
    graph(view) {
      const graph = plain.graph(view);
      if (graph.period === 1) return graph;
      const expected = "a graph that stays, where a sum over the neighbours stands for their models";
      throw new ConfigError("topology", { expected, got: graph.name, hint: "Try ring, torus or random-regular." });
    },
    open(peer, layout, settings, memory) {
      if (settings.elastic === true) {
        const expected = "a swarm whose members stay: who comes later does not know where its neighbours are";
        throw new ConfigError(name, { expected, got: "one in which they come and go", hint: "Take d-psgd or choco." });
      }
      const sent = memory.vector("sent", layout.length);
      const keeping = gossip({ topology, channel: keepingSent(channel, sent) });
      const exchange = keeping.open(peer, layout, settings, memory.within("gossip"));
      return new StepExchange({ exchange, sent, peer, settings, memory });
    },
  };
}

interface StepParts {
  readonly exchange: GossipExchange;
  /** q_i */
  readonly sent: Float32Array;
  readonly peer: Peer;
  readonly settings: PatternSettings;
  readonly memory: ExchangeMemory;
}

class StepExchange implements GossipExchange {
  readonly #parts: StepParts;
  /** z_i, then by how much p_i changes, then what it becomes. */
  readonly #wanted: Float32Array;
  /** p_i */
  readonly #pull: Tentative;

  constructor(parts: StepParts) {
    const { memory, sent } = parts;
    this.#parts = parts;
    this.#wanted = memory.vector("wanted", sent.length);
    this.#pull = memory.end("pull", () => new Tentative(memory.vector("pull", sent.length), "gossip of steps"));
  }

  get mass(): number {
    return this.#parts.exchange.mass;
  }

  async average(step: Float32Array, out: Float32Array, round: Round, note: Note): Promise<Note> {
    const { exchange, sent, peer, settings } = this.#parts;
    const { codecCost } = settings;
    const wanted = this.#wanted;
    const pull = this.#pull.values;
    await peer.work("encode", codecCost, () => {
      kernels.add(step, pull, wanted);
      sent.set(wanted); // what is sent takes its place, unless there is nobody to hear it
    });
    const told = await exchange.average(wanted, out, round, note);
    if (told !== 0) return told;
    await peer.work("decode", codecCost, () => {
      kernels.subtract(out, wanted, wanted);
      kernels.add(pull, wanted, wanted);
      this.#pull.propose(wanted);
      out.set(sent);
    });
    return 0;
  }
}

/** The same channel; what receivers will decode is left in `sent`. It must remember nothing. */
const keepingSent = (channel: Channel, sent: Float32Array): Channel => ({
  ...channel,
  sender(length, layout): Sender {
    const sender = channel.sender(length, layout);
    const receiver = channel.receiver(length, layout);
    return {
      encode(x, rng) {
        const message = sender.encode(x, rng);
        receiver.decode(message, sent, rng);
        return message;
      },
      commit: () => sender.commit(),
      rollback: () => sender.rollback(),
      save: () => sender.save(),
      restore: (saved) => sender.restore(saved),
    };
  },
});
