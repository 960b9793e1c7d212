/**
 * A worker of `threads.bench.ts`: rank 0 serves, sends one body to all others and takes one from each, round after round.
 */
import { bytesVector, kernels } from "../src/kernels/index.ts";
import { type Served, servePeer } from "../src/transports/threads/index.ts";

export interface StarOptions {
  readonly bodyBytes: number;
  readonly rounds: number;
}

export interface StarTimes {
  /** Median real time of a round at this peer. */
  readonly roundMs: number;
  /** Median real time of copying as many bytes as a round moves, in this thread. */
  readonly memcpyMs: number;
  /** Of the last bodies received. */
  readonly checksum: number;
}

const COPY_EVERY = 5;

servePeer<StarTimes>(async ({ peer, data }: Served) => {
  const { bodyBytes, rounds } = data as StarOptions; // what the benchmark passed
  const [server, ...others] = peer.view.members;
  const serves = peer.id === server;
  const body = bytesVector(bodyBytes);
  const rng = peer.rng.split(`peer/${peer.id}/body`);
  for (let i = 0; i < bodyBytes; i++) body[i] = rng.u32(i);
  const bodiesPerRound = 2 * others.length;
  const from = new Uint8Array(bodiesPerRound * bodyBytes).fill(1);
  const to = new Uint8Array(from.length);
  const roundTimes: number[] = [];
  const copyTimes: number[] = [];
  let checksum = 0;

  for (let round = 0; round < rounds; round++) {
    // The others wait for the server, so that nothing else of this run goes on while it copies.
    if (serves && round % COPY_EVERY === 0) {
      const began = performance.now();
      to.set(from);
      copyTimes.push(performance.now() - began);
    }
    const began = performance.now();
    if (serves) {
      await peer.send(others, { kind: "down", round }, body);
      for (const id of others) take(await peer.receive(id, { kind: "up", round }));
    } else {
      take(await peer.receive(server!, { kind: "down", round }));
      await peer.send(server!, { kind: "up", round }, body);
    }
    roundTimes.push(performance.now() - began);

    function take(came: Uint8Array): void {
      if (round === rounds - 1) checksum = kernels.checksum(came, checksum);
      peer.recycle(came);
    }
  }
  return { roundMs: median(roundTimes), memcpyMs: serves ? median(copyTimes) : 0, checksum };
});

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >>> 1]!;
}
