import { Aborted } from "../../base/errors.ts";
import { peerContract, type RunContract } from "../../ports/peer.contract.ts";
import { contractPrograms } from "../../ports/peer-programs.contract.ts";
import { gather, type Player, stopAll } from "./testing.ts";

/** Each program in this process, over loopback. A program that ends leaves; one that fails ends the others. */
const run: RunContract = async (name, { peers, signal }) => {
  if (signal?.aborted) throw new Aborted("run", { expected: "to begin", got: "an abort" });
  const players = await gather(peers);
  const abort = (reason: unknown) => {
    for (const { stay } of players) stay.stop();
    return reason;
  };
  let failure: { readonly error: unknown } | undefined;
  const play = async ({ peer, stay }: Player) => {
    try {
      const result = await contractPrograms[name].run(peer);
      await stay.leave();
      return result;
    } catch (error) {
      failure ??= { error };
      abort(error);
      return undefined;
    }
  };
  signal?.addEventListener("abort", () => abort(signal.reason));
  if (signal?.aborted) abort(signal.reason);
  try {
    const results = await Promise.all(players.map(play));
    if (failure !== undefined) throw failure.error;
    return results;
  } finally {
    await stopAll(players);
  }
};

peerContract("libp2p, in one process", run);
