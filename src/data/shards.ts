/**
 * Shards: rows sorted by label are cut into k shards a peer, and each peer is dealt k of them at random, so that it sees
 * about k labels.
 * @see McMahan, Moore, Ramage, Hampson & Agüera y Arcas 2017, arXiv:1602.05629 (k = 2)
 */
import { ConfigError } from "../base/errors.ts";
import { checkArguments, parseNumber } from "../base/spec.ts";
import { rowsByClass } from "./by-class.ts";
import { chunks } from "./iid.ts";
import type { Partitioner } from "./partitioner.ts";

export const shards: Partitioner = {
  name: "shards",
  summary: "rows sorted by label, cut into K shards a peer and dealt at random: about K labels a peer",
  options: ["K=2"],
  build(spec) {
    checkArguments(spec, "--partition", 1);
    const perPeer = parseNumber(spec.values[0] ?? "2", "--partition: shards", { integer: true, min: 1 });
    return (data, peers, rng) => {
      if (perPeer * peers > data.rows) {
        const expected = `at most ${Math.floor(data.rows / peers)} shards a peer, for ${data.rows} rows and ${peers} peers`;
        throw new ConfigError("--partition: shards", { expected, got: perPeer });
      }
      const cut = chunks(concatenated(rowsByClass(data)), perPeer * peers);
      const deal = rng.permutation(cut.length);
      return Array.from({ length: peers }, (_, peer) =>
        concatenated(Array.from({ length: perPeer }, (_, k) => cut[deal[peer * perPeer + k]!]!)),
      );
    };
  },
};

function concatenated(lists: readonly Uint32Array[]): Uint32Array {
  const whole = new Uint32Array(lists.reduce((sum, list) => sum + list.length, 0));
  let offset = 0;
  for (const list of lists) {
    whole.set(list, offset);
    offset += list.length;
  }
  return whole;
}
