/**
 * The worker of the tests beside it: its stays run a program of the Peer contract, or one of its own.
 */
import type { Tag } from "../../ports/peer.ts";
import { type ContractName, contractPrograms } from "../../ports/peer-programs.contract.ts";
import { type Opened, serveStays } from "../threads/index.ts";

/** What the worker is started with: whether what the stays need can be opened. */
export type Opening = "opens" | "fails";

export type StayProgram = { readonly contract: ContractName } | "echo" | "fail" | "exit";

const at = (round: number): Tag => ({ kind: "test", round });

serveStays<unknown>(async (data, control): Promise<Opened<unknown>> => {
  if ((data as Opening) === "fails") throw new RangeError("no model like that");
  let stays = 0;
  control.onMessage((message) => control.post({ heard: message }));
  return {
    async run(peer, given) {
      const program = given as StayProgram; // what the test passed
      stays += 1;
      if (program === "fail") throw new RangeError("a program that fails");
      if (program === "exit") process.exit(3);
      if (program !== "echo") return await contractPrograms[program.contract].run(peer);
      // Plays ball with the others until the stay is over.
      const others = peer.view.members.filter((id) => id !== peer.id);
      control.post({ stay: stays, id: peer.id });
      for (let round = 0; ; round++) {
        const { from, body } = await peer.receiveAny(others, at(round));
        if (body.length === 0) return stays;
        await peer.send(from, at(round), body);
        peer.recycle(body);
      }
    },
    async close() {
      control.post("closed");
    },
  };
});
