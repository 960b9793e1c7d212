/**
 * Pairs: in each round every peer swaps with one other, both at weight ½, and in the next round with another one. One
 * message a peer and round, W = Wᵀ.
 * @see Gan et al. 2021, "BAGUA: Scaling up Distributed Learning with System Relaxations", arXiv:2107.01499
 */
import { ConfigError } from "../base/errors.ts";
import { Random } from "../base/random.ts";
import { type Edge, modulo, ranks, type Topology } from "./topology.ts";

/** Matchings that random pairs go through before they repeat: few beside a run, many beside the rounds of a mean. */
const MATCHINGS = 32;

/**
 * BAGUA's shift-one: the lower half meets the upper half, in round t peer i < h = n/2 and peer h + (i + t mod h). Each
 * meets every peer of the other half once in h rounds. @throws {ConfigError} if n is odd and not 1
 */
export function shiftOne(n: number): Topology {
  if (n > 1 && n % 2 !== 0) throw new ConfigError("shift-one", { expected: "an even number of peers", got: n });
  const half = n / 2;
  const other = (i: number, round: number) =>
    i < half ? half + modulo(i + round, half) : modulo(i - half - round, half);
  // Peers of a half look the same if the other half turns along, and the halves if both are numbered backwards.
  return { ...pairs("shift-one", n, Math.max(1, half), n === 1 ? (i) => i : other), transitive: true };
}

/** Pairs drawn anew in each of 32 rounds, which then repeat; where n is odd, one peer sits out. */
export function randomPairs(n: number, seed: number): Topology {
  const rng = Random.fromSeed(seed);
  const partners = ranks(n === 1 ? 1 : MATCHINGS).map((round) => {
    const order = rng.split(`round/${round}`).permutation(n);
    const partner = Uint32Array.from(ranks(n));
    for (let k = 0; k + 1 < n; k += 2) {
      partner[order[k]!] = order[k + 1]!;
      partner[order[k + 1]!] = order[k]!;
    }
    return partner;
  });
  const name = `random-pairs${seed === 1 ? "" : `:seed=${seed}`}`;
  return pairs(name, n, partners.length, (i, round) => partners[round]![i]!);
}

/** @param partner of a peer in a round of the period, itself where it sits out */
function pairs(name: string, n: number, period: number, partner: (i: number, round: number) => number): Topology {
  const edges = (i: number, round = 0): readonly Edge[] => {
    const peer = partner(i, round % period);
    return peer === i ? [] : [{ peer, weight: 0.5 }];
  };
  return { name, n, period, symmetric: true, doublyStochastic: true, hears: edges, tells: edges };
}
