/**
 * What the peers of the simulator's benchmark do.
 */
import { flatLayout } from "../base/layout.ts";
import { type Bytes, seconds } from "../base/units.ts";
import { direct } from "../channels/direct.ts";
import { identity } from "../compressors/identity.ts";
import { kernels, vector } from "../kernels/index.ts";
import { gossip } from "../patterns/gossip.ts";
import { openAlone } from "../patterns/open-alone.ts";
import { bytesOf } from "../patterns/plain.ts";
import type { Peer } from "../ports/peer.ts";
import { readTopology } from "../topologies/registry.ts";

/** @returns a checksum of what the peer holds in the end */
export type BenchmarkProgram = (peer: Peer) => Promise<number>;

/** A star: round after round its server sends a body to all, and each of them sends one back. */
export function star(rounds: number, bodyBytes: Bytes): BenchmarkProgram {
  const body = new Uint8Array(bodyBytes);
  return async (peer) => {
    const { members } = peer.view;
    const server = members[0]!;
    const workers = peer.id === server ? members.slice(1) : []; // a copy in each peer would take n² of memory
    for (let round = 0; round < rounds; round++) {
      if (peer.id === server) {
        await peer.send(workers, { kind: "down", round }, body);
        await peer.gather(workers, { kind: "up", round });
      } else {
        await peer.receive(server, { kind: "down", round });
        await peer.send(server, { kind: "up", round }, body);
      }
    }
    return 0;
  };
}

/** Gossip on the one-peer exponential graph, of vectors of uniform entries, in plain f32. */
export function gossiping(rounds: number, entries: number): BenchmarkProgram {
  const pattern = gossip({
    topology: readTopology("one-peer-exponential", "benchmark"),
    channel: direct(identity()),
  });
  const layout = flatLayout(entries);
  return async (peer) => {
    const exchange = openAlone(pattern, peer, layout, { codecCost: seconds(0) });
    const rng = peer.rng.split(`peer/${peer.id}`);
    let [x, mixed] = [vector(entries), vector(entries)];
    for (let i = 0; i < entries; i++) x[i] = rng.uniform(i);
    for (let number = 0; number < rounds; number++) {
      await exchange.average(x, mixed, { number, attempt: 0 }, 0);
      [x, mixed] = [mixed, x];
    }
    return kernels.checksum(bytesOf(x), 0);
  };
}
