import { megabitsPerSecond, milliseconds } from "../base/units.ts";
import { peerContract } from "../ports/peer.contract.ts";
import { contractPrograms } from "../ports/peer-programs.contract.ts";
import { symmetric, unlimited } from "./link.ts";
import { simulate } from "./simulate.ts";

for (const [name, link] of [
  ["the simulator on unlimited links", unlimited],
  ["the simulator on slow links", symmetric(megabitsPerSecond(100), milliseconds(1))],
] as const) {
  peerContract(name, async (program, { peers, seed, signal }) => {
    const options = { view: peers, seed, link, ...(signal && { signal }) };
    return (await simulate<unknown>(options, contractPrograms[program].run)).results;
  });
}
